"""Routing: each policy, and the lines of each platform that carry it."""

from .policy import ABSENT, Policy

ROUTING = (
    Policy(
        "a transit link is a point-to-point OSPFv2 adjacency in area 0",
        "zes-rtr1",
        (r"^ ip ospf 1 area 0$", r"^ ip ospf network point-to-point$"),
        (
            ("frr.conf", r"^ ip ospf area 0$"),
            ("frr.conf", r"^ ip ospf network point-to-point$"),
        ),
    ),
    Policy(
        "a transit link is a point-to-point OSPFv3 adjacency in area 0",
        "zes-rtr1",
        (r"^ ospfv3 1 ipv6 area 0$", r"^ ospfv3 1 network point-to-point$"),
        (
            ("frr.conf", r"^ ipv6 ospf6 area 0$"),
            ("frr.conf", r"^ ipv6 ospf6 network point-to-point$"),
        ),
    ),
    Policy(
        "OSPFv2 authenticates with MD5 and a secret that is not in the file",
        "zes-rtr1",
        (
            r"^ ip ospf authentication message-digest$",
            r"^ ip ospf message-digest-key 1 md5 <<OSPF_KEY>>$",
        ),
        (
            ("frr.conf", r"^ ip ospf authentication message-digest$"),
            ("frr.conf", r"^ ip ospf message-digest-key 1 md5 <<OSPF_KEY>>$"),
        ),
    ),
    Policy(
        "OSPFv3 authenticates with an HMAC-SHA-256 trailer",
        "zes-rtr1",
        (
            r"^  key-string <<OSPF_KEY>>$",
            r"^  cryptographic-algorithm hmac-sha-256$",
            r"^ ospfv3 1 ipv6 authentication key-chain OSPFV3$",
        ),
        (
            (
                "frr.conf",
                r"^ ipv6 ospf6 authentication key-id 1 hash-algo hmac-sha-256 key <<OSPF_KEY>>$",
            ),
        ),
    ),
    Policy(
        "a neighbour that is silent for four seconds is gone",
        "zes-sch-rtr1",
        (
            r"^ ip ospf hello-interval 1$",
            r"^ ip ospf dead-interval 4$",
            r"^ ospfv3 1 hello-interval 1$",
            r"^ ospfv3 1 dead-interval 4$",
        ),
        (
            ("frr.conf", r"^ ip ospf hello-interval 1$"),
            ("frr.conf", r"^ ip ospf dead-interval 4$"),
            ("frr.conf", r"^ ipv6 ospf6 hello-interval 1$"),
            ("frr.conf", r"^ ipv6 ospf6 dead-interval 4$"),
        ),
    ),
    Policy(
        "BFD watches a WAN circuit, 300 ms three times",
        "zes-rtr1",
        (
            r"^ bfd interval 300 min_rx 300 multiplier 3$",
            r"^ ip ospf bfd$",
            r"^ bfd all-interfaces$",
        ),
        (
            ("frr.conf", r"^ ip ospf bfd profile transit$"),
            ("frr.conf", r"^ ipv6 ospf6 bfd profile transit$"),
            ("frr.conf", r"^ profile transit$"),
            ("daemons", r"^bfdd=yes$"),
        ),
    ),
    Policy(
        "BFD does not run where the plan has none",
        "zes-sch-rtr1",
        (ABSENT + r"\bbfd\b",),
        (("frr.conf", ABSENT + r"\bbfd\b"), ("daemons", r"^bfdd=no$")),
    ),
    Policy(
        "a backup costs more than a primary of its size",
        "zes-rtr1",
        (r"^ ip ospf cost 100$", r"^ ip ospf cost 4000$", r"^ ospfv3 1 cost 4000$"),
        (
            ("frr.conf", r"^ ip ospf cost 100$"),
            ("frr.conf", r"^ ip ospf cost 4000$"),
            ("frr.conf", r"^ ipv6 ospf6 cost 4000$"),
        ),
    ),
    Policy(
        "the default route enters OSPF only where BGP brings it",
        "tbi-edge1",
        (r"^ default-information originate$", r"^  default-information originate$"),
        (("frr.conf", r"^ default-information originate$"), ("frr.conf", ABSENT + "always")),
    ),
    Policy(
        "no other router makes a default route",
        "kut-core1",
        (ABSENT + "default-information",),
        (("frr.conf", ABSENT + "default-information"),),
    ),
    Policy(
        "the session to Tbilisi is external, with a password and a limit",
        "tbi-edge1",
        (
            r"^ neighbor 192.0.2.2 remote-as 64513$",
            r"^ neighbor 192.0.2.2 password <<BGP_TBILISI_PASSWORD>>$",
            r"^  neighbor 192.0.2.2 maximum-prefix 20$",
            r"^  neighbor 2001:DB8:0:1::2 maximum-prefix 20$",
        ),
        (
            ("frr.conf", r"^ neighbor 192.0.2.2 remote-as 64513$"),
            ("frr.conf", r"^ neighbor 192.0.2.2 password <<BGP_TBILISI_PASSWORD>>$"),
            ("frr.conf", r"^  neighbor 192.0.2.2 maximum-prefix 20$"),
            ("frr.conf", r"^  neighbor 2001:db8:0:1::2 maximum-prefix 20$"),
        ),
    ),
    Policy(
        "Tbilisi may send the default and the agreed prefixes, exactly",
        "tbi-edge1",
        (
            r"^  neighbor 192.0.2.2 prefix-list central-government-in4 in$",
            r"^ip prefix-list central-government-in4 seq 5 permit 0.0.0.0/0$",
            r"^ip prefix-list central-government-in4 seq 10 permit 10.200.0.0/16$",
            r"^ipv6 prefix-list central-government-in6 seq 10 permit FD64:513::/32$",
            ABSENT + r"central-government-in\d seq \d+ permit .* (le|ge)",
        ),
        (
            ("frr.conf", r"^  neighbor 192.0.2.2 prefix-list central-government-in4 in$"),
            ("frr.conf", r"^ip prefix-list central-government-in4 seq 5 permit 0.0.0.0/0$"),
            ("frr.conf", r"^ip prefix-list central-government-in4 seq 10 permit 10.200.0.0/16$"),
            ("frr.conf", r"^ipv6 prefix-list central-government-in6 seq 10 permit fd64:513::/32$"),
            ("frr.conf", ABSENT + r"central-government-in\d seq \d+ permit .* (le|ge)"),
        ),
    ),
    Policy(
        "Tbilisi is sent the aggregates and nothing else",
        "tbi-edge1",
        (
            r"^  neighbor 192.0.2.2 prefix-list central-government-out4 out$",
            r"^ip prefix-list central-government-out4 seq 5 permit 10.10.0.0/16$",
            r"^ipv6 prefix-list central-government-out6 seq 5 permit FD10:1412:7E1:A00::/56$",
            ABSENT + r"central-government-out\d .*(10\.99|10\.25[45]|7E1:6300|:F[EF]00)",
        ),
        (
            ("frr.conf", r"^  neighbor 192.0.2.2 prefix-list central-government-out4 out$"),
            ("frr.conf", r"^ip prefix-list central-government-out4 seq 5 permit 10.10.0.0/16$"),
            (
                "frr.conf",
                r"^ipv6 prefix-list central-government-out6 seq 5 permit fd10:1412:7e1:a00::/56$",
            ),
            (
                "frr.conf",
                ABSENT + r"central-government-out\d .*(10\.99|10\.25[45]|7e1:6300|:f[ef])",
            ),
        ),
    ),
    Policy(
        "an aggregate comes from a discard route, so that it does not flap",
        "tbi-edge1",
        (
            r"^ip route 10.10.0.0 255.255.0.0 Null0$",
            r"^  network 10.10.0.0 mask 255.255.0.0$",
            r"^ipv6 route FD10:1412:7E1:A00::/56 Null0$",
            r"^  network FD10:1412:7E1:A00::/56$",
        ),
        (
            ("frr.conf", r"^ip route 10.10.0.0/16 Null0$"),
            ("frr.conf", r"^  network 10.10.0.0/16$"),
            ("frr.conf", r"^ipv6 route fd10:1412:7e1:a00::/56 Null0$"),
            ("frr.conf", r"^  network fd10:1412:7e1:a00::/56$"),
        ),
    ),
    Policy(
        "inside, a speaker takes routes from the border and gives none",
        "kut-core1",
        (
            r"^ neighbor 10.255.0.9 remote-as 64512$",
            r"^ neighbor 10.255.0.9 update-source Loopback0$",
            r"^  neighbor 10.255.0.9 prefix-list internal-in4 in$",
            r"^ip prefix-list internal-out4 seq 5 deny 0.0.0.0/0 le 32$",
            r"^ipv6 prefix-list internal-out6 seq 5 deny ::/0 le 128$",
        ),
        (
            ("frr.conf", r"^ neighbor 10.255.0.9 remote-as 64512$"),
            ("frr.conf", r"^ neighbor 10.255.0.9 update-source lo$"),
            ("frr.conf", r"^  neighbor 10.255.0.9 prefix-list internal-in4 in$"),
            ("frr.conf", r"^ip prefix-list internal-out4 seq 5 deny 0.0.0.0/0 le 32$"),
            ("frr.conf", r"^ipv6 prefix-list internal-out6 seq 5 deny ::/0 le 128$"),
        ),
    ),
    Policy(
        "a router with more than one way has its default from the border by iBGP, before OSPF's",
        "zes-rtr1",
        (
            r"^  neighbor 10.255.0.9 activate$",
            r"^ip prefix-list internal-in4 seq 5 permit 0.0.0.0/0$",
            r"^ipv6 prefix-list internal-in6 seq 5 permit ::/0$",
            r"^  distance bgp 20 105 200$",
            r"^ timers bgp 10 30$",
        ),
        (
            ("frr.conf", r"^  neighbor 10.255.0.9 activate$"),
            ("frr.conf", r"^ip prefix-list internal-in4 seq 5 permit 0.0.0.0/0$"),
            ("frr.conf", r"^ipv6 prefix-list internal-in6 seq 5 permit ::/0$"),
            ("frr.conf", r"^  distance bgp 20 105 200$"),
            ("frr.conf", r"^ timers bgp 3 9$"),
        ),
    ),
    Policy(
        "a router with one way speaks no BGP",
        "zes-sch-rtr1",
        (ABSENT + r"^router bgp",),
        (("frr.conf", ABSENT + r"^router bgp"), ("daemons", r"^bgpd=no$")),
    ),
)
