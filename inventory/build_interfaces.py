"""The interfaces of one device: loopback, links, gateways, switch ports, external peers."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import TypeVar

from inventory.addresses import SWITCH
from inventory.derive import access_ports, is_layer2, port_speeds
from inventory.draft import Draft
from inventory.ifnames import loopback, natural_key, svi, to_if_name
from inventory.model import (
    DeviceRole,
    End,
    Interface,
    InterfaceKind,
    Lan,
    Link,
    OspfInterface,
)

T = TypeVar("T")
LOCAL = OspfInterface(cost=1, passive=True, bfd=False)
"""OSPF on a loopback or a LAN: announced, no adjacency."""
SWITCHES = frozenset({DeviceRole.DC_SWITCH})


@dataclass(frozen=True, slots=True)
class Wiring:
    """Who is connected to what, by device."""

    links: Mapping[str, tuple[Link, ...]]
    routed: Mapping[str, tuple[Lan, ...]]
    """LANs whose gateway the device is."""
    switched: Mapping[str, tuple[Lan, ...]]
    """LANs whose user ports the device has."""
    management: Mapping[str, Lan]
    """The management LAN of each layer-2 switch."""


def wire(draft: Draft, lans: Mapping[str, Lan], links: Mapping[str, Link]) -> Wiring:
    """Sort links and LANs by the devices that they touch."""
    by_device: dict[str, list[Link]] = defaultdict(list)
    for link in links.values():
        by_device[link.a.device].append(link)
        by_device[link.b.device].append(link)
    routed: dict[str, list[Lan]] = defaultdict(list)
    switched: dict[str, list[Lan]] = defaultdict(list)
    management: dict[str, Lan] = {}
    zone = draft.region.management_zone if draft.region else ""
    for lan in lans.values():
        routed[lan.router].append(lan)
        switched[lan.switch or lan.router].append(lan)
        if lan.switch is not None and lan.zone == zone:
            management[lan.switch] = lan
    return Wiring(_frozen(by_device), _frozen(routed), _frozen(switched), management)


def _frozen(lists: Mapping[str, list[T]]) -> Mapping[str, tuple[T, ...]]:
    return {name: tuple(items) for name, items in lists.items()}


def interfaces_of(
    draft: Draft,
    device: str,
    platform: str,
    loopbacks: tuple[IPv4Address | None, IPv6Address | None],
    wiring: Wiring,
) -> tuple[Interface, ...]:
    """All interfaces of `device`, in natural order."""
    found = [
        *_loopback(device, platform, loopbacks),
        *(_link_port(device, link, wiring) for link in wiring.links.get(device, ())),
        *(_gateway(device, lan) for lan in wiring.routed.get(device, ())),
        *_switch_address(device, platform, wiring),
        *_externals(draft, device),
    ]
    found.extend(_switch_ports(draft, device, wiring, {port.name for port in found}))
    return tuple(sorted(found, key=lambda interface: natural_key(interface.name)))


def _loopback(
    device: str, platform: str, addresses: tuple[IPv4Address | None, IPv6Address | None]
) -> Iterator[Interface]:
    ipv4, ipv6 = addresses
    if ipv4 is None or ipv6 is None:
        return
    name = loopback(platform)
    yield Interface(
        device=device,
        name=name,
        if_name=to_if_name(name),
        kind=InterfaceKind.LOOPBACK,
        description="router id",
        ipv4=IPv4Interface((ipv4, 32)),
        ipv6=IPv6Interface((ipv6, 128)),
        ospf=LOCAL,
    )


def _link_port(device: str, link: Link, wiring: Wiring) -> Interface:
    end, other = link.end(device), link.other(device)
    vlans: tuple[int, ...] = ()
    if not link.routed:
        of_switch = wiring.switched.get(device, ()), wiring.switched.get(other.device, ())
        ours = {device, other.device}
        lans = (lan for group in of_switch for lan in group if {lan.router, lan.switch} == ours)
        vlans = tuple(sorted({lan.vlan for lan in lans}))
    return Interface(
        device=device,
        name=end.interface,
        if_name=to_if_name(end.interface),
        kind=InterfaceKind.TRANSIT if link.routed else InterfaceKind.TRUNK,
        description=_towards(link, other),
        ipv4=end.ipv4,
        ipv6=end.ipv6,
        bandwidth_bps=link.bandwidth_bps,
        mtu=link.mtu,
        link=link.id,
        peer=(other.device, other.interface),
        vlans=vlans,
        ospf=OspfInterface(link.cost, passive=False, bfd=link.bfd) if link.routed else None,
    )


def _towards(link: Link, other: End) -> str:
    return f"{link.id} to {other.device}"


def _gateway(device: str, lan: Lan) -> Interface:
    parent = None if lan.switch is None else lan.interface.rpartition(".")[0]
    return Interface(
        device=device,
        name=lan.interface,
        if_name=to_if_name(lan.interface),
        kind=InterfaceKind.GATEWAY,
        description=f"LAN {lan.id}",
        ipv4=IPv4Interface((lan.gateway4, lan.ipv4.prefixlen)),
        ipv6=IPv6Interface((lan.gateway6, lan.ipv6.prefixlen)),
        lan=lan.id,
        vlan=lan.vlan,
        parent=parent,
        ospf=LOCAL,
    )


def _switch_address(device: str, platform: str, wiring: Wiring) -> Iterator[Interface]:
    lan = wiring.management.get(device)
    if lan is None:
        return
    name = svi(platform, lan.vlan)
    yield Interface(
        device=device,
        name=name,
        if_name=to_if_name(name),
        kind=InterfaceKind.MANAGEMENT,
        description=f"LAN {lan.id}",
        ipv4=IPv4Interface((lan.ipv4[SWITCH], lan.ipv4.prefixlen)),
        ipv6=IPv6Interface((lan.ipv6[SWITCH], lan.ipv6.prefixlen)),
        lan=lan.id,
        vlan=lan.vlan,
    )


def _externals(draft: Draft, device: str) -> Iterator[Interface]:
    if draft.bgp is None:
        return
    for name, peer in draft.bgp.externals.items():
        if peer.device == device:
            yield Interface(
                device=device,
                name=peer.interface,
                if_name=to_if_name(peer.interface),
                kind=InterfaceKind.EXTERNAL,
                description=f"external {name}",
                ipv4=peer.local4,
                ipv6=peer.local6,
                bandwidth_bps=peer.bandwidth,
            )


def _switch_ports(draft: Draft, device: str, wiring: Wiring, used: set[str]) -> Iterator[Interface]:
    """User ports, and those that nobody uses; a router has neither."""
    spec = draft.devices[device].spec
    if not (is_layer2(spec) or spec.role in SWITCHES):
        return
    hardware = draft.hardware[spec.hardware]
    users = access_ports(hardware)
    lan_of = {
        users[port - 1]: lan
        for lan in wiring.switched.get(device, ())
        for port in draft.lans[lan.id].spec.ports
    }
    for name in port_speeds(hardware):
        if name not in used:
            yield _user_port(device, name, lan_of.get(name))


def _user_port(device: str, name: str, lan: Lan | None) -> Interface:
    return Interface(
        device=device,
        name=name,
        if_name=to_if_name(name),
        kind=InterfaceKind.UNUSED if lan is None else InterfaceKind.ACCESS,
        description="unused" if lan is None else f"users of {lan.id}",
        lan=None if lan is None else lan.id,
        vlan=None if lan is None else lan.vlan,
    )
