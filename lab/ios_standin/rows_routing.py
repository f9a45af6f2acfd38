"""What OSPF, BGP and route maps take."""

OSPF = """
router-id <ip>
auto-cost reference-bandwidth <1-4294967> ;; hides 100
ispf
nsf [<line>]
prefix-suppression
area <area!> authentication [message-digest]
area <area!> stub [no-summary]
area <area!> range <ip!> <mask!> [<line>]
timers throttle {spf|lsa}! <line>
timers lsa arrival <0-600000>
timers pacing flood <5-100>
max-metric router-lsa [<line>]
log-adjacency-changes [detail] ;; hides
passive-interface default
passive-interface <interface!> ;; inverts passive-interface default
network <ip!> <wild!> area <area>
redistribute {connected|static}! [metric <number>] [metric-type {1|2}] [subnets] [route-map
    <word>] [tag <number>]
redistribute bgp <1-4294967295!> [metric <number>] [metric-type {1|2}] [subnets] [route-map
    <word>] [tag <number>]
default-information originate [always] [metric <number>] [metric-type {1|2}] [route-map <word>]
default-metric <number>
distribute-list <line!>
distance <1-255>
maximum-paths <1-64> ;; hides 4
bfd all-interfaces [strict-mode]
"""

OSPFV3 = """
router-id <ip>
auto-cost reference-bandwidth <1-4294967> ;; hides 100
timers throttle {spf|lsa}! <line>
timers lsa arrival <0-600000>
max-metric router-lsa [<line>]
log-adjacency-changes [detail] ;; hides
passive-interface default
passive-interface <interface!> ;; inverts passive-interface default
bfd all-interfaces [strict-mode]
authentication mode {deployment|normal}
area <area!> authentication <line>
address-family {ipv4|ipv6}! unicast ;; opens ospfv3-af
"""

OSPF6 = """
router-id <ip>
auto-cost reference-bandwidth <1-4294967> ;; hides 100
timers throttle {spf|lsa}! <line>
max-metric router-lsa [<line>]
log-adjacency-changes [detail] ;; hides
passive-interface default
passive-interface <interface!> ;; inverts passive-interface default
area <area!> authentication <line>
redistribute {connected|static}! [metric <number>] [metric-type {1|2}] [route-map <word>] [tag
    <number>]
redistribute bgp <1-4294967295!> [metric <number>] [metric-type {1|2}] [route-map <word>] [tag
    <number>]
default-information originate [always] [metric <number>] [metric-type {1|2}] [route-map <word>]
maximum-paths <1-64>
bfd all-interfaces [strict-mode]
"""

OSPFV3_AF = (
    OSPF6
    + """
exit-address-family ;; leaves
"""
)

_NEIGHBOR = """
neighbor <peer!> remote-as <1-4294967295> ;; cascades
neighbor <peer!> peer-group [<word>]
neighbor <peer!> local-as <1-4294967295> [no-prepend]
neighbor <peer!> description <line> ;; needs neighbor
neighbor <peer!> shutdown ;; needs neighbor
neighbor <peer!> password <line> ;; stores type7 ;; needs neighbor
neighbor <peer!> ebgp-multihop [<1-255>] ;; needs neighbor
neighbor <peer!> ttl-security hops <1-254> ;; needs neighbor
neighbor <peer!> update-source <interface> ;; needs neighbor
neighbor <peer!> version 4
neighbor <peer!> timers <0-65535> <0-65535> [<0-65535>] ;; needs neighbor
neighbor <peer!> fall-over [bfd] [{single-hop|multi-hop}] ;; needs neighbor
neighbor <peer!> ;; drops
"""

BGP = (
    """
template <line!>
bgp router-id {<ip>|interface <interface>}
bgp log-neighbor-changes
no bgp log-neighbor-changes
bgp graceful-restart
no bgp default ipv4-unicast
no bgp enforce-first-as
bgp deterministic-med
bgp always-compare-med
bgp bestpath <line!>
bgp maxas-limit <1-254>
timers bgp <0-65535> <0-65535>
maximum-paths <1-32>
distance bgp <1-255> <1-255> <1-255>
"""
    + _NEIGHBOR
    + """
address-family {ipv4|ipv6}! [unicast] ;; opens bgp-af
address-family {ipv4|ipv6}! vrf <word!> ;; opens bgp-af
"""
)

BGP_AF = """
bgp <line!>
network <ip!> mask <mask!> [route-map <word>]
network <prefix6!> [route-map <word>]
network <ip!>
aggregate-address <ip!> <mask!> [as-set] [summary-only] [route-map <word>]
aggregate-address <prefix6!> [as-set] [summary-only] [route-map <word>]
redistribute {connected|static}! [metric <number>] [route-map <word>]
redistribute ospf <1-65535!> [match <word>] [metric <number>] [route-map <word>]
neighbor <peer!> peer-group <word>
neighbor <peer!> activate
neighbor <peer!> send-community [{both|standard|extended}]
neighbor <peer!> route-reflector-client
neighbor <peer!> next-hop-self [all]
neighbor <peer!> soft-reconfiguration inbound
neighbor <peer!> default-originate [route-map <word>]
neighbor <peer!> remove-private-as [all]
neighbor <peer!> allowas-in [<1-10>]
neighbor <peer!> weight <0-65535>
neighbor <peer!> prefix-list <word> {in|out}!
neighbor <peer!> distribute-list <word> {in|out}!
neighbor <peer!> filter-list <word> {in|out}!
neighbor <peer!> route-map <word> {in|out}!
neighbor <peer!> maximum-prefix <1-2147483647> [<1-100>] [{warning-only|restart <1-65535>}]
maximum-paths [ibgp] <1-32>
default-information originate
distance bgp <1-255> <1-255> <1-255>
exit-address-family ;; leaves
"""

ROUTE_MAP = """
description <line>
match ip address prefix-list <word> [<word>] [<word>]
match ip address <word> [<word>]
match ipv6 address prefix-list <word> [<word>] [<word>]
match ipv6 address <word>
match as-path <1-500> [<1-500>]
match community <line>
match interface <interface>
match tag <number>
match route-type <line>
match source-protocol <line>
set local-preference <number>
set metric <word>
set metric-type {type-1|type-2|internal}
set weight <0-65535>
set community <line>
set as-path prepend <line>
set origin {igp|incomplete}
set tag <number>
set ip next-hop <line>
set ipv6 next-hop <line>
continue [<1-65535>]
"""
