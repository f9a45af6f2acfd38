"""Carries a sweep out: fail, measure, mend, prove that all is as before, then the next."""

import time
from statistics import median

from lab import faults
from lab.scenario_bench import BUSY_LATE_S, Bench, UnsettledError
from lab.scenario_report import Check, OutageRow
from lab.scenario_schema import Sweep
from lab.sweep import Item, items

BEFORE_S, AFTER_S = 0.15, 0.4
"""How long every way answers without a gap before it is broken, and until it counts as back."""
BOUND_S = 12.0
TRIES = 3
"""What takes too long is measured again: of three, the middle one counts."""


def sweep(bench: Bench, wanted: Sweep) -> tuple[list[OutageRow], list[Check]]:
    """A row and a check for each item. UnsettledError when the lab does not recover."""
    rows: list[OutageRow] = []
    checks: list[Check] = []
    for item in items(bench.network, bench.plan, wanted):
        row, check = _judged(bench, item, wanted.at_most_ms)
        rows.append(row)
        checks.append(check)
    return rows, checks


def _judged(bench: Bench, item: Item, at_most_ms: int) -> tuple[OutageRow, Check]:
    tries = [_measure(bench, item)]
    if _longest_ms(tries[0][0], tries[0][1]) > at_most_ms:
        tries += [_measure(bench, item) for _ in range(TRIES - 1)]
    longest = [_longest_ms(row, beside) for row, beside, _ in tries]
    middle = round(median(longest))
    row = tries[longest.index(min(longest, key=lambda one: abs(one - middle)))][0]
    late_s = max(late for _, _, late in tries)
    shown = ", ".join(f"{one} ms" for one in longest)
    alone = f"; without another way: {', '.join(item.alone)}" if item.alone else ""
    evidence = [f"{len(item.affected)} ways through it, pinged every 10 ms{alone}"]
    if late_s > BUSY_LATE_S:
        evidence.append(f"the pings themselves were late by {late_s * 1000:.0f} ms")
    check = Check(
        f"{item.what} {item.subject}",
        middle <= at_most_ms,
        f"an outage of at most {at_most_ms} ms",
        shown,
        tuple(evidence),
        inconclusive=late_s > BUSY_LATE_S,
    )
    return row, check


def _longest_ms(row: OutageRow, beside_ms: int) -> int:
    """Of the ways through it and of those beside it, which should not notice."""
    return max(row.outage_ms or 0, beside_ms)


def _measure(bench: Bench, item: Item) -> tuple[OutageRow, int, float]:
    """The row, the longest outage on ways beside it in ms, how late the pings were."""
    lab, ways = bench.lab, (*item.affected, *item.others)
    bench.pinging.start(ways)
    if not bench.wait_steady(BEFORE_S, BOUND_S):
        bench.pinging.stop()
        raise UnsettledError(f"before {item.what} {item.subject}: pings were not answered steadily")
    bench.note(f"{item.fault} {item.subject}")
    faults.inject(bench.state, lab, item.fault, item.subject)
    bench.wait_steady(AFTER_S, BOUND_S)
    broken = bench.pinging.stop()
    bench.pinging.start(ways)
    began = time.monotonic()
    bench.note(f"heal {item.subject}")
    faults.heal(bench.state, bench.lab, item.subject)
    bench.wait_up(
        [a for a in bench.plan.adjacencies if _touches(bench, item, a.device, a.neighbour)]
    )
    steady = bench.wait_steady(AFTER_S, BOUND_S)
    mended = bench.pinging.stop()
    if not steady:
        raise UnsettledError(f"after {item.what} {item.subject} was mended, pings are still lost")
    through = [way for way in broken.ways if way.probe in item.affected]
    beside = [way for way in broken.ways if way.probe not in item.affected]
    late_s = max(broken.late_s, mended.late_s)
    bench.late_s = max(bench.late_s, late_s)
    row = OutageRow(
        what=item.what,
        subject=item.subject,
        role=item.role,
        alone=item.alone,
        flows=len(through),
        outage_ms=_ms(max(way.outage_s for way in through)) if through else None,
        lost=sum(way.lost for way in through),
        sent=sum(way.sent for way in through),
        back_ms=_ms(max((way.outage_s for way in mended.ways), default=0.0)),
        recovery_s=round(time.monotonic() - began, 2),
    )
    return row, _ms(max((way.outage_s for way in beside), default=0.0)), late_s


def _touches(bench: Bench, item: Item, device: str, neighbour: str) -> bool:
    link = bench.network.links.get(item.subject)
    if link is None:
        return item.subject in {device, neighbour}
    return {device, neighbour} <= {link.a.device, link.b.device}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
