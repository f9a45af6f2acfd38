"""Stand-ins for the cisco_ios devices of a Network: cables, management, neighbours."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from types import MappingProxyType

from inventory.model import Device, Network
from lab.ios_standin.bgp_policy import Prefix
from lab.ios_standin.clock import Clock
from lab.ios_standin.device import CREDENTIALS, ENABLE_SECRET, IosStandin
from lab.ios_standin.grammar import Kind
from lab.ios_standin.hardware import ROUTER_MODEL, SWITCH_MODEL, Hardware, guess, serial_of
from lab.ios_standin.interfaces import is_physical
from lab.ios_standin.state import StateFile
from lab.ios_standin.surroundings import Cable

PLATFORM = "cisco_ios"


def standins(
    network: Network,
    running: Mapping[str, str],
    *,
    credentials: Mapping[str, str] = CREDENTIALS,
    enable_secret: str = ENABLE_SECRET,
    clock: Clock | None = None,
    minute_s: float = 60.0,
    state_folder: Path | None = None,
) -> tuple[IosStandin, ...]:
    """One stand-in for each device of `running` (configuration by name), cabled as modelled.

    The configurations hold no placeholders any more. Management is judged from the first address
    of the NOC's network, as the rest of the region sees it. KeyError for a name that the network
    lacks.
    """
    manager = next(network.region.noc4[0].hosts())
    return tuple(
        IosStandin(
            name,
            text,
            hardware=_hardware(network.devices[name], text),
            credentials=credentials,
            enable_secret=enable_secret,
            management=network.devices[name].management,
            manager=manager,
            cables=_cables(network, network.devices[name]),
            router_ids=_router_ids(network, network.devices[name]),
            announced=_announced(network, name),
            clock=clock,
            minute_s=minute_s,
            state=StateFile(state_folder / f"{name}.json") if state_folder else None,
        )
        for name, text in sorted(running.items())
    )


def cisco_names(network: Network) -> tuple[str, ...]:
    """Devices that a stand-in can stand in for."""
    return tuple(n for n, device in network.devices.items() if device.platform == PLATFORM)


def _hardware(device: Device, text: str) -> Hardware:
    named = frozenset(i.name for i in device.interfaces if is_physical(i.name))
    kind: Kind = "switch" if "switch" in device.role.value else "router"
    model = device.hardware or (SWITCH_MODEL if kind == "switch" else ROUTER_MODEL)
    ports = named | guess(device.name, text).ports
    return Hardware(kind, model, serial_of(device.name), ports)


def _cables(network: Network, device: Device) -> tuple[Cable, ...]:
    """Of what is on the other side only cisco_ios sends LLDP."""
    return tuple(
        Cable(
            interface.name,
            *interface.peer,
            speaks_lldp=network.devices[interface.peer[0]].platform == PLATFORM,
        )
        for interface in device.interfaces
        if interface.peer is not None and is_physical(interface.name)
    )


def _router_ids(network: Network, device: Device) -> Mapping[str, IPv4Address]:
    found: dict[str, IPv4Address] = {}
    for cable in _cables(network, device):
        router_id = network.devices[cable.peer].router_id
        if router_id is not None:
            found[cable.port] = router_id
    return MappingProxyType(found)


def _announced(
    network: Network, name: str
) -> Mapping[IPv4Address | IPv6Address, tuple[Prefix, ...]]:
    """An external peer sends everything that is accepted from it."""
    found: dict[IPv4Address | IPv6Address, tuple[Prefix, ...]] = {}
    for peer in network.region.bgp.externals:
        if peer.device == name:
            default = ("0.0.0.0/0", "::/0") if peer.accepts_default else ()
            defaults = [ip_network(text) for text in default]
            found[peer.remote4] = (*defaults[:1], *peer.accepts4)
            found[peer.remote6] = (*defaults[1:], *peer.accepts6)
    return MappingProxyType(found)
