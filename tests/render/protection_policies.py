"""Protection and management: each policy, and the lines of each platform that carry it."""

from .policy import ABSENT, Policy

PROTECTION = (
    Policy(
        "a LAN's hosts can't use another's address",
        "zes-rtr1",
        (
            r"^ ip verify unicast source reachable-via rx$",
            r"^ ipv6 verify unicast source reachable-via rx$",
            ABSENT + r"^ permit (ip|tcp|udp) any any",
        ),
        (
            ("nftables.conf", r'iifname "ge0-1-1.10" ip saddr != 10.10.21.0/24 counter drop'),
            ("nftables.conf", r'iifname "ge0-1-1.10" ip6 saddr != \{ fd10:1412:7e1:a15::/64, '),
            ("sysctl.conf", r"^net/ipv4/conf/ge0-1-1.10/rp_filter = 1$"),
        ),
    ),
    Policy(
        "nobody outside uses an address of the region",
        "tbi-edge1",
        (
            r"^ deny ip 10.10.0.0 0.0.255.255 any log$",
            r"^ deny ipv6 FD10:1412:7E1::/48 any log$",
            r"^ ip access-group central-government-in4 in$",
        ),
        (
            ("nftables.conf", r'iifname "ge0-0-2" ip saddr @inside4 counter drop'),
            ("nftables.conf", r'iifname "ge0-0-2" ip6 saddr @inside6 counter drop'),
        ),
    ),
    Policy(
        "guests have the Internet and the resolver",
        "zes-sch-rtr1",
        (
            r"^ permit udp 10.30.41.0 0.0.0.255 host 10.50.1.53 eq domain$",
            r"^ permit tcp 10.30.41.0 0.0.0.255 host 10.50.1.53 eq domain$",
            r"^ deny ip any 10.10.0.0 0.0.255.255 log$",
            r"^ permit ip 10.30.41.0 0.0.0.255 any$",
        ),
        (
            (
                "nftables.conf",
                r"ip daddr 10.50.1.53 meta l4proto \{ udp, tcp \} th dport 53 return",
            ),
            ("nftables.conf", r'^        ip daddr != @inside4 return comment "external"$'),
            ("nftables.conf", r"^ +elements = \{ 10.10.0.0/16, 10.20.0.0/16, 10.30.0.0/16, "),
        ),
    ),
    Policy(
        "SSH and SNMP answer the NOC only",
        "zes-rtr1",
        (
            r"^ip access-list standard MANAGEMENT4$",
            r"^ permit 10.99.1.0 0.0.0.255$",
            r"^ access-class MANAGEMENT4 in$",
            r"^ ipv6 access-class MANAGEMENT6 in$",
            (
                r"^snmp-server group NOC v3 priv read NOC notify NOC "
                r"access ipv6 MANAGEMENT6 MANAGEMENT4$"
            ),
            r"^ transport input ssh$",
            ABSENT + r"transport input (all|telnet)",
        ),
        (
            ("nftables.conf", r"ip saddr @noc4 tcp dport 22 accept"),
            ("nftables.conf", r"ip6 saddr @noc6 tcp dport 22 accept"),
            ("nftables.conf", r"ip saddr @noc4 udp dport 161 accept"),
            ("nftables.conf", r"^        elements = \{ 10.99.1.0/24 \}$"),
            ("nftables.conf", r"type filter hook input priority filter; policy drop;"),
        ),
    ),
    Policy(
        "SNMP is version 3 with authentication and privacy, and reads a view",
        "zes-rtr1",
        (
            r"^snmp-server user imereti-poller NOC v3 auth sha <<SNMP_AUTH>> priv aes 128 ",
            r"^snmp-server view NOC mib-2 included$",
            ABSENT + "snmp-server community",
        ),
        (
            ("snmpd.conf", r"^rouser -s usm imereti-poller authpriv -V noc$"),
            ("snmpd.conf", ABSENT + "community"),
            (
                "snmpd.conf",
                r'^createUser imereti-poller SHA "<<SNMP_AUTH>>" AES "<<SNMP_PRIV>>"$',
            ),
        ),
    ),
    Policy(
        "time comes from the region's servers, and nobody else may set it",
        "zes-rtr1",
        (
            r"^ntp server 10.99.1.21$",
            r"^ntp access-group peer NTP-SERVERS$",
            r"^ntp source Loopback0$",
        ),
        (
            ("chrony.conf", r"^server 10.99.1.21 iburst$"),
            ("chrony.conf", r"^port 0$"),
            ("chrony.conf", r"^bindacqaddress 10.255.0.21$"),
        ),
    ),
    Policy(
        "the log goes to the region's server from the router's own address",
        "zes-rtr1",
        (r"^logging host 10.99.1.20$", r"^logging source-interface Loopback0$"),
        (
            ("rsyslog.conf", r'target="10.99.1.20" .*address="10.255.0.21"'),
            ("frr.conf", r"^log syslog informational$"),
        ),
    ),
    Policy(
        "what changes is told to the NOC's collectors at once, authenticated and encrypted",
        "zes-rtr1",
        (
            r"^snmp-server host 10.99.1.20 version 3 priv imereti-poller udp-port 9162$",
            r"^snmp-server trap-source Loopback0$",
            r"^snmp-server enable traps snmp linkdown linkup coldstart warmstart$",
            r"^snmp-server enable traps ospf state-change$",
            r"^snmp-server view NOC snmpTraps included$",
        ),
        (
            (
                "snmpd.conf",
                r"^trapsess -v 3 -u imereti-poller -l authPriv udp:10.99.1.20:9162$",
            ),
            ("snmpd.conf", r"^notificationEvent linkDown .1.3.6.1.6.3.1.1.5.3 "),
            ("snmpd.conf", r'^monitor -S -r 1 -e linkUp "linkUp" .1.3.6.1.2.1.2.2.1.8 == 1$'),
            ("snmpd.conf", ABSENT + r"^(trap|trap2|inform)sink"),
            ("daemons", r'^ospfd_options=".* -M snmp"$'),
            ("frr.conf", r"^agentx$"),
        ),
    ),
    Policy(
        "a BGP session that breaks is told too",
        "tbi-edge1",
        (r"^snmp-server enable traps bgp$",),
        (("daemons", r'^bgpd_options=".* -M snmp"$'), ("frr.conf", r"^agentx$")),
    ),
    Policy(
        "whoever logs in is warned",
        "zes-rtr1",
        (r"^banner login \x03$", r"^Imereti regional network. Authorised staff only"),
        (
            ("issue.net", r"^Imereti regional network. Authorised staff only"),
            ("sshd_config", r"^Banner /etc/issue.net$"),
        ),
    ),
    Policy(
        "what is not needed does not run",
        "zes-rtr1",
        (
            r"^no ip http server$",
            r"^no ip http secure-server$",
            r"^no ip source-route$",
            r"^no cdp run$",
            r"^no service pad$",
        ),
        (
            ("daemons", ABSENT + r"^(ripd|isisd|ldpd)=yes"),
            ("sysctl.conf", r"^net.ipv4.conf.all.accept_source_route = 0$"),
            ("sshd_config", r"^PasswordAuthentication no$"),
        ),
    ),
    Policy(
        "an interface tells its link",
        "zes-rtr1",
        (r"^ description kut-zes to kut-core2$",),
        (("frr.conf", r"^ description kut-zes to kut-core2$"),),
    ),
    Policy(
        "LANs are announced, and spoken to by no OSPF",
        "zes-rtr1",
        (
            r"^ passive-interface default$",
            r"^ no passive-interface GigabitEthernet0/0/0$",
            ABSENT + r"no passive-interface GigabitEthernet0/1/1",
        ),
        (("frr.conf", r"^ ip ospf passive$"), ("frr.conf", r"^ ipv6 ospf6 passive$")),
    ),
)
