"""Both platforms say the same things: each policy of the design, and the lines that carry it."""

import re

import pytest

from .conftest import Files
from .policy import Policy, holds
from .protection_policies import PROTECTION
from .routing_policies import ROUTING

POLICIES = (*ROUTING, *PROTECTION)

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
                allowed = (
                    "<<",
                    "PasswordAuthentication",
                    "service ",
                    "snmp-server group ",
                    "snmp-server host ",
                    "access internal ",
                )
                assert any(word in line for word in allowed), line
