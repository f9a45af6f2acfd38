"""What is expected of the network, looked at until it holds: one Check for each expectation."""

import json
import time
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, ip_network

from inventory.errors import ImeretiError
from lab import in_node, matrix
from lab.pinging import Measured, WayOutage
from lab.plan import Adjacency
from lab.promises import Attempt
from lab.reach import Probe
from lab.routers import Prefix, Routers
from lab.scenario_bench import BUSY_LATE_S, POLL_S, Bench
from lab.scenario_report import Check
from lab.scenario_schema import (
    Adjacency as WantedAdjacency,
)
from lab.scenario_schema import (
    ApiState,
    Expectation,
    Incident,
    Loss,
    Outage,
    Path,
    Prefixes,
    Rate,
    Reach,
    Route,
    Session,
)

COUNT_S = 3.0
"""For how long octets are counted for a rate."""
Look = Callable[[], tuple[bool, str]]
"""Whether it holds now, and what was found."""


def evaluate(
    bench: Bench, wanted: Expectation, within_s: float, measured: Measured | None
) -> Check | list[Check]:
    """Wait until it holds, at most `within_s`; what must not be is watched for its window."""
    if wanted.policy is not None:
        return _policy(bench, wanted.policy, within_s)
    for name in type(wanted).model_fields:
        part = getattr(wanted, name)
        if part is None:
            continue
        if isinstance(part, Outage | Loss):
            return _of_measured(bench, part, measured)
        if isinstance(part, Reach):
            return (_no_reach if name == "no_reach" else _reach)(bench, part, within_s)
        return _until(*_LOOKS[type(part)](bench, part), within_s)
    raise AssertionError("the schema lets no empty expectation through")


def ways(bench: Bench, part: Outage | Loss) -> list[Probe]:
    """The ways that an outage or a loss is measured on."""
    return [
        Probe(source.node, address)
        for source in bench.endpoints.named(part.source)
        for target in bench.endpoints.named(part.to)
        if source.node != target.node
        for address in target.addresses(part.family)
    ]


def _until(name: str, expected: str, look: Look, within_s: float) -> Check:
    deadline = time.monotonic() + within_s
    while True:
        try:
            ok, found = look()
        except ImeretiError as error:
            ok, found = False, str(error)
        if ok or time.monotonic() > deadline:
            told = found if ok else f"{found}, for {within_s:g} s"
            return Check(name, ok, expected, told)
        time.sleep(POLL_S)


# --- reach -----------------------------------------------------------------------------------


def _attempts(bench: Bench, part: Reach, *, allowed: bool) -> list[Attempt]:
    port = 0 if part.protocol == "icmp" else part.port
    return [
        Attempt("", source.node, target.node, address, part.protocol, port, allowed)
        for source in bench.endpoints.named(part.source)
        for target in bench.endpoints.named(part.to)
        if source.node != target.node
        for address in target.addresses(part.family)
    ]


def _said(part: Reach) -> str:
    service = part.protocol if part.protocol == "icmp" else f"{part.protocol}/{part.port}"
    return f"{', '.join(part.source)} -> {', '.join(part.to)} {service}"


def _reach(bench: Bench, part: Reach, within_s: float) -> Check:
    attempts = _attempts(bench, part, allowed=True)
    lost = bench.matrix.until(attempts, within_s)
    return Check(
        f"reach {_said(part)}",
        not lost,
        f"{len(attempts)} of {len(attempts)} to get through",
        f"{len(attempts) - len(lost)}",
        tuple(f"{one}: no answer within {within_s:g} s" for one in sorted(lost, key=str)),
    )


def _no_reach(bench: Bench, part: Reach, within_s: float) -> Check:
    """Nothing gets through for a whole window; it may take `within_s` until that begins."""
    attempts = _attempts(bench, part, allowed=False)
    deadline = time.monotonic() + within_s
    while bench.matrix.once(attempts, matrix.PING_WAIT_S) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    through: set[Attempt] = set()
    until = time.monotonic() + part.hold_s
    while time.monotonic() < until:
        through |= bench.matrix.once(attempts, min(matrix.PING_WAIT_S, part.hold_s))
    return Check(
        f"no-reach {_said(part)}",
        not through,
        f"none of {len(attempts)} to get through for {part.hold_s:g} s",
        f"{len(through)}",
        tuple(f"{one}: answered" for one in sorted(through, key=str)),
    )


def _policy(bench: Bench, which: str, within_s: float) -> list[Check]:
    attempts = {
        "every-lan": bench.promises.every_lan,
        "ports": bench.promises.ports,
        "sources": bench.promises.sources,
    }[which]()
    return matrix.checks(matrix.try_all(bench.lab, bench.plan, attempts, bound_s=within_s))


def _of_measured(bench: Bench, part: Outage | Loss, measured: Measured | None) -> Check:
    wanted = set(ways(bench, part))
    found: list[WayOutage] = [w for w in measured.ways if w.probe in wanted] if measured else []
    said = f"{', '.join(part.source)} -> {', '.join(part.to)}"
    late = measured is not None and measured.late_s > BUSY_LATE_S
    if isinstance(part, Outage):
        worst = max(found, key=lambda way: way.outage_s)
        outage_ms = round(worst.outage_s * 1000)
        ok = outage_ms <= part.at_most_ms and not worst.broken
        told = f"{outage_ms} ms ({worst.probe})" + (", broken still" if worst.broken else "")
        expected = f"an outage of at most {part.at_most_ms} ms"
        return Check(f"outage {said}", ok, expected, told, inconclusive=late)
    worst = max(found, key=lambda way: way.lost)
    told = f"{worst.lost} of {worst.sent} ({worst.probe})"
    expected = f"at most {part.at_most} pings lost"
    return Check(f"loss {said}", worst.lost <= part.at_most, expected, told, inconclusive=late)


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
    ]

    def look() -> tuple[bool, str]:
        up = len(wanted) - len(bench.missing(wanted))
        ok = bool(wanted) and up == (len(wanted) if part.state == "up" else 0)
        return ok, f"{up} of {len(wanted)} established"

    return f"session {part.device} - {part.neighbour}", f"{len(wanted)} {part.state}", look


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


_LOOKS: dict[type, Callable[..., tuple[str, str, Look]]] = {
    Path: _path,
    WantedAdjacency: _adjacency,
    Session: _session,
    Prefixes: _prefixes,
    Route: _route,
    Rate: _rate,
    ApiState: _state,
    Incident: _incidents,
}
