# nftables.conf: read, loaded and compared.

nft_tables() { nft list tables; }

nft_show() {
    nft_tables | while read -r word family name; do
        [ "$word" = table ] && nft -s list table "$family" "$name"
    done
}

# As nft lists the rules on stdin, in a network namespace of its own. Twice: a set of one range is
# listed otherwise once its own listing was loaded.
nft_normal() {
    unshare -n sh -c '
        nft -f - && nft -s list ruleset >"$1" && nft flush ruleset && nft -f "$1" &&
        nft -s list ruleset' sh "$state/listed.$$"
    status=$?
    rm -f "$state/listed.$$"
    return "$status"
}

# The names of all that a listing holds: kind, family, table, name.
nft_names() {
    awk '$1 == "table" { table = $2 " " $3; print $1, table, "-" }
        ($1 == "set" || $1 == "map" || $1 == "chain") && $NF == "{" { print $1, table, $2 }' | sort
}

# One transaction in which every chain stays hooked: a chain that goes while its twin comes drops
# what passes between the two. The candidate refills what it has too; the rest goes last.
nft_in_place() {
    nft_show | nft_names >"$1/names.running"
    nft_names <"$1/nftables.wanted" >"$1/names.wanted"
    {
        sed -n 's/^table \(.*\) -$/flush table \1/p; s/^\(set\|map\) /flush \1 /p' "$1/names.running"
        grep -v '^flush ruleset' "$1/nftables.conf"
        comm -23 "$1/names.running" "$1/names.wanted" | sed 's/^table \(.*\) -$/table \1/; s/^/delete /'
    } >"$1/nftables.load"
    nft -f "$1/nftables.load" 2>/dev/null
}

nft_anew() {
    {
        nft_tables | sed -n 's/^table /delete table /p'
        grep -v '^flush ruleset' "$1/nftables.conf"
    } >"$1/nftables.load"
    nft -f "$1/nftables.load"
}

nft_differ() {
    nft_normal <"$1/nftables.conf" >"$1/nftables.wanted" || say 'nft refused the file'
    nft_show | nft_normal | diff -u - "$1/nftables.wanted"
}

nft_load() {
    [ -n "$(nft_differ "$1")" ] || return 0
    nft_in_place "$1" || nft_anew "$1"
}
