"""Whom an interface or an address of a router leads to, in the names of the model."""

from collections.abc import Mapping
from dataclasses import dataclass

from inventory.model import InterfaceKind, Network

OWN_FREE = frozenset({InterfaceKind.OOB})
"""Interfaces of the lab alone; nothing of the network hangs on them."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What lies behind an interface."""

    neighbour: str
    """A device, a LAN's id, an external peer's id; empty when nothing does."""
    about: frozenset[str]


class Names:
    """Looks things up in a (virtual) network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._owners = _owners(network)
        self._behind: Mapping[tuple[str, str], Behind] = {
            (device.name, interface.name): Behind(
                interface.peer[0] if interface.peer and not interface.lan else interface.lan or "",
                frozenset(filter(None, (interface.link, interface.lan))),
            )
            for device in network.devices.values()
            for interface in device.interfaces
        } | {
            (peer.device, peer.interface): Behind(peer.id, frozenset({peer.id}))
            for peer in network.region.bgp.externals
        }

    def behind(self, device: str, interface: str) -> Behind:
        """What the interface leads to."""
        return self._behind.get((device, interface), Behind("", frozenset()))

    def owner(self, address: str) -> str:
        """Whose address it is; the address itself when nobody's."""
        return self._owners.get(address, address)

    def modelled(self, device: str, interface: str) -> bool:
        """Whether the interface belongs to the network, and not to the lab alone."""
        for one in self._network.devices[device].interfaces:
            if one.name == interface:
                return one.kind not in OWN_FREE
        return (device, interface) in self._behind


def _owners(network: Network) -> dict[str, str]:
    owners: dict[str, str] = {}
    for device in network.devices.values():
        for address in (device.router_id, device.loopback6):
            if address is not None:
                owners[str(address)] = device.name
        for interface in device.interfaces:
            for own in (interface.ipv4, interface.ipv6):
                if own is not None:
                    owners[str(own.ip)] = device.name
    for peer in network.region.bgp.externals:
        owners |= {str(peer.remote4): peer.id, str(peer.remote6): peer.id}
    return owners
