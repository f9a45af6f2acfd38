"""Samples summed up as they pass: a row for each link and five minutes.

A row holds of each metric the area (sum of value times the milliseconds that it covers), the weight
(the sum of these milliseconds, 0 where nothing is known) and the maximum; `n` is the number of
samples, `covers` the milliseconds of all. The mean is area / weight.
"""

from array import array
from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from monitor.metrics import SERIES_METRICS
from monitor.store.records import LinkSample

BLOCK_S = 300
METRICS = len(SERIES_METRICS)
_N, _COVERS, _WEIGHT, _LAST, _AREA = 0, 1, 2, 3, 4
_TOP, _UNKNOWN = _AREA + METRICS, _AREA + 2 * METRICS
_EMPTY = array("d", [0.0] * (_UNKNOWN + METRICS))


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


class Totals:
    """The blocks that are not over. One thread at a time; a third of a kilobyte a link."""

    def __init__(self) -> None:
        self._open: dict[int, dict[str, array[float]]] = {}
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

    def add(self, sample: LinkSample) -> None:
        """Count a sample that is stored from now on."""
        link, at, _, covers_s, values = sample
        block = int(at) // BLOCK_S * BLOCK_S
        if block < self._closed:
            self._doubtful.add(block)
            return
        rows = self._open.get(block) or self._block(block)
        row = rows.get(link)
        if row is None:
            row = rows[link] = _EMPTY[:]
        if at <= row[_LAST]:  # it may replace another
            self._doubtful.add(block)
            return
        row[_LAST] = at
        if at > self.newest:  # noqa: PLR1730  (a call is three times as dear)
            self.newest = at
        covers = round(covers_s * 1000)
        weight = covers or 1
        row[_N] += 1
        row[_COVERS] += covers
        row[_WEIGHT] += weight
        _weigh(row, values, weight)

    def over(self, until_s: float) -> Iterator[int]:
        """Blocks that end before `until_s`, the oldest first."""
        return iter(sorted(block for block in self._open if block + BLOCK_S <= until_s))

    def take(self, block: int, most: int) -> list[Total]:
        """Some rows of a block that is over, `most` at once; empty when all were taken."""
        self._closed = max(self._closed, block + BLOCK_S)
        rows = self._open[block]
        found: list[Total] = []
        while rows and len(found) < most:
            link, row = rows.popitem()
            found.append(_total(link, block, row))
        if not found:
            del self._open[block]
        return found

    def doubtful(self) -> set[int]:
        """Blocks whose rows can't be right, since the last call: to be summed up from what is
        stored. The first of all is one of them."""
        found, self._doubtful = self._doubtful, set()
        return found

    def _block(self, block: int) -> dict[str, "array[float]"]:
        if self._begun is None:
            self._begun = block
        if block <= self._begun:
            self._doubtful.add(block)
        return self._open.setdefault(block, {})


def _weigh(row: "array[float]", values: Sequence[float | None], weight: int) -> None:
    for place, value in enumerate(values, _AREA):
        if value is None or not -inf < value < inf:
            row[place + 2 * METRICS] += weight
        elif value:
            row[place] += value * weight
            if value > row[place + METRICS]:  # noqa: PLR1730  (a call is three times as dear)
                row[place + METRICS] = value


def _total(link: str, block: int, row: "array[float]") -> Total:
    weights = [row[_WEIGHT] - unknown for unknown in row[_UNKNOWN:]]
    areas, tops = row[_AREA:_TOP].tolist(), row[_TOP:_UNKNOWN].tolist()
    return Total(link, block, int(row[_N]), int(row[_COVERS]), areas, weights, tops)
