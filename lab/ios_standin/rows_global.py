"""What global configuration takes, in the order in which the running configuration shows it."""

GLOBAL = """
version <word>
no service pad
service tcp-keepalives-in
service tcp-keepalives-out
service timestamps {debug|log}! datetime [msec] [localtime] [show-timezone] [year]
service timestamps {debug|log}! uptime
service password-encryption ;; refreshes
service sequence-numbers
service unsupported-transceiver
no service dhcp
no service config
platform qfp utilization monitor load <1-100>
no platform punt-keepalive disable-kernel-core
platform <line!>
hostname <word>
boot-start-marker
boot system <line!>
boot-end-marker
vrf definition <word!> ;; opens vrf
logging buffered <4096-2147483647> [<word>]
logging buffered <word>
no logging console
logging console <word>
no logging monitor
logging monitor <word>
no logging rate-limit
enable secret <line> ;; stores secret
enable password <line> ;; stores type7
no aaa new-model
aaa new-model
aaa authentication login <word!> <line>
aaa authentication enable default <line>
aaa authorization {exec|console|commands}! <line!>
aaa accounting <line!>
aaa session-id common
clock timezone <word> <word> [<0-59>]
clock summer-time <line>
system mtu <1500-9198>
vtp domain <word>
vtp mode {transparent|off|server|client}
no ip source-route
no ip gratuitous-arps
ip cef ;; hides
no ip bootp server
no ip domain lookup
no ip domain-lookup
ip domain name <word>
ip domain-name <word> ;; rewrites ip domain name
ip name-server <host!> [<host!>] [<host!>]
ip routing
no ip routing
ip multicast-routing [distributed]
ip dhcp excluded-address <ip!> [<ip!>]
ip dhcp pool <word!> ;; opens dhcp-pool
ip dhcp snooping vlan <vlans>
no ip dhcp snooping information option
ip dhcp snooping
ip arp inspection vlan <vlans>
ip arp inspection validate <line>
ip device tracking
login block-for <1-65535> attempts <1-65535> within <1-65535>
login quiet-mode access-class <word>
login delay <1-10>
login on-failure log [every <1-65535>]
login on-success log
no ipv6 source-route
ipv6 unicast-routing
ipv6 cef
no ipv6 cef
multilink bundle-name authenticated
bfd-template single-hop <word!> ;; opens bfd-template
bfd map {ipv4|ipv6}! <line!>
key chain <word!> ;; opens key-chain
crypto <line!>
license <line!>
diagnostic bootup level <word>
spanning-tree mode {pvst|rapid-pvst|mst}
spanning-tree loopguard default
spanning-tree portfast default
spanning-tree portfast edge default
spanning-tree portfast bpduguard default
spanning-tree portfast edge bpduguard default
spanning-tree logging
spanning-tree extend system-id
spanning-tree vlan <vlans!> priority <0-61440>
errdisable detect cause <word!> [<line>]
errdisable recovery cause <word!>
errdisable recovery interval <30-86400> ;; hides 300
archive ;; opens archive
memory free low-watermark processor <number>
username <word!> [privilege <0-15>] {secret} <line> ;; stores secret
username <word!> [privilege <0-15>] {password} <line> ;; stores type7
username <word!> {privilege} <0-15>
redundancy ;; opens redundancy
process cpu threshold type total rising <line>
no cdp run
lldp run
lldp timer <5-65534> ;; hides 30
lldp holdtime <0-65535> ;; hides 120
lldp reinit <2-5> ;; hides 2
vlan internal allocation policy {ascending|descending}
vlan <vlans!> ;; opens vlan ;; sort natural
track <1-1000!> <line> ;; opens track
ip tcp synwait-time <5-300> ;; hides 30
ip tcp path-mtu-discovery
ip ssh time-out <1-120> ;; hides 120
ip ssh authentication-retries <0-5> ;; hides 3
ip ssh version {1|2}
ip ssh source-interface <interface>
ip ssh server algorithm {mac|encryption|kex|hostkey|authentication}! <line>
ip ssh client algorithm {mac|encryption|kex|hostkey}! <line>
ip ssh dh min size <number>
ip ssh pubkey-chain ;; opens pubkey-chain
ip scp server enable
class-map [match-any|match-all] <word!> ;; opens class-map
policy-map <word!> ;; opens policy-map
interface <interface!> ;; opens interface ;; sort interface
router ospf <1-65535!> ;; opens ospf ;; sort natural
router ospfv3 <1-65535!> ;; opens ospfv3 ;; sort natural
ipv6 router ospf <1-65535!> ;; opens ospf6 ;; sort natural
router bgp <1-4294967295!> ;; opens bgp
ip default-gateway <ip>
no ip forward-protocol nd
ip forward-protocol nd
ip forward-protocol udp <word!>
no ip http server
ip http server
no ip http secure-server
ip http secure-server
ip http authentication <word>
ip http client source-interface <interface>
no ip ftp passive
ip ftp source-interface <interface>
ip tftp source-interface <interface>
ip tacacs source-interface <interface>
ip bgp-community new-format
ip route <ip!> <mask!> <interface!> [<ip!>] [<1-255>] [name <word>] [tag <number>] [permanent] ;;
    sort natural
ip route <ip!> <mask!> <ip!> [<1-255>] [name <word>] [tag <number>] [permanent] ;; sort natural
ip as-path access-list <1-500!> {permit|deny}! <line!>
ip community-list {standard|expanded}! <word!> {permit|deny}! <line!>
ip access-list standard <word!> ;; opens acl4-standard
ip access-list extended <word!> ;; opens acl4
ip sla <1-2147483647!> ;; opens sla ;; sort natural
ip sla schedule <1-2147483647!> <line>
ip prefix-list <word!> seq <1-4294967294!> {permit|deny} <prefix> [ge <1-32>] [le <1-32>] ;; sort
    natural
ip prefix-list <word!> {permit|deny} <prefix> [ge <1-32>] [le <1-32>] ;; numbers seq
ip prefix-list <word!> description <line>
ip prefix-list <word!> ;; drops
ip radius source-interface <interface>
logging trap <word> ;; hides informational
logging facility <word> ;; hides local7
logging origin-id {hostname|ip|ipv6|string <word>}
logging source-interface <interface!> [vrf <word>]
logging host <host!> [transport {udp|tcp} port <1-65535>] [vrf <word>]
logging host ipv6 <ip6!>
logging <ip!> ;; rewrites logging host
logging on ;; hides
logging userinfo
logging synchronous
ipv6 route <prefix6!> <interface!> [<ip6!>] [<1-254>] [name <word>] [tag <number>] ;; sort natural
ipv6 route <prefix6!> <ip6!> [<1-254>] [name <word>] [tag <number>] ;; sort natural
ipv6 prefix-list <word!> seq <1-4294967294!> {permit|deny} <prefix6> [ge <1-128>] [le <1-128>] ;;
    sort natural
ipv6 prefix-list <word!> {permit|deny} <prefix6> [ge <1-128>] [le <1-128>] ;; numbers seq
ipv6 prefix-list <word!> description <line>
ipv6 prefix-list <word!> ;; drops
ipv6 access-list <word!> ;; opens acl6
route-map <word!> {permit|deny}! <0-65535!> ;; opens route-map ;; sort natural
route-map <word!> ;; drops
snmp-server engineID local <word>
snmp-server group <word!> v3 {auth|noauth|priv}! [match exact] [context <word>] [read <word>]
    [write <word>] [notify <word>] [access [ipv6 <word>] <word>]
snmp-server user <word!> <word!> v3 [encrypted] [auth {md5|sha|sha-2} [{224|256|384|512}] <word>]
    [priv {3des|des|aes} [{128|192|256}] <word>] [access [ipv6 <word>] [<word>]] ;; unseen
snmp-server view <word!> <word!> {included|excluded}
snmp-server community <word!> [{ro|rw}] [<word>]
snmp-server ifindex persist
snmp-server trap-source <interface>
snmp-server source-interface {informs|traps} <interface>
snmp-server packetsize <484-17940> ;; hides 1500
snmp-server location <line>
snmp-server contact <line>
snmp-server chassis-id <line>
snmp-server enable traps ;; covers
snmp-server enable traps <line!>
snmp-server host <host!> [{informs|traps}] version 3 {auth|noauth|priv} <word!> [<line>]
snmp-server host <host!> [{informs|traps}] version 2c <word!> [<line>]
snmp ifmib ifindex persist
control-plane ;; opens control-plane
banner {motd|login|exec}! <line> ;; banner
line con <0-0!> ;; opens line
line aux <0-0!> ;; opens line
line vty <0-15!> [<0-15!>] ;; opens line ;; sort natural
ntp authentication-key <number!> md5 <line> ;; stores type7
ntp authenticate
ntp trusted-key <number!>
ntp source <interface>
ntp access-group [{ipv4|ipv6}] {peer|serve|serve-only|query-only}! <word>
ntp update-calendar
ntp server <host!> [version <1-4>] [key <number>] [prefer] [source <interface>]
event manager applet <word!> ;; opens applet
file prompt {quiet|noisy|alert}
alias {exec|configure}! <word!> <line>
call-home ;; opens call-home
"""
