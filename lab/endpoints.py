"""The words for hosts in a scenario, and what they stand for in a lab.

    zes-gov            the host of that LAN
    zone:gov           the hosts of all its LANs (in a management LAN: its switch)
    site:zes           the hosts of all LANs of a site
    internet           addresses on the Internet, beyond every external peer
    central-government an external peer's own host, by the peer's id
    resolver           the name server
    zes-rtr1           a router, at its loopback
    x-zes-gov          what a fault plugged into a LAN, as a source

LANs, zones and sites may have shell-style wildcards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address

from inventory.errors import LabError
from inventory.model import Network
from inventory.nearest import nearest
from lab.lan_faults import intruder
from lab.plan import LabPlan

INTERNET, RESOLVER = "internet", "resolver"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Somebody who can send, and answer."""

    name: str
    """As results show it."""
    node: str
    ipv4: IPv4Address | None
    ipv6: IPv6Address | None

    def addresses(self, family: int | None) -> tuple[IPv4Address | IPv6Address, ...]:
        """Of one family, or of both."""
        both = (self.ipv4, self.ipv6)
        return tuple(a for a in both if a is not None and family in {None, a.version})


class Endpoints:
    """What the words mean in one lab."""

    def __init__(self, network: Network, plan: LabPlan) -> None:
        self._network, self._plan = network, plan
        self.lans = {
            host.lan: Endpoint(host.lan, host.node, host.ipv4, host.ipv6) for host in plan.hosts
        }
        self._peers = [
            peer
            for peer in network.region.bgp.externals
            if any(beyond.peer == peer.id for beyond in plan.beyond)
        ]

    def named(self, words: Sequence[str]) -> tuple[Endpoint, ...]:
        """All that the words mean; LabError when one of them means nothing."""
        found: dict[Endpoint, None] = {}
        for word in words:
            some = list(self._named(word))
            if not some:
                hint = nearest(word, self.known())
                raise LabError(f"there is no host {word}. {hint}".strip())
            found |= dict.fromkeys(some)
        return tuple(found)

    def known(self) -> list[str]:
        """Every word without a wildcard."""
        network = self._network
        return [
            *self.lans,
            *(f"zone:{zone.name}" for zone in network.region.zones),
            *(f"site:{code}" for code in network.sites),
            *(peer.id for peer in self._peers),
            INTERNET,
            RESOLVER,
            *(name for name, device in network.devices.items() if device.routes),
        ]

    def _named(self, word: str) -> Iterator[Endpoint]:
        network = self._network
        kind, colon, pattern = word.partition(":")
        for lan in network.lans.values() if colon else ():
            of = {"zone": lan.zone, "site": lan.site}.get(kind, "")
            if lan.id in self.lans and fnmatchcase(of, pattern):
                yield self.lans[lan.id]
        yield from (end for name, end in self.lans.items() if fnmatchcase(name, word))
        for peer in self._peers:
            if word == INTERNET:
                name = f"{peer.id} Internet"
                yield Endpoint(name, peer.id, peer.internet4, peer.internet6)
            elif fnmatchcase(peer.id, word):
                yield Endpoint(peer.id, peer.id, peer.probe4, peer.probe6)
        if word == RESOLVER:
            yield from self._resolver()
        device = network.devices.get(word)
        if device is not None and device.routes:
            yield Endpoint(word, word, device.router_id, device.loopback6)
        if word.startswith("x-") and word.removeprefix("x-") in self.lans:
            yield Endpoint(word, intruder(word.removeprefix("x-")), None, None)

    def _resolver(self) -> Iterator[Endpoint]:
        services = self._network.region.services
        for host in self._plan.hosts:
            if services.resolver4 in host.also4:
                yield Endpoint(RESOLVER, host.node, services.resolver4, services.resolver6)
