"""History moves from either kind of store to the other: all of it, once, also after a stop."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from inventory.errors import StoreError
from monitor.rejects import Rejects
from monitor.store.base import LinkSample, link_sample
from monitor.store.copy import copy_history
from monitor.store.influx import InfluxStore
from monitor.store.sqlite import SqliteStore
from monitor.values import Quality
from tests.influxfixture import InfluxUnderTest

pytestmark = pytest.mark.influx
T0 = 1_790_000_100.0
NOW = T0 + 40_000
HOUR = (T0 // 3600 * 3600, T0 + 20_000, 3600)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore.open(tmp_path / "one.sqlite", write=True)) as opened:
        yield opened


@pytest.fixture
def influxdb(influx: InfluxUnderTest, tmp_path: Path) -> Iterator[InfluxStore]:
    with closing(influx.store(tmp_path)) as opened:
        yield opened
        influx.remove(opened)


def some_hours() -> list[LinkSample]:
    return [
        LinkSample(link, T0 + 10 * at, Quality.RESET, 0.0)
        if at % 97 == 0
        else link_sample(link, T0 + 10 * at, in_bps=at * 1.25, in_errors_ps=0.0, loss=0.0)
        for at in range(1100)
        for link in ("kut-zes", "kut-bag")
    ]


@pytest.fixture(params=["sqlite", "influxdb"])
def pair(
    request: pytest.FixtureRequest, sqlite: SqliteStore, influxdb: InfluxStore
) -> tuple[SqliteStore | InfluxStore, InfluxStore | SqliteStore]:
    """Source and target; the oldest hour of the source has no single samples any more."""
    pair = (sqlite, influxdb) if request.param == "sqlite" else (influxdb, sqlite)
    pair[0].write_samples(some_hours())
    pair[0].compact(NOW)
    pair[0].prune(T0 - 86_400, T0 + 3600)
    return pair


def graphs(store: SqliteStore | InfluxStore) -> list[object]:
    return [
        [(p.at, p.mean and round(p.mean, 6), p.maximum) for p in store.series(link, metric, *span)]
        for link in ("kut-zes", "kut-bag")
        for metric in ("in_bps", "in_errors_ps", "loss", "rtt_ms")
        for span in ((T0, T0 + 12_000, 300), HOUR, (T0 + 7200, T0 + 7500, 10))
    ]


def test_the_target_shows_the_same_and_has_as_many(
    pair: tuple[SqliteStore | InfluxStore, InfluxStore | SqliteStore], tmp_path: Path
) -> None:
    source, target = pair
    mark, said = tmp_path / "mark", list[str]()
    done = copy_history(source, target, mark, Rejects(tmp_path / "r"), now=NOW, say=said.append)
    assert done is not None
    assert done.complete
    assert (done.samples, done.rows) == (done.samples_there, done.rows_there) == (2 * 740, 2 * 12)
    assert done.rejected == 0
    assert said[-1] == "100 %"
    assert not mark.exists()
    assert graphs(target) == graphs(source)
    assert target.last_samples() == source.last_samples()
    again = copy_history(source, target, mark, Rejects(tmp_path / "r"), now=NOW)
    assert again == done
    assert graphs(target) == graphs(source)


def test_a_copy_that_was_stopped_goes_on(
    pair: tuple[SqliteStore | InfluxStore, InfluxStore | SqliteStore],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, target = pair
    mark, rounds = tmp_path / "mark", 0
    rejects = Rejects(tmp_path / "r")

    def stop_after_two(_: str) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_history(source, target, mark, rejects, now=NOW, say=stop_after_two)
    assert mark.exists()
    began = rounds
    done = copy_history(source, target, mark, rejects, now=NOW, say=stop_after_two)
    assert done is not None
    assert done.complete
    assert rounds - began == 2  # and not the two slices that were done
    assert graphs(target) == graphs(source)


@pytest.mark.parametrize("source", ["sqlite", "influxdb"])
def test_a_store_that_still_has_all_its_samples_needs_no_sums(
    sqlite: SqliteStore, influxdb: InfluxStore, tmp_path: Path, source: str
) -> None:
    pair = (sqlite, influxdb) if source == "sqlite" else (influxdb, sqlite)
    pair[0].write_samples(some_hours()[:200])
    done = copy_history(pair[0], pair[1], tmp_path / "mark", Rejects(tmp_path / "r"), now=NOW)
    assert done is not None
    assert (done.complete, done.samples_there, done.rows_there) == (True, 200, 0)


def test_nothing_to_copy_is_told(
    sqlite: SqliteStore, influxdb: InfluxStore, tmp_path: Path
) -> None:
    mark, rejects = tmp_path / "mark", Rejects(tmp_path / "r")
    assert copy_history(sqlite, influxdb, mark, rejects, now=NOW) is None
    assert copy_history(influxdb, sqlite, mark, rejects, now=NOW) is None


def test_a_mark_that_is_none_is_named(
    sqlite: SqliteStore, influxdb: InfluxStore, tmp_path: Path
) -> None:
    (tmp_path / "mark").write_text("minutes of a meeting")
    with pytest.raises(StoreError, match="mark: expected where a copy stopped"):
        copy_history(sqlite, influxdb, tmp_path / "mark", Rejects(tmp_path / "r"), now=NOW)
