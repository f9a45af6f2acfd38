"""Rows of five minutes, summed up by the monitor (totals.py), as lines of InfluxDB and back.

Fields are `n`, `covers` (ms), and of each metric `<metric>_area`, `<metric>_weight` and
`<metric>_max`; where nothing is known the weight is 0 and the maximum -1, or in a row that replaces
none a probe's three are left out. So the sum of areas and of weights and the greatest of the maxima
make the row of any longer time, which InfluxDB does without looking at single values. (The database
keeps a field that a new line leaves out, hence "that replaces none".)
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import inf

from monitor.metrics import PROBE_SERIES, SERIES_METRICS
from monitor.store.base import LinkSample, Rejected
from monitor.store.history import SumRow
from monitor.store.influx_http import InfluxServer, RefusedLinesError, TooMuchError
from monitor.store.influx_lines import head_of
from monitor.store.totals import BLOCK_S, Total, Totals

MOST_ROWS, FEWEST_ROWS = 1000, 50
"""In one request."""
MOST_BLOCKS = 6
"""Wait in memory; when there are more the oldest goes, as years of them may come."""


class Rows:
    """Sums samples up and stores the rows of blocks that are over. One thread at a time."""

    def __init__(self, server: InfluxServer, bucket: str) -> None:
        self._server, self._bucket = server, bucket
        self.totals = Totals()
        self._leaving: list[Total] = []
        """Taken from the totals, and not stored yet."""
        self._most = MOST_ROWS

    def add(self, samples: Sequence[LinkSample], refused: Sequence[Rejected]) -> None:
        """Count samples that are stored from now on, less those that were refused."""
        if gone := {(each.sample.link, each.sample.at) for each in refused}:
            samples = [each for each in samples if (each.link, each.at) not in gone]
        self.totals.add(samples)
        while len(self.totals) > MOST_BLOCKS:
            with suppress(RefusedLinesError):  # of rows, not of these samples; the counts tell
                self.store_some(next(self.totals.over(inf)) + BLOCK_S)

    def store_some(self, until_s: float) -> list[Total]:
        """Store some rows of blocks that end before `until_s`; none when all are. StoreError."""
        for block in () if self._leaving else self.totals.over(until_s):
            self._leaving = self.totals.take(block, self._most)
            if self._leaving:
                break
        stored = self._leaving[: self._most]
        if stored:
            self._store([row_line(each, full=False) for each in stored])
            del self._leaving[: len(stored)]
            self._most = min(2 * self._most, MOST_ROWS)
        return stored

    def _store(self, lines: list[str]) -> None:
        try:
            self._server.write(self._bucket, lines)
        except TooMuchError:
            self._most = max(self._most // 2, FEWEST_ROWS)
            raise
        except RefusedLinesError:
            del self._leaving[: len(lines)]  # it will not take them another time, either
            raise


def row_line(row: Total, *, full: bool) -> str:
    """A row as a line; `full` where one of the same block may be there."""
    parts = [f"{head_of(row.link)}covers={row.covers_ms}i,n={row.n}i"]
    sums = zip(SERIES_METRICS, row.areas, row.weights, row.maxima, strict=True)
    for name, area, weight, top in sums:
        if weight:
            parts.append(f",{name}_area={area!r},{name}_weight={weight!r},{name}_max={top!r}")
        elif full or name not in PROBE_SERIES:
            parts.append(f",{name}_area=0.0,{name}_weight=0.0,{name}_max=-1.0")
    return f"{''.join(parts)} {row.at * 1000}"


def total_of(row: SumRow) -> Total:
    """From a copy. How many samples it had is not known any more."""
    covers = round(row.covers_s * 1000)
    weight = float(max(covers, 1))
    known = [
        mean is not None and top is not None
        for mean, top in zip(row.means, row.maxima, strict=True)
    ]
    areas = [float(mean or 0.0) * weight for mean in row.means]
    weights = [weight if there else 0.0 for there in known]
    return Total(
        row.link,
        round(row.at),
        0,
        covers,
        areas,
        weights,
        [float(top or 0.0) for top in row.maxima],
    )


def sum_of(fields: Mapping[str, str], metric: str) -> tuple[float, float, float]:
    """Area, weight and maximum of a metric from the text of a row's fields."""
    area, weight, top = (fields.get(f"{metric}_{what}") for what in ("area", "weight", "max"))
    return float(area or 0), float(weight or 0), max(float(top or 0), 0.0)
