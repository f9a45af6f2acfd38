"""What the smaller contexts take: access lists, keys, the archive, class maps and so on."""

_ENDPOINT4 = "{any|host <ip>|<ip> <wild>}"
_ENDPOINT6 = "{any|host <ip6>|<prefix6>}"
_PORTS = "[{eq|gt|lt|neq} <port>|range <port> <port>]"
_ICMP = (
    "{echo|echo-reply|unreachable|time-exceeded|packet-too-big|ttl-exceeded|port-unreachable|"
    "administratively-prohibited|parameter-problem|nd-na|nd-ns|router-advertisement|"
    "router-solicitation|mld-query|mld-report|mldv2-report|destination-unreachable}"
)
_TAIL = f"[{{established|{_ICMP}}}] [fragments] [log] [log-input] [time-range <word>]"

ACL4 = f"""
<1-2147483647!> remark <line>
<1-2147483647!> {{permit|deny}} <protocol> {_ENDPOINT4} {_PORTS} {_ENDPOINT4} {_PORTS} {_TAIL} ;;
    stores ace4
remark <line!> ;; numbers
{{permit|deny}}! <protocol!> {_ENDPOINT4}! {_PORTS} {_ENDPOINT4}! {_PORTS} {_TAIL} ;; stores ace4
    ;; numbers
"""

ACL4_STANDARD = """
<1-2147483647!> remark <line>
<1-2147483647!> {permit|deny} {any|host <ip>|<ip> <wild>|<ip>} [log] ;; stores ace4-standard
remark <line!> ;; numbers
{permit|deny}! {any|host <ip>|<ip> <wild>|<ip>}! [log] ;; stores ace4-standard ;; numbers
"""

ACL6 = f"""
sequence <1-4294967294!> remark <line>
sequence <1-4294967294!> {{permit|deny}} <protocol> {_ENDPOINT6} {_PORTS} {_ENDPOINT6} {_PORTS}
    {_TAIL} ;; stores ace6
remark <line!> ;; numbers sequence
{{permit|deny}}! <protocol!> {_ENDPOINT6}! {_PORTS} {_ENDPOINT6}! {_PORTS} {_TAIL} ;; stores ace6
    ;; numbers sequence
"""

KEY_CHAIN = """
key <number!> ;; opens key ;; sort natural
"""

KEY = """
key-string <line> ;; stores type7
accept-lifetime <line>
send-lifetime <line>
cryptographic-algorithm <word>
"""

ARCHIVE = """
log config ;; opens archive-log
path <line>
maximum <1-14> ;; hides 10
rollback filter adaptive
rollback retry timeout <0-65535>
write-memory
time-period <1-525600>
"""

ARCHIVE_LOG = """
logging enable
logging size <1-1000> ;; hides 100
notify syslog [contenttype {plaintext|xml}]
no hidekeys
hidekeys
record rc
"""

BFD_TEMPLATE = """
interval min-tx <50-9999> min-rx <50-9999> multiplier <3-50>
interval both <50-9999> multiplier <3-50>
echo
"""

DHCP_POOL = """
network <ip> [<mask>]
default-router <ip!> [<ip!>]
dns-server <ip!> [<ip!>] [<ip!>]
domain-name <word>
lease {infinite|<0-365> [<0-23>] [<0-59>]}
"""

VRF = """
rd <word>
description <line>
address-family {ipv4|ipv6}! ;; opens vrf-af
"""

VRF_AF = """
route-target {import|export}! <word!>
exit-address-family ;; leaves
"""

CLASS_MAP = """
description <line>
match access-group name <word!>
match dscp <line!>
match ip dscp <line!>
match protocol <line!>
match any
"""

POLICY_MAP = """
description <line>
class <word!> ;; opens policy-class
"""

POLICY_CLASS = """
priority [percent <1-100>]
bandwidth [remaining] [percent] <1-100000000>
police <line>
set dscp <word>
fair-queue
random-detect [<line>]
queue-limit <line>
shape average <line>
service-policy <word>
"""

CONTROL_PLANE = """
service-policy {input|output}! <word>
"""

FREE = """
<line!>
"""
"""Contexts whose lines change nothing that is modelled; they are kept as they come."""
