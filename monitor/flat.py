"""A whole device's readings at once, as flat tuples: for the poll that is like the one before.

Nearly every answer is complete and as expected. Then nothing is looked at interface by interface:
the columns of all of them are taken out, compared and subtracted together, each by one call.
Whatever is out of the ordinary goes through monitor/readings.py and monitor/rates.py.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, cast, overload

from monitor.metrics import INTERFACE_METRICS, Kind
from monitor.readings import PER_REQUEST, TOP32, WIDTH, Plan, Reading, numbers
from monitor.snmp.base import Answer, Value

Row = tuple[Value | None, ...]
Pick = Callable[[Row], Row]

COUNTERS = tuple(
    column
    for column, metric in enumerate(INTERFACE_METRICS)
    if metric.series and metric.kind in {Kind.COUNTER64, Kind.COUNTER32}
)
"""Columns of what is turned into rates."""
STATICS = tuple(column for column in range(1, WIDTH) if column not in COUNTERS)
"""Columns of what rarely changes: states, speed, discontinuity time."""
_NARROW = tuple(column for column in COUNTERS if INTERFACE_METRICS[column].kind is Kind.COUNTER32)
_ONLY_INT = {int}


class Picks(NamedTuple):
    """Takes columns of all interfaces out of a device's answers, put one behind the other."""

    names: Pick
    clocks: Pick
    statics: Pick
    counters: Pick
    narrow: Pick
    """Counters of 32 bits."""


@lru_cache(maxsize=256)
def picks(interfaces: int) -> Picks:
    """For so many interfaces; shared by all devices that have as many."""
    begins = [
        at // PER_REQUEST * (1 + PER_REQUEST * WIDTH) + 1 + at % PER_REQUEST * WIDTH
        for at in range(interfaces)
    ]
    requests = -(-interfaces // PER_REQUEST)
    clocks = [at * (1 + PER_REQUEST * WIDTH) for at in range(requests)]

    def columns(wanted: Sequence[int]) -> Pick:
        return _tuple_of([begin + column for begin in begins for column in wanted])

    return Picks(
        columns((0,)),
        _tuple_of(clocks),
        columns(STATICS),
        columns(COUNTERS),
        columns(_NARROW),
    )


def _tuple_of(places: Sequence[int]) -> Pick:
    """itemgetter of one place would yield no tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: tuple(row[place] for place in places)


class Flat(Sequence[Reading | None]):
    """A complete poll of a device: every interface is there and was asked for 64-bit counters.

    To whom looks closer it is its readings, in the order of Target.interfaces.
    """

    __slots__ = ("clocks_cs", "counters", "plan", "received", "statics")

    def __init__(self, asked: Plan, received: tuple[float, ...], row: Row) -> None:
        """TypeError and OverflowError for counters that are no numbers of 64 bits."""
        pick = picks(len(asked.names))
        self.plan = asked
        self.received = received
        """time.monotonic(), one an answer; so are the clocks."""
        self.clocks_cs: tuple[int, ...] = pick.clocks(row)  # type: ignore[assignment]
        self.statics = pick.statics(row)
        self.counters = array("Q", cast("tuple[int, ...]", pick.counters(row)))
        """One of COUNTERS after the other, interface after interface."""

    def __len__(self) -> int:
        return len(self.plan.names)

    @overload
    def __getitem__(self, at: int) -> Reading | None: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Reading | None]: ...
    def __getitem__(self, at: int | slice) -> Reading | Sequence[Reading | None] | None:
        return tuple(self)[at]

    def __iter__(self) -> Iterator[Reading | None]:
        places = [place for group in self.plan.places for place in group]
        size, rest = len(COUNTERS), len(STATICS)
        for at, where in enumerate(places):
            raw: list[Value | None] = [None] * WIDTH
            for place, column in enumerate(COUNTERS):
                raw[column] = self.counters[at * size + place]
            for place, column in enumerate(STATICS):
                raw[column] = self.statics[at * rest + place]
            group = at // PER_REQUEST
            received, clock_cs = self.received[group], self.clocks_cs[group]
            yield Reading(received, clock_cs, where.if_index, True, numbers(raw[1:]))


@lru_cache(maxsize=1024)
def one_of(statics: Row) -> Row:
    """The first of all that are equal: devices of one kind share them."""
    return statics


def flat_of(asked: Plan, answers: Sequence[Answer]) -> Flat | None:
    """`answers` as they nearly always are; None when something about them has to be looked at."""
    row: Row = ()
    for answer in answers:
        if not answer.whole:
            return None
        row += answer.values
    if not asked.complete:
        return None
    pick = picks(len(asked.names))
    try:
        flat = Flat(asked, tuple([answer.received for answer in answers]), row)
        clocks, narrow = flat.clocks_cs, cast("tuple[int, ...]", pick.narrow(row))
        sound = max(clocks) <= TOP32 and min(clocks) >= 0 and max(narrow, default=0) <= TOP32
    except (TypeError, OverflowError):
        return None
    if not sound or pick.names(row) != asked.names or set(map(type, clocks)) != _ONLY_INT:
        return None
    return flat
