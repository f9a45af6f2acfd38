"""What all answers of a device have in common from poll to poll, and where its numbers stand.

An answer that looks like the one before differs from it in few numbers. Of these alone the rates
are made then: all else was looked at once, when the look was new.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from monitor.metrics import INTERFACE_METRICS, Kind
from monitor.picks import Pick, tuple_of
from monitor.readings import PER_REQUEST, WIDTH, Plan
from monitor.snmp.base import Answer, Laid, Value

COUNTERS = tuple(
    column
    for column, metric in enumerate(INTERFACE_METRICS)
    if metric.series and metric.kind in {Kind.COUNTER64, Kind.COUNTER32}
)
"""Columns of what is turned into rates."""
STATICS = tuple(column for column in range(1, WIDTH) if column not in COUNTERS)
"""Columns of what rarely changes: states, speed, discontinuity time."""
NARROW = tuple(column for column in COUNTERS if INTERFACE_METRICS[column].kind is Kind.COUNTER32)
_REQUEST = 1 + PER_REQUEST * WIDTH
"""Values of a request: the device's clock, then whole interfaces."""
_NO_COUNTER = -1
_KEPT_SECONDS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Of the numbers of all answers of a poll, one behind the other; devices share it."""

    clocks: Pick
    """Takes the device's clock out of the numbers, one a request."""
    narrow: Pick
    """Takes those of at most 32 bits: clocks and counters."""
    statics: Pick
    """Takes those that rarely change, but have."""
    spread: Pick
    """Makes a row of all counters, and a None behind it, of what `row` prepares."""
    counters: tuple[int, ...]
    """For each number its place among all counters, or _NO_COUNTER."""
    _divisors: dict[tuple[float, ...], tuple[float, ...]] = field(default_factory=dict)

    def row(self, found: Sequence[float]) -> tuple[float | None, ...]:
        """A value for each counter, interface after interface, and a None behind them; from one for
        each number. A counter that is no number here stands still."""
        row: tuple[float | None, ...] = self.spread((*found, 0.0, None))
        return row

    def thin(self, whole: Sequence[float], other: float) -> tuple[float, ...]:
        """From one for each counter one for each number, `other` for those that are no counters."""
        return tuple(other if at == _NO_COUNTER else whole[at] for at in self.counters)

    def divisors(
        self,
        seconds: tuple[float, ...],
        make: Callable[[tuple[float, ...]], Sequence[float]],
    ) -> tuple[float, ...]:
        """What `make` makes of `seconds` for each counter, for each number; kept."""
        found = self._divisors.get(seconds)
        if found is None:
            if len(self._divisors) >= _KEPT_SECONDS:
                self._divisors.clear()
            found = self._divisors[seconds] = self.thin(make(seconds), 1.0)
        return found


class Look(NamedTuple):
    """One device's answers to one plan, as they look now."""

    plan: Plan
    laid: tuple[Laid | None, ...]
    """By request."""
    form: Form

    def shows(self, answers: Sequence[Answer]) -> bool:
        """Whether they look like this."""
        return tuple([answer.laid for answer in answers]) == self.laid

    def values(self, numbers: Sequence[int]) -> tuple[Value | None, ...]:
        """All values of the poll that had these numbers."""
        found: tuple[Value | None, ...] = ()
        begin = 0
        for laid, names in zip(self.laid, self.plan.requests, strict=True):
            assert laid is not None  # noqa: S101  (or there were no look)
            end = begin + len(names) - len(laid.places)
            found += laid.values(tuple(numbers[begin:end]))
            begin = end
        return found


def look_of(asked: Plan, answers: Sequence[Answer]) -> Look | None:
    """How complete answers look; None when one of them looks like none before."""
    laid = tuple([answer.laid for answer in answers])
    places = tuple([each.places for each in laid if each is not None])
    if len(places) < len(answers):
        return None
    form = _form(len(asked.names), tuple(map(len, asked.requests)), places)
    return None if form is None else Look(asked, laid, form)


@lru_cache(maxsize=1024)
def _form(
    interfaces: int, sizes: tuple[int, ...], fixed: tuple[tuple[int, ...], ...]
) -> Form | None:
    """For requests of `sizes`, of which the values at `fixed` places are no numbers of their own.

    None when a device's clock is among them.
    """
    wheres = [
        (begin, place)
        for begin, size, those in zip(accumulate(sizes[:-1], initial=0), sizes, fixed, strict=True)
        for place in range(size)
        if place not in set(those)
    ]
    clocks = [at for at, (_, place) in enumerate(wheres) if place == 0]
    if len(clocks) < len(sizes):
        return None
    at_counter: dict[int, int] = {}
    narrow, statics = list(clocks), []
    for at, (begin, place) in enumerate(wheres):
        if place == 0:
            continue
        interface = begin // _REQUEST * PER_REQUEST + (place - 1) // WIDTH
        column = (place - 1) % WIDTH
        if column in COUNTERS:
            at_counter[interface * len(COUNTERS) + COUNTERS.index(column)] = at
            if column in NARROW:
                narrow.append(at)
        else:
            statics.append(at)
    count = len(wheres)
    counter_of = {at: counter for counter, at in at_counter.items()}
    spread = [at_counter.get(counter, count) for counter in range(interfaces * len(COUNTERS))]
    return Form(
        tuple_of(clocks),
        tuple_of(narrow),
        tuple_of(statics),
        tuple_of((*spread, count + 1)),
        tuple(counter_of.get(at, _NO_COUNTER) for at in range(count)),
    )
