# snmpd.conf: checked, loaded and compared.

snmp_target=/etc/snmp/snmpd.conf

snmp_shown() { cat "$snmp_target" 2>/dev/null || true; }

# snmpd has no check of its own; it only warns of words that it does not know, once it reads them.
snmp_check() {
    snmpd -H 2>&1 | awk '/^    / { print tolower($1) }' >"$1/snmp.words"
    awk 'NF && $1 !~ /^#/ { print tolower($1) }' "$1/snmpd.conf" | grep -vxF -f "$1/snmp.words" |
        sed 's/^/snmpd.conf: unknown directive /' | grep . && return 1
    return 0
}

# Laid over the start-up file until `confirm` writes that, so that a reboot brings the old one back.
# At SIGHUP snmpd takes users and views anew and answers on: no poll is lost.
snmp_load() {
    snmp_uncover
    if ! cmp -s "$1/snmpd.conf" "$snmp_target"; then
        if [ -e "$snmp_target" ]; then
            chown --reference="$snmp_target" "$1/snmpd.conf"
            chmod --reference="$snmp_target" "$1/snmpd.conf"
        fi
        mount --bind "$1/snmpd.conf" "$snmp_target" || return 1
        : >"$state/snmp.covered"
    fi
    pkill -HUP -x snmpd || true
}

snmp_uncover() {
    [ ! -e "$state/snmp.covered" ] || umount "$snmp_target"
    rm -f "$state/snmp.covered"
}

snmp_differ() { cmp -s "$1/snmpd.conf" "$snmp_target" || say 'snmpd.conf is not in its place'; }
