"""Samples in InfluxDB 2: written as lines, read by Flux, summed up as they pass."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, inf

from inventory.errors import StoreError
from monitor.metrics import SERIES_INDEX
from monitor.store.base import LinkSample, Rejected, Series
from monitor.store.influx_flux import HOUR_S, Buckets, instant, quoted
from monitor.store.influx_history import InfluxHistory
from monitor.store.influx_http import InfluxServer, RefusedLinesError, TooMuchError
from monitor.store.influx_lines import Lines, sample_of
from monitor.store.influx_rows import Rows, sum_of
from monitor.store.influx_sums import Sums
from monitor.store.influx_times import EVER, FAR, flux_time, unix
from monitor.store.totals import BLOCK_S

MOST_LINES, FEWEST_LINES = 5000, 50
"""A request holds so many; half as many after one that was too much, twice after one that went."""
AGAIN_S = 5.0
"""A server that did not answer a reader is asked again after so long."""
LATE_ROWS_S = 15.0
"""A block's samples are there so long after its end, but for those that come late."""
LATE_S = 120
"""A reader looks so far behind the newest sample for what was written late."""
RAW_DAYS = 14
"""Single samples are kept so long; then only their sums."""
FIRST_LOOK_S, NEXT_LOOK_S = RAW_DAYS * 86_400, 2 * HOUR_S
"""How far back blocks are compared with their samples: at the start, and from then on."""
HOUR_TASK_S = 600
"""The task for hours has run so long after one: rows that come later are summed up for it."""
COMPARED_S = 3600.0
"""So often. It takes the server a second or two where there are many thousand links."""
TASKS_FIRST_S = 900.0
"""The tasks have so long after a block; then what they did not sum up is summed up for them."""

_Piece = tuple[int, float, float, float | None]
"""Place of a bucket, area, weight, maximum."""


class InfluxSamples(InfluxHistory):
    """SampleStore over a server's buckets."""

    def __init__(self, server: InfluxServer, bucket: str) -> None:
        self._server, self.buckets = server, Buckets(bucket)
        self._lines = Lines()
        self._writing = threading.Lock()
        self._most = MOST_LINES
        self._reading = threading.Lock()
        self._last: dict[str, LinkSample] = {}
        self._seen_s: int | None = None
        self._failed: StoreError | None = None
        self._again_at = 0.0
        self._rows = Rows(server, self.buckets.blocks)
        self._sums = Sums(server, self.buckets, self.samples)
        self._compared_at = self._compared_until = -inf
        """When, and up to where, rows were compared with samples."""
        self._newest = 0.0
        """The newest sample when `tidy` was last called."""

    def write_samples(self, samples: Sequence[LinkSample]) -> Sequence[Rejected]:
        """See SampleStore. Lines that the server refuses for good are found by halving."""
        refused: list[Rejected] = []
        with self._writing:
            try:
                at = 0
                while at < len(samples):
                    part = samples[at : at + self._most]
                    known = len(refused)
                    self._send(part, self._lines.lines(part), refused)
                    self._rows.add(part, refused[known:])
                    at += len(part)
                    self._most = min(2 * self._most, MOST_LINES)
            except BaseException as error:
                if isinstance(error, TooMuchError):
                    self._most = max(self._most // 2, FEWEST_LINES)
                self._lines.forget()
                raise
            if refused:
                self._lines.forget()
        return refused

    def last_samples(self) -> Mapping[str, LinkSample]:
        """See SampleStore. Reads only what came since the last call.

        Once the server failed it is left alone for a while, so that whoever asks every second
        does not wait for it each time.
        """
        with self._reading:
            if self._failed and time.monotonic() < self._again_at:
                raise self._failed
            try:
                self._read_last()
            except StoreError as error:
                self._failed, self._again_at = error, time.monotonic() + AGAIN_S
                raise
            self._failed = None
            return dict(self._last)

    def _read_last(self) -> None:
        since = EVER if self._seen_s is None else instant(self._seen_s - LATE_S)
        flux = f"""{self._read(0, since, FAR)} |> last()
          |> keep(columns: ["_time", "link", "_field", "_value"])"""
        found: dict[str, dict[str, tuple[float, str]]] = defaultdict(dict)
        for row in self._server.rows(flux, quick=True):
            found[row["link"]][row["_field"]] = (unix(row["_time"]), row["_value"])
        for link, fields in found.items():
            if "covers" not in fields:
                continue
            at = fields["covers"][0]
            here = {name: text for name, (time, text) in fields.items() if time == at}
            known = self._last.get(link)
            if known is None or known.at <= at:
                self._last[link] = sample_of(link, at, here)
            self._seen_s = max(int(at), self._seen_s or int(at))

    def samples(self, start: float, end: float) -> Iterator[LinkSample]:
        """Every sample in [start, end) of all links, a link's in order. StoreError."""
        flux = f"""{self._read(0, flux_time(start), flux_time(end))}
          |> drop(columns: ["_start", "_stop", "_measurement"])
          |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
          |> filter(fn: (r) => exists r.covers)"""
        for row in self._server.rows(flux):
            yield sample_of(row["link"], unix(row["_time"]), row)

    def series(self, link: str, metric: str, start: float, end: float, step_s: float) -> Series:
        """See SampleStore."""
        if metric not in SERIES_INDEX:
            raise KeyError(metric)
        step_ms = max(1, round(step_s * 1000))
        first = round(start * 1000) // step_ms * step_ms
        end_ms = round(end * 1000)
        count = max(0, ceil((end_ms - first) / step_ms))
        area, weight = [0.0] * count, [0.0] * count
        tops: list[float | None] = [None] * count
        for place, more, heavier, top in self._pieces(link, metric, first, end_ms, step_ms):
            area[place] += more
            weight[place] += heavier
            known = tops[place]
            tops[place] = top if known is None or (top is not None and top > known) else known
        means = tuple([a / w if w else None for a, w in zip(area, weight, strict=True)])
        return Series(first, step_ms, means, tuple(tops))

    def compact(self, now: float) -> int:
        """Sum up whatever is over before `now` and was not; how many samples that is. StoreError.

        It is `tidy`, which has its times and a limit, at once and as a whole.
        """
        samples, _ = self._store_rows(now, inf)
        self._compare(now)
        return samples + self._sums.work(int(now), inf)[0]

    def tidy(self, now: float, budget_s: float) -> bool:
        """What is due, for about `budget_s` seconds; whether there is more. StoreError."""
        newest, until = self._rows.totals.newest, now
        if newest != self._newest:  # old ones come from the spool, in order
            self._newest, until = newest, min(newest, now)
        until -= LATE_ROWS_S
        if not self._store_rows(until, budget_s)[1]:
            return True
        if not self._sums.work(int(until), budget_s)[1]:
            return True
        if now - self._compared_at < COMPARED_S:
            return False
        self._compared_at = now
        self._compare(now - TASKS_FIRST_S)
        return True

    def _store_rows(self, until: float, budget_s: float) -> tuple[int, bool]:
        """Rows of blocks before `until`, for so long: samples in those that are right, and whether
        all were stored."""
        ends = time.monotonic() + budget_s
        samples = 0
        while True:
            with self._writing:
                stored = self._rows.store_some(until)
                self._sums.again(self._rows.totals.doubtful())
            samples += sum(each.n for each in stored if not self._sums.waits(each.at))
            hours = {each.at // HOUR_S * HOUR_S for each in stored}
            self._sums.hours_again(hour for hour in hours if hour + HOUR_S + HOUR_TASK_S < until)
            if not stored or time.monotonic() >= ends:
                return samples, not stored

    def _compare(self, until_s: float) -> None:
        until = int(until_s) // BLOCK_S * BLOCK_S
        known = self._compared_until
        since = until - FIRST_LOOK_S if known == -inf else min(known, until) - NEXT_LOOK_S
        self._sums.compare(max(int(since), 0) // BLOCK_S * BLOCK_S, until)
        self._compared_until = until

    def prune(self, before: float, raw_before: float | None = None) -> int:
        """Forget everything before `before`, and single samples before `raw_before`.

        The buckets' own retention does that by itself; this is for who wants it at once.
        """
        gone = 0
        for length, until in ((0, raw_before or before), (BLOCK_S, before), (HOUR_S, before)):
            count = f"""{self._read(length, EVER, flux_time(until))}
              |> filter(fn: (r) => r._field == "covers") |> group() |> count()"""
            gone += sum(int(row["_value"]) for row in self._server.rows(count))
            self._server.delete(self.buckets.of(length), until)
        return gone

    def close(self) -> None:
        """See SampleStore."""
        self._server.close()

    def _send(
        self, samples: Sequence[LinkSample], lines: Sequence[str], refused: list[Rejected]
    ) -> None:
        try:
            self._server.write(self.buckets.raw, lines)
        except RefusedLinesError as error:
            if len(samples) == 1 or error.dropped == len(samples):
                refused += [Rejected(sample, str(error)) for sample in samples]
                return
            middle = len(samples) // 2
            self._send(samples[:middle], lines[:middle], refused)
            self._send(samples[middle:], lines[middle:], refused)

    def _pieces(self, link: str, metric: str, first: int, end: int, step: int) -> Iterator[_Piece]:
        """Parts of the series from `first` to `end` (ms), from the coarsest sums that will do."""
        if first >= end:
            return
        if step % (BLOCK_S * 1000):
            yield from self._fine_pieces(link, metric, first, end, step)
            return
        until = self._summed_until(link)
        at, parts = first, []
        for length in (HOUR_S, BLOCK_S):
            if step % (length * 1000) == 0 and at < min(end, until[length]):
                parts.append(self._sums_flux(length, link, metric, (at, min(end, until[length]))))
                at = min(end, until[length])
        windows = (
            f"""{name}_{kind} = {source} |> filter(fn: (r) => r._field == "{metric}_{kind}")
              |> aggregateWindow(every: {step}ms, fn: {function}, createEmpty: false,
                timeSrc: "_start")
              |> keep(columns: ["_time", "_value"]) |> yield(name: "{name}_{kind}")"""
            for name, source in (("ab"[number], part) for number, part in enumerate(parts))
            for kind, function in (("area", "sum"), ("weight", "sum"), ("max", "max"))
        )
        for row in self._server.rows("\n".join(windows)) if parts else ():
            place, value = (round(unix(row["_time"]) * 1000) - first) // step, float(row["_value"])
            kind = row["result"].partition("_")[2]
            if kind == "max":
                yield place, 0.0, 0.0, value if value >= 0 else None
            else:
                yield (place, value, 0.0, None) if kind == "area" else (place, 0.0, value, None)
        for sample in self._singles(link, metric, at, end) if at < end else ():
            yield _piece(sample, metric, first, step)

    def _fine_pieces(
        self, link: str, metric: str, first: int, end: int, step: int
    ) -> Iterator[_Piece]:
        """From single samples; from 5-minute rows where these are gone."""
        there = set[int]()
        for sample in self._singles(link, metric, first, end):
            there.add(int(sample.at) // BLOCK_S)
            yield _piece(sample, metric, first, step)
        flux = f"""{self._sums_flux(BLOCK_S, link, metric, (first, end))}
          |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")"""
        for row in self._server.rows(flux):
            at = unix(row["_time"])
            area, weight, top = sum_of(row, metric)
            if int(at) // BLOCK_S not in there and weight > 0:
                yield (round(at * 1000) - first) // step, area, weight, top

    def _sums_flux(self, length: int, link: str, metric: str, span: tuple[int, int]) -> str:
        where = f""" and r.link == {quoted(link)} and (r._field == "{metric}_area"
          or r._field == "{metric}_weight" or r._field == "{metric}_max")"""
        return self._read(length, flux_time(span[0] / 1000), flux_time(span[1] / 1000), where)

    def _singles(self, link: str, metric: str, start: int, end: int) -> Iterator[LinkSample]:
        """Samples of a link in [start, end) (ms), with no other value than that of `metric`."""
        where = f""" and r.link == {quoted(link)} and (r._field == "{metric}"
          or r._field == "covers" or r._field == "quality" or r._field == "null")"""
        flux = f"""{self._read(0, flux_time(start / 1000), flux_time(end / 1000), where)}
          |> keep(columns: ["_time", "_field", "_value"])"""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for row in self._server.rows(flux):
            found[row["_time"]][row["_field"]] = row["_value"]
        for stamp, fields in found.items():
            if "covers" in fields:
                yield sample_of(link, unix(stamp), fields)

    def _summed_until(self, link: str) -> dict[int, int]:
        """Unix time in ms up to which the rows of a link reach, by their length."""
        where = f' and r.link == {quoted(link)} and r._field == "n"'
        lengths = {"hours": HOUR_S, "blocks": BLOCK_S}
        flux = "\n".join(
            f"""{self._read(length, EVER, FAR, where)}
              |> last() |> keep(columns: ["_time"]) |> yield(name: "{name}")"""
            for name, length in lengths.items()
        )
        until = dict.fromkeys(lengths.values(), 0)
        for row in self._server.rows(flux):
            length = lengths[row["result"]]
            until[length] = (int(unix(row["_time"])) + length) * 1000
        return until


def _piece(sample: LinkSample, metric: str, first: int, step: int) -> _Piece:
    value, weight = sample.value(metric), max(sample.covers_s * 1000, 1.0)
    place = (round(sample.at * 1000) - first) // step
    return (place, value * weight, weight, value) if value is not None else (place, 0.0, 0.0, None)
