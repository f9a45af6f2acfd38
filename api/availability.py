"""How long a thing was in service, from the state ledger. Pure; recomputable at any time.

Announced work and time when nobody could tell count neither as available nor as unavailable.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitor.store.base import StateEntry
from monitor.values import Fault

BEST_FIRST = (Fault.NONE, Fault.MAINTENANCE, Fault.BLIND, Fault.UPSTREAM, Fault.OWN)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to `end` (Unix seconds) the time is charged to `fault`."""

    start: float
    end: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Shares:
    """Seconds of a period by what they are charged to."""

    available_s: float
    own_fault_s: float
    upstream_s: float
    maintenance_s: float
    unknown_s: float
    outages: int

    @property
    def ratio(self) -> float | None:
        """Available share of the time that counts; None when none does."""
        counted = self.available_s + self.own_fault_s + self.upstream_s
        return self.available_s / counted if counted > 0 else None

    def plus(self, other: "Shares") -> "Shares":
        """Both together, as for all links of one provider."""
        return Shares(
            self.available_s + other.available_s,
            self.own_fault_s + other.own_fault_s,
            self.upstream_s + other.upstream_s,
            self.maintenance_s + other.maintenance_s,
            self.unknown_s + other.unknown_s,
            self.outages + other.outages,
        )


NOTHING = Shares(0, 0, 0, 0, 0, 0)


def spans(entries: Sequence[StateEntry], start: float, end: float) -> tuple[Span, ...]:
    """The period cut at each entry; before the first one nobody looked."""
    found: list[Span] = []
    at, fault = start, Fault.BLIND
    for entry in entries:
        if entry.at > at:
            found.append(Span(at, min(entry.at, end), fault))
            at = min(entry.at, end)
        fault = entry.fault
    if at < end:
        found.append(Span(at, end, fault))
    return tuple(found)


def best(several: Sequence[tuple[Span, ...]], start: float, end: float) -> tuple[Span, ...]:
    """Of several things that stand in for each other: at each time the best fault of all."""
    cuts = sorted({start, end} | {span.start for each in several for span in each})
    found = []
    for left, right in pairwise(cuts):
        faults = [span.fault for each in several for span in each if span.start <= left < span.end]
        found.append(Span(left, right, min(faults, key=BEST_FIRST.index, default=Fault.BLIND)))
    return tuple(found)


def shares(parts: Iterable[Span]) -> Shares:
    """Sum the spans by fault, and count how often an outage began."""
    seconds = dict.fromkeys(Fault, 0.0)
    outages, before = 0, Fault.NONE
    broken = {Fault.OWN, Fault.UPSTREAM}
    for span in parts:
        seconds[span.fault] += span.end - span.start
        outages += span.fault in broken and before not in broken
        before = span.fault
    return Shares(
        available_s=seconds[Fault.NONE],
        own_fault_s=seconds[Fault.OWN],
        upstream_s=seconds[Fault.UPSTREAM],
        maintenance_s=seconds[Fault.MAINTENANCE],
        unknown_s=seconds[Fault.BLIND],
        outages=outages,
    )


def month_start(at: float, timezone: str) -> float:
    """When the month of `at` began, by the region's clock."""
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(timezone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
