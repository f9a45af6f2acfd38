"""What is expected of the network, looked at until it holds: one Check for each expectation."""

import time

from inventory.errors import ImeretiError
from lab import matrix
from lab.looks import LOOKS, Look
from lab.pinging import Measured, WayOutage
from lab.promises import Attempt
from lab.reach import Probe
from lab.scenario_bench import BUSY_LATE_S, POLL_S, Bench
from lab.scenario_report import Check
from lab.scenario_schema import Expectation, Loss, Outage, Reach


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
        return _until(*LOOKS[type(part)](bench, part), within_s)
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
