"""OSPFv3 of the stand-in: who becomes a neighbour, and what `show ospfv3 neighbor` says of it."""

from ipaddress import IPv4Address

import pytest

from inventory.load import load_network
from lab.ios_standin import Cable, IosStandin, ManualClock
from lab.ios_standin.hosting import hosted
from nornir_tasks.drivers import ios_state
from tests.ios_standin.conftest import ROUTER
from tests.ios_standin.shell import Shell
from tests.ios_standin.test_reach import typed
from tests.provisioning.ios_region import CHECKOUT

PORT = "GigabitEthernet0/0/0"
KEYS = """\
key chain OSPFV3
 key 1
  key-string secret-one
  cryptographic-algorithm hmac-sha-256
"""
PROCESS = """\
router ospfv3 1
 router-id ROUTER-ID
 address-family ipv6 unicast
  passive-interface default
  no passive-interface GigabitEthernet0/0/0
 exit-address-family
"""
END = """\
 ospfv3 1 network point-to-point
 ospfv3 1 hello-interval 1
 ospfv3 1 dead-interval 4
 ospfv3 1 ipv6 authentication key-chain OSPFV3
 ospfv3 1 ipv6 area 0
 ospfv3 1 cost 100
"""
ADDRESS = " ipv6 address FD10:1412:7E1:FE00::1/127\n"
SECOND_KEY = (
    "key chain OSPFV3",
    "key 2",
    "key-string secret-two",
    "cryptographic-algorithm hmac-sha-256",
)
FIRST_RETIRES = ("key 1", "send-lifetime 00:00:00 Jan 1 1993 00:00:01 Jan 1 1993")


def configuration(router_id: str, address: str) -> str:
    text = ROUTER.replace(ADDRESS, ADDRESS.replace("::1/", f"::{address}/") + END)
    return text.replace("router ospf 1\n", KEYS + PROCESS + "router ospf 1\n").replace(
        "ROUTER-ID", router_id
    )


def alone() -> IosStandin:
    """Its neighbour, which nobody stands in for, suits how it began."""
    return IosStandin(
        "zes-rtr1",
        configuration("10.255.0.21", "1"),
        clock=ManualClock(),
        cables=[Cable(PORT, "kut-core2", PORT)],
        router_ids={PORT: IPv4Address("10.255.0.2")},
    )


def both() -> tuple[IosStandin, IosStandin]:
    clock = ManualClock()
    here = IosStandin(
        "zes-rtr1",
        configuration("10.255.0.21", "1"),
        clock=clock,
        cables=[Cable(PORT, "kut-core2", PORT)],
    )
    there = IosStandin(
        "kut-core2",
        configuration("10.255.0.2", "0"),
        clock=clock,
        cables=[Cable(PORT, "zes-rtr1", PORT)],
    )
    return here, there


def ports(device: IosStandin) -> list[str]:
    return [port for port, _, _ in device.view.neighbours6()]


def test_the_answer_has_the_form_of_ios() -> None:
    with hosted(both()) as served, Shell(served.port("zes-rtr1")) as shell:
        shell.until("#")
        lines = shell.send("show ospfv3 neighbor").splitlines()
    assert lines[-5:-1] == [
        "          OSPFv3 1 address-family ipv6 (router-id 10.255.0.21)",
        "",
        "Neighbor ID     Pri   State           Dead Time   Interface ID    Interface",
        "10.255.0.2        0   FULL/  -        00:00:03    2               GigabitEthernet0/0/0",
    ]


def test_without_the_process_it_is_silent() -> None:
    with (
        hosted([IosStandin("zes-rtr1", ROUTER, clock=ManualClock())]) as served,
        Shell(served.port("zes-rtr1")) as shell,
    ):
        shell.until("#")
        said = shell.send("show ospfv3 neighbor")
    assert "Neighbor ID" not in said
    assert "Invalid" not in said


@pytest.mark.parametrize(
    "lines",
    [
        ("interface gi0/0/0", "shutdown"),
        ("interface gi0/0/0", "no ospfv3 1 ipv6 area 0"),
        ("interface gi0/0/0", "ospfv3 1 ipv6 area 1"),
        ("interface gi0/0/0", "no ipv6 address FD10:1412:7E1:FE00::1/127"),
        ("interface gi0/0/0", "ospfv3 1 hello-interval 2"),
        ("interface gi0/0/0", "ospfv3 1 dead-interval 8"),
        ("interface gi0/0/0", "no ospfv3 1 network point-to-point"),
        ("interface gi0/0/0", "no ospfv3 1 ipv6 authentication key-chain OSPFV3"),
        ("interface gi0/0/0", "ospfv3 1 ipv6 authentication key-chain OTHER"),
        ("interface gi0/0/0", "mtu 1400"),
        ("router ospfv3 1", "address-family ipv6 unicast", "passive-interface gi0/0/0"),
        ("no router ospfv3 1",),
        ("key chain OSPFV3", "key 1", "key-string another"),
        ("key chain OSPFV3", *FIRST_RETIRES),
        (*SECOND_KEY, *FIRST_RETIRES),
    ],
    ids=lambda lines: lines[-1],
)
def test_what_the_ends_disagree_about_parts_them(lines: tuple[str, ...]) -> None:
    lonely, (here, there) = alone(), both()
    with hosted([here, there]):
        assert ports(lonely) == ports(here) == ports(there) == [PORT]
        for device in (lonely, here):
            typed(device, *lines)
        assert ports(lonely) == ports(here) == ports(there) == []


@pytest.mark.parametrize(
    "lines",
    [
        ("interface gi0/0/0", "ospfv3 1 cost 200"),
        ("interface gi0/0/0", "no ip ospf 1 area 0"),
        SECOND_KEY,
        ("key chain OSPFV3", "key 1", "send-lifetime 00:00:00 Jan 1 1993 infinite"),
        ("router ospf 1", "passive-interface gi0/0/0"),
    ],
    ids=lambda lines: lines[-1],
)
def test_what_is_no_concern_of_theirs_does_not(lines: tuple[str, ...]) -> None:
    lonely, (here, there) = alone(), both()
    with hosted([here, there]):
        for device in (lonely, here):
            typed(device, *lines)
        assert ports(lonely) == ports(here) == ports(there) == [PORT]


def test_a_key_is_rolled_over_without_parting_them() -> None:
    here, there = both()
    with hosted([here, there]):
        for lines in (SECOND_KEY, ("key chain OSPFV3", *FIRST_RETIRES)):
            for device in (here, there):
                typed(device, *lines)
                assert ports(here) == ports(there) == [PORT], (device.name, lines)
        for device in (here, there):
            typed(device, "key chain OSPFV3", "no key 1")
            assert ports(here) == ports(there) == [PORT], device.name


REAL = """
          OSPFv3 1 address-family ipv4 (router-id 10.0.0.1)

Neighbor ID     Pri   State           Dead Time   Interface ID    Interface
10.0.0.9          1   FULL/DR         00:00:34    9               GigabitEthernet0/0/1

          OSPFv3 1 address-family ipv6 (router-id 10.0.0.1)

Neighbor ID     Pri   State           Dead Time   Interface ID    Interface
10.0.0.2          0   FULL/  -        00:00:39    11              GigabitEthernet0/0/0
10.0.0.3          1   2WAY/DROTHER    00:00:35    18              Gi0/0/2
10.0.0.4          1   EXSTART/BDR     00:00:35    7               Te0/1/0
"""
"""As IOS XE 17 prints it of a process that carries both address families."""


def test_the_neighbours_of_ipv6_are_read_and_no_others() -> None:
    network = load_network(CHECKOUT / "inventory")
    device = network.devices["zes-rtr1"]
    names = ios_state.full_names(device)
    assert ios_state.adjacencies6(REAL, device) == {
        "GigabitEthernet0/0/0": "Full",
        names.get("Gi0/0/2", "Gi0/0/2"): "2way",
        names.get("Te0/1/0", "Te0/1/0"): "Exstart",
    }
    assert ios_state.adjacencies6("", device) == {}
