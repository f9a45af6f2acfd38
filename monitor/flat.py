"""A whole device's readings at once, as flat tuples: for the poll that is like the one before.

Nearly every answer is complete and as expected. Then nothing is looked at interface by interface:
the columns of all of them are taken out, compared and subtracted together, each by one call.
Whatever is out of the ordinary goes through monitor/readings.py and monitor/rates.py.
"""

from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, cast, overload

from monitor.look import COUNTERS, NARROW, STATICS, Look, look_of
from monitor.picks import Pick, tuple_of
from monitor.readings import PER_REQUEST, TOP32, WIDTH, Plan, Reading, numbers
from monitor.snmp.base import Answer, Value

Row = tuple[Value | None, ...]

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
        return tuple_of([begin + column for begin in begins for column in wanted])

    return Picks(
        columns((0,)),
        tuple_of(clocks),
        columns(STATICS),
        columns(COUNTERS),
        columns(NARROW),
    )


_NO_NUMBERS = array("Q")


class Flat(Sequence[Reading | None]):
    """A complete poll of a device: every interface is there and was asked for 64-bit counters.

    To whom looks closer it is its readings, in the order of Target.interfaces.
    """

    __slots__ = ("_counters", "_statics", "clocks_cs", "look", "numbers", "plan", "received")

    def __init__(self, asked: Plan, received: tuple[float, ...], row: Row) -> None:
        """From all its values. TypeError and OverflowError for counters that are no numbers of 64
        bits."""
        pick = picks(len(asked.names))
        self.plan = asked
        self.received = received
        """time.monotonic(), one an answer; so are the clocks."""
        self.clocks_cs: tuple[int, ...] = pick.clocks(row)
        self._statics: Row | None = pick.statics(row)
        self._counters: array[int] | None = array("Q", pick.counters(row))
        self.look: Look | None = None
        self.numbers = _NO_NUMBERS
        """What it has of its own, if it looks like `look`."""

    @classmethod
    def like(cls, look: Look, received: tuple[float, ...], numbers: tuple[int, ...]) -> "Flat":
        """From what it has of its own."""
        flat = cls.__new__(cls)
        flat.plan, flat.received, flat.look = look.plan, received, look
        flat.clocks_cs = look.form.clocks(numbers)
        flat.numbers = array("Q", numbers)
        flat._statics = flat._counters = None
        return flat

    @property
    def statics(self) -> Row:
        """One of STATICS after the other, interface after interface."""
        if self._statics is None:
            self._look_closer()
        return cast("Row", self._statics)

    @statics.setter
    def statics(self, equal: Row) -> None:
        self._statics = equal

    @property
    def counters(self) -> "array[int]":
        """One of COUNTERS after the other, interface after interface."""
        if self._counters is None:
            self._look_closer()
        return cast("array[int]", self._counters)

    def _look_closer(self) -> None:
        assert self.look is not None  # noqa: S101  (it has all values, or looks like one that had)
        pick, row = picks(len(self.plan.names)), self.look.values(self.numbers)
        self._statics = pick.statics(row)
        self._counters = array("Q", pick.counters(row))

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


def flat_of(asked: Plan, answers: Sequence[Answer], look: Look | None = None) -> Flat | None:
    """`answers` as they nearly always are; None when something about them has to be looked at.

    `look` is that of the poll before.
    """
    if look is not None and look.plan is asked and look.shows(answers):
        return _alike(look, answers)
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
    if None not in row and (found := look_of(asked, answers)) is not None:
        flat.look = found
        flat.numbers = array("Q", _numbers(answers))
    return flat


def _alike(look: Look, answers: Sequence[Answer]) -> Flat | None:
    """All but the numbers is what was looked at before."""
    numbers = _numbers(answers)
    if max(look.form.narrow(numbers)) > TOP32:
        return None
    return Flat.like(look, tuple([answer.received for answer in answers]), numbers)


def _numbers(answers: Sequence[Answer]) -> tuple[int, ...]:
    found: tuple[int, ...] = ()
    for answer in answers:
        found += answer.numbers
    return found
