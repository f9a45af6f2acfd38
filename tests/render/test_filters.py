"""The access lists as a router reads them, packet by packet, against the zones' design."""

import itertools
from dataclasses import replace
from ipaddress import IPv6Network
from pathlib import Path

import pytest

from inventory.load import load_network
from inventory.model import Lan, Network
from nornir_tasks.policy import Policy
from tests.generate_region import write_region

from .ios_text import Packet, access_list, permits

LANS = {
    "gov": "zes-gov",
    "other gov": "ag01-gov",
    "council": "zes-council",
    "public": "zes-sch-public",
    "inmis": "kut-inmis",
    "noc": "kut-mgmt",
    "devices": "bag-mgmt",
}
MAY_OPEN = {
    ("gov", "other gov"),
    ("other gov", "gov"),
    ("gov", "inmis"),
    ("other gov", "inmis"),
    ("council", "inmis"),
    ("noc", "devices"),
}
REACHES_OUTSIDE = {"gov", "other gov", "council", "public", "inmis"}
OUTSIDE = {4: "198.51.100.10", 6: "2001:db8:100::10"}
GATEWAY = "tbi-edge1"
BORDER = "central-government"


class Routers:
    """Every list on the way of a packet."""

    def __init__(self, network: Network, ios: dict[str, str], version: int) -> None:
        self.network, self.ios, self.version = network, ios, version

    def lan(self, who: str) -> Lan:
        return self.network.lans[LANS[who]]

    def address(self, who: str) -> str:
        if who == "outside":
            return OUTSIDE[self.version]
        lan = self.lan(who)
        prefix = lan.ipv4 if self.version == 4 else lan.ipv6
        return str(prefix[10])

    def passes(self, source: str, destination: str, packet: Packet) -> bool:
        """Whether every list between the two lets `packet` through."""
        return all(
            permits(access_list(self.ios[device], f"{name}{self.version}"), packet)
            for device, name in self._lists(source, destination)
        )

    def _lists(self, source: str, destination: str) -> list[tuple[str, str]]:
        lists = []
        for who, direction in ((source, "in"), (destination, "out")):
            if who == "outside":
                lists.append((GATEWAY, f"{BORDER}-{'in' if direction == 'in' else 'out'}"))
            else:
                lan = self.lan(who)
                lists.append((lan.router, f"{lan.id}-{direction}"))
        return lists

    def opens(self, source: str, destination: str, packet: Packet | None = None) -> bool:
        """Whether a connection comes about: there and back."""
        there = packet or Packet("", "")
        there = replace(there, source=self.address(source), destination=self.address(destination))
        back = replace(
            there,
            source=there.destination,
            destination=there.source,
            source_port=there.port,
            port=there.source_port,
            established=True,
            message="echo-reply",
        )
        return self.passes(source, destination, there) and self.passes(destination, source, back)


@pytest.fixture(params=[4, 6], ids=["IPv4", "IPv6"])
def routers(request: pytest.FixtureRequest, network: Network, ios: dict[str, str]) -> Routers:
    return Routers(network, ios, request.param)


@pytest.mark.parametrize(
    ("source", "destination"), list(itertools.permutations([*LANS, "outside"], 2))
)
@pytest.mark.parametrize("protocol", ["tcp", "icmp"])
def test_a_zone_opens_what_the_design_says_and_nothing_else(
    routers: Routers, source: str, destination: str, protocol: str
) -> None:
    expected = (source, destination) in MAY_OPEN
    if destination == "outside":
        expected = source in REACHES_OUTSIDE
    packet = Packet("", "", protocol=protocol)
    assert routers.opens(source, destination, packet) is expected


def resolver(network: Network, version: int) -> str:
    services = network.region.services
    return str(services.resolver4 if version == 4 else services.resolver6)


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
@pytest.mark.parametrize("who", [who for who in LANS if who != "inmis"])
def test_everybody_may_ask_the_resolver_for_a_name(
    routers: Routers, who: str, protocol: str
) -> None:
    address = resolver(routers.network, routers.version)
    there = Packet(routers.address(who), address, protocol=protocol, port=53)
    back = Packet(address, routers.address(who), protocol, 53, 40000, established=True)
    assert routers.passes(who, "inmis", there)
    assert routers.passes("inmis", who, back)


def test_guests_reach_the_resolver_on_no_other_port(routers: Routers) -> None:
    address = resolver(routers.network, routers.version)
    for port in (22, 80, 443, 161):
        packet = Packet(routers.address("public"), address, port=port)
        assert not routers.passes("public", "inmis", packet)


@pytest.mark.parametrize("who", LANS)
def test_a_spoofed_source_does_not_leave_a_lan(routers: Routers, who: str) -> None:
    lan = routers.lan(who)
    lines = access_list(routers.ios[lan.router], f"{lan.id}-in{routers.version}")
    for other in LANS:
        for to in ("inmis", "outside", "devices"):
            if other != who:
                packet = Packet(routers.address(other), routers.address(to))
                assert not permits(lines, packet), f"{other}'s address from {lan.id}"


@pytest.mark.parametrize("who", [who for who in LANS if who != "noc"])
def test_only_the_noc_reaches_a_router(routers: Routers, who: str) -> None:
    core = routers.network.devices["kut-core1"]
    address = str(core.router_id if routers.version == 4 else core.loopback6)
    lan = routers.lan(who)
    lines = access_list(routers.ios[lan.router], f"{lan.id}-in{routers.version}")
    for port in (22, 161, 179):
        assert not permits(lines, Packet(routers.address(who), address, port=port))


def test_the_noc_reaches_a_router(routers: Routers) -> None:
    core = routers.network.devices["kut-core1"]
    address = str(core.router_id if routers.version == 4 else core.loopback6)
    noc = routers.address("noc")
    dc1, version = routers.ios["kut-dc1"], routers.version
    assert permits(access_list(dc1, f"kut-mgmt-in{version}"), Packet(noc, address, port=22))
    answer = Packet(address, noc, "udp", 161, 40000)
    assert permits(access_list(dc1, f"kut-mgmt-out{version}"), answer)


@pytest.mark.parametrize(("port", "server"), [(123, "10.99.1.21"), (514, "10.99.1.20")])
def test_devices_reach_time_and_log(
    network: Network, ios: dict[str, str], port: int, server: str
) -> None:
    routers = Routers(network, ios, 4)
    switch = str(network.devices["bag-sw1"].management)
    assert routers.passes("devices", "noc", Packet(switch, server, "udp", 40000, port))
    assert network.devices["kut-core1"].router_id
    router = str(network.devices["kut-core1"].router_id)
    lines = access_list(ios["kut-dc1"], "kut-mgmt-out4")
    assert permits(lines, Packet(router, server, "udp", 40000, port))


def test_the_border_takes_the_bgp_session_and_nothing_for_itself(ios: dict[str, str]) -> None:
    lines = access_list(ios[GATEWAY], f"{BORDER}-in4")
    assert permits(lines, Packet("192.0.2.2", "192.0.2.1", port=179))
    assert not permits(lines, Packet("192.0.2.2", "192.0.2.1", port=22))
    assert not permits(lines, Packet("198.51.100.10", "192.0.2.1", port=179))
    assert not permits(lines, Packet("10.10.21.10", "10.50.1.10", established=True))


def test_zones_of_more_sites_than_an_octet_counts_are_whole_in_both_families(
    tmp_path: Path,
) -> None:
    write_region(tmp_path, districts=2)  # sites from 1002 on, zones of a /12
    network = load_network(tmp_path)
    zones = {zone.name: zone for zone in network.region.zones}
    policy = Policy(network)
    for lan in network.lans.values():
        assert lan.ipv4.subnet_of(zones[lan.zone].ipv4), lan.id
        assert lan.ipv6.subnet_of(zones[lan.zone].ipv6), lan.id
        others = [o for o in network.lans.values() if o.zone == lan.zone and o is not lan]
        if lan.zone in zones[lan.zone].reaches and lan.zone != network.region.management_zone:
            opens = policy.lan_filter(lan, "").opens.ipv6
            for other in others:
                assert any(other.ipv6.subnet_of(IPv6Network(one.cidr)) for one in opens), lan.id
