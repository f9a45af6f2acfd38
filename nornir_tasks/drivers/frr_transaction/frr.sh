# frr.conf: read, loaded and compared.

frr_show() { timeout "$bound" vtysh -c 'show running-config no-header'; }

# vtysh knows the lines of every daemon, but those of one that does not run would be lost.
frr_check() {
    timeout "$bound" vtysh -C -f "$1/frr.conf" 2>&1 || return 2
    running=$(timeout "$bound" vtysh -c 'show daemons' 2>&1)
    while read -r daemon line; do
        grep -q "^$line" "$1/frr.conf" || continue
        case " $running " in *" $daemon "*) continue ;; esac
        say "\`${line%\$}\` needs $daemon, which does not run: write $daemon=yes into /etc/frr/daemons" \
            "and restart FRRouting there, outside a change"
        return 2
    done <<'end'
ospfd router ospf$
ospf6d router ospf6$
bgpd router bgp
bfdd bfd$
end
}

# The lines whose value FRR takes in place of the old one. frr-reload would remove the old line first,
# and for that moment the default would hold: a circuit of cost 1 draws every packet to it.
frr_values() {
    awk '/^interface / { name = $2 } /^exit/ { name = "" }
        name != "" && / (ip ospf|ipv6 ospf6) cost | ip ospf message-digest-key | ospf6 authentication key-id / {
            print "interface " name "\t" $0 "\texit" }'
}

frr_overwrite() {
    frr_show | frr_values >"$1/values.running"
    frr_values <"$1/frr.conf" | grep -vxF -f "$1/values.running" | tr '\t' '\n' >"$1/values"
    wait_for_moment || return 1
    [ ! -s "$1/values" ] || timeout "$bound" vtysh -f "$1/values"
}

# Both ends of a link are to load at one moment; a router that is late leaves all as it is.
wait_for_moment() {
    [ -n "$load_at" ] || return 0
    ahead=$(awk -v at="$load_at" -v now="$(date +%s.%N)" 'BEGIN { printf "%.3f", at - now }')
    load_at=''
    case $ahead in
    -*) say "the moment to load passed ${ahead#-} s ago; is this clock right?"; return 1 ;;
    ???.*) say "the moment to load is $ahead s away; is this clock right?"; return 1 ;;
    esac
    sleep "$ahead"
}

# The folder is given as --confdir, so that frr-reload takes the file for the start-up file itself
# and does not end with `write memory`: start-up stays as it is until `confirm`.
frr_load() {
    frr_overwrite "$1" || return 1
    [ -f /etc/frr/vtysh.conf ] && cp /etc/frr/vtysh.conf "$1/vtysh.conf"
    timeout "$bound" "$reload" --reload --stdout --log-level warning --confdir "$1" "$1/frr.conf"
}

frr_differ() { timeout "$bound" "$reload" --test --stdout --log-level warning "$1/frr.conf"; }
