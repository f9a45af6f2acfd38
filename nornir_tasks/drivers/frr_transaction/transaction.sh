#!/bin/sh
# One change of an FRRouting router, from candidate to confirm, as run on the router itself.
#
#   tidy                     remove what killed sessions left here a day ago
#   check DIR                syntax of the candidate; nothing changes
#   show DIR                 what runs, and the candidate's rule set as nft itself would list it
#   differ DIR               frr-reload's own difference between candidate and running
#   commit DIR TOKEN S WHO [AT]  save what runs, arm the timer (S seconds, 0: none), load, differ
#                            again; FRR's lines at the second AT of the Unix clock, or not at all
#   confirm TOKEN            disarm, and make the candidate the start-up configuration
#   revert TOKEN             back to what was saved
#   status                   what is armed, and how the last change ended
#
# Exit: 0 done, 2 candidate refused, 3 another change is pending, 4 that change is not pending,
#       5 the load failed and what ran before is back, 6 not even that.
#
# The state lies in /run, which a reboot empties; a reboot loads the start-up configuration, which
# only `confirm` writes. So a reboot is a revert too.
set -u
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin
state=/run/imereti
reload=/usr/lib/frr/frr-reload.py
bound=90
load_at=''

say() { printf '%s\n' "$*"; }

# Beside the target first, on the disk, then in its place: a reader sees the old or the new whole.
install_as() {
    # A file that is a mount of its own (in the lab) can only be written in place.
    if grep -q " $2 " /proc/self/mountinfo; then cat "$1" >"$2" && sync "$2"; return; fi
    if [ -e "$2" ]; then cp -p "$2" "$2.new"; else : >"$2.new"; fi
    cat "$1" >"$2.new" && sync "$2.new" && mv "$2.new" "$2"
}

locked() {
    exec 9>"$state/lock"
    flock -w 180 9 || { say 'another change is still at work on this device'; exit 3; }
}

armed_token() { [ -e "$state/armed" ] && head -n 1 "$state/armed"; }

ended() { # TOKEN HOW
    printf '%s %s %s\n' "$1" "$2" "$(date +%s)" >"$state/last.new"
    mv "$state/last.new" "$state/last"
    rm -f "$state/armed"
}

load_all() { # FOLDER
    if [ -f "$1/nftables.conf" ]; then nft_load "$1" || return 1; fi
    if [ -f "$1/snmpd.conf" ] && [ -n "$(snmp_differ "$1")" ]; then snmp_load "$1" || return 1; fi
    if [ -f "$1/frr.conf" ]; then frr_load "$1" || return 1; fi
}

left_over() { # FOLDER: what still differs once it is loaded
    if [ -f "$1/frr.conf" ]; then frr_differ "$1" || say 'frr-reload --test failed'; fi
    if [ -f "$1/nftables.conf" ]; then nft_differ "$1"; fi
    if [ -f "$1/snmpd.conf" ]; then snmp_differ "$1"; fi
}

save() { # DIR
    mkdir -p "$1/saved"
    if [ -f "$1/candidate/frr.conf" ]; then frr_show >"$1/saved/frr.conf" || return 1; fi
    if [ -f "$1/candidate/nftables.conf" ]; then nft_show >"$1/saved/nftables.conf" || return 1; fi
    if [ -f "$1/candidate/snmpd.conf" ]; then snmp_shown >"$1/saved/snmpd.conf"; fi
}

restore() { # DIR TOKEN HOW
    if load_all "$1/saved" && [ -z "$(left_over "$1/saved")" ]; then
        ended "$2" "$3"
        return 0
    fi
    # The start-up configuration is still the one before the change.
    /usr/lib/frr/frrinit.sh restart >/dev/null 2>&1
    if [ -z "$(left_over "$1/saved")" ]; then ended "$2" "$3"; return 0; fi
    ended "$2" "$3-incomplete"
    return 1
}

arm() { # DIR TOKEN SECONDS WHO
    printf '%s\n%s\n%s\n%s\n' "$2" "$(($(date +%s) + $3))" "$4" "$1" >"$state/armed.new"
    sync "$state/armed.new"
    mv "$state/armed.new" "$state/armed"
    [ "$3" -gt 0 ] || return 0
    setsid sh "$1/transaction.sh" timer "$1" "$2" "$3" </dev/null >/dev/null 2>&1 9>&- &
    echo "$!" >"$state/timer"
}

disarm() {
    [ -e "$state/timer" ] && kill -- "-$(cat "$state/timer")" 2>/dev/null
    rm -f "$state/timer"
}

case "${1:-}" in
tidy)
    find "$state" -mindepth 1 -maxdepth 1 -name '????????????????????????????????*' \
        -mmin +1440 -exec rm -rf {} +
    ;;
check)
    if [ -f "$2/candidate/frr.conf" ]; then frr_check "$2/candidate" || exit 2; fi
    if [ -f "$2/candidate/nftables.conf" ]; then
        unshare -n nft -c -f "$2/candidate/nftables.conf" 2>&1 || exit 2
    fi
    if [ -f "$2/candidate/snmpd.conf" ]; then snmp_check "$2/candidate" || exit 2; fi
    ;;
show)
    say '@@ frr.conf' && frr_show || exit 1
    say '@@ nftables.conf' && nft_show || exit 1
    say '@@ snmpd.conf' && snmp_shown
    if [ -f "${2:-/nowhere}/candidate/nftables.conf" ]; then
        say '@@ nftables.running' && nft_show | nft_normal || exit 1
        say '@@ nftables.candidate' && nft_normal <"$2/candidate/nftables.conf" || exit 2
    fi
    ;;
differ)
    frr_differ "$2/candidate"
    ;;
commit)
    dir=$2 token=$3 load_at=${6:-}
    # The session may die at any moment; what was begun here is brought to its end.
    trap '' HUP PIPE
    locked
    if [ -n "$(armed_token)" ]; then sed -n '1p;3p' "$state/armed"; exit 3; fi
    save "$dir" || { say 'what runs now cannot be saved'; exit 5; }
    arm "$dir" "$token" "$4" "$5"
    if load_all "$dir/candidate" && left=$(left_over "$dir/candidate") && [ -z "$left" ]; then
        exit 0
    fi
    say "${left:-the load failed}"
    load_at=''
    disarm
    restore "$dir" "$token" reverted-by-failed-commit && exit 5
    exit 6
    ;;
confirm)
    trap '' HUP PIPE
    locked
    [ "$(armed_token)" = "$2" ] || exit 4
    dir=$(sed -n 4p "$state/armed")
    # From here on the change stands, whatever happens to the caller.
    mv "$state/armed" "$state/confirming"
    disarm
    snmp_uncover
    for name in frr.conf nftables.conf snmpd.conf; do
        [ -f "$dir/candidate/$name" ] || continue
        case $name in
        frr.conf) target=/etc/frr/frr.conf ;;
        snmpd.conf) target=$snmp_target ;;
        *) target=/etc/$name ;;
        esac
        if [ -f "$dir/candidate/merged" ] && [ "$name" = frr.conf ]; then
            frr_show >"$dir/candidate/frr.conf"
        fi
        install_as "$dir/candidate/$name" "$target" || exit 6
    done
    ended "$2" confirmed
    rm -rf "$state/confirming" "$dir"
    ;;
revert | timer)
    trap '' HUP PIPE
    how=reverted-by-command dir='' token=$2
    if [ "$1" = timer ]; then
        how=reverted-by-timer token=$3
        sleep "$4"
    fi
    locked
    [ "$(armed_token)" = "$token" ] || exit 4
    dir=$(sed -n 4p "$state/armed")
    [ "$1" = timer ] || disarm
    restore "$dir" "$token" "$how" || exit 6
    rm -rf "$dir"
    ;;
status)
    if [ -e "$state/armed" ]; then
        printf 'armed %s\n' "$(head -n 3 "$state/armed" | tr '\n' ' ')"
        kill -0 "$(cat "$state/timer" 2>/dev/null)" 2>/dev/null || say 'timer dead'
    fi
    [ -e "$state/last" ] && printf 'last %s\n' "$(cat "$state/last")"
    exit 0
    ;;
*)
    say "unknown step ${1:-}"
    exit 64
    ;;
esac
