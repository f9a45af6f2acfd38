"""What can be looked at again and again: routers, counters, the API."""

import json
import time
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, ip_address, ip_network

from lab import in_node
from lab.plan import Adjacency
from lab.routers import Prefix, Routers
from lab.scenario_bench import Bench
from lab.scenario_schema import (
    Adjacency as WantedAdjacency,
)
from lab.scenario_schema import (
    ApiState,
    Incident,
    Line,
    Path,
    Prefixes,
    Rate,
    Route,
    Session,
    Throughput,
)

COUNT_S = 3.0
"""For how long octets are counted for a rate."""
Look = Callable[[], tuple[bool, str]]
"""Whether it holds now, and what was found."""


# --- what routers say ------------------------------------------------------------------------


def _routers(bench: Bench) -> Routers:
    return Routers(bench.lab, bench.plan, bench.network)


def _path(bench: Bench, part: Path) -> tuple[str, str, Look]:
    source, target = (bench.endpoints.named([word])[0] for word in (part.source, part.to))
    lan = bench.network.lans.get(part.source)
    router = lan.router if lan is not None else source.node
    expected = [f"through {', '.join(part.through)}"] if part.through else []
    expected += [f"not through {', '.join(part.avoids)}"] if part.avoids else []

    def look() -> tuple[bool, str]:
        trace = _routers(bench).trace(router, target.addresses(part.family)[0])
        on_it = {*trace.devices, *trace.links}
        ok = trace.arrives and on_it.issuperset(part.through) and not on_it & {*part.avoids}
        return ok, " - ".join(trace.devices) + f" by {', '.join(trace.links) or 'no link'}"

    name = f"path {part.source} -> {part.to} IPv{part.family}"
    return name, " and ".join(expected) or "a way", look


def _adjacency(bench: Bench, part: WantedAdjacency) -> tuple[str, str, Look]:
    wanted = [a for a in bench.plan.adjacencies if _meant(bench, part, a)]
    subject = part.link or part.device or "all"

    def look() -> tuple[bool, str]:
        missing = bench.missing(wanted)
        up = len(wanted) - len(missing)
        ok = bool(wanted) and (not missing if part.state == "up" else not up)
        first = f" ({missing[0]} is not)" if missing and part.state == "up" else ""
        return ok, f"{up} of {len(wanted)} up{first}"

    name = f"adjacency {subject} {part.protocol or ''}".strip()
    return name, f"{len(wanted)} {part.state}", look


def _meant(bench: Bench, part: WantedAdjacency, one: Adjacency) -> bool:
    if one.protocol == "bgp" or part.protocol not in {None, one.protocol}:
        return False
    if part.link is not None:
        link = bench.network.links[part.link]
        ends = {(end.device, end.interface) for end in (link.a, link.b)}
        if (one.device, one.towards) not in ends:
            return False
    return part.device in {None, one.device, one.neighbour}


def _session(bench: Bench, part: Session) -> tuple[str, str, Look]:
    wanted = [
        a
        for a in bench.plan.adjacencies
        if (a.device, a.protocol, a.neighbour) == (part.device, "bgp", part.neighbour)
        and part.family in {None, ip_address(a.towards).version}
    ]

    def look() -> tuple[bool, str]:
        up = len(wanted) - len(bench.missing(wanted))
        ok = bool(wanted) and up == (len(wanted) if part.state == "up" else 0)
        return ok, f"{up} of {len(wanted)} established"

    over = f" IPv{part.family}" if part.family else ""
    return f"session {part.device} - {part.neighbour}{over}", f"{len(wanted)} {part.state}", look


def _prefixes(bench: Bench, part: Prefixes) -> tuple[str, str, Look]:
    exactly = _exactly(bench, part)
    expected = [f"exactly {_listed(exactly)}"] if exactly is not None else []
    expected += [f"{_listed(part.includes)} among them"] if part.includes else []
    expected += [f"none of {_listed(part.excludes)}"] if part.excludes else []

    def look() -> tuple[bool, str]:
        found = _routers(bench).prefixes(part.device, part.neighbour, part.direction)
        ok = exactly is None or found == exactly
        ok = ok and found.issuperset(part.includes) and not found & {*part.excludes}
        return ok, _listed(found)

    name = f"prefixes {part.direction} {part.device} - {part.neighbour}"
    return name, " and ".join(expected), look


def _exactly(bench: Bench, part: Prefixes) -> set[Prefix] | None:
    if part.exactly != "agreed":
        return None if part.exactly is None else set(part.exactly)
    bgp = bench.network.region.bgp
    if part.direction == "sent":
        return {*bgp.aggregates4, *bgp.aggregates6}
    peer = next(peer for peer in bgp.externals if peer.id == part.neighbour)
    default = {ip_network("0.0.0.0/0"), ip_network("::/0")} if peer.accepts_default else set()
    return {*peer.accepts4, *peer.accepts6, *default}


def _listed(prefixes: Iterable[Prefix]) -> str:
    ordered = sorted(prefixes, key=lambda one: (one.version, one.network_address.packed))
    return ", ".join(map(str, ordered)) or "none"


def _route(bench: Bench, part: Route) -> tuple[str, str, Look]:
    prefix = IPv4Network("0.0.0.0/0") if part.prefix == "default" else part.prefix
    devices = [end.node for end in bench.endpoints.named(part.device)]

    def look() -> tuple[bool, str]:
        have = [name for name in devices if _routers(bench).has_route(name, prefix)]
        wrong = {*have} ^ {*devices} if part.present else {*have}
        return not wrong, f"{len(have)} of {len(devices)} have it"

    wanted = len(devices) if part.present else 0
    return f"route {part.prefix}", f"{wanted} of {len(devices)} to have it", look


def _line(bench: Bench, part: Line) -> tuple[str, str, Look]:
    def look() -> tuple[bool, str]:
        lines = in_node.running_configuration(bench.lab, bench.plan, part.device)
        there = part.text in map(str.strip, lines)
        return there is part.present, "it is there" if there else "it is not there"

    expected = "it to be there" if part.present else "it not to be there"
    return f"line {part.device} {part.text!r}", expected, look


def _rate(bench: Bench, part: Rate) -> tuple[str, str, Look]:
    link = bench.network.links[part.link]
    most = "" if part.at_most_bps is None else f" and at most {part.at_most_bps:.0f}"

    def octets() -> int:
        words = ["ip", "-j", "-s", "link", "show", "dev", link.a.interface]
        found = json.loads(in_node.run(bench.lab, bench.plan, link.a.device, words))[0]["stats64"]
        return int(found["rx"]["bytes"]) + int(found["tx"]["bytes"])

    def look() -> tuple[bool, str]:
        before, began = octets(), time.monotonic()
        time.sleep(COUNT_S)
        bps = (octets() - before) * 8 / (time.monotonic() - began)
        ok = bps >= part.at_least_bps and (part.at_most_bps is None or bps <= part.at_most_bps)
        return ok, f"{bps:.0f} bit/s"

    return f"rate {part.link}", f"at least {part.at_least_bps:.0f}{most} bit/s", look


def _throughput(bench: Bench, part: Throughput) -> tuple[str, str, Look]:
    source, target = (bench.endpoints.named([word])[0] for word in (part.source, part.to))
    address = str(target.addresses(part.family)[0])
    most = "" if part.at_most_bps is None else f" and at most {part.at_most_bps:.0f}"

    def run(node: str, *words: str) -> str:
        return in_node.run(bench.lab, bench.plan, node, ["iperf3", *words])

    def look() -> tuple[bool, str]:
        run(target.node, "--server", "--one-off", "--daemon", "--bind", address)
        report = json.loads(run(source.node, "--json", "--time", "3", "--client", address))
        bps = float(report["end"]["sum_received"]["bits_per_second"])
        ok = bps >= part.at_least_bps and (part.at_most_bps is None or bps <= part.at_most_bps)
        return ok, f"{bps:.0f} bit/s"

    name = f"throughput {part.source} -> {part.to}"
    return name, f"at least {part.at_least_bps:.0f}{most} bit/s", look


# --- what the rest of the house says ---------------------------------------------------------


def _state(bench: Bench, part: ApiState) -> tuple[str, str, Look]:
    kind, name = ("link", part.link) if part.link else ("device", part.device or "")

    def look() -> tuple[bool, str]:
        found = bench.outside.state(kind, name)
        return found == part.state, found or "nothing known"

    return f"state {kind} {name}", part.state, look


def _incidents(bench: Bench, part: Incident) -> tuple[str, str, Look]:
    wanted: list[tuple[str, str]] = sorted((cause.kind, cause.id) for cause in part.causes)

    def shown(causes: list[tuple[str, str]]) -> str:
        return ", ".join(f"{kind} {name}" for kind, name in causes) or "none"

    def look() -> tuple[bool, str]:
        found = bench.outside.incidents()
        return found == wanted, shown(found)

    return "incidents", shown(wanted), look


LOOKS: dict[type, Callable[..., tuple[str, str, Look]]] = {
    Path: _path,
    WantedAdjacency: _adjacency,
    Session: _session,
    Prefixes: _prefixes,
    Route: _route,
    Line: _line,
    Rate: _rate,
    Throughput: _throughput,
    ApiState: _state,
    Incident: _incidents,
}
"""Expectation -> how to look at it."""
