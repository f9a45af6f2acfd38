"""A network of two routers and one circuit, made by hand: enough for one agent to disagree."""

from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from types import MappingProxyType
from typing import cast

from inventory.model import (
    Device,
    DeviceRole,
    End,
    Interface,
    InterfaceKind,
    Link,
    LinkRole,
    Network,
    Region,
)

BANDWIDTH_BPS = 100_000_000


def _device(name: str, number: int, peer: str) -> Device:
    interfaces = (
        Interface(name, "Loopback0", "Lo0", InterfaceKind.LOOPBACK, "loopback"),
        Interface(
            name,
            "GigabitEthernet0/0/1",
            "Gi0/0/1",
            InterfaceKind.TRANSIT,
            "link a-b",
            bandwidth_bps=BANDWIDTH_BPS,
            link="a-b",
            peer=(peer, "GigabitEthernet0/0/1"),
        ),
        Interface(name, "GigabitEthernet0/0/2", "Gi0/0/2", InterfaceKind.ACCESS, "a LAN"),
        Interface(name, "GigabitEthernet0/0/3", "Gi0/0/3", InterfaceKind.UNUSED, "unused"),
    )
    return Device(
        name=name,
        site=name,
        role=DeviceRole.CORE,
        platform="cisco_ios",
        groups=("core",),
        number=number,
        hardware="ISR",
        location="a room",
        router_id=IPv4Address(f"10.255.0.{number}"),
        loopback6=IPv6Address(f"fd00::{number}"),
        management=IPv4Address(f"10.255.0.{number}"),
        interfaces=interfaces,
    )


def small_network() -> Network:
    """Routers `a` and `b`, circuit `a-b`."""
    link = Link(
        id="a-b",
        number=0,
        a=End(
            "a", "GigabitEthernet0/0/1", IPv4Interface("10.0.0.0/31"), IPv6Interface("fd00::/127")
        ),
        b=End(
            "b", "GigabitEthernet0/0/1", IPv4Interface("10.0.0.1/31"), IPv6Interface("fd00::1/127")
        ),
        role=LinkRole.WAN_PRIMARY,
        medium="fibre",
        bandwidth_bps=BANDWIDTH_BPS,
        mtu=1500,
        provider="Provider",
        circuit_id="C-1",
        target=0.999,
        cost=100,
        bfd=True,
    )
    return Network(
        # No agent looks at region-wide facts.
        region=cast("Region", None),
        sites=MappingProxyType({}),
        devices=MappingProxyType({"a": _device("a", 1, "b"), "b": _device("b", 2, "a")}),
        links=MappingProxyType({"a-b": link}),
        lans=MappingProxyType({}),
        revision="0" * 12,
    )
