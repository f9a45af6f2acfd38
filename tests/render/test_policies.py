"""Both platforms say the same things: each policy of the design, and the lines that carry it.

`ABSENT` before a pattern means that no line of the file may fit it.
"""

import re
from dataclasses import dataclass

import pytest

from .conftest import Files

ABSENT = "!"


@dataclass(frozen=True)
class Policy:
    """One policy on one device; patterns are searched line by line."""

    name: str
    device: str
    ios: tuple[str, ...]
    frr: tuple[tuple[str, str], ...]
    """(file, pattern)."""


POLICIES = (
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
            r"^snmp-server group NOC v3 priv read NOC access ipv6 MANAGEMENT6 MANAGEMENT4$",
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
                "snmpd.users.conf",
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
        "whoever logs in is warned",
        "zes-rtr1",
        (r"^banner login \^C$", r"^Imereti regional network. Authorised staff only"),
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
            ("daemons", r"^bgpd=no$"),
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

SWITCH_POLICIES = (
    ("a user's port learns few addresses", r"^ switchport port-security$"),
    ("a user's port forms no trunk", r"^ switchport nonegotiate$"),
    ("a user's port with a bridge behind it is shut", r"^ spanning-tree bpduguard enable$"),
    ("a user's port can't flood", r"^ storm-control broadcast level 1.00$"),
    ("a user's port advertises no IPv6 router", r"^ ipv6 nd raguard$"),
    ("DHCP answers come from the uplink only", r"^ ip dhcp snooping trust$"),
    ("a user's port asks for few leases", r"^ ip dhcp snooping limit rate 20$"),
    ("DHCP is watched in the users' VLANs", r"^ip dhcp snooping vlan 10,20$"),
    ("the trunk carries the VLANs in use", r"^ switchport trunk allowed vlan 10,20,99$"),
    ("the trunk's native VLAN has nobody in it", r"^ switchport trunk native vlan 999$"),
    ("an unused port is shut", r"^ shutdown$"),
    ("an unused port is in no user's VLAN", r"^ switchport access vlan 998$"),
    ("VLANs are not learned from others", r"^vtp mode off$"),
    ("it is managed in its own VLAN", r"^interface Vlan99$"),
    ("it answers the NOC through its gateway", r"^ip default-gateway 10.99.21.1$"),
    ("it does the same over IPv6", r"^ipv6 route ::/0 FD10:1412:7E1:6315::1$"),
    ("SSH answers the NOC only", r"^ access-class MANAGEMENT4 in$"),
)


def holds(text: str, pattern: str) -> bool:
    """Whether some line fits; with ABSENT before it, whether none does."""
    wanted = not pattern.startswith(ABSENT)
    return bool(re.search(pattern.removeprefix(ABSENT), text, flags=re.MULTILINE)) is wanted


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_ios_says(policy: Policy, ios: dict[str, str]) -> None:
    for pattern in policy.ios:
        assert holds(ios[policy.device], pattern), pattern


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_frr_says(policy: Policy, frr: dict[str, Files]) -> None:
    for file, pattern in policy.frr:
        assert holds(frr[policy.device][file], pattern), f"{file}: {pattern}"


@pytest.mark.parametrize(
    "pattern", [p for _, p in SWITCH_POLICIES], ids=[n for n, _ in SWITCH_POLICIES]
)
def test_a_district_switch_says(pattern: str, ios: dict[str, str]) -> None:
    assert holds(ios["zes-sw1"], pattern), pattern


def test_nothing_is_forwarded_through_the_out_of_band_port(lab: dict[str, Files]) -> None:
    rules = lab["zes-rtr1"]["nftables.conf"]
    forward = rules[rules.index("chain forward") :]
    lines = [line.strip() for line in forward.splitlines()[1:4]]
    assert lines[1].startswith('iifname "mgmt0" counter drop')
    assert lines[2].startswith('oifname "mgmt0" counter drop')


def test_every_file_holds_placeholders_and_no_secret(
    ios: dict[str, str], frr: dict[str, Files]
) -> None:
    texts = [*ios.values(), *(text for files in frr.values() for text in files.values())]
    for text in texts:
        for line in text.splitlines():
            if re.search(r"\b(password|secret|key-string|md5|auth|priv)\b .*\S", line):
                allowed = ("<<", "PasswordAuthentication", "service ", "snmp-server group")
                assert any(word in line for word in allowed), line
