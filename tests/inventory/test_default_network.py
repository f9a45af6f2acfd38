"""The default inventory describes the network of the high-level design."""

from collections import Counter
from ipaddress import IPv4Address, IPv6Address, ip_interface

import pytest

from inventory.model import (
    BACKUP_ROLES,
    DeviceRole,
    InterfaceKind,
    LinkRole,
    Network,
    SiteRole,
)
from inventory.paths import Topology

DISTRICTS = ["bag", "chi", "kha", "kho", "sac", "sam", "ter", "tki", "tsk", "van", "zes"]


def test_it_has_47_sites_76_devices_and_91_links(network: Network) -> None:
    assert len(network.sites) == 47
    assert len(network.devices) == 76
    assert len(network.links) == 91
    assert sum(link.routed for link in network.links.values()) == 46
    assert sum(device.routes for device in network.devices.values()) == 31


def test_devices_by_role_are_those_of_the_design(network: Network) -> None:
    roles = Counter(device.role for device in network.devices.values())
    assert roles == {
        DeviceRole.CORE: 2,
        DeviceRole.DISTRIBUTION: 4,
        DeviceRole.EDGE: 1,
        DeviceRole.DISTRICT: 11,
        DeviceRole.SCHOOL: 11,
        DeviceRole.GATEWAY: 1,
        DeviceRole.DC_SWITCH: 1,
        DeviceRole.OFFICE_SWITCH: 23,
        DeviceRole.DISTRICT_SWITCH: 11,
        DeviceRole.SCHOOL_SWITCH: 11,
    }


def test_numbers_of_sites_follow_the_table_of_the_design(network: Network) -> None:
    numbers = {code: site.number for code, site in network.sites.items()}
    assert numbers["kut"] == 1
    assert numbers["tbi"] == 51
    assert [numbers[code] for code in DISTRICTS] == list(range(11, 22))
    assert [numbers[f"{code}-sch"] for code in DISTRICTS] == list(range(31, 42))
    offices = ["gov", "adm", "may", "sak", *(f"ag{index:02}" for index in range(1, 20))]
    assert [numbers[code] for code in offices] == list(range(101, 124))


def _between(network: Network, role: LinkRole) -> set[tuple[str, ...]]:
    links = (link for link in network.links.values() if link.role is role)
    return {tuple(sorted((link.a.device, link.b.device))) for link in links}


def test_primaries_and_backups_are_those_of_the_design(network: Network) -> None:
    core1 = {("kut-core1", f"{code}-rtr1") for code in ("tsk", "kho", "sam", "tki", "chi")}
    core2 = {("kut-core2", f"{code}-rtr1") for code in ("bag", "van", "ter", "zes")}
    via = {("kha-rtr1", "zes-rtr1"), ("sac-rtr1", "chi-rtr1")}
    expected = {tuple(sorted(pair)) for pair in core1 | core2 | via}
    assert _between(network, LinkRole.WAN_PRIMARY) == expected
    pairs = "tsk-kho kho-sam sam-van van-bag ter-tki zes-ter zes-chi kha-chi"
    backups = {tuple(f"{code}-rtr1" for code in pair.split("-")) for pair in pairs.split()}
    expected = {tuple(sorted(pair)) for pair in backups | {("kut-core2", "sac-rtr1")}}
    assert _between(network, LinkRole.WAN_BACKUP) == expected


@pytest.mark.parametrize(
    ("lan", "ipv4", "ipv6"),
    [
        ("zes-gov", "10.10.21.0/24", "fd10:1412:7e1:a15::/64"),
        ("zes-council", "10.20.21.0/24", "fd10:1412:7e1:1415::/64"),
        ("zes-sch-public", "10.30.41.0/24", "fd10:1412:7e1:1e29::/64"),
        ("kut-inmis", "10.50.1.0/24", "fd10:1412:7e1:3201::/64"),
        ("kut-mgmt", "10.99.1.0/24", "fd10:1412:7e1:6301::/64"),
        ("gov-gov", "10.10.101.0/24", "fd10:1412:7e1:a65::/64"),
    ],
)
def test_a_lan_has_the_prefix_of_its_zone_and_site(
    network: Network, lan: str, ipv4: str, ipv6: str
) -> None:
    assert (str(network.lans[lan].ipv4), str(network.lans[lan].ipv6)) == (ipv4, ipv6)


def test_gateway_switch_and_host_have_their_places_in_a_lan(network: Network) -> None:
    lan = network.lans["zes-gov"]
    assert lan.gateway4 == IPv4Address("10.10.21.1")
    assert lan.host4 == IPv4Address("10.10.21.10")
    assert lan.host6 == IPv6Address("fd10:1412:7e1:a15::10")
    assert network.lans["zes-mgmt"].host4 == network.devices["zes-sw1"].management
    assert network.devices["zes-sw1"].management == IPv4Address("10.99.21.2")
    assert network.lans["kut-mgmt"].host4 == IPv4Address("10.99.1.10")


def test_a_link_has_the_addresses_of_its_number_and_a_has_the_even_one(network: Network) -> None:
    link = network.links["kut-zes"]
    assert link.number == 31
    assert link.a.ipv4 == ip_interface("10.254.0.62/31")
    assert link.b.ipv4 == ip_interface("10.254.0.63/31")
    assert link.a.ipv6 == ip_interface("fd10:1412:7e1:fe00::3e/127")


def test_no_backup_carries_a_best_path_while_nothing_is_broken(network: Network) -> None:
    topology = Topology.of(network)
    backups = {name for name, link in network.links.items() if link.role in BACKUP_ROLES}
    primaries = topology.without_links(backups)
    for source in topology.edges:
        assert topology.costs_from(source) == primaries.costs_from(source)


def _keeps_its_paths(topology: Topology, network: Network, lost_core: str | None) -> list[str]:
    cores = {"kut-core1", "kut-core2"} - {lost_core}
    demanding = [name for name, device in network.devices.items() if device.paths == 2]
    reached = frozenset[str]().union(*(topology.reached_from(core) for core in cores))
    return [name for name in demanding if name not in reached]


def test_every_district_survives_any_one_circuit_and_any_one_core(network: Network) -> None:
    topology = Topology.of(network)
    assert sum(device.paths == 2 for device in network.devices.values()) == 18
    for link in network.links:
        assert _keeps_its_paths(topology.without_links({link}), network, None) == []
    for core in ("kut-core1", "kut-core2"):
        assert _keeps_its_paths(topology.without_devices({core}), network, core) == []


def test_inmis_and_tbilisi_survive_any_one_circuit_and_any_one_core(network: Network) -> None:
    topology = Topology.of(network)
    cuts = [topology.without_links({link}) for link in network.links]
    cuts += [topology.without_devices({core}) for core in ("kut-core1", "kut-core2")]
    for cut in cuts:
        reached = cut.reached_from("zes-rtr1")
        assert {"kut-dc1", "tbi-edge1"} <= reached


def test_each_district_has_its_own_school_and_each_office_its_hub(network: Network) -> None:
    parents = {site.parent for site in network.sites.values() if site.role is SiteRole.SCHOOL}
    assert sorted(parent or "" for parent in parents) == DISTRICTS
    offices = [site for site in network.sites.values() if site.role is SiteRole.OFFICE]
    assert {site.parent for site in offices} == {"kut"}
    assert len(offices) == 23


def test_a_school_has_no_lan_but_the_guests_and_the_management(network: Network) -> None:
    for site in network.sites.values():
        if site.role is SiteRole.SCHOOL:
            assert {lan.zone for lan in site.lans} == {"public", "mgmt"}


def test_only_the_government_zones_are_announced_and_the_guests(network: Network) -> None:
    aggregates = [str(prefix) for prefix in network.region.bgp.aggregates4]
    assert aggregates == ["10.10.0.0/16", "10.20.0.0/16", "10.30.0.0/16", "10.50.0.0/16"]
    assert str(network.region.bgp.aggregates6[0]) == "fd10:1412:7e1:a00::/56"


def test_all_that_have_more_than_one_way_speak_bgp_with_the_border(network: Network) -> None:
    ways = Counter(
        end.device
        for link in network.links.values()
        if link.routed
        for end in (link.a, link.b)
        if network.devices[link.other(end.device).device].routes
    )
    plan = network.region.bgp
    assert plan.borders == {"tbi-edge1"}
    several = {name for name, count in ways.items() if count > 1}
    assert several - plan.borders == set(plan.internal_peers("tbi-edge1"))
    assert plan.internal_peers("zes-rtr1") == ("tbi-edge1",)
    assert plan.internal_peers("zes-sch-rtr1") == ()


def test_every_port_of_a_switch_is_known_and_the_unused_ones_are_marked(network: Network) -> None:
    switch = network.devices["zes-sw1"]
    kinds = Counter(interface.kind for interface in switch.interfaces)
    assert kinds[InterfaceKind.ACCESS] == 20
    assert kinds[InterfaceKind.UNUSED] == 7
    assert kinds[InterfaceKind.TRUNK] == 1
    assert kinds[InterfaceKind.MANAGEMENT] == 1


def test_both_ends_of_every_link_name_each_other(network: Network) -> None:
    for link in network.links.values():
        for end, other in ((link.a, link.b), (link.b, link.a)):
            interface = network.devices[end.device].interface(end.interface)
            assert interface.peer == (other.device, other.interface)
            assert interface.link == link.id
            assert link.id in interface.description


def test_bfd_runs_on_the_roles_that_the_design_names(network: Network) -> None:
    without = {link.role for link in network.links.values() if not link.bfd}
    assert without == {LinkRole.SCHOOL, LinkRole.ACCESS}
    assert set(network.region.ospf.bfd_roles) == set(LinkRole) - without


def test_georgian_names_are_georgian(network: Network) -> None:
    for site in network.sites.values():
        letters = [letter for letter in site.name.ka if letter.isalpha()]
        assert letters
        assert all("ა" <= letter <= "ჰ" for letter in letters), site.code


def test_an_assumption_is_told_until_the_row_says_otherwise(network: Network) -> None:
    assert "bandwidth" in network.links["kut-zes"].assumed
    assert "hardware" in network.devices["zes-rtr1"].assumed
    assert "latitude" in network.sites["zes-sch"].assumed


def test_the_network_can_not_be_changed(network: Network) -> None:
    with pytest.raises(TypeError):
        network.sites["new"] = network.sites["kut"]  # type: ignore[index]
