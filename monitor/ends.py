"""What is remembered of links, of their two ends and of the devices that these belong to."""

from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from monitor.flat import Flat
from monitor.health import Verdict
from monitor.look import COUNTERS, Form
from monitor.metrics import INTERFACE_METRICS, MIRROR, SERIES_INDEX, SERIES_METRICS
from monitor.picks import Pick, tuple_of
from monitor.rates import Rates
from monitor.readings import PER_REQUEST, Reading
from monitor.targets import ExpectedInterface
from monitor.values import RATED, Quality

Seen = tuple[bool, int | None, int | None, float]
"""Present, ifOperStatus, ifAdminStatus, errors a second when beyond what is allowed."""
NOT_SEEN: Seen = (False, None, None, 0.0)
_SERIES = {SERIES_INDEX[INTERFACE_METRICS[column].series]: at for at, column in enumerate(COUNTERS)}


class Link:
    """One link. Mutable, as the two below: made once, updated by every poll."""

    __slots__ = ("allowed_bps", "bandwidth_bps", "busy", "ends", "id", "loss", "trouble", "verdict")

    def __init__(self, name: str, bandwidth_bps: int, allowed_bps: float) -> None:
        self.id, self.bandwidth_bps, self.allowed_bps = name, bandwidth_bps, allowed_bps
        self.ends: tuple[End, ...] = ()
        """That of a first."""
        self.busy = 0
        """Polls in a row above the allowed use."""
        self.verdict: Verdict | None = None
        self.loss: float | None = None
        """Of pings through it; None when there are none."""
        self.trouble = ""
        """What routing over it lacks."""


class End:
    """One end of one link, as last seen."""

    __slots__ = ("_rates", "base", "expected", "fell_from", "known_by", "link", "place", "seen")

    def __init__(self, owner: "Owner", place: int, link: Link, expected: ExpectedInterface) -> None:
        self.known_by, self.place, self.link, self.expected = owner, place, link, expected
        self.base: Reading | None = None
        """What the next reading is compared with, unless the device keeps it for all."""
        self.fell_from: Reading | None = None
        """The reading before one that told of a reset: a counter that comes back was none."""
        self._rates: Rates | None = None
        self.seen = NOT_SEEN

    @property
    def rates(self) -> Rates | None:
        """Of its last two readings."""
        found = self.known_by.quick
        return self._rates if found is None else found.rates(self.place)

    @rates.setter
    def rates(self, found: Rates | None) -> None:
        self._rates = found

    @property
    def knows(self) -> bool:
        """Whether it has a rate that is worth something."""
        if self.known_by.quick is not None:
            return True
        return self.seen[0] and self._rates is not None and self._rates.quality in RATED


class Owner:
    """A device with ends of links."""

    __slots__ = ("at", "base", "ends", "firsts", "limits", "name", "quick", "seconds", "tops",
                 "troubled")  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.ends: tuple[End, ...] = ()
        """In the order of Target.interfaces."""
        self.at: float | None = None
        """Unix time of its last answer."""
        self.base: Flat | None = None
        """Its last complete poll, whose like the next one probably is."""
        self.quick: Quick | None = None
        """Rates of all its ends, when they were made together."""
        self.limits: tuple[float, ...] = ()
        """A rate beyond these is looked at more closely; one for each counter of `base`."""
        self.tops: tuple[Form, tuple[float, ...]] | None = None
        """The same, one for each number of polls of a form."""
        self.troubled = False
        """Whether something about an end or its link has to be looked at in each poll."""
        self.firsts = Speaking((), (), (), tuple)
        """The ends a, which speak for their links."""
        self.seconds: tuple[int, ...] = ()
        """Places of the ends that speak only where the other does not."""

    def own(self, ends: Sequence[End]) -> None:
        """Its ends, once all are known."""
        self.ends = tuple(ends)
        first, self.seconds = _split(tuple(end.link.ends[0] is end for end in ends))
        self.firsts = self.speaking(first)

    def speaking(self, places: tuple[int, ...]) -> "Speaking":
        """The ends at `places`."""
        ends = [self.ends[place] for place in places]
        mirrored = tuple(end.expected.end == "b" for end in ends)
        return Speaking(
            places,
            tuple(end.link.id for end in ends),
            _pickers(places, mirrored),
            _covers(places),
        )

    def go_on(self, before: "Owner") -> None:
        """Its ends as `before` saw them, those that are the same."""
        before.let_go()
        self.at = before.at
        known = {(end.link.id, end.expected.if_name): end for end in before.ends}
        for end in self.ends:
            if (same := known.get((end.link.id, end.expected.if_name))) is not None:
                end.base, end.rates, end.seen = same.base, same.rates, same.seen
                end.fell_from = same.fell_from

    def forget_each(self) -> None:
        """The rates of each end by itself: `quick` takes their place."""
        for end in self.ends:
            end.rates = None

    def let_go(self) -> None:
        """Look at each end by itself from now on."""
        if self.base is not None:
            for end, reading in zip(self.ends, self.base, strict=True):
                end.base = reading
        self.base = None
        if self.quick is not None:
            for end in self.ends:
                end.rates = self.quick.rates(end.place)
        self.quick = None


class Speaking(NamedTuple):
    """Ends whose rates are stored."""

    places: tuple[int, ...]
    links: tuple[str, ...]
    picks: tuple[Any, ...]
    """Take a sample's values out of a Quick's row with a None behind it."""
    covers: Pick
    """Takes each end's seconds out of a Quick's."""


class Quick:
    """The rates of a device's interfaces, all of them good."""

    __slots__ = ("_form", "_found", "seconds")

    def __init__(
        self, found: "array[float]", seconds: Sequence[float], form: Form | None = None
    ) -> None:
        """`found`: one for each counter, interface after interface, or for each of `form`."""
        self._found, self._form = found, form
        self.seconds = seconds
        """That they cover, one for each request."""

    @property
    def row(self) -> Sequence[float | None]:
        """One for each counter, interface after interface, and a None behind them."""
        form = self._form
        return [*self._found, None] if form is None else form.row(self._found)

    def covers_s(self, place: int) -> float:
        """Of one interface."""
        return self.seconds[place // PER_REQUEST]

    def values(self, place: int, *, mirrored: bool) -> tuple[float | None, ...]:
        """In the order of SERIES_METRICS, as seen from the other end when `mirrored`."""
        found: tuple[float | None, ...] = _picker(place, mirrored)(self.row)
        return found

    def rates(self, place: int) -> Rates:
        """Of one interface."""
        return Rates(Quality.GOOD, self.covers_s(place), self.values(place, mirrored=False))


@lru_cache(maxsize=8192)
def _picker(place: int, mirrored: bool) -> Any:
    begin = place * len(COUNTERS)
    order = MIRROR if mirrored else range(len(SERIES_METRICS))
    return itemgetter(*(begin + _SERIES[at] if at in _SERIES else -1 for at in order))


@lru_cache(maxsize=1024)
def _pickers(places: tuple[int, ...], mirrored: tuple[bool, ...]) -> tuple[Any, ...]:
    """One for each place: takes a sample's values out of a Quick's row."""
    return tuple(map(_picker, places, mirrored))


@lru_cache(maxsize=1024)
def _covers(places: tuple[int, ...]) -> Pick:
    """Takes the seconds of `places` out of those of the requests."""
    return tuple_of([place // PER_REQUEST for place in places])


@lru_cache(maxsize=1024)
def _split(first: tuple[bool, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    places = range(len(first))
    return tuple(p for p in places if first[p]), tuple(p for p in places if not first[p])
