"""Which prefixes go to which peer: what begins here, what others sent, what policy lets through."""

from ipaddress import ip_address, ip_network

import pytest

from lab.ios_standin import Cable, IosStandin, ManualClock
from lab.ios_standin.bgp import ends
from lab.ios_standin.hosting import hosted
from nornir_tasks.drivers.ios_state import advertised
from tests.ios_standin.shell import Shell
from tests.ios_standin.test_reach import typed

EDGE = """\
hostname edge
aaa new-model
username admin privilege 15 secret 5 $1$abcd$0123456789abcdefghijkl
interface GigabitEthernet0/0/0
 ip address 192.0.2.1 255.255.255.252
interface GigabitEthernet0/0/1
 ip address 198.51.100.1 255.255.255.252
interface GigabitEthernet0/0/2
 ip address 10.254.0.0 255.255.255.254
router bgp 64512
 neighbor 10.254.0.1 remote-as 64512
 neighbor 192.0.2.2 remote-as 64513
 neighbor 198.51.100.2 remote-as 64514
 address-family ipv4
  network 10.10.0.0 mask 255.255.0.0
  neighbor 10.254.0.1 activate
  neighbor 192.0.2.2 activate
  neighbor 198.51.100.2 activate
ip route 10.10.0.0 255.255.0.0 Null0
end
"""
ANNOUNCED = {
    ip_address("192.0.2.2"): (ip_network("0.0.0.0/0"), ip_network("10.200.0.0/16")),
    ip_address("198.51.100.2"): (ip_network("10.200.0.0/16"), ip_network("172.20.0.0/16")),
    ip_address("10.254.0.1"): (ip_network("10.40.0.0/16"),),
}
GOVERNMENT, CARRIER, INTERNAL = ANNOUNCED
BGP = ("router bgp 64512", "address-family ipv4")


@pytest.fixture
def edge() -> IosStandin:
    return IosStandin("edge", EDGE, clock=ManualClock(), announced=ANNOUNCED)


def sent(device: IosStandin, peer: object) -> set[str]:
    (end,) = (one for one in ends(device.configuration) if ip_address(one.peer) == peer)
    return {str(prefix) for prefix in device.view.sent(end, "ipv4")}


def received(device: IosStandin, peer: object) -> int:
    (end,) = (one for one in ends(device.configuration) if ip_address(one.peer) == peer)
    return device.view.received(end, "ipv4")


def test_what_a_peer_sent_goes_to_the_others_and_not_back(edge: IosStandin) -> None:
    assert sent(edge, GOVERNMENT) == {"10.10.0.0/16", "10.40.0.0/16", "172.20.0.0/16"}
    assert sent(edge, CARRIER) == {
        "0.0.0.0/0",
        "10.10.0.0/16",
        "10.40.0.0/16",
        "10.200.0.0/16",
    }


def test_between_peers_of_one_as_nothing_is_passed_on(edge: IosStandin) -> None:
    typed(edge, *BGP[:1], "neighbor 10.254.0.3 remote-as 64512")
    assert "10.40.0.0/16" not in sent(edge, INTERNAL)
    assert {"0.0.0.0/0", "172.20.0.0/16"} <= sent(edge, INTERNAL)


def test_a_network_without_its_route_is_not_announced(edge: IosStandin) -> None:
    typed(edge, *BGP, "network 10.30.0.0 mask 255.255.0.0")
    assert "10.30.0.0/16" not in sent(edge, GOVERNMENT)
    typed(edge, "ip route 10.30.0.0 255.255.0.0 192.0.2.2")
    assert "10.30.0.0/16" in sent(edge, GOVERNMENT)
    typed(edge, "interface gi0/0/0", "shutdown")
    assert "10.30.0.0/16" not in sent(edge, CARRIER)


def test_what_is_redistributed_is_announced_with_what_is_connected(edge: IosStandin) -> None:
    before = sent(edge, GOVERNMENT)
    typed(edge, *BGP, "redistribute connected")
    near = {"192.0.2.0/30", "198.51.100.0/30", "10.254.0.0/31"}
    assert sent(edge, GOVERNMENT) == before | near
    typed(edge, "interface gi0/0/2", "shutdown")
    assert "10.254.0.0/31" not in sent(edge, GOVERNMENT)


def test_an_aggregate_needs_a_part_and_may_hide_it(edge: IosStandin) -> None:
    typed(edge, *BGP, "aggregate-address 10.96.0.0 255.224.0.0")
    assert "10.96.0.0/11" not in sent(edge, GOVERNMENT)
    typed(edge, *BGP, "aggregate-address 10.0.0.0 255.192.0.0 summary-only")
    assert sent(edge, GOVERNMENT) == {"10.0.0.0/10", "172.20.0.0/16"}


def test_both_directions_are_filtered(edge: IosStandin) -> None:
    assert received(edge, GOVERNMENT) == 2
    typed(
        edge,
        "ip prefix-list IN seq 5 permit 0.0.0.0/0",
        "route-map OUT deny 10",
        "match ip address prefix-list IN",
        "route-map OUT permit 20",
        *BGP,
        "neighbor 192.0.2.2 prefix-list IN in",
        "neighbor 198.51.100.2 route-map OUT out",
    )
    assert received(edge, GOVERNMENT) == 1
    assert sent(edge, CARRIER) == {"10.10.0.0/16", "10.40.0.0/16"}


def test_a_session_that_is_down_carries_nothing(edge: IosStandin) -> None:
    typed(edge, "interface gi0/0/1", "shutdown")
    assert received(edge, CARRIER) == 0
    assert sent(edge, CARRIER) == set()
    assert "172.20.0.0/16" not in sent(edge, GOVERNMENT)


def test_a_driver_reads_what_is_shown(edge: IosStandin) -> None:
    """A natural mask is left away, and a long prefix breaks its row in two."""
    typed(
        edge,
        "interface lo0",
        "ip address 192.168.100.100 255.255.255.255",
        "interface lo1",
        "ip address 10.1.1.1 255.0.0.0",
        *BGP,
        "redistribute connected",
    )
    with hosted([edge]) as served, Shell(served.port("edge")) as shell:
        shell.until("#")
        shell.send("terminal length 0")
        said = shell.send("show bgp ipv4 unicast neighbors 198.51.100.2 advertised-routes")
        other = shell.send("show bgp ipv4 unicast neighbors 192.0.2.2 advertised-routes")
        expected = (
            served.call(lambda: sent(edge, CARRIER)),
            served.call(lambda: sent(edge, GOVERNMENT)),
        )
    assert " 10.0.0.0 " in said
    assert "192.168.100.100/32\n" in said.replace("\r", "")
    assert {"10.0.0.0/8", "192.168.100.100/32", "0.0.0.0/0"} <= set(advertised(said))
    assert "0.0.0.0/0" not in advertised(other)
    assert (set(advertised(said)), set(advertised(other))) == expected


def test_a_leak_is_counted_where_it_arrives_and_goes_round_no_further() -> None:
    """Each passes on what it has, and nobody takes what came through its own AS."""
    port = "GigabitEthernet0/0/0"

    def member(name: str, own: int, others: tuple[int, int]) -> IosStandin:
        lines = [f"hostname {name}", f"interface {port}", f" ip address 10.9.0.{own} 255.255.255.0"]
        lines += [f"router bgp {64600 + own}"]
        lines += [f" neighbor 10.9.0.{other} remote-as {64600 + other}" for other in others]
        lines += [" address-family ipv4", f"  network 10.{own}.0.0 mask 255.255.0.0"]
        lines += [f"  neighbor 10.9.0.{other} activate" for other in others]
        lines += [f"ip route 10.{own}.0.0 255.255.0.0 Null0", "end", ""]
        cables = [Cable(port, f"r{others[0]}", port)]
        return IosStandin(name, "\n".join(lines), clock=ManualClock(), cables=cables)

    ring = [member(f"r{own}", own, others) for own, others in RING.items()]
    with hosted(ring):
        first = ring[0]
        assert received(first, ip_address("10.9.0.2")) == 2  # its own, and the third's
        assert sent(first, ip_address("10.9.0.2")) == {"10.1.0.0/16", "10.3.0.0/16"}


RING = {1: (2, 3), 2: (3, 1), 3: (1, 2)}
