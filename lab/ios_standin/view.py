"""What a device sees around it, and who can see the device."""

from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from lab.ios_standin import bgp, bgp_table, ospf, ospf6, reach
from lab.ios_standin.addressing import addresses, is_shut
from lab.ios_standin.bfd import BfdSession
from lab.ios_standin.bgp_policy import Prefix
from lab.ios_standin.bgp_table import Route, Sent
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.surroundings import Cable

if TYPE_CHECKING:
    from lab.ios_standin.device import IosStandin


class View:
    """Adjacencies, sessions and reachability of one device.

    A neighbour that is no stand-in of the same process is taken to suit the configuration that
    the device began with: the adjacency stands as long as our side of it does not change.
    """

    def __init__(self, device: "IosStandin", first: str) -> None:
        self._device = device
        self._first = first
        self._ends: dict[str, ospf.OspfEnd] | None = None
        self._ends6: dict[str, ospf6.Ospf6End] = {}
        self._sessions: dict[str, bgp.BgpEnd] = {}

    def _learn(self) -> dict[str, ospf.OspfEnd]:
        if self._ends is None:
            configuration = self._device.read(self._first)
            ports = configuration.interfaces()
            found = (ospf.end_at(configuration, port) for port in ports)
            self._ends = {end.port: end for end in found if end is not None}
            self._ends6 = {end.port: end for end in self._all_ends6(configuration)}
            self._sessions = {end.peer: end for end in bgp.ends(configuration)}
        return self._ends

    def carrier(self, port: str) -> bool:
        """Whether there is a signal at the port: the far end is up, as far as it is known."""
        far = self._device.neighbours.ospf_end(self._device.name, port)
        return far is None or far.up

    def adjacent_ports(self) -> tuple[str, ...]:
        """Ports with a full OSPF adjacency, in the order of the configuration."""
        configuration = self._device.configuration
        ends = (ospf.end_at(configuration, port) for port in configuration.interfaces())
        return tuple(end.port for end in ends if end is not None and self._is_adjacent(end))

    def _all_ends6(self, configuration: Configuration) -> Iterator[ospf6.Ospf6End]:
        now = self._device.clock.now()
        for port in configuration.interfaces():
            if (end := ospf6.end_at(configuration, port, now)) is not None:
                yield end

    def neighbours6(self) -> Iterator[tuple[str, IPv4Address, int]]:
        """(port, router id, its interface id) of each full OSPFv3 adjacency, as configured."""
        for end in self._all_ends6(self._device.configuration):
            far = self._device.neighbours.ospf_end(self._device.name, end.port)
            if far is not None:
                if far.up and far.end6 is not None and ospf6.adjacent(end, far.end6):
                    yield end.port, far.end6.router_id, far.end6.interface_id
                continue
            self._learn()
            before = self._ends6.get(end.port)
            if before is not None and ospf6.suits(end, before):
                known = self._device.router_ids.get(end.port, IPv4Address(0))
                yield end.port, known, before.interface_id

    def bfd_sessions(self) -> Iterator[BfdSession]:
        """Those of OSPFv2's neighbours, then those of OSPFv3's."""
        configuration = self._device.configuration
        for port in self.adjacent_ports():
            end = ospf.end_at(configuration, port)
            if end is not None and end.bfd:
                far = self._device.neighbours.ospf_end(self._device.name, port)
                up = far is None or (far.end is not None and far.end.bfd)
                yield BfdSession(port, 4, str(self.ospf_neighbour(port)[1]), up)
        ends6 = {end.port: end for end in self._all_ends6(configuration)}
        for port, _, interface_id in self.neighbours6():
            if ends6[port].bfd:
                far = self._device.neighbours.ospf_end(self._device.name, port)
                up = far is None or (far.end6 is not None and far.end6.bfd)
                yield BfdSession(port, 6, f"FE80::{interface_id:X}", up)

    def _is_adjacent(self, end: ospf.OspfEnd) -> bool:
        far = self._device.neighbours.ospf_end(self._device.name, end.port)
        if far is not None:
            return far.up and far.end is not None and ospf.adjacent(end, far.end)
        before = self._learn().get(end.port)
        return before is not None and ospf.unchanged(end, before)

    def ospf_neighbour(self, port: str) -> tuple[IPv4Address, IPv4Address]:
        """(router id, address) of the neighbour at `port`; a /31's other address when unknown."""
        far = self._device.neighbours.ospf_end(self._device.name, port)
        if far is not None and far.end is not None:
            return far.end.router_id, far.end.address.ip
        end = ospf.end_at(self._device.configuration, port)
        if end is None:
            return IPv4Address(0), IPv4Address(0)
        other = next((ip for ip in end.address.network if ip != end.address.ip), end.address.ip)
        return self._device.router_ids.get(port, other), other

    def established(self, end: bgp.BgpEnd) -> bool:
        """Whether a configured BGP session is up."""
        if not self._has_way(end):
            return False
        far = self._device.neighbours.bgp_end(
            self._device.name, end.peer, self._device.configuration
        )
        if far is not None:
            return bgp.suits(end, far)
        self._learn()
        before = self._sessions.get(end.peer)
        agreed = None if before is None else (before.remote_asn, before.password)
        return (end.remote_asn, end.password) == agreed

    def _has_way(self, end: bgp.BgpEnd) -> bool:
        """Over a connected network that is up, or through OSPF."""
        configuration = self._device.configuration
        peer = ip_address(end.peer)
        connected = [found for found in addresses(configuration) if peer in found.ip.network]
        if connected:
            return any(not is_shut(configuration, found.interface) for found in connected)
        return bool(self.adjacent_ports()) or ospf.process(configuration) is None

    def received(self, end: bgp.BgpEnd, family: str) -> int:
        """How many prefixes of a peer inbound policy lets in."""
        return len(self._accepted(end, family, frozenset()))

    def sent(
        self, end: bgp.BgpEnd, family: str, through: frozenset[str] = frozenset()
    ) -> dict[Prefix, Route]:
        """What a peer is sent; nothing while the session is down."""
        configuration = self._device.configuration
        if not self.established(end):
            return {}
        received = [
            (other, self._accepted(other, family, through))
            for other in bgp.ends(configuration)
            if not (other.internal and end.internal)  # is not passed on: need not be asked
        ]
        routes = bgp_table.table(configuration, family, received)
        return bgp_table.sent_to(configuration, end, family, routes)

    def _accepted(self, end: bgp.BgpEnd, family: str, through: frozenset[str]) -> Sent:
        """From a peer that is not modelled: what is known of it, else a default route."""
        device = self._device
        if family not in end.families or not self.established(end):
            return {}
        sent = device.neighbours.bgp_sent(
            device.name, end.peer, family, device.configuration, through
        )
        if sent is None:
            default = ip_network("0.0.0.0/0" if family == "ipv4" else "::/0")
            known = device.announced.get(ip_address(end.peer), (default,))
            path = () if end.internal else (end.remote_asn,)
            sent = dict.fromkeys(known, path)
        return bgp_table.accepted(device.configuration, end, family, sent)

    def bgp_router_id(self, end: bgp.BgpEnd) -> IPv4Address:
        """Of the peer; its own address when it is not known."""
        found = self._device.neighbours.router_id(self._device.name, end.peer)
        if found is not None:
            return found
        peer = ip_address(end.peer)
        return peer if isinstance(peer, IPv4Address) else IPv4Address("192.0.2.1")

    def lldp(self) -> Iterator[Cable]:
        """Cables at whose both ends LLDP runs and the port is up."""
        configuration = self._device.configuration
        for port, cable in self._device.cables.items():
            far = self._device.neighbours.ospf_end(self._device.name, port)
            heard = cable.speaks_lldp if far is None else far.up and far.speaks_lldp
            if heard and not is_shut(configuration, port):
                yield cable

    def why_unreachable(self) -> str:
        """Why nobody can reach the management address; empty when it can be reached."""
        device = self._device
        if not device.online:
            return "it is booting"
        if device.management is None:
            return ""
        return reach.why_unreachable(
            device.configuration, device.management, device.manager, self.adjacent_ports
        )
