"""Changes that cut the management off, and what the outside sees of it."""

import paramiko
import pytest

from lab.ios_standin import Cable, IosStandin, ManualClock
from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Accepted
from lab.ios_standin.hosting import hosted
from tests.ios_standin.conftest import MANAGEMENT, ROUTER, Serve
from tests.ios_standin.shell import Shell


def typed(device: IosStandin, *lines: str) -> None:
    path: tuple[Block, ...] = (device.configuration.root,)
    for line in lines:
        outcome = device.configuration.apply(path, line)
        assert isinstance(outcome, Accepted), line
        path = outcome.path


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["interface lo0", "shutdown"], "Loopback0 is shut down"),
        (["interface lo0", "no ip address"], "no interface has the address 10.255.0.21"),
        (["interface gi0/0/0", "shutdown"], "no OSPF adjacency is left"),
        (["interface gi0/0/0", "no ip ospf message-digest-key 1"], "no OSPF adjacency is left"),
        (["interface gi0/0/0", "ip ospf message-digest-key 1 md5 x"], "no OSPF adjacency is left"),
        (["interface gi0/0/0", "ip ospf hello-interval 2"], "no OSPF adjacency is left"),
        (["router ospf 1", "passive-interface gi0/0/0"], "no OSPF adjacency is left"),
        (["line vty 0 4", "transport input none"], "line vty 0 4 takes no SSH"),
        (
            ["ip access-list standard MANAGEMENT", "no permit 10.99.1.0 0.0.0.255", "deny any"],
            "access-class MANAGEMENT refuses 10.99.1.10",
        ),
        (
            [
                "ip access-list extended NARROW",
                "permit tcp any any eq 80",
                "interface gi0/0/0",
                "ip access-group NARROW in",
            ],
            "inbound access lists refuse 10.99.1.10",
        ),
        (["ntp server 10.0.0.1"], ""),
        (["interface gi0/0/1", "shutdown"], ""),
        (["interface gi0/0/0", "ip access-group NO-SUCH-LIST in"], ""),
    ],
)
def test_a_change_says_why_nobody_comes_through_any_more(lines: list[str], reason: str) -> None:
    device = IosStandin("zes-rtr1", ROUTER, management=MANAGEMENT, clock=ManualClock())
    assert device.view.why_unreachable() == ""
    typed(device, *lines)
    assert device.view.why_unreachable() == reason


SWITCH = """\
hostname zes-sw1
username admin privilege 15 secret 5 $1$abcd$0123456789abcdefghijkl
vlan 99
 name mgmt
interface GigabitEthernet1/0/1
 switchport trunk allowed vlan 10,99
 switchport mode trunk
interface GigabitEthernet1/0/2
 switchport access vlan 10
 switchport mode access
interface Vlan99
 ip address 10.99.21.2 255.255.255.0
line vty 0 4
 transport input ssh
end
"""


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["interface gi1/0/1", "switchport trunk allowed vlan 10"], "no port leads to Vlan99"),
        (["interface gi1/0/1", "shutdown"], "no port leads to Vlan99"),
        (["interface vlan99", "shutdown"], "Vlan99 is shut down"),
        (["interface gi1/0/2", "shutdown"], ""),
    ],
)
def test_a_switch_is_reached_through_its_uplink(lines: list[str], reason: str) -> None:
    from ipaddress import IPv4Address

    device = IosStandin(
        "zes-sw1", SWITCH, management=IPv4Address("10.99.21.2"), clock=ManualClock()
    )
    assert device.view.why_unreachable() == ""
    typed(device, *lines)
    assert device.view.why_unreachable() == reason


def test_the_session_that_cuts_itself_off_is_gone_until_the_timer_mends_it(
    serve_one: Serve,
) -> None:
    clock = ManualClock()
    served = serve_one(management=MANAGEMENT, clock=clock)
    port = served.port("zes-rtr1")
    with Shell(port) as shell:
        shell.until("#")
        shell.send("configure terminal revert timer 1")
        shell.send("interface lo0")
        shell.channel.sendall(b"shutdown\r")
        assert shell.closed()
    with pytest.raises((paramiko.SSHException, EOFError, ConnectionError)):
        Shell(port)
    served.call(lambda: clock.advance(60))
    with Shell(port) as shell:
        assert shell.until("#").endswith("zes-rtr1#")
        assert " shutdown" not in shell.send("show running-config | section Loopback0")


def far_side(name: str) -> str:
    """The router at the other end of Gi0/0/0."""
    return (
        ROUTER.replace("zes-rtr1", name)
        .replace("10.255.0.21", "10.255.0.2")
        .replace("10.254.0.1 ", "10.254.0.0 ")
        .replace("neighbor 10.254.0.0", "neighbor 10.254.0.1")
        .replace("remote-as 64513", "remote-as 64512")
        .replace("router bgp 64512", "router bgp 64513")
    )


@pytest.fixture
def pair() -> tuple[IosStandin, IosStandin]:
    clock = ManualClock()
    port = "GigabitEthernet0/0/0"
    here = IosStandin("zes-rtr1", ROUTER, clock=clock, cables=[Cable(port, "kut-core2", port)])
    there = IosStandin(
        "kut-core2", far_side("kut-core2"), clock=clock, cables=[Cable(port, "zes-rtr1", port)]
    )
    return here, there


def test_neighbours_judge_each_other_by_both_configurations(
    pair: tuple[IosStandin, IosStandin],
) -> None:
    here, there = pair
    with hosted(pair) as served, Shell(served.port("zes-rtr1")) as shell:
        shell.until("#")
        assert "10.255.0.2 " in shell.send("show ip ospf neighbor")
        assert "kut-core2" in shell.send("show lldp neighbors")
        assert shell.send("show ip bgp summary").splitlines()[-2].endswith(" 1")
        key = ("interface gi0/0/0", "ip ospf message-digest-key 1 md5 other")
        served.call(lambda: typed(there, *key))
        assert "FULL" not in shell.send("show ip ospf neighbor")
        served.call(lambda: typed(here, *key))
        assert "FULL" in shell.send("show ip ospf neighbor")
        served.call(lambda: typed(there, "no lldp run"))
        assert "kut-core2" not in shell.send("show lldp neighbors")
        served.call(lambda: typed(there, "interface gi0/0/0", "shutdown"))
        assert "GigabitEthernet0/0/0   10.254.0.1      YES NVRAM  down" in shell.send(
            "show ip interface brief"
        )


def test_a_leaked_prefix_is_seen_from_the_other_side(pair: tuple[IosStandin, IosStandin]) -> None:
    here, _ = pair
    with hosted(pair) as served, Shell(served.port("kut-core2")) as shell:
        shell.until("#")
        assert shell.send("show ip bgp summary").splitlines()[-2].endswith(" 1")
        served.call(
            lambda: typed(
                here,
                "ip route 10.30.0.0 255.255.0.0 Null0",
                "ip prefix-list OUT seq 10 permit 10.30.0.0/16",
                "router bgp 64512",
                "address-family ipv4",
                "network 10.30.0.0 mask 255.255.0.0",
            )
        )
        assert shell.send("show ip bgp summary").splitlines()[-2].endswith(" 2")
