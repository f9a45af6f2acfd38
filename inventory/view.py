"""The same network as other machines would run it: other platforms, other interface names.

A view is a Network like any other: who renders, polls or boots it need not know. What changes:

- names of interfaces (ifnames.py), wherever one stands: peers, parents, LANs, links, externals;
- switch ports for users vanish where the platform has none (Linux has bridges, not ports);
- in `virtual`, each device gets an out-of-band port `mgmt0`, and its address there is where it is
  reached; the management network may manage, as the NOC may, and traps go to its bridge.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from types import MappingProxyType

from inventory.errors import Problem, SettingsError
from inventory.ifnames import CISCO, natural_key, on_platform, to_if_name
from inventory.model import (
    Device,
    End,
    Interface,
    InterfaceKind,
    Network,
    Region,
    Services,
)

OOB = "mgmt0"
BRIDGE, FIRST_HOST = 1, 11
"""Numbers in the management network: of the machine's own end, and of the first device."""

_PORTS = frozenset({InterfaceKind.ACCESS, InterfaceKind.UNUSED})


def as_platform(device: Device, platform: str) -> Device:
    """`device` with the interface names and ports of `platform`; its peers' names stay."""
    return _converted(device, platform, lambda _device, name: name)


def network_as(network: Network, platform_of: Callable[[Device], str]) -> Network:
    """The network with each device on the platform that `platform_of` chooses for it."""
    platforms = {name: platform_of(device) for name, device in network.devices.items()}

    def rename(device: str, name: str) -> str:
        return on_platform(name, platforms[device])

    devices = {
        name: _converted(device, platforms[name], rename)
        for name, device in network.devices.items()
    }
    lans = {
        name: replace(lan, interface=rename(lan.router, lan.interface))
        for name, lan in network.lans.items()
    }
    links = {
        name: replace(link, a=_end(link.a, rename), b=_end(link.b, rename))
        for name, link in network.links.items()
    }
    sites = {
        code: replace(site, lans=tuple(lans[lan.id] for lan in site.lans))
        for code, site in network.sites.items()
    }
    return replace(
        network,
        region=_region(network.region, rename),
        sites=MappingProxyType(sites),
        devices=MappingProxyType(devices),
        links=MappingProxyType(links),
        lans=MappingProxyType(lans),
    )


def virtual(
    network: Network,
    management: IPv4Network,
    taken: Mapping[str, IPv4Address] = MappingProxyType({}),
) -> Network:
    """The network as the lab runs it: routing devices on FRR, layer-2 switches as Linux bridges.

    `taken` are the addresses of devices in a lab that runs already: they keep theirs, whatever
    the inventory has gained or lost since. SettingsError when `management` is too small.
    """
    needed = FIRST_HOST + len({*network.devices, *taken})
    if management.num_addresses <= needed:
        message = f"expected room for {needed} addresses, found {management}."
        raise SettingsError((Problem("config.yaml", 0, "lab.management", message),))
    converted = network_as(network, lambda device: "frr" if device.routes else "linux_bridge")
    used = set(taken.values())
    numbers = range(FIRST_HOST, management.num_addresses - 1)
    free = (management[number] for number in numbers if management[number] not in used)
    addresses = {name: taken.get(name) or next(free) for name in converted.devices}
    devices = {
        name: _reached_at(device, addresses[name], management)
        for name, device in converted.devices.items()
    }
    region = converted.region
    return replace(
        converted,
        devices=MappingProxyType(devices),
        region=replace(
            region,
            noc4=(*region.noc4, management),
            services=_collected_at(region.services, management[BRIDGE]),
        ),
    )


Rename = Callable[[str, str], str]
"""(device, interface as it was called) -> as it is called now."""


def _converted(device: Device, platform: str, rename: Rename) -> Device:
    keep = [
        interface
        for interface in device.interfaces
        if platform == CISCO or interface.kind not in _PORTS
    ]
    interfaces = (_interface(interface, platform, rename) for interface in keep)
    return replace(
        device,
        platform=platform,
        interfaces=tuple(sorted(interfaces, key=lambda interface: natural_key(interface.name))),
    )


def _interface(interface: Interface, platform: str, rename: Rename) -> Interface:
    name = on_platform(interface.name, platform)
    parent, peer = interface.parent, interface.peer
    return replace(
        interface,
        name=name,
        if_name=to_if_name(name),
        parent=None if parent is None else on_platform(parent, platform),
        peer=None if peer is None else (peer[0], rename(*peer)),
    )


def _end(end: End, rename: Rename) -> End:
    return replace(end, interface=rename(end.device, end.interface))


def _region(region: Region, rename: Rename) -> Region:
    externals = tuple(
        replace(peer, interface=rename(peer.device, peer.interface))
        for peer in region.bgp.externals
    )
    return replace(region, bgp=replace(region.bgp, externals=externals))


def _collected_at(services: Services, machine: IPv4Address) -> Services:
    """Traps come to the machine that runs the lab, as its monitor does; it has no servers."""
    collectors = (machine,) if services.snmp.collectors else ()
    return replace(services, snmp=replace(services.snmp, collectors=collectors), checks=())


def _reached_at(device: Device, address: IPv4Address, management: IPv4Network) -> Device:
    port = Interface(
        device=device.name,
        name=OOB,
        if_name=OOB,
        kind=InterfaceKind.OOB,
        description="out-of-band management",
        ipv4=IPv4Interface((address, management.prefixlen)),
    )
    return replace(device, management=address, interfaces=(*device.interfaces, port))
