"""What a device's BGP holds, and what of it a peer is sent. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from lab.ios_standin import ospf
from lab.ios_standin.addressing import addresses, ipv4_of, ipv6_of, is_shut
from lab.ios_standin.bgp import BgpEnd, family_block, speaker
from lab.ios_standin.bgp_policy import Prefix, map_allows, passes
from lab.ios_standin.block import Block, Entry
from lab.ios_standin.configuration import Configuration

Sent = Mapping[Prefix, tuple[int, ...]]
"""Prefixes that come over a session, with the AS numbers that they came through."""


@dataclass(frozen=True, slots=True)
class Route:
    """A prefix in the table."""

    path: tuple[int, ...] = ()
    """AS numbers, the nearest first; empty for what begins in this AS."""
    peer: str = ""
    """Who sent it; empty for an own one."""
    internal: bool = False
    """Whether that peer is of the same AS."""
    origin: str = "i"
    """i: a network or an aggregate; ?: redistributed."""


def _family(configuration: Configuration, family: str) -> Block | None:
    found = speaker(configuration)
    return family_block(found[1], family) if found else None


def connected(configuration: Configuration) -> Iterator[tuple[str, Prefix]]:
    """(interface, network) of every address of an interface that is not shut down."""
    for found in addresses(configuration):
        if not is_shut(configuration, found.interface):
            yield found.interface, found.ip.network


def static(configuration: Configuration) -> Iterator[Prefix]:
    """Static routes to Null0, to an interface that is up, or to a connected next hop."""
    near = dict(connected(configuration))
    for entry in configuration.root.starting("ip", "route"):
        words = entry.text.split()
        if _leads_on(configuration, near, words[4]):
            yield ip_network("/".join(words[2:4]))
    for entry in configuration.root.starting("ipv6", "route"):
        words = entry.text.split()
        if _leads_on(configuration, near, words[3]):
            yield ip_network(words[2])


def _leads_on(configuration: Configuration, near: Mapping[str, Prefix], to: str) -> bool:
    if to.casefold().startswith("null"):
        return True
    try:
        hop = ip_address(to)
    except ValueError:
        return not is_shut(configuration, to)
    return any(hop in network for network in near.values())


def own(configuration: Configuration, family: str) -> dict[Prefix, Route]:
    """What begins here: `network` lines with a route of exactly that prefix, and redistribution.

    Routes that OSPF learned are not known here.
    """
    block = _family(configuration, family)
    if block is None:
        return {}
    version = 4 if family == "ipv4" else 6
    near = [network for _, network in connected(configuration)]
    known = {one for one in (*near, *static(configuration)) if one.version == version}
    routes: dict[Prefix, Route] = {}
    for entry in block.starting("redistribute"):
        for prefix in _redistributed(configuration, entry):
            if prefix.version == version and _named_map_allows(configuration, entry, prefix):
                routes[prefix] = Route(origin="?")
    for entry in block.starting("network"):
        prefix = _prefix(entry)
        if prefix in known and _named_map_allows(configuration, entry, prefix):
            routes[prefix] = Route()
    return routes


def _redistributed(configuration: Configuration, entry: Entry) -> Iterable[Prefix]:
    source = entry.text.split()[1]
    if source == "static":
        return [one for one in static(configuration) if one.prefixlen]  # no default that way
    if source == "connected":
        return [network for _, network in connected(configuration)]
    return _of_ospf(configuration)


def _of_ospf(configuration: Configuration) -> Iterator[Prefix]:
    """Connected networks in which OSPF runs, passive ones too."""
    process, interfaces = ospf.process(configuration), configuration.interfaces()
    for name, block in interfaces.items():
        if process is None or is_shut(configuration, name):
            continue
        address = ipv4_of(block)
        if address is not None and ospf.area_of(process, block):
            yield address.network
        if any(line.text.startswith("ospfv3") for line in block.entries.values()):
            yield from (one.network for one in ipv6_of(block))


def _named_map_allows(configuration: Configuration, entry: Entry, prefix: Prefix) -> bool:
    words = entry.text.split()
    if "route-map" not in words:
        return True
    return map_allows(configuration, words[words.index("route-map") + 1], prefix)


def _prefix(entry: Entry) -> Prefix:
    words = [word for word in entry.text.split()[1:] if word != "mask"]
    if "/" in words[0]:
        return ip_network(words[0])
    if len(words) == 1 or not words[1][0].isdigit():
        return classful(words[0])
    return ip_network("/".join(words[:2]))


def classful(address: str) -> Prefix:
    """The network that an IPv4 address without a mask means to IOS (RFC 791, section 3.2)."""
    first = int(address.split(".", maxsplit=1)[0])
    length = 8 if first < 128 else 16 if first < 192 else 24
    length = 0 if address == "0.0.0.0" else length  # noqa: S104
    return ip_network(f"{address}/{length}", strict=False)


def accepted(configuration: Configuration, end: BgpEnd, family: str, sent: Sent) -> Sent:
    """What inbound policy lets in of what a peer sent; never what came through our own AS."""
    block = _family(configuration, family)
    if block is None:
        return {}
    return {
        prefix: path
        for prefix, path in sent.items()
        if end.local_asn not in path and passes(configuration, block, end.peer, "in", prefix)
    }


def table(
    configuration: Configuration, family: str, received: Iterable[tuple[BgpEnd, Sent]]
) -> dict[Prefix, Route]:
    """Own routes, the accepted ones of peers (the shortest path wins), then aggregates of both."""
    routes = own(configuration, family)
    for end, sent in received:
        for prefix, path in sent.items():
            before = routes.get(prefix)
            if before is None or (before.peer and len(path) < len(before.path)):
                routes[prefix] = Route(path, end.peer, end.internal)
    for prefix, _ in _aggregates(configuration, family):
        if any(_within(one, prefix) for one in routes):
            routes[prefix] = Route()
    return routes


def _aggregates(configuration: Configuration, family: str) -> list[tuple[Prefix, bool]]:
    """(prefix, whether only the summary is sent) of each aggregate, the widest first."""
    block = _family(configuration, family)
    entries = block.starting("aggregate-address") if block is not None else iter(())
    rows = [(_prefix(entry), "summary-only" in entry.text.split()) for entry in entries]
    return sorted(rows, key=lambda row: row[0].prefixlen)


def _within(one: Prefix, other: Prefix) -> bool:
    longer = one.version == other.version and one.prefixlen > other.prefixlen
    return longer and one.network_address in other


def sent_to(
    configuration: Configuration, end: BgpEnd, family: str, routes: Mapping[Prefix, Route]
) -> dict[Prefix, Route]:
    """What of a table a peer is sent, in the order of the prefixes.

    Nothing goes back to who sent it; between peers of one AS nothing is passed on (RFC 4271,
    section 9.2).
    """
    block = _family(configuration, family)
    if block is None or family not in end.families:
        return {}
    summarised = [prefix for prefix, only in _aggregates(configuration, family) if only]
    return {
        prefix: route
        for prefix, route in sorted(routes.items(), key=lambda row: _order(row[0]))
        if route.peer != end.peer
        and not (route.internal and end.internal)
        and not any(_within(prefix, wide) for wide in summarised if wide in routes)
        and passes(configuration, block, end.peer, "out", prefix)
    }


def _order(prefix: Prefix) -> tuple[int, int]:
    return int(prefix.network_address), prefix.prefixlen


def as_received(end: BgpEnd, routes: Mapping[Prefix, Route]) -> Sent:
    """The same as the peer gets it: a path over the border gains our AS number."""
    border = () if end.internal else (end.local_asn,)
    return {prefix: (*border, *route.path) for prefix, route in routes.items()}
