"""Who may talk to whom: the region's zones made into one filter a LAN. No platform in here.

A filter is written twice for each flow: where it leaves its LAN and where it enters another, so
that one wrong or missing gateway opens nothing by itself. Between routers there is no filter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)

from inventory.model import Device, ExternalPeer, Interface, Lan, Network
from nornir_tasks.intent import BorderFilter, LanFilter, Pair, Prefix, Service

EXTERNAL = "external"
"""What `reaches` calls everything beyond the external peers."""

DNS, NTP, SYSLOG = 53, 123, 514

MASKS = tuple(str(IPv4Network((0, length)).netmask) for length in range(33))
"""Netmask by length."""
WILDCARDS = tuple(str(IPv4Network((0, length)).hostmask) for length in range(33))
"""Its inverse, as access lists want it."""


def prefix(network: IPv4Network | IPv6Network) -> Prefix:
    """`network` in every spelling."""
    address, length = str(network.network_address), network.prefixlen
    cidr, is_host = f"{address}/{length}", length == network.max_prefixlen
    if isinstance(network, IPv6Network):
        return Prefix(cidr, network, address, host=is_host)
    return Prefix(cidr, network, address, MASKS[length], WILDCARDS[length], is_host)


def host(address: IPv4Address | IPv6Address) -> Prefix:
    """One address in every spelling."""
    return prefix(ip_network(address))


def _prefixes(networks: Iterable[IPv4Network | IPv6Network]) -> tuple[Prefix, ...]:
    return tuple(prefix(network) for network in networks)


@dataclass(frozen=True)
class Policy:
    """The policy of a whole region; what does not depend on the device is worked out once."""

    network: Network

    @cached_property
    def inside(self) -> Pair:
        """Every prefix of the region."""
        region = self.network.region
        ipv4 = [*(zone.ipv4 for zone in region.zones), region.loopback4, region.transit4]
        return Pair(_prefixes(sorted(ipv4)), _prefixes([region.ipv6]))

    @cached_property
    def noc(self) -> Pair:
        """Where management comes from."""
        region = self.network.region
        return Pair(_prefixes(region.noc4), _prefixes(region.noc6))

    @cached_property
    def infrastructure(self) -> Pair:
        """Addresses of the devices themselves: loopbacks and management LANs."""
        region = self.network.region
        zone = region.zone(region.management_zone)
        ipv6 = [self._loopback6, zone.ipv6]
        ipv4 = [region.loopback4, zone.ipv4]
        return Pair(_prefixes(ipv4), _prefixes(network for network in ipv6 if network))

    @cached_property
    def _noc_opens(self) -> Pair:
        """What the NOC's own LAN may open: every device, every link, and what its zone reaches."""
        region = self.network.region
        own = region.management_zone
        more = self._zones([name for name in region.zone(own).reaches if name != own])
        links6 = (self._transit6,) if self._transit6 else ()
        return Pair(
            (*self.infrastructure.ipv4, prefix(region.transit4), *more.ipv4),
            (*self.infrastructure.ipv6, *_prefixes(links6), *more.ipv6),
        )

    @cached_property
    def _transit6(self) -> IPv6Network | None:
        """The /64 that holds every link's /127."""
        for link in self.network.links.values():
            if link.a.ipv6:
                return IPv6Network((link.a.ipv6.ip, 64), strict=False)
        return None

    @cached_property
    def _loopback6(self) -> IPv6Network | None:
        """The /64 that holds every router's IPv6 loopback."""
        for device in self.network.devices.values():
            if device.loopback6:
                return IPv6Network((device.loopback6, 64), strict=False)
        return None

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """What crosses zones besides `reaches`."""
        region = self.network.region
        plan = region.services
        every = Pair(
            _prefixes(zone.ipv4 for zone in region.zones),
            _prefixes(zone.ipv6 for zone in region.zones),
        )
        devices = self.infrastructure
        resolver = Pair((host(plan.resolver4),), (host(plan.resolver6),))
        return (
            Service("dns", ("udp", "tcp"), DNS, resolver, every),
            Service("ntp", ("udp",), NTP, Pair(_hosts(plan.ntp)), devices),
            Service("syslog", ("udp",), SYSLOG, Pair(_hosts(plan.syslog)), devices, answered=False),
            Service(
                "traps",
                ("udp",),
                plan.snmp.trap_port,
                Pair(_hosts(plan.snmp.collectors)),
                devices,
                answered=False,
            ),
        )

    def is_noc(self, lan: Lan) -> bool:
        """Whether management may come from `lan`."""
        return any(lan.ipv4.subnet_of(noc) for noc in self.network.region.noc4)

    def lan_filter(self, lan: Lan, interface: str) -> LanFilter:
        """What may enter and leave `lan` at its gateway's `interface`."""
        own = Pair((prefix(lan.ipv4),), (prefix(lan.ipv6),))
        opens, answers = self._opens(lan), self._answers(lan)
        return LanFilter(
            name=lan.id,
            token=_token(lan.id),
            interface=interface,
            prefix=own,
            gateway=Pair((host(lan.gateway4),), (host(lan.gateway6),)),
            opens=opens,
            external=EXTERNAL in self.network.region.zone(lan.zone).reaches,
            answers=answers,
            asks=tuple(self._asked(lan, opens)),
            serves=tuple(self._served(lan, answers)),
        )

    def border_filter(self, device: Device, interface: Interface) -> BorderFilter:
        """What may enter and leave the region at `interface`."""
        peer = self.external_at(device, interface)
        zones = [zone for zone in self.network.region.zones if EXTERNAL in zone.reaches]
        return BorderFilter(
            name=peer.id,
            token=_token(peer.id),
            interface=interface.name,
            local=Pair((host(peer.local4.ip),), (host(peer.local6.ip),)),
            remote=Pair((host(peer.remote4),), (host(peer.remote6),)),
            announced=Pair(
                _prefixes(zone.ipv4 for zone in zones),
                _prefixes(zone.ipv6 for zone in zones),
            ),
        )

    def external_at(self, device: Device, interface: Interface) -> ExternalPeer:
        """The external peer behind an interface; KeyError when there is none."""
        for peer in self.network.region.bgp.externals:
            if peer.device == device.name and peer.local4 == interface.ipv4:
                return peer
        raise KeyError(f"{device.name} {interface.name}: no external peer of region.yaml is there")

    def _opens(self, lan: Lan) -> Pair:
        region = self.network.region
        if lan.zone == region.management_zone:
            if not self.is_noc(lan):
                return Pair()
            return self._noc_opens
        return self._zones(region.zone(lan.zone).reaches)

    def _answers(self, lan: Lan) -> Pair:
        if lan.zone == self.network.region.management_zone:
            return self.noc
        zones = (zone.name for zone in self.network.region.zones if lan.zone in zone.reaches)
        return self._zones(tuple(zones))

    def _zones(self, names: Sequence[str]) -> Pair:
        zones = [self.network.region.zone(name) for name in names if name != EXTERNAL]
        return Pair(
            _prefixes(zone.ipv4 for zone in zones),
            _prefixes(zone.ipv6 for zone in zones),
        )

    def _asked(self, lan: Lan, opens: Pair) -> Iterable[Service]:
        """Services that `lan` uses elsewhere, each with the servers that `opens` does not hold."""
        for service in self.services:
            if not _within(lan.ipv4, _networks(service.clients.ipv4)):
                continue
            servers = Pair(
                _elsewhere(service.servers.ipv4, lan.ipv4, opens.ipv4),
                _elsewhere(service.servers.ipv6, lan.ipv6, opens.ipv6),
            )
            if servers.ipv4 or servers.ipv6:
                yield replace(service, servers=servers, clients=Pair())

    def _served(self, lan: Lan, answers: Pair) -> Iterable[Service]:
        """Services on hosts of `lan`, each with the clients that `answers` does not hold."""
        for service in self.services:
            here4 = tuple(s for s in service.servers.ipv4 if _within(s.network, (lan.ipv4,)))
            here6 = tuple(s for s in service.servers.ipv6 if _within(s.network, (lan.ipv6,)))
            clients = Pair(
                tuple(c for c in service.clients.ipv4 if here4 and c not in answers.ipv4),
                tuple(c for c in service.clients.ipv6 if here6 and c not in answers.ipv6),
            )
            if clients.ipv4 or clients.ipv6:
                yield replace(service, servers=Pair(here4, here6), clients=clients)


def _token(name: str) -> str:
    return name.replace("-", "_")


def _hosts(addresses: Iterable[IPv4Address]) -> tuple[Prefix, ...]:
    return tuple(host(address) for address in addresses)


def _networks(prefixes: tuple[Prefix, ...]) -> list[IPv4Network | IPv6Network]:
    return [prefix.network for prefix in prefixes]


def _elsewhere(
    servers: tuple[Prefix, ...], lan: IPv4Network | IPv6Network, opens: tuple[Prefix, ...]
) -> tuple[Prefix, ...]:
    return tuple(
        server for server in servers if not _within(server.network, (lan, *_networks(opens)))
    )


def _within(inner: IPv4Network | IPv6Network, outer: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether `inner` lies in any of `outer`; all of one family."""
    return any(
        inner.prefixlen >= whole.prefixlen and inner.network_address in whole for whole in outer
    )
