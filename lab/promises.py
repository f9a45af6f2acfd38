"""What the zones of region.yaml promise, as attempts that must or must not get through. Pure.

Nobody writes the matrix: every LAN against every LAN by ping; ports between zones with one LAN of
a zone for each other zone; the open service ports; routers' own SSH and SNMP; the networks beyond
the external peers in both directions. IPv4 and IPv6 alike.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address

from inventory.model import Device, Network
from lab.plan import LabPlan, LanHost

EXTERNAL = "external"
OPEN_TCP, OPEN_UDP = 443, 5000
"""Stand for any port: between zones that reach each other all are open."""
DNS, BESIDE_DNS = 53, 54
SSH, SNMP = 22, 161
PING, TCP, UDP = "icmp", "tcp", "udp"

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing to try."""

    row: str
    """From whom to whom: `public -> gov`."""
    source: str
    """The node that sends."""
    target_node: str
    target: Address
    protocol: str
    port: int
    """0 for a ping."""
    allowed: bool
    from_address: Address | None = None
    """Of an external peer's host: not the address of the stand-in itself."""

    @property
    def service(self) -> str:
        """`icmp`, `tcp/443`."""
        return f"{self.protocol}/{self.port}" if self.port else self.protocol

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} {self.service}"


class Promises:
    """Everything that follows from one network for the hosts of one lab."""

    def __init__(self, network: Network, plan: LabPlan) -> None:
        self._network, self._plan = network, plan
        self._hosts = plan.hosts

    def every_lan(self) -> tuple[Attempt, ...]:
        """Pings: each LAN to each other, to the outside, and from there to each."""
        found = [
            self._ping(source, target, address)
            for source in self._hosts
            for target in self._hosts
            if target.node != source.node
            for address in (target.ipv4, target.ipv6)
        ]
        found += (a for host in self._hosts for a in self._outwards(host, PING, 0))
        found += (a for host in self._hosts for a in self._inwards(host, PING, 0))
        return tuple(found)

    def ports(self) -> tuple[Attempt, ...]:
        """TCP and UDP: each LAN to one LAN of each zone, the services, routers, the outside."""
        found: list[Attempt] = []
        for source in self._hosts:
            for target in self._one_of_each_zone(source):
                found += self._connections(source, target)
            for protocol, port in ((TCP, OPEN_TCP), (UDP, OPEN_UDP)):
                found += self._outwards(source, protocol, port)
            found += self._at_the_resolver(source)
            found += self._at_a_router(source)
        for target in self._first_of_each_zone():
            for protocol, port in ((TCP, OPEN_TCP), (UDP, OPEN_UDP), (TCP, SSH)):
                found += self._inwards(target, protocol, port)
        return tuple(dict.fromkeys(found))

    def sources(self) -> tuple[Attempt, ...]:
        """Each LAN sends as a LAN of its zone at another site, which only its gateway can stop.

        The same with its own address is allowed, so that it is seen that the way is open. To
        where its zone may go: outside, else to a LAN of a zone that it reaches.
        """
        found: list[Attempt] = []
        for host in self._hosts:
            for own, other, node, target in self._lies(host):
                row = f"{host.zone}: its own address"
                found.append(Attempt(row, host.node, node, target, UDP, OPEN_UDP, True, own))
                row = f"{host.zone}: an address of another LAN"
                found.append(Attempt(row, host.node, node, target, UDP, OPEN_UDP, False, other))
        return tuple(found)

    def _lies(self, host: LanHost) -> Iterator[tuple[Address, Address, str, Address]]:
        """(its own address, somebody else's, who is to get it, at which address)."""
        others = [h for h in self._hosts if h.zone == host.zone and h.lan != host.lan]
        others = others or [h for h in self._hosts if self._may_out(h) and h.lan != host.lan]
        if not others:
            return
        for node, (target4, target6) in self._reachable_from(host):
            yield host.ipv4, others[0].ipv4, node, target4
            yield host.ipv6, others[0].ipv6, node, target6

    def _reachable_from(self, host: LanHost) -> Iterator[tuple[str, tuple[Address, Address]]]:
        if self._may_out(host):
            for beyond in self._plan.beyond:
                yield beyond.peer, (beyond.ipv4[0], beyond.ipv6[0])
            return
        router = self._network.lans[host.lan].router
        for target in self._hosts:
            other = self._network.lans[target.lan].router
            if self._may(host, target) and other != router:
                yield target.node, (target.ipv4, target.ipv6)
                return

    # --- who may -----------------------------------------------------------------------------

    @cached_property
    def _noc(self) -> frozenset[str]:
        """Nodes in LANs that management may come from."""
        return frozenset(
            host.node for host in self._hosts if any(host.ipv4 in net for net in self._plan.noc)
        )

    def _may(self, source: LanHost, target: LanHost) -> bool:
        managed = self._network.region.management_zone
        if target.zone == managed:
            return source.node in self._noc
        if source.zone == managed and source.node not in self._noc:
            return False
        return target.zone in self._plan.zone_reaches[source.zone]

    def _may_out(self, source: LanHost) -> bool:
        return EXTERNAL in self._plan.zone_reaches[source.zone]

    # --- attempts ----------------------------------------------------------------------------

    def _ping(self, source: LanHost, target: LanHost, address: Address) -> Attempt:
        row = f"{source.zone} -> {target.zone}"
        allowed = self._may(source, target)
        return Attempt(row, source.node, target.node, address, PING, 0, allowed)

    def _connections(self, source: LanHost, target: LanHost) -> Iterator[Attempt]:
        row, allowed = f"{source.zone} -> {target.zone}", self._may(source, target)
        for address in (target.ipv4, target.ipv6):
            for protocol, port in ((TCP, OPEN_TCP), (UDP, OPEN_UDP)):
                yield Attempt(row, source.node, target.node, address, protocol, port, allowed)

    def _outwards(self, source: LanHost, protocol: str, port: int) -> Iterator[Attempt]:
        allowed = self._may_out(source)
        for beyond in self._plan.beyond:
            for address in beyond.ipv4 + beyond.ipv6:
                row = f"{source.zone} -> {EXTERNAL}"
                yield Attempt(row, source.node, beyond.peer, address, protocol, port, allowed)

    def _inwards(self, target: LanHost, protocol: str, port: int) -> Iterator[Attempt]:
        """From outside nobody opens a connection to anybody."""
        for beyond in self._plan.beyond:
            ends = ((beyond.ipv4[0], target.ipv4), (beyond.ipv6[0], target.ipv6))
            for source, address in ends:
                row = f"{EXTERNAL} -> {target.zone}"
                yield Attempt(row, beyond.peer, target.node, address, protocol, port, False, source)

    def _at_the_resolver(self, source: LanHost) -> Iterator[Attempt]:
        """Every zone may ask it on port 53; on others, whom the zone lets in."""
        services = self._network.region.services
        for server in self._hosts:
            if server.node == source.node or services.resolver4 not in server.also4:
                continue
            for address in (services.resolver4, services.resolver6):
                for protocol, port in ((TCP, DNS), (UDP, DNS), (TCP, BESIDE_DNS)):
                    allowed = port == DNS or self._may(source, server)
                    row = f"{source.zone} -> resolver"
                    yield Attempt(row, source.node, server.node, address, protocol, port, allowed)

    def _at_a_router(self, source: LanHost) -> Iterator[Attempt]:
        """SSH and SNMP of the LAN's own router and of a far one: the NOC's alone.

        SNMP by IPv4 only: net-snmp answers IPv6 from another address than it was asked at.
        """
        allowed = source.node in self._noc
        for router in self._routers_for(source):
            for address in (router.router_id, router.loopback6):
                for protocol, port in ((TCP, SSH), (UDP, SNMP)):
                    if address is None or source.node == router.name:
                        continue
                    if port != SNMP or address.version == 4:
                        row = f"{source.zone} -> routers"
                        yield Attempt(
                            row, source.node, router.name, address, protocol, port, allowed
                        )

    # --- representatives ---------------------------------------------------------------------

    def _one_of_each_zone(self, source: LanHost) -> Iterator[LanHost]:
        """Of each zone the next LAN by id that is not the source's own, and the nearest."""
        site = self._network.lans[source.lan].site
        for zone in self._network.region.zones:
            others = [h for h in self._hosts if h.zone == zone.name and h.node != source.node]
            others.sort(key=lambda host: host.lan)
            later = [host for host in others if host.lan > source.lan]
            near = [host for host in others if self._network.lans[host.lan].site == site]
            yield from dict.fromkeys((later or others)[:1] + near[:1])

    def _first_of_each_zone(self) -> Iterator[LanHost]:
        for zone in self._network.region.zones:
            yield from [host for host in self._hosts if host.zone == zone.name][:1]

    def _routers_for(self, source: LanHost) -> Iterable[Device]:
        own = self._network.lans[source.lan].router
        routing = [device for device in self._network.devices.values() if device.routes]
        names = [device.name for device in routing]
        far = names[(names.index(own) + len(names) // 2) % len(names)]
        return [self._network.devices[name] for name in dict.fromkeys((own, far))]
