"""Samples summed up as they pass: a row for each link and five minutes.

A row holds of each metric the area (sum of value times the milliseconds that it covers), the weight
(the sum of these milliseconds, 0 where nothing is known) and the maximum; `n` is the number of
samples, `covers` the milliseconds of all. The mean is area / weight.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import inf, isfinite
from typing import NamedTuple

from monitor.metrics import SERIES_METRICS
from monitor.store.kinds import Kinds, kinds_of
from monitor.store.records import LinkSample

BLOCK_S = 300
METRICS = len(SERIES_METRICS)


class Total(NamedTuple):
    """What a link's samples of a block come to."""

    link: str
    at: int
    """Where the block begins, Unix time."""
    n: int
    covers_ms: int
    areas: Sequence[float]
    weights: Sequence[float]
    maxima: Sequence[float]
    """0 where the weight is 0."""


class _Tally:
    """What a link's samples of a block come to so far."""

    __slots__ = (
        "areas", "at", "instant", "kinds", "maxima", "n", "since", "sums", "unknown", "weight",
    )  # fmt: skip

    def __init__(self, kinds: Kinds) -> None:
        self.at = -inf
        self.n = self.weight = 0
        self.instant = 0
        """Samples that cover nothing, whose weight is 1."""
        self.areas, self.maxima = [0.0] * METRICS, [0.0] * METRICS
        self.unknown = [0] * METRICS
        """The weight of samples where nothing is known."""
        self._begin(kinds)

    def _begin(self, kinds: Kinds) -> None:
        self.kinds, self.since = kinds, self.weight
        """Of samples that are not among the three above, and the weight of those before them."""
        self.sums = [0.0] * 2 * len(kinds.numbers)
        """Area and maximum of each number, one behind the other."""

    def turn(self, kinds: Kinds) -> None:
        """What comes next is of other kinds."""
        numbers = zip(self.kinds.numbers, self.sums[::2], self.sums[1::2], strict=True)
        for place, area, top in numbers:
            self.areas[place] += area
            self.maxima[place] = max(self.maxima[place], top)
        for place in self.kinds.unknown:
            self.unknown[place] += self.weight - self.since
        self._begin(kinds)

    def weigh(self, picked: Sequence[float], weight: int) -> None:
        """Numbers of one sample, one of which may be infinite or none."""
        for at, value in enumerate(picked):
            if isfinite(value):
                self.sums[2 * at] += value * weight
                self.sums[2 * at + 1] = max(self.sums[2 * at + 1], value)
            else:
                self.unknown[self.kinds.numbers[at]] += weight

    def total(self, link: str, block: int) -> Total:
        """All in all."""
        self.turn(self.kinds)
        weights = [float(self.weight - unknown) for unknown in self.unknown]
        covers_ms = self.weight - self.instant
        return Total(link, block, self.n, covers_ms, self.areas, weights, self.maxima)


class Totals:
    """The blocks that are not over. One thread at a time; half a kilobyte a link."""

    def __init__(self) -> None:
        self._open: dict[int, dict[str, _Tally]] = {}
        self._closed = 0
        """Where the newest block that was taken ends."""
        self._begun: int | None = None
        """The first block: a process before this one may have had its beginning."""
        self._doubtful: set[int] = set()
        self.newest = 0.0
        """Time of the newest sample."""

    def __len__(self) -> int:
        """Blocks in it."""
        return len(self._open)

    def add(self, samples: Iterable[LinkSample]) -> None:
        """Count samples that are stored from now on."""
        begin = end = 0
        tallies: dict[str, _Tally] = {}
        for link, at, _, covers_s, values in samples:
            if not begin <= at < end:
                begin = int(at) // BLOCK_S * BLOCK_S
                end, tallies = begin + BLOCK_S, self._block(begin)
            tally = tallies.get(link)
            if tally is None:
                tally = tallies[link] = _Tally(kinds_of(values))
            if begin < self._closed or at <= tally.at:  # it may replace another
                self._doubtful.add(begin)
                continue
            tally.at = at
            if at > self.newest:  # noqa: PLR1730  (a call is three times as dear)
                self.newest = at
            tally.n += 1
            weight = round(covers_s * 1000)
            if not weight:
                tally.instant += 1
                weight = 1
            _weigh(tally, values, weight)

    def over(self, until_s: float) -> Iterator[int]:
        """Blocks that end before `until_s`, the oldest first."""
        return iter(sorted(block for block in self._open if block + BLOCK_S <= until_s))

    def take(self, block: int, most: int) -> list[Total]:
        """Some rows of a block that is over, `most` at once; empty when all were taken."""
        self._closed = max(self._closed, block + BLOCK_S)
        tallies = self._open[block]
        found: list[Total] = []
        while tallies and len(found) < most:
            link, tally = tallies.popitem()
            found.append(tally.total(link, block))
        if not found:
            del self._open[block]
        return found

    def doubtful(self) -> set[int]:
        """Blocks whose rows can't be right, since the last call: to be summed up from what is
        stored. The first of all is one of them."""
        found, self._doubtful = self._doubtful, set()
        return found

    def _block(self, block: int) -> dict[str, _Tally]:
        if block < self._closed:
            return {}
        if block not in self._open:
            if self._begun is None:
                self._begun = block
            if block <= self._begun:
                self._doubtful.add(block)
            self._open[block] = {}
        return self._open[block]


def _weigh(tally: _Tally, values: Sequence[float | None], weight: int) -> None:
    picked = tally.kinds.fit(values)
    if picked is None:
        tally.turn(kinds_of(values))
        picked = tally.kinds.pick(values)
    tally.weight += weight
    if not isfinite(sum(picked)):
        tally.weigh(picked, weight)
        return
    sums, place = tally.sums, 0
    for value in picked:
        sums[place] += value * weight
        place += 1
        if value > sums[place]:  # noqa: PLR1730
            sums[place] = value
        place += 1
