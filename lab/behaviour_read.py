"""FRR's JSON answers as facts and settings. Pure: one function an answer, a row in READERS each.

The shapes are FRR 8.4's; a key that another version lacks makes no fact rather than a wrong one.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from lab.behaviour import Kind, Observation, Setting, Subject
from lab.behaviour_names import Names
from lab.behaviour_paths import Way

Fact = tuple[Subject, Observation]


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer, parsed."""

    device: str
    command: str
    answer: Any
    names: Names


def _observed(asked: Asked, value: str, part: Any, about: Iterable[str]) -> Observation:
    raw = json.dumps(part, indent=1, ensure_ascii=False)
    return Observation(value, asked.command, raw, frozenset({asked.device, *about}))


def _adjacency(asked: Asked, protocol: str, interface: str, value: str, part: Any) -> Fact:
    behind = asked.names.behind(asked.device, interface)
    what = f"{protocol} {interface} {behind.neighbour or 'unknown neighbour'}"
    about = {*behind.about, behind.neighbour} - {""}
    return Subject(Kind.ADJACENCY, asked.device, what), _observed(asked, value, part, about)


def ospf_neighbors(asked: Asked) -> Iterator[Fact]:
    """OSPFv2 neighbours that are Full. What is on its way there is none: it would come and go."""
    for neighbours in asked.answer.get("neighbors", {}).values():
        for one in neighbours:
            if str(one.get("nbrState", one.get("state", ""))).startswith("Full"):
                interface = str(one.get("ifaceName", "")).partition(":")[0]
                yield _adjacency(asked, "ospf", interface, "Full", one)


def ospf6_neighbors(asked: Asked) -> Iterator[Fact]:
    """OSPFv3 neighbours that are Full."""
    for one in asked.answer.get("neighbors", []):
        if one.get("state") == "Full":
            yield _adjacency(asked, "ospf6", str(one.get("interfaceName", "")), "Full", one)


def bfd_peers(asked: Asked) -> Iterator[Fact]:
    """BFD sessions that are up; an interface has one a family."""
    for one in asked.answer:
        if one.get("status") == "up" and "interface" in one:
            protocol = f"bfd{ip_address(one['peer']).version}"
            yield _adjacency(asked, protocol, one["interface"], "up", one)


def bgp_sessions(asked: Asked) -> Iterator[Fact]:
    """BGP sessions that are Established."""
    for address, one in asked.answer.items():
        if isinstance(one, dict) and one.get("bgpState") == "Established":
            peer = asked.names.owner(address)
            subject = Subject(Kind.ADJACENCY, asked.device, f"bgp {peer} {address}")
            part = {key: one.get(key) for key in ("remoteAs", "bgpState", "addressFamilyInfo")}
            yield subject, _observed(asked, "Established", part, {peer})


def routes(asked: Asked) -> Iterator[Fact]:
    """Routes that are in force, by prefix; metrics are none of behaviour, next hops are."""
    for prefix, row in _selected(asked):
        hops = sorted({_hop(asked, hop) for hop in _used(row)})
        about: set[str] = set()
        for hop in _used(row):
            behind = asked.names.behind(asked.device, str(hop.get("interfaceName", "")))
            about |= {*behind.about, behind.neighbour} - {""}
        value = f"{row['protocol']} {', '.join(hops) or 'to nowhere'}"
        part = {key: row.get(key) for key in ("prefix", "protocol", "distance", "metric")}
        part["nexthops"] = _used(row)
        yield Subject(Kind.ROUTE, asked.device, prefix), _observed(asked, value, part, about)


def _hop(asked: Asked, hop: dict[str, Any]) -> str:
    if hop.get("blackhole") or hop.get("unreachable"):
        return "discard"
    interface = str(hop.get("interfaceName", ""))
    neighbour = asked.names.behind(asked.device, interface).neighbour
    if hop.get("directlyConnected"):
        return f"on {interface}"
    return f"via {neighbour or hop.get('ip', 'nobody')} ({interface})"


def ways(asked: Asked) -> Iterator[Way]:
    """The same routes for the walk of packets."""
    for prefix, row in _selected(asked):
        interfaces = tuple(
            sorted(
                str(hop["interfaceName"])
                for hop in _used(row)
                if "interfaceName" in hop and not hop.get("blackhole")
            )
        )
        connected = any(hop.get("directlyConnected") for hop in _used(row))
        yield Way(ip_network(prefix), interfaces, connected)


def _selected(asked: Asked) -> Iterator[tuple[str, dict[str, Any]]]:
    for prefix, rows in asked.answer.items():
        for row in rows:
            if row.get("selected") and not prefix.startswith("fe80:") and not _of_lab(asked, row):
                yield prefix, row


def _of_lab(asked: Asked, row: dict[str, Any]) -> bool:
    """A route of the lab's own management network; no network has it."""
    interfaces = {str(hop["interfaceName"]) for hop in _used(row) if "interfaceName" in hop}
    return any(not asked.names.modelled(asked.device, name) for name in interfaces - {"lo"})


def _used(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Next hops in force; not their flags and indexes, which differ from boot to boot."""
    kept = ("ip", "interfaceName", "directlyConnected", "blackhole", "unreachable")
    return [
        {key: hop[key] for key in kept if key in hop}
        for hop in row.get("nexthops", [])
        if hop.get("fib") or hop.get("active")
    ]


def sent(asked: Asked, peer: str) -> Iterator[Fact]:
    """Prefixes that are sent to a peer."""
    yield from _prefixes(asked, "sent to", peer, asked.answer.get("advertisedRoutes", {}))


def accepted(asked: Asked, peer: str) -> Iterator[Fact]:
    """Prefixes that are accepted from a peer: what its filter let in."""
    yield from _prefixes(asked, "accepted from", peer, asked.answer.get("routes", {}))


def _prefixes(asked: Asked, verb: str, peer: str, found: dict[str, Any]) -> Iterator[Fact]:
    for prefix, part in found.items():
        subject = Subject(Kind.PREFIX, asked.device, f"{verb} {peer} {prefix}")
        yield subject, _observed(asked, verb.split(maxsplit=1)[0], part, {peer})


# --- settings ------------------------------------------------------------------------------


def ospf_settings(asked: Asked) -> Iterator[tuple[Setting, str]]:
    """What two OSPFv2 neighbours must agree about (RFC 2328, 10.5), and the cost."""
    for interface, one in asked.answer.get("interfaces", {}).items():
        yield from _settings(
            asked.device,
            interface,
            one,
            {
                "area": "OSPF area",
                "networkType": "OSPF network type",
                "timerMsecs": "OSPF hello interval (ms)",
                "timerDeadSecs": "OSPF dead interval (s)",
                "mtuBytes": "MTU",
                "authentication": "OSPF authentication",
                "cost": "OSPF cost",
            },
        )
        yield Setting(asked.device, interface, "OSPF passive"), _yes(one.get("timerPassiveIface"))
        yield Setting(asked.device, interface, "BFD"), _yes(one.get("peerBfdInfo"))


def ospf6_settings(asked: Asked) -> Iterator[tuple[Setting, str]]:
    """The same of OSPFv3 (RFC 5340, 4.2.2)."""
    for interface, one in asked.answer.items():
        if isinstance(one, dict):
            yield from _settings(
                asked.device,
                interface,
                one,
                {
                    "areaId": "OSPFv3 area",
                    "operatingAsType": "OSPFv3 network type",
                    "timerIntervalsConfigHello": "OSPFv3 hello interval (s)",
                    "timerIntervalsConfigDead": "OSPFv3 dead interval (s)",
                    "interfaceMtu": "OSPFv3 MTU",
                    "cost": "OSPFv3 cost",
                },
            )


def bgp_settings(asked: Asked) -> Iterator[tuple[Setting, str]]:
    """Which filters and limits a session has."""
    for address, one in asked.answer.items():
        families = one.get("addressFamilyInfo", {}) if isinstance(one, dict) else {}
        for family in families.values():
            for key, name in (
                ("incomingUpdatePrefixFilterList", "prefix list in"),
                ("outgoingUpdatePrefixFilterList", "prefix list out"),
                ("prefixAllowedMax", "maximum prefixes"),
            ):
                yield Setting(asked.device, address, name), str(family.get(key, "none"))


def addresses(asked: Asked) -> Iterator[tuple[Setting, str]]:
    """Addresses by interface."""
    for interface, one in asked.answer.items():
        found = sorted(a for a in one.get("addresses", []) if not a.startswith("fe80:"))
        yield Setting(asked.device, interface, "addresses"), ", ".join(found) or "none"


def keys(device: str, running: str) -> Iterator[tuple[Setting, str]]:
    """Which key authenticates OSPF, from the running configuration with its values masked."""
    interface = ""
    for line in running.splitlines():
        words = line.split()
        if line.startswith("interface "):
            interface = words[1]
        elif line.startswith((" ip ospf message-digest-key ", " ipv6 ospf6 authentication ")):
            name = "OSPF key" if words[0] == "ip" else "OSPFv3 key"
            known = words[-1] if words[-1].startswith("<<") else "a value that no secret has"
            yield Setting(device, interface, name), " ".join((*words[3:-1], known))


def _settings(
    device: str, of: str, one: dict[str, Any], named: dict[str, str]
) -> Iterator[tuple[Setting, str]]:
    for key, name in named.items():
        if key in one:
            yield Setting(device, of, name), str(one[key])


def _yes(value: object) -> str:
    return "on" if value else "off"


# --- the table -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reader:
    """One question to a daemon, and what its answer tells."""

    daemon: str
    command: str
    facts: Callable[[Asked], Iterable[Fact]] | None = None
    settings: Callable[[Asked], Iterable[tuple[Setting, str]]] | None = None


READERS = (
    Reader("ospfd", "show ip ospf neighbor json", ospf_neighbors),
    Reader("ospfd", "show ip ospf interface json", settings=ospf_settings),
    Reader("ospf6d", "show ipv6 ospf6 neighbor json", ospf6_neighbors),
    Reader("ospf6d", "show ipv6 ospf6 interface json", settings=ospf6_settings),
    Reader("bfdd", "show bfd peers json", bfd_peers),
    Reader("bgpd", "show bgp neighbors json", bgp_sessions, bgp_settings),
    Reader("zebra", "show ip route json", routes),
    Reader("zebra", "show ipv6 route json", routes),
    Reader("zebra", "show interface brief json", settings=addresses),
)
ROUTE_TABLES = ("show ip route json", "show ipv6 route json")
