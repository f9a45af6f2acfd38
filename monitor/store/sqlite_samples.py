"""Samples in SQLite: written by time, read by link (see schema.py)."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain

from monitor.garbage import uncollected
from monitor.metrics import PROBE_SERIES, SERIES_INDEX, SERIES_METRICS
from monitor.store.base import LinkSample, Rejected, Series
from monitor.store.schema import BLOCK_MS, HOUR_MS
from monitor.store.sqlite_file import Row, SqliteFile
from monitor.store.sqlite_history import SqliteHistory
from monitor.store.sqlite_sums import WEIGHT, set_progress, sum_hours
from monitor.values import Quality

RAW_DAYS = 14
"""Single samples are kept so long; then only their five-minute means and maxima."""
LATE_MS = 120_000
"""A reader looks so far behind the newest sample for what was written late."""

_WORDS = {quality: quality.value for quality in Quality}
"""Plain strings: SQLite's module takes a detour of microseconds for anything else."""
_NAMES = ", ".join(SERIES_METRICS)
_COLUMNS = f"quality, covers, {_NAMES}"
ROWS = 12
"""Samples that one statement stores: half as dear as each by its own."""
_POLLED = len(SERIES_METRICS) - len(PROBE_SERIES)
"""So many values come from SNMP; those of probes stand behind them, and few samples have any."""
_NO_PROBES = (None,) * len(PROBE_SERIES)
_ROLL = ", ".join(
    f"sum({name} * {WEIGHT}) / sum(CASE WHEN {name} IS NOT NULL THEN {WEIGHT} END), max({name})"
    for name in SERIES_METRICS
)


class SqliteSamples(SqliteHistory):
    """SampleStore over a SqliteFile."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._ids: dict[str, int] = {}
        self._links: dict[int, str] = {}
        self._last: dict[str, LinkSample] = {}
        self._seen_ms: int | None = None
        self._lock = threading.Lock()

    def write_samples(self, samples: Sequence[LinkSample]) -> Sequence[Rejected]:
        """See SampleStore. Refuses none: all are stored, or nothing is."""
        self.know(samples)
        with self._file.transaction() as connection:
            self.insert(connection, samples)
        return ()

    def know(self, samples: Sequence[LinkSample]) -> None:
        """Give each link a number."""
        self.number(each.link for each in samples)

    def insert(self, connection: sqlite3.Connection, samples: Sequence[LinkSample]) -> None:
        """Store samples of known links inside a transaction of the caller's."""
        ids, probed, polled = self._ids, [], []
        known: tuple[object, ...] = ()
        for link, at, quality, covers_s, values in samples:
            if (at, quality, covers_s) != known:  # those of one device have them in common
                known = (at, quality, covers_s)
                ts, word, covers = round(at * 1000), _WORDS[quality], round(covers_s * 1000)
            row = (ts, ids[link], word, covers)
            if values[_POLLED:] == _NO_PROBES:
                polled.append(row + values[:_POLLED])
            else:
                probed.append(row + values)
        if probed and polled and {row[:2] for row in probed} & {row[:2] for row in polled}:
            for each in samples:  # the last word on a moment counts, so their order does
                self.insert(connection, [each])
            return
        _store(connection, polled, 4 + _POLLED)
        _store(connection, probed, 4 + len(SERIES_METRICS))

    def last_samples(self) -> Mapping[str, LinkSample]:
        """See SampleStore. Reads only what came since the last call."""
        with self._lock:
            if self._seen_ms is None:
                self._load_last()
            else:
                since = self._seen_ms - LATE_MS
                sql = f"SELECT series, ts, {_COLUMNS} FROM tail WHERE ts > ? ORDER BY ts"  # noqa: S608
                for row in self._file.rows(sql, (since,)):
                    self._remember(row)
            return dict(self._last)

    def samples(self, start: float, end: float) -> Iterator[LinkSample]:
        """See SampleStore."""
        span = (round(start * 1000), round(end * 1000))
        columns = f"link, ts, {_COLUMNS}"
        sql = (
            f"SELECT {columns} FROM series JOIN samples ON series = id AND ts >= ? AND ts < ? "  # noqa: S608
            f"UNION ALL SELECT {columns} FROM tail JOIN series ON id = series "
            "WHERE ts >= ? AND ts < ? ORDER BY link, ts"
        )
        for link, ts, quality, covers, *values in self._file.rows(sql, (*span, *span)):
            yield LinkSample(link, ts / 1000, Quality(quality), covers / 1000, tuple(values))

    def series(self, link: str, metric: str, start: float, end: float, step_s: float) -> Series:
        """See SampleStore."""
        if metric not in SERIES_INDEX:
            raise KeyError(metric)
        step_ms = max(1, round(step_s * 1000))
        first = round(start * 1000) // step_ms * step_ms
        end_ms = round(end * 1000)
        count = max(0, -(-(end_ms - first) // step_ms))
        with uncollected():
            whole = self._whole(link, metric, first, count, step_ms)
            if whole is not None:
                return whole
            means: list[float | None] = [None] * count
            tops = means.copy()
            for place, mean, top in self._buckets(link, metric, first, end_ms, step_ms):
                means[place], tops[place] = mean, top
            return Series(first, step_ms, tuple(means), tuple(tops))

    def _whole(self, link: str, metric: str, first: int, count: int, step: int) -> Series | None:
        """Five minutes or hours that were all summed up, as they are: a year of the former in some
        50 ms. None when one is missing; the last may be."""
        table = {BLOCK_MS: ("rollup", "rolled"), HOUR_MS: ("hourly", "hours")}.get(step)
        number = self._number(link)
        if table is None or number is None or not count:
            return None
        end = first + count * step
        until = min(end, self._progress(table[1]) // step * step)
        sql = f"""SELECT {metric}, {metric}_max FROM {table[0]}
            WHERE series = ? AND ts >= ? AND ts < ? ORDER BY ts"""  # noqa: S608  (all are ours)
        if until < end - step:
            return None
        nothing = [(), ()]
        means, tops = self._file.columns(sql, (number, first, until)) or nothing
        if len(means) != (until - first) // step:
            return None
        if until < end:
            last = self._buckets(link, metric, until, end, step)
            mean, top = last[0][1:] if last else (None, None)
            means, tops = (*means, mean), (*tops, top)
        return Series(first, step, means, tops)

    def _number(self, link: str) -> int | None:
        ids = self._file.rows("SELECT id FROM series WHERE link = ?", (link,))
        return int(ids[0][0]) if ids else None

    def _buckets(self, link: str, metric: str, first: int, end: int, step: int) -> list[Row]:
        """(place from `first` on, mean, maximum) of each bucket that is not empty."""
        number, rolled = self._number(link), self._progress("rolled")
        if number is None:
            return []
        raw_from = max(first, self._progress("pruned")) if step % BLOCK_MS else max(first, rolled)
        rolled_to = min(end, raw_from)
        sql = f"""
            SELECT (ts - ?) / ?, sum(v * w) / sum(w), max(top) FROM (
              SELECT ts, {metric} v, {metric}_max top, {WEIGHT} w FROM hourly
                WHERE series = ? AND ts >= ? AND ts < ? UNION ALL
              SELECT ts, {metric} v, {metric}_max top, {WEIGHT} w FROM rollup
                WHERE series = ? AND ts >= ? AND ts < ?
              UNION ALL SELECT ts, {metric}, {metric}, {WEIGHT} FROM samples
                WHERE series = ? AND ts >= ? AND ts < ?
              UNION ALL SELECT ts, {metric}, {metric}, {WEIGHT} FROM tail
                WHERE series = ? AND ts >= ? AND ts < ?
            ) WHERE v IS NOT NULL GROUP BY 1"""  # noqa: S608  (metric is one of ours)
        hours_to = min(rolled_to, self._progress("hours")) if step % HOUR_MS == 0 else first
        rows_from = max(first, hours_to)
        spans = (first, hours_to, rows_from, rolled_to, raw_from, end, raw_from, end)
        pairs = zip(spans[::2], spans[1::2], strict=True)
        return self._file.rows(sql, (first, step, *(x for pair in pairs for x in (number, *pair))))

    def compact(self, now: float) -> int:
        """Move finished blocks from `tail` on and sum them up; how many samples moved."""
        until = round(now * 1000) // BLOCK_MS * BLOCK_MS
        with self._file.transaction() as connection:
            span = connection.execute("SELECT min(ts) FROM tail WHERE ts < ?", (until,)).fetchone()
            if span[0] is None:
                return 0
            since = span[0] // BLOCK_MS * BLOCK_MS
            columns = f"series, ts, {_COLUMNS}"
            connection.execute(
                f"INSERT OR REPLACE INTO samples ({columns}) SELECT {columns} FROM tail "  # noqa: S608
                "WHERE ts < ? ORDER BY series, ts",
                (until,),
            )
            moved = connection.execute("DELETE FROM tail WHERE ts < ?", (until,)).rowcount
            # The keys of samples begin with the series: so each is asked for its own few rows.
            names = ", ".join(f"{name}, {name}_max" for name in SERIES_METRICS)
            connection.execute(
                f"INSERT OR REPLACE INTO rollup (series, ts, covers, {names}) "  # noqa: S608
                f"SELECT id, ts / ? * ?, sum(covers), {_ROLL} FROM series "
                "JOIN samples ON samples.series = id AND ts >= ? AND ts < ? GROUP BY 1, 2",
                (BLOCK_MS, BLOCK_MS, since, until),
            )
            set_progress(connection, "rolled", until)
            sum_hours(connection, since, until)
        return moved

    def prune(self, before: float, raw_before: float | None = None) -> int:
        """Forget everything before `before`, and single samples before `raw_before`."""
        before_ms = round(before * 1000)
        raw_ms = max(before_ms, round((raw_before or before) * 1000)) // BLOCK_MS * BLOCK_MS
        gone = 0
        with self._file.transaction() as connection:
            for table, until in (
                ("samples", raw_ms),
                ("tail", raw_ms),
                ("rollup", before_ms),
                ("hourly", before_ms),
            ):
                join = "IN (SELECT id FROM series) AND" if table != "tail" else "> 0 AND"
                sql = f"DELETE FROM {table} WHERE series {join} ts < ?"  # noqa: S608
                gone += connection.execute(sql, (until,)).rowcount
            set_progress(connection, "pruned", raw_ms)
        return gone

    def _progress(self, name: str) -> int:
        found = self._file.rows("SELECT value FROM progress WHERE name = ?", (name,))
        return int(found[0][0]) if found else 0

    def _load_last(self) -> None:
        columns = ", ".join(f"s.{name}" for name in ("quality", "covers", *SERIES_METRICS))
        old = f"""SELECT s.series, s.ts, {columns} FROM series
            JOIN samples s ON s.series = id
             AND s.ts = (SELECT max(ts) FROM samples WHERE series = id)"""  # noqa: S608
        new = f"SELECT series, max(ts), {_COLUMNS} FROM tail GROUP BY series"  # noqa: S608
        for row in (*self._file.rows(old), *self._file.rows(new)):
            self._remember(row)

    def _remember(self, row: Row) -> None:
        number, ts, quality, covers, *values = row
        link = self._links.get(number)
        if link is None:
            self._links.update(self._file.rows("SELECT id, link FROM series"))  # type: ignore[arg-type]
            link = self._links[number]
        known = self._last.get(link)
        if known is None or known.at * 1000 <= ts:
            self._last[link] = LinkSample(
                link, ts / 1000, Quality(quality), covers / 1000, tuple(values)
            )
        self._seen_ms = max(ts, self._seen_ms or ts)


def _store(connection: sqlite3.Connection, rows: Sequence[Row], columns: int) -> None:
    whole = len(rows) // ROWS * ROWS
    for at in range(0, whole, ROWS):
        several = tuple(chain.from_iterable(rows[at : at + ROWS]))
        connection.execute(_insert(columns, ROWS), several)
    if whole < len(rows):
        connection.executemany(_insert(columns, 1), rows[whole:])


@cache
def _insert(columns: int, rows: int) -> str:
    """Store `rows` samples, of each the first `columns`."""
    names = ", ".join(("ts", "series", *_COLUMNS.split(", "))[:columns])
    marks = ", ".join([f"({', '.join('?' * columns)})"] * rows)
    return f"INSERT OR REPLACE INTO tail ({names}) VALUES {marks}"  # noqa: S608  (all are ours)
