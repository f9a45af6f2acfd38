"""Whether the server's tasks summed everything up, and doing it for them where they did not.

A task sees the last block. What came later (from the spool, from another store), and what a
task missed as the server was down, shows in the counts: a block's samples against its rows' `n`.
"""

import time
from collections.abc import Iterable, Iterator

from monitor.store.influx_flux import BLOCK_S, HOUR_S, MEASUREMENT, Buckets, instant, quoted
from monitor.store.influx_flux import sums_script as script
from monitor.store.influx_http import InfluxServer
from monitor.store.influx_times import unix

MOST_BLOCKS = {BLOCK_S: 6, HOUR_S: 48}
"""In one request: some seconds of the server's time for a hundred links."""


class Sums:
    """Compares and sums up. One thread at a time."""

    def __init__(self, server: InfluxServer, buckets: Buckets) -> None:
        self._server, self._buckets = server, buckets
        self._todo: dict[int, set[int]] = {BLOCK_S: set(), HOUR_S: set()}
        """Blocks to sum up again, by their length."""

    def again(self, blocks: Iterable[int]) -> None:
        """These 5-minute blocks (their starts) got a sample that may have replaced another."""
        self._todo[BLOCK_S].update(blocks)

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
        for length in (BLOCK_S, HOUR_S):
            todo = self._todo[length]
            while due := sorted(block for block in todo if block + length <= until_s):
                run = list(_run(due, length))
                text = script(self._buckets, length, run[0], run[-1] + length)
                found = sum(int(row["n"]) for row in self._server.rows(text) if row.get("n"))
                todo.difference_update(run)
                if length == BLOCK_S:
                    samples += found
                    self._todo[HOUR_S].update(block // HOUR_S * HOUR_S for block in run)
                if time.monotonic() > ends:
                    return samples, False
        return samples, True

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


def _run(due: list[int], length: int) -> Iterator[int]:
    """Blocks from the first on that follow each other, not more than a request should hold."""
    for number, block in enumerate(due[: MOST_BLOCKS[length]]):
        if block != due[0] + number * length:
            return
        yield block
