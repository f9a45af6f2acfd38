"""What an interface, a VLAN and a line take."""

INTERFACE = """
description <line>
bandwidth <1-100000000>
no switchport
switchport access vlan <1-4094> ;; hides 1
switchport trunk native vlan <1-4094> ;; hides 1
switchport trunk allowed vlan {none|all|<vlans>}
switchport mode {access|trunk|dynamic auto|dynamic desirable}
switchport nonegotiate
switchport voice vlan <1-4094>
switchport protected
switchport block {unicast|multicast}!
switchport port-security maximum <1-4097> ;; hides 1
switchport port-security violation {protect|restrict|shutdown} ;; hides shutdown
switchport port-security aging time <0-1440> ;; hides 0
switchport port-security aging type {absolute|inactivity} ;; hides absolute
switchport port-security mac-address sticky [<word!>]
switchport port-security
mtu <64-9216> ;; hides 1500
encapsulation dot1Q <1-4094> [native]
vrf forwarding <word>
ip address <ip!> <mask> secondary!
ip address <ip> <mask>
ip address {dhcp}
no ip address ;; absent
ip access-group <word> {in|out}!
ip unnumbered <interface>
no ip redirects
no ip unreachables
no ip proxy-arp
ip verify unicast source reachable-via {rx|any} [allow-default] [<word>]
ip helper-address <ip!>
ip mtu <68-9216> ;; hides 1500
ip tcp adjust-mss <500-1460>
ip directed-broadcast
ip flow {ingress|egress}!
ip nat {inside|outside}
ip pim sparse-mode
ip ospf authentication {message-digest|key-chain <word>}
ip ospf message-digest-key <1-255!> {md5} <line> ;; stores type7
ip ospf network {point-to-point|broadcast|non-broadcast|point-to-multipoint}
ip ospf hello-interval <1-65535> ;; hides 10
ip ospf dead-interval {<1-65535>|minimal hello-multiplier <3-20>} ;; hides 40
ip ospf retransmit-interval <1-65535> ;; hides 5
ip ospf transmit-delay <1-65535> ;; hides 1
ip ospf priority <0-255> ;; hides 1
ip ospf bfd [disable]
ip ospf mtu-ignore
ip ospf <1-65535!> area <area>
ip ospf cost <1-65535>
ip arp inspection trust
ip arp inspection limit rate <0-2048>
ip dhcp snooping trust
ip dhcp snooping limit rate <1-4294967294>
carrier-delay {<0-60>|msec <0-1000>}
load-interval <30-600> ;; hides 300
shutdown
speed {10|100|1000|10000|auto} ;; hides auto
duplex {auto|full|half} ;; hides auto
no negotiation auto
negotiation auto
media-type <word>
no keepalive
keepalive <0-32767> ;; hides 10
no cdp enable
no lldp transmit
no lldp receive
udld port [aggressive]
no mop enabled
no mop sysid
ipv6 address <ip6!> link-local
ipv6 address <address6!> [{eui-64|anycast}]
ipv6 address autoconfig
ipv6 enable
ipv6 mtu <1280-9216> ;; hides 1500
ipv6 nd ra suppress [all]
ipv6 nd other-config-flag
ipv6 nd managed-config-flag
ipv6 nd prefix <line!>
ipv6 nd raguard [attach-policy <word>]
no ipv6 redirects
no ipv6 unreachables
ipv6 verify unicast source reachable-via {rx|any} [allow-default] [<word>]
ipv6 verify unicast reverse-path
ipv6 traffic-filter <word> {in|out}!
ipv6 dhcp relay destination <ip6!>
ipv6 ospf <1-65535!> area <area>
ipv6 ospf network {point-to-point|broadcast}
ipv6 ospf hello-interval <1-65535> ;; hides 10
ipv6 ospf dead-interval <1-65535> ;; hides 40
ipv6 ospf retransmit-interval <1-65535> ;; hides 5
ipv6 ospf bfd [disable]
ipv6 ospf cost <1-65535>
ipv6 ospf authentication <line>
ospfv3 <1-65535!> {ipv4|ipv6}! area <area>
ospfv3 <1-65535!> {ipv4|ipv6}!
    {network|cost|hello-interval|dead-interval|retransmit-interval|bfd|authentication}! [<line>]
ospfv3 <1-65535!>
    {network|cost|hello-interval|dead-interval|retransmit-interval|bfd|authentication}! [<line>]
ospfv3 network {point-to-point|broadcast}
ospfv3 hello-interval <1-65535> ;; hides 10
ospfv3 dead-interval <1-65535> ;; hides 40
ospfv3 retransmit-interval <1-65535> ;; hides 5
ospfv3 cost <1-65535>
ospfv3 bfd [disable]
ospfv3 authentication <line>
bfd interval <50-9999> min_rx <50-9999> multiplier <3-50>
bfd template <word>
no bfd echo
storm-control {broadcast|multicast|unicast}! level <line>
storm-control action {shutdown|trap}!
spanning-tree portfast [edge] [{trunk|disable}]
spanning-tree bpduguard {enable|disable}
spanning-tree bpdufilter {enable|disable}
spanning-tree guard {root|loop|none}
spanning-tree cost <1-200000000>
spanning-tree link-type {point-to-point|shared}
channel-group <1-255> mode {active|passive|on|desirable|auto}
service-policy {input|output}! <word>
no snmp trap link-status
no logging event link-status
hold-queue <0-240000> {in|out}!
"""

VLAN = """
name <line>
state {active|suspend} ;; hides active
shutdown
"""

LINE = """
session-timeout <0-35791>
access-class <word> {in|out}! [vrf-also]
ipv6 access-class <word> {in|out}!
exec-timeout <0-35791> [<0-2147483>] ;; hides 10 0
no exec
privilege level <0-15> ;; hides 1
password <line> ;; stores type7
logging synchronous
login local
login authentication <word>
login
no login
length <0-512> ;; hides 24
width <0-512> ;; hides 80
history size <0-256> ;; hides 20
monitor
stopbits <word>
transport preferred {none|ssh|telnet|all}
transport input {none|ssh|telnet|all|telnet ssh|ssh telnet}
transport output {none|ssh|telnet|all|telnet ssh|ssh telnet}
no activation-character
"""
