"""Whether everything is summed up, and doing it where it is not.

The monitor sums up as samples pass (influx_rows.py), and the server's tasks make hours of that.
What came late, from another store, or beside a monitor that was killed shows in the counts: a
block's samples against its rows' `n`. Such blocks are summed up from what is stored.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from inventory.errors import StoreError
from monitor.store.base import LinkSample
from monitor.store.influx_flux import HOUR_S, MEASUREMENT, Buckets, instant, quoted, sums_script
from monitor.store.influx_http import InfluxServer
from monitor.store.influx_rows import MOST_ROWS, row_line
from monitor.store.influx_times import unix
from monitor.store.totals import BLOCK_S, Totals

MOST_HOURS = 48
"""In one request."""
SLICE_SAMPLES, FIRST_SLICE_S = 50_000, 30
"""So many samples are read at once, about."""

_Read = Callable[[float, float], Iterable[LinkSample]]


class Sums:
    """Compares and sums up. One thread at a time."""

    def __init__(self, server: InfluxServer, buckets: Buckets, read: _Read) -> None:
        self._server, self._buckets, self._read = server, buckets, read
        self._todo: dict[int, set[int]] = {BLOCK_S: set(), HOUR_S: set()}
        """Blocks to sum up again, by their length."""
        self._under_way: tuple[int, int, Totals] | None = None
        """A block, how far it was read, and its sums so far."""
        self._slice_s = FIRST_SLICE_S

    def again(self, blocks: Iterable[int]) -> None:
        """The rows of these 5-minute blocks (their starts) are not right."""
        self._todo[BLOCK_S].update(blocks)

    def waits(self, block: int) -> bool:
        """Whether a 5-minute block is still to be summed up again."""
        return block in self._todo[BLOCK_S]

    def hours_again(self, hours: Iterable[int]) -> None:
        """The rows of these hours (their starts) changed."""
        self._todo[HOUR_S].update(hours)

    def compare(self, since_s: int, until_s: int) -> None:
        """Find blocks of [since, until), multiples of 300 s, that lack samples. StoreError."""
        for length in (BLOCK_S, HOUR_S):
            end = until_s // length * length
            start = since_s // length * length
            if start >= end:
                continue
            finer = 0 if length == BLOCK_S else BLOCK_S
            want = dict(self._counts(finer, length, start, end))
            have = dict(self._counts(length, length, start, end))
            self._todo[length].update(
                block for block, number in want.items() if have.get(block) != number
            )

    def work(self, until_s: int, budget_s: float) -> tuple[int, bool]:
        """Sum up what was found, for about `budget_s`: samples in it, and whether that is all."""
        ends = time.monotonic() + budget_s
        samples = 0
        while block := self._due(BLOCK_S, until_s):
            found = self._some_of(block[0])
            if found is not None:
                samples += found
                self.hours_again([block[0] // HOUR_S * HOUR_S])
            if time.monotonic() > ends:
                return samples, False
        while hours := self._due(HOUR_S, until_s):
            run = list(_run(hours))
            script = sums_script(self._buckets, HOUR_S, run[0], run[-1] + HOUR_S)
            deque(self._server.rows(script), maxlen=0)
            self._todo[HOUR_S].difference_update(run)
            if time.monotonic() > ends:
                return samples, False
        return samples, True

    def _due(self, length: int, until_s: int) -> list[int]:
        due = sorted(block for block in self._todo[length] if block + length <= until_s)
        if length == BLOCK_S and self._under_way:
            due.insert(0, self._under_way[0])
        return due

    def _some_of(self, block: int) -> int | None:
        """Read a part of a block, and store its rows at the end: how many samples it has then."""
        if self._under_way is None:
            self._todo[BLOCK_S].discard(block)  # what comes from now on may be read, or not
            self._under_way = (block, block, Totals())
        block, start, totals = self._under_way
        stop = min(start + self._slice_s, block + BLOCK_S)
        try:
            samples = list(self._read(start, stop))
            totals.add(samples)
            if stop < block + BLOCK_S:
                self._under_way = (block, stop, totals)
                self._slice_s = _slice_s(self._slice_s, len(samples))
                return None
            stored = self._store(block, totals)
        except StoreError:
            self._under_way = None
            self._todo[BLOCK_S].add(block)
            raise
        self._under_way = None
        return stored

    def _store(self, block: int, totals: Totals) -> int:
        samples = 0
        if block in totals.over(block + BLOCK_S):
            while rows := totals.take(block, MOST_ROWS):
                lines = [row_line(each, full=True) for each in rows]
                self._server.write(self._buckets.blocks, lines)
                samples += sum(each.n for each in rows)
        return samples

    def _counts(self, of: int, length: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Samples of all links in each block, counted from samples or from rows' `n`."""
        field, function = ("covers", "count") if of == 0 else ("n", "sum")
        flux = f"""from(bucket: {quoted(self._buckets.of(of))})
          |> range(start: {instant(start)}, stop: {instant(end)})
          |> filter(fn: (r) => r._measurement == "{MEASUREMENT}" and r._field == "{field}")
          |> aggregateWindow(every: {length}s, fn: {function}, createEmpty: false,
            timeSrc: "_start")
          |> group(columns: ["_time"])
          |> sum()
          |> group()"""
        for row in self._server.rows(flux):
            yield int(unix(row["_time"])), int(row["_value"])


def _run(due: list[int]) -> Iterator[int]:
    """Hours from the first on that follow each other, not more than a request should hold."""
    for number, hour in enumerate(due[:MOST_HOURS]):
        if hour != due[0] + number * HOUR_S:
            return
        yield hour


def _slice_s(last_s: int, samples: int) -> int:
    """How much to read at once after so many samples were in `last_s`: a divisor of a block."""
    fitting = (s for s in (300, 150, 60, 30, 10, 5, 2, 1) if samples * s <= SLICE_SAMPLES * last_s)
    return next(fitting, 1)
