"""What keeping samples costs: InfluxDB's own CPU, a year read back, the spool.

InfluxDB is the real server on loopback. Samples are those of 500 devices of 24 interfaces, half of
them idle, written in slots of a second as the monitor does; ten minutes of them, as fast as they
are taken. Beside our lines: the same samples with every field in every line.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from sys import intern

from cli.influxd import Influxd, build_influxd
from monitor.metrics import SERIES_METRICS
from monitor.spool import Spool
from monitor.store.base import LinkSample, link_sample
from monitor.store.history import SumRow
from monitor.store.influx import InfluxStore
from monitor.store.influx_flux import sums_script
from monitor.store.influx_lines import Lines, full_lines
from monitor.store.influx_rows import row_line, total_of
from monitor.store.sqlite import SqliteStore
from monitor.store.totals import Total, Totals
from tests.bench import Figure
from tests.bench.poll_collector import cpu_of
from tests.influxfixture import InfluxUnderTest

DEVICES, INTERFACES, POLLS = 500, 24, 60
LINED = 33
"""Devices whose samples become lines."""
SUMMED, FLUX_SUMMED = 50, 10
"""Devices whose samples are summed up by the monitor, and by Flux, which takes longer."""
WARM_POLLS = 2
"""By then the database knows every series."""
INTERVAL_S = 10
T0 = 1_790_000_400
YEAR_S, BLOCK_S, HOUR_S = 365 * 86_400, 300, 3600
YEAR_STEP_S = 6 * 3600
READS = 15
SPOOLED = 91
"""Samples that come within half a second, at most: every link of the network."""


def run() -> Iterator[Figure]:
    """InfluxDB's CPU, lines, reading a year, the spool."""
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        folder = Path(name)
        yield from _lines()
        with _server(folder) as influx:
            yield _schema(influx, folder)
            yield _summing(influx, folder)
            yield _year("InfluxDB", *_influx_year(influx, folder))
        yield from _sqlite_year(folder)
        yield from _spool(folder)


@contextmanager
def _server(folder: Path) -> Iterator[InfluxUnderTest]:
    daemon = Influxd(build_influxd(), folder / "influxd")
    daemon.start()
    try:
        yield InfluxUnderTest(daemon)
    finally:
        daemon.stop()


def _poll(chance: random.Random, at: float, devices: range) -> list[LinkSample]:
    """What one slot of devices yields; every second interface is idle."""
    idle = dict.fromkeys(SERIES_METRICS[:8], 0.0)
    found = []
    for device in devices:
        for number in range(INTERFACES):
            values: dict[str, float] = dict(idle)
            if number % 2:
                for metric in ("in_bps", "out_bps", "in_ucast_pps", "out_ucast_pps"):
                    values[metric] = chance.random() * 1e8
            name = intern(f"bench-{device:05}:GigabitEthernet0/0/{number}")  # as in the monitor
            found.append(link_sample(name, at, **values))  # type: ignore[arg-type]
    return found


def _slots(polls: int = POLLS) -> Iterator[list[LinkSample]]:
    chance, each = random.Random(1), DEVICES // INTERVAL_S
    for second in range(polls * INTERVAL_S):
        first = second % INTERVAL_S * each
        yield _poll(chance, T0 + second, range(first, first + each))


def _schema(influx: InfluxUnderTest, folder: Path) -> Figure:
    costs = []
    for name, full in (("ours", False), ("every field", True)):
        with closing(influx.store(folder, path=folder / name)) as store:
            before = 0.0
            for second, samples in enumerate(_slots(POLLS + WARM_POLLS)):
                if second == WARM_POLLS * INTERVAL_S:
                    before = _cpu_s(influx)
                if full:
                    lines = full_lines(samples)
                    store.server.write(store.buckets.raw, lines)
                else:
                    store.write_samples(samples)
            spent = _cpu_s(influx) - before
            costs.append(1000 * spent / (DEVICES * POLLS))
            influx.remove(store)
    return Figure(
        "InfluxDB's own CPU for one poll of 24 interfaces, half of them idle",
        costs[0],
        "ms of CPU a poll",
        goal=0.36,
        peers=(("every field in every line", costs[1]),),
        note=f"{DEVICES} devices, {POLLS} polls of each, in slots of a second, unpaced",
    )


def _summing(influx: InfluxUnderTest, folder: Path) -> Figure:
    """What five minutes cost: the monitor's part and the server's, the hour that follows, and the
    task that finds nothing to do. Beside it what the same takes in Flux, sample by sample."""
    with closing(influx.store(folder, path=folder / "sums")) as store:
        _write_block(store, T0, range(SUMMED))
        _tidied(store, T0 + 2 * BLOCK_S)  # the first block may be in part another monitor's
        totals, passing = Totals(), list(_block(T0 + BLOCK_S, range(SUMMED)))
        spent = [_worked(lambda: totals.add(chain(*passing)))]
        _write_block(store, T0 + BLOCK_S, range(SUMMED))
        before = _cpu_s(influx)
        spent.append(_worked(lambda: _tidied(store, T0 + 3 * BLOCK_S)))
        spent.append(_cpu_s(influx) - before)
        _write_hour(store, totals.take(T0 + BLOCK_S, SUMMED * INTERFACES))
        spent.append(_flux_s(influx, store, HOUR_S, T0 - T0 % HOUR_S) * BLOCK_S / HOUR_S)
        spent.append(_flux_s(influx, store, BLOCK_S, T0 + BLOCK_S))
        _write_block(store, T0 + 2 * BLOCK_S, range(FLUX_SUMMED))
        reduced = _flux_s(influx, store, BLOCK_S, T0 + 2 * BLOCK_S)
        influx.remove(store)
    each = [1000 * seconds * INTERVAL_S / (SUMMED * BLOCK_S) for seconds in spent]
    reduced_ms = 1000 * reduced * INTERVAL_S / (FLUX_SUMMED * BLOCK_S)
    return Figure(
        "summing up five minutes of 24 interfaces for InfluxDB, half of them idle",
        sum(each),
        "ms of CPU a poll",
        peers=(("the same in Flux, sample by sample", reduced_ms),),
        note=f"the monitor adds up: {each[0]:.3f}, and makes rows: {each[1]:.3f}; the server "
        f"stores them: {each[2]:.3f}, makes hours of them: {each[3]:.3f}, and looks whether its "
        f"task for five minutes is needed: {each[4]:.3f}; {SUMMED} devices, {FLUX_SUMMED} in Flux",
    )


def _block(start: int, devices: range) -> Iterator[list[LinkSample]]:
    chance = random.Random(3)
    for second in range(0, BLOCK_S, INTERVAL_S):
        yield _poll(chance, start + second, devices)


def _write_block(store: InfluxStore, start: int, devices: range) -> None:
    for part in _block(start, devices):
        store.write_samples(part)


def _tidied(store: InfluxStore, now: float) -> None:
    """Once more after the last: no sample comes any more."""
    while store.tidy(now, BLOCK_S):
        pass
    store.tidy(now, BLOCK_S)


def _write_hour(store: InfluxStore, rows: Sequence[Total]) -> None:
    """The other rows of the hour, like `rows` of one block."""
    first = T0 - T0 % HOUR_S
    for at in range(first, first + HOUR_S, BLOCK_S):
        lines = [row_line(each._replace(at=at), full=False) for each in rows]
        store.server.write(store.buckets.blocks, lines)


def _flux_s(influx: InfluxUnderTest, store: InfluxStore, length: int, start: int) -> float:
    """CPU of the server for a task's Flux over one block."""
    before = _cpu_s(influx)
    script = sums_script(store.buckets, length, start, start + length)
    sum(1 for _ in store.server.rows(script))
    return _cpu_s(influx) - before


def _lines() -> Iterator[Figure]:
    from influxdb_client import Point, WritePrecision

    chance = random.Random(1)
    samples = [
        each
        for at in range(T0, T0 + BLOCK_S, INTERVAL_S)
        for each in _poll(chance, at, range(LINED))
    ]
    ours = Lines()
    spent = _worked(lambda: ours.lines(samples))

    def points() -> None:
        for each in samples:
            point = Point("link").tag("link", each.link)
            for metric, value in zip(SERIES_METRICS, each.values, strict=True):
                if value is not None:
                    point.field(metric, value)
            point.time(round(each.at * 1000), WritePrecision.MS).to_line_protocol()

    yield Figure(
        "a sample as a line for InfluxDB",
        1e6 * spent / len(samples),
        "us of CPU",
        peers=(("influxdb-client's Point, every field", 1e6 * _worked(points) / len(samples)),),
        note=f"{len(samples)} samples, half of them of idle interfaces, five minutes of each: "
        "its first line is full",
    )


def _year_rows(step_s: int) -> Iterator[SumRow]:
    chance = random.Random(2)
    for at in range(T0 - T0 % HOUR_S, T0 - T0 % HOUR_S + YEAR_S, step_s):
        means = tuple(chance.random() * 1e8 for _ in SERIES_METRICS)
        yield SumRow("kut-zes", float(at), float(step_s), means, tuple(2 * x for x in means))


def _influx_year(influx: InfluxUnderTest, folder: Path) -> tuple[int, float]:
    with closing(influx.store(folder, path=folder / "year")) as store:
        for bucket, step_s in ((store.buckets.blocks, BLOCK_S), (store.buckets.hours, HOUR_S)):
            lines = [row_line(total_of(row), full=True) for row in _year_rows(step_s)]
            for at in range(0, len(lines), 2000):
                store.server.write(bucket, lines[at : at + 2000])
        return _read_year(store, YEAR_STEP_S)


def _sqlite_year(folder: Path) -> Iterator[Figure]:
    with closing(SqliteStore.open(folder / "year.sqlite", write=True)) as store:
        store.write_rows(_year_rows(BLOCK_S))
        yield _year("SQLite", *_read_year(store, YEAR_STEP_S))
        points, milliseconds = _read_year(store, BLOCK_S)
        yield Figure(
            "the same, each of its five minutes a point",
            milliseconds,
            "ms",
            goal=50,
            note=f"{points} points; median of {READS}",
        )


def _read_year(store: InfluxStore | SqliteStore, step_s: int) -> tuple[int, float]:
    """Points, and milliseconds that reading them takes: the median."""
    first = float(T0 - T0 % HOUR_S)
    points, taken = 0, []
    for _ in range(READS):
        began = time.perf_counter()
        found = store.series("kut-zes", "in_bps", first, first + YEAR_S, step_s)
        taken.append(1000 * (time.perf_counter() - began))
        points = sum(point.mean is not None for point in found)
        del found
    return points, statistics.median(taken)


def _year(kind: str, points: int, milliseconds: float) -> Figure:
    return Figure(
        f"a year of five-minute data of one link, from {kind}",
        milliseconds,
        "ms",
        goal=50,
        note=f"105,120 five-minute sums, read as {points} points of six hours; median of {READS}",
    )


def _spool(folder: Path) -> Iterator[Figure]:
    slots = list(_slots(2))
    samples = [each for slot in slots for each in slot]
    spool = Spool(folder / "spool", 10**9)
    for title, size in (("half a second's samples at once", SPOOLED), ("5,000 at once", 5000)):
        parts = [samples[at : at + size] for at in range(0, len(samples), size)]
        spent = _timed(partial(_fill, spool, parts))
        note = "each time down to the medium"
        yield Figure(
            f"samples into the spool, {title}",
            len(samples) / spent,
            "a second",
            note=note,
            more_is_better=True,
        )
    count = spool.waiting
    yield Figure(
        "samples out of the spool",
        count / _timed(lambda: _drain(spool)),
        "a second",
        more_is_better=True,
    )
    spool.close()


def _fill(spool: Spool, parts: Sequence[Sequence[LinkSample]]) -> None:
    for part in parts:
        spool.append(part)


def _drain(spool: Spool) -> None:
    while taken := spool.take(5000):
        spool.done(taken)


def _timed(call: Callable[[], object]) -> float:
    """Seconds of the clock."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _worked(call: Callable[[], object]) -> float:
    """Seconds of this process's CPU."""
    began = time.process_time()
    call()
    return time.process_time() - began


def _cpu_s(influx: InfluxUnderTest) -> float:
    process = influx.daemon.process
    assert process is not None
    return cpu_of(process.pid)
