"""What depends on what, from the model: who is reached through whom, who ends where."""

import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from inventory.model import Interface, InterfaceKind, Network


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The model as the search for causes needs it."""

    links: Mapping[str, tuple[str, str]]
    """Link -> the devices at its ends, a first."""
    links_of: Mapping[str, tuple[str, ...]]
    """Device -> its links."""
    site_of: Mapping[str, str]
    """Device -> its site."""
    direct: frozenset[str]
    """Devices that are reached out of band: no link can hide them."""

    def neighbours(self, device: str) -> frozenset[str]:
        """Devices at the other ends of its links."""
        found = {end for link in self.links_of.get(device, ()) for end in self.links[link]}
        return frozenset(found - {device})


def dependencies(network: Network) -> Dependencies:
    """From the model; nothing is configured by hand."""
    links = {link.id: (link.a.device, link.b.device) for link in network.links.values()}
    for device in network.devices.values():
        # The other end is not ours: the link hides nobody, but can be down like any other.
        itself = (device.name, device.name)
        for interface in device.interfaces:
            if interface.kind is InterfaceKind.EXTERNAL:
                links[external_link(interface)] = itself
    links_of: dict[str, list[str]] = defaultdict(list)
    for link, ends in links.items():
        for name in dict.fromkeys(ends):
            links_of[name].append(link)
    direct = {
        device.name
        for device in network.devices.values()
        if any(
            interface.kind is InterfaceKind.OOB
            and interface.ipv4 is not None
            and interface.ipv4.ip == device.management
            for interface in device.interfaces
        )
    }
    return Dependencies(
        links=links,
        links_of={device: tuple(found) for device, found in links_of.items()},
        site_of={device.name: device.site for device in network.devices.values()},
        direct=frozenset(direct),
    )


def external_link(interface: Interface) -> str:
    """Id under which an interface towards an external peer is watched."""
    return sys.intern(f"{interface.device}:{interface.name}")
