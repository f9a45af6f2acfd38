"""What lies around a device: cables, and the ends of protocols at their other side."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING, Protocol

from lab.ios_standin import bgp, ospf, ospf6
from lab.ios_standin.addressing import addresses, is_shut
from lab.ios_standin.bgp import BgpEnd
from lab.ios_standin.bgp_table import Sent, as_received
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.ospf import OspfEnd
from lab.ios_standin.ospf6 import Ospf6End

if TYPE_CHECKING:
    from lab.ios_standin.device import IosStandin


@dataclass(frozen=True, slots=True)
class Cable:
    """What is plugged into one of our ports."""

    port: str
    peer: str
    peer_port: str
    speaks_lldp: bool = True
    """Whether a peer for whom nobody stands in sends LLDP."""


@dataclass(frozen=True, slots=True)
class FarEnd:
    """The other side of a cable."""

    up: bool
    end: OspfEnd | None
    end6: Ospf6End | None
    speaks_lldp: bool


class Neighbours(Protocol):
    """Answers what only another device knows; None when that device is not modelled."""

    def ospf_end(self, device: str, port: str) -> FarEnd | None:
        """What runs OSPF at the other side of `port`."""

    def bgp_end(self, device: str, peer: str, configuration: Configuration) -> BgpEnd | None:
        """The end at the address `peer` of a session with this device."""

    def bgp_sent(
        self,
        device: str,
        peer: str,
        family: str,
        configuration: Configuration,
        through: frozenset[str],
    ) -> Sent | None:
        """What comes over a session that is up; not asking the devices of `through`."""

    def router_id(self, device: str, peer: str) -> IPv4Address | None:
        """Of the device that owns the address `peer`."""

    def changed(self, device: str) -> None:
        """The device has changed: its neighbours may have lost their way."""


class NoNeighbours:
    """A device on its own: its neighbours are taken to match how it was at the start."""

    def ospf_end(self, device: str, port: str) -> FarEnd | None:  # noqa: ARG002
        """Nobody is modelled."""
        return None

    def bgp_end(self, device: str, peer: str, configuration: Configuration) -> BgpEnd | None:  # noqa: ARG002
        """Nobody is modelled."""
        return None

    def bgp_sent(
        self,
        device: str,  # noqa: ARG002
        peer: str,  # noqa: ARG002
        family: str,  # noqa: ARG002
        configuration: Configuration,  # noqa: ARG002
        through: frozenset[str],  # noqa: ARG002
    ) -> Sent | None:
        """Nobody is modelled."""
        return None

    def router_id(self, device: str, peer: str) -> IPv4Address | None:  # noqa: ARG002
        """Nobody is modelled."""
        return None

    def changed(self, device: str) -> None:
        """Nobody to tell."""


class Fabric:
    """Stand-ins that are each other's neighbours."""

    def __init__(self, devices: Mapping[str, "IosStandin"]) -> None:
        self._devices = devices
        self._settling = False

    def ospf_end(self, device: str, port: str) -> FarEnd | None:
        """By the cable of `port`."""
        cable = self._devices[device].cables.get(port)
        peer = self._devices.get(cable.peer) if cable else None
        if cable is None or peer is None:
            return None
        up = peer.online and not is_shut(peer.configuration, cable.peer_port)
        end = ospf.end_at(peer.configuration, cable.peer_port) if up else None
        now = peer.clock.now()
        end6 = ospf6.end_at(peer.configuration, cable.peer_port, now) if up else None
        speaks_lldp = peer.configuration.root.find("lldp", "run") is not None
        return FarEnd(up, end, end6, speaks_lldp)

    def bgp_end(self, device: str, peer: str, configuration: Configuration) -> BgpEnd | None:
        """By whose address `peer` is: the session there that names one of ours."""
        owner = self._owner(peer, device)
        if owner is None:
            return None
        own = {found.ip.ip for found in addresses(configuration)}
        ends = bgp.ends(owner.configuration) if owner.online else iter(())
        return next(
            (end for end in ends if ip_address(end.peer) in own),
            BgpEnd(peer, 0, 0, "", frozenset()),
        )

    def bgp_sent(
        self,
        device: str,
        peer: str,
        family: str,
        configuration: Configuration,
        through: frozenset[str],
    ) -> Sent | None:
        """What the peer's table and outbound policy let out; None for one that is not modelled."""
        owner = self._owner(peer, device)
        end = self.bgp_end(device, peer, configuration)
        if owner is None or end is None:
            return None
        if owner.name in through:
            return {}
        return as_received(end, owner.view.sent(end, family, through | {device}))

    def router_id(self, device: str, peer: str) -> IPv4Address | None:
        """Of the device that owns the address `peer`."""
        owner = self._owner(peer, device)
        return None if owner is None else ospf.router_id(owner.configuration)

    def _owner(self, peer: str, asking: str) -> "IosStandin | None":
        address = ip_address(peer)
        for name, device in self._devices.items():
            owned = (found.ip.ip for found in addresses(device.configuration))
            if name != asking and address in owned:
                return device
        return None

    def changed(self, device: str) -> None:
        """Neighbours with sessions see whether they still have a way."""
        if self._settling:
            return
        self._settling = True
        try:
            for cable in self._devices[device].cables.values():
                peer = self._devices.get(cable.peer)
                if peer is not None:
                    peer.settle()
        finally:
            self._settling = False
