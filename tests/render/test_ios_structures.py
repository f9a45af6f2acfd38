"""What IOS would complain of: names without a definition, definitions without a use."""

import re
from collections import Counter

import pytest

from inventory.model import Network

from .ios_text import blocks, interfaces, words_after

DEFINITIONS = {
    "access list": r"^ip access-list (?:standard|extended) (\S+)",
    "IPv6 access list": r"^ipv6 access-list (\S+)",
    "prefix list": r"^ip prefix-list (\S+)",
    "IPv6 prefix list": r"^ipv6 prefix-list (\S+)",
    "key chain": r"^key chain (\S+)",
    "SNMP view": r"^snmp-server view (\S+)",
    "SNMP group": r"^snmp-server group (\S+)",
    "VLAN": r"^vlan (\d+)",
}
USES = {
    "access list": (
        r"^ ip access-group (\S+)",
        r"^ access-class (\S+)",
        r"^ntp access-group peer (\S+)",
        r"^login quiet-mode access-class (\S+)",
        r"access ipv6 \S+ (\S+)$",
    ),
    "IPv6 access list": (
        r"^ ipv6 traffic-filter (\S+)",
        r"^ ipv6 access-class (\S+)",
        r"access ipv6 (\S+)",
    ),
    "prefix list": (r"^  neighbor \d+\.\d+\.\d+\.\d+ prefix-list (\S+)",),
    "IPv6 prefix list": (r"^  neighbor \S*:\S* prefix-list (\S+)",),
    "key chain": (r"authentication key-chain (\S+)",),
    "SNMP view": (r"^snmp-server group \S+ v3 priv read (\S+)",),
    "SNMP group": (r"^snmp-server user \S+ (\S+)",),
    "VLAN": (
        r"^ switchport access vlan (\d+)",
        r"^ switchport trunk native vlan (\d+)",
        r"^interface Vlan(\d+)",
    ),
}


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_what_is_named_is_defined(kind: str, ios: dict[str, str]) -> None:
    for device, config in ios.items():
        defined = words_after(config, DEFINITIONS[kind])
        used = set().union(*(words_after(config, pattern) for pattern in USES[kind]))
        assert used <= defined, f"{device}: {kind} {sorted(used - defined)} is not defined"


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_what_is_defined_is_used(kind: str, ios: dict[str, str]) -> None:
    for device, config in ios.items():
        defined = words_after(config, DEFINITIONS[kind])
        used = set().union(*(words_after(config, pattern) for pattern in USES[kind]))
        # a switch defines its spare native VLAN even where it has no trunk
        unused = defined - used - ({"999"} if kind == "VLAN" else set())
        assert not unused, f"{device}: {kind} {sorted(unused)} is not used"


def test_a_trunk_carries_only_vlans_that_the_switch_has(ios: dict[str, str]) -> None:
    for device, config in ios.items():
        vlans = words_after(config, DEFINITIONS["VLAN"])
        for carried in words_after(config, r"^ switchport trunk allowed vlan (\S+)"):
            assert set(carried.split(",")) <= vlans, device
            assert not {"1", "998", "999"} & set(carried.split(",")), device


def test_no_access_list_says_a_thing_twice(ios: dict[str, str]) -> None:
    for device, config in ios.items():
        for head, body in blocks(config):
            if "access-list" in head:
                twice = [line for line, count in Counter(body).items() if count > 1]
                assert not twice, f"{device} {head}: {twice}"


def test_each_block_stands_once(ios: dict[str, str]) -> None:
    for device, config in ios.items():
        heads = Counter(head for head, body in blocks(config) if body)
        assert [head for head, count in heads.items() if count > 1] == [], device


def test_each_filter_ends_by_dropping_what_is_left(ios: dict[str, str]) -> None:
    for device, config in ios.items():
        for head, body in blocks(config):
            if head.startswith("ip access-list extended"):
                assert body[-1] == "deny ip any any log", f"{device} {head}"
            elif head.startswith("ipv6 access-list") and head != "ipv6 access-list MANAGEMENT6":
                assert body[-1] == "deny ipv6 any any log", f"{device} {head}"


def test_each_lan_gateway_filters_both_ways_and_families(
    ios: dict[str, str], network: Network
) -> None:
    seen = 0
    for config in ios.values():
        for body in interfaces(config).values():
            routed = any(line.startswith("ip ospf 1") for line in body)
            if routed and any(line.startswith("description LAN") for line in body):
                filters = [line for line in body if "access-group" in line or "traffic-" in line]
                assert [line.rsplit(" ", 1)[1] for line in filters] == ["in", "out", "in", "out"]
                seen += 1
    assert seen == len(network.lans)


def test_interface_names_are_spelled_in_full(ios: dict[str, str]) -> None:
    full = re.compile(
        r"(Loopback\d+|Vlan\d+|(TenGigabitEthernet|GigabitEthernet)\d+/\d+/\d+(\.\d+)?)"
    )
    for config in ios.values():
        for name in interfaces(config):
            assert full.fullmatch(name), name


def test_an_address_is_on_one_interface(ios: dict[str, str]) -> None:
    found = Counter(
        address
        for config in ios.values()
        for address in re.findall(r"^ (?:ip|ipv6) address (\S+)", config, flags=re.MULTILINE)
    )
    assert [address for address, count in found.items() if count > 1] == []
