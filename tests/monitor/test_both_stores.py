"""Samples in each store: what goes in comes out, summed up or not, whichever database keeps it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.metrics import SERIES_METRICS
from monitor.store.base import LinkSample, link_sample
from monitor.store.influx import InfluxStore
from monitor.store.sqlite import SqliteStore
from monitor.values import RATED, Quality
from tests.influxfixture import TOKEN

AnyStore = SqliteStore | InfluxStore
T0 = 1_790_000_100.0
"""A multiple of 300 s."""
HOURS = (T0 - 7200, T0 + 7200, 3600)


@pytest.fixture(params=["sqlite", pytest.param("influxdb", marks=pytest.mark.influx)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyStore]:
    """Open for writing, and empty."""
    if request.param == "sqlite":
        with closing(SqliteStore.open(tmp_path / "samples.sqlite", write=True)) as opened:
            yield opened
        return
    influx = request.getfixturevalue("influx")
    with closing(influx.store(tmp_path)) as opened:
        yield opened
        influx.remove(opened)


@pytest.fixture
def reader(store: AnyStore) -> Iterator[AnyStore]:
    """Another process's view of the same store."""
    if isinstance(store, SqliteStore):
        with closing(SqliteStore.open(store.path, write=False)) as opened:
            yield opened
        return
    with closing(InfluxStore(store.settings, TOKEN, write=False)) as other:
        yield other


def every_10_s(link: str, values: list[float | None], start: float = T0) -> list[LinkSample]:
    return [
        link_sample(link, start + 10 * at, in_bps=value)
        if value is not None
        else LinkSample(link, start + 10 * at, Quality.RESET, 0.0)
        for at, value in enumerate(values)
    ]


def test_every_metric_of_the_table_comes_back_as_it_went_in(store: AnyStore) -> None:
    values = tuple(float(at) + 0.5 for at in range(len(SERIES_METRICS)))
    store.write_samples([LinkSample("kut-zes", T0, Quality.GOOD, 10.0, values)])
    for name, value in zip(SERIES_METRICS, values, strict=True):
        assert store.series("kut-zes", name, T0, T0 + 10, 10)[0].mean == value
    assert store.last_samples()["kut-zes"].value("in_bps") == values[SERIES_METRICS.index("in_bps")]


def test_a_series_has_every_bucket_and_nothing_where_nothing_is_known(store: AnyStore) -> None:
    store.write_samples(every_10_s("kut-zes", [1.0, 3.0, None, None, 8.0]))
    points = store.series("kut-zes", "in_bps", T0, T0 + 80, 20)
    assert [(p.at - T0, p.mean, p.maximum) for p in points] == [
        (0, 2.0, 3.0),
        (20, None, None),
        (40, 8.0, 8.0),
        (60, None, None),
    ]
    assert store.series("kut-zes", "out_bps", T0, T0 + 20, 20)[0].mean is None


def test_a_mean_is_weighted_by_the_time_that_samples_cover(store: AnyStore) -> None:
    long = link_sample("kut-zes", T0 + 30, Quality.LATE, 30.0, in_bps=10.0)
    store.write_samples([long, link_sample("kut-zes", T0 + 40, in_bps=50.0)])
    (point,) = store.series("kut-zes", "in_bps", T0, T0 + 60, 60)
    assert point.mean == pytest.approx(20.0)


def test_a_series_begins_with_the_bucket_that_holds_the_start(store: AnyStore) -> None:
    points = store.series("nowhere", "in_bps", T0 + 7, T0 + 121, 60)
    assert [p.at for p in points] == [T0 - T0 % 60 + 60 * at for at in range(len(points))]
    assert points[0].at <= T0 + 7
    assert points[-1].at < T0 + 121 <= points[-1].at + 60


def test_an_unknown_metric_is_a_key_error(store: AnyStore) -> None:
    with pytest.raises(KeyError):
        store.series("kut-zes", "ts; DROP TABLE samples", T0, T0 + 10, 10)


def test_compaction_changes_no_answer(store: AnyStore, reader: AnyStore) -> None:
    values = [float(at % 7) if at % 11 else None for at in range(200)]
    store.write_samples(every_10_s("kut-zes", values))
    store.write_samples(every_10_s("kut-bag", [2.0] * 200))

    def answers() -> list[object]:
        spans = [(T0, T0 + 2000, 10), (T0 + 50, T0 + 1950, 60), (T0, T0 + 2100, 300), HOURS]
        found: list[object] = [
            [(p.at, p.mean and round(p.mean, 9), p.maximum) for p in points]
            for link in ("kut-zes", "kut-bag")
            for points in (store.series(link, "in_bps", *span) for span in spans)
        ]
        return [
            *found,
            store.last_samples(),
            reader.last_samples(),
        ]

    before = answers()
    assert store.compact(T0 + 1000) == 2 * 90
    assert answers() == before
    assert store.compact(T0 + 9000) == 2 * 110
    assert answers() == before
    assert store.compact(T0 + 9000) == 0


def test_a_sample_that_comes_after_its_block_was_summed_up_is_counted_at_the_next(
    store: AnyStore,
) -> None:
    store.write_samples(every_10_s("kut-zes", [4.0] * 30))
    store.compact(T0 + 600)
    store.write_samples([link_sample("kut-zes", T0 + 5, in_bps=35.0)])
    store.compact(T0 + 600)
    (point,) = store.series("kut-zes", "in_bps", T0, T0 + 300, 300)
    assert point.mean == pytest.approx((30 * 4 + 35) / 31)
    assert point.maximum == 35.0


def test_single_samples_go_after_a_while_and_their_sums_stay(store: AnyStore) -> None:
    store.write_samples(every_10_s("kut-zes", [4.0, 6.0] * 30))
    store.compact(T0 + 900)
    assert store.prune(before=T0 - 86_400, raw_before=T0 + 700) == 60
    points = store.series("kut-zes", "in_bps", T0, T0 + 600, 300)
    assert [(p.mean, p.maximum) for p in points] == [(5.0, 6.0), (5.0, 6.0)]
    assert store.series("kut-zes", "in_bps", T0, T0 + 60, 60)[0].mean == 5.0
    store.prune(before=T0 + 600)
    assert all(p.mean is None for p in store.series("kut-zes", "in_bps", T0, T0 + 600, 300))


def test_a_sample_stored_twice_is_there_once(store: AnyStore) -> None:
    for _ in range(2):
        store.write_samples([link_sample("kut-zes", T0, in_bps=1.0)])
    assert store.check().samples == 1


def test_a_sample_written_again_with_other_values_replaces_all_of_it(
    store: AnyStore, reader: AnyStore
) -> None:
    first = link_sample("kut-zes", T0, in_bps=5.0, in_errors_ps=3.0, loss=0.5, rtt_ms=7.0)
    store.write_samples([first, link_sample("kut-zes", T0 + 10, in_bps=5.0)])
    for changed in (
        link_sample("kut-zes", T0, in_bps=6.0, in_errors_ps=0.0),
        LinkSample("kut-zes", T0, Quality.RESET, 0.0),
        link_sample("kut-zes", T0, Quality.LATE, 55.5, rtt_ms=1.0),
    ):
        store.write_samples([changed])
        assert next(iter(reader.samples(T0, T0 + 1))) == changed
    assert store.check().samples == 2


def test_the_last_word_counts_within_a_batch_whether_it_tells_of_pings_or_not(
    store: AnyStore, reader: AnyStore
) -> None:
    silent, pinged = link_sample("kut-zes", T0, in_bps=1.0), link_sample("kut-zes", T0, rtt_ms=2.0)
    for batch in ([silent, pinged, silent], [pinged, silent, pinged]):
        store.write_samples(batch)
        assert list(reader.samples(T0, T0 + 1)) == batch[2:]


def test_names_that_a_database_could_stumble_over(store: AnyStore) -> None:
    names = ["a b", "a,b=c", 'quo"te', "back\\slash", "ქუთაისი"]
    store.write_samples([link_sample(name, T0, in_bps=float(at)) for at, name in enumerate(names)])
    assert {link: sample.value("in_bps") for link, sample in store.last_samples().items()} == {
        name: float(at) for at, name in enumerate(names)
    }
    for at, name in enumerate(names):
        assert store.series(name, "in_bps", T0, T0 + 10, 10)[0].mean == float(at)


def test_the_newest_of_each_link_follows_what_is_written(store: AnyStore, reader: AnyStore) -> None:
    assert reader.last_samples() == {}
    for turn in range(3):
        at = T0 + 10 * turn
        store.write_samples([link_sample("a", at, in_bps=1.0 * turn), link_sample("b", T0)])
        assert {link: each.at for link, each in reader.last_samples().items()} == {"a": at, "b": T0}
        assert reader.last_samples()["a"].value("in_bps") == turn


values = st.one_of(st.none(), st.just(0.0), st.floats(0, 1e12, width=64))
samples = st.builds(
    LinkSample,
    st.sampled_from(["kut-zes", "kut-bag"]),
    st.integers(0, 2000).map(lambda at: T0 + at),
    st.sampled_from(Quality),
    st.integers(0, 60_000).map(lambda ms: ms / 1000),
    st.tuples(*(values for _ in SERIES_METRICS)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(samples, max_size=12), max_size=6))
def test_any_samples_in_any_order_come_back_as_the_last_word_on_each(
    store: AnyStore, reader: AnyStore, batches: list[list[LinkSample]]
) -> None:
    store.prune(T0 + 5000)
    expected: dict[tuple[str, float], LinkSample] = {}
    for batch in batches:
        unique = {(each.link, each.at): each for each in batch}
        expected |= unique
        store.write_samples(batch)
    found = {(each.link, each.at): each for each in reader.samples(T0, T0 + 3000)}
    assert found == expected


def test_both_kinds_give_the_same_means_and_maxima(store: AnyStore, tmp_path: Path) -> None:
    went_in = [
        link_sample(
            "kut-zes",
            T0 + 10 * at,
            [Quality.GOOD, Quality.WRAP, Quality.LATE][at % 3],
            10.0 + at % 4,
            in_bps=1.5 * at,
            in_errors_ps=float(at % 50 == 0),
            loss=0.25 if at % 40 == 0 else 0.0,
            rtt_ms=None if at % 9 == 0 else 2.0 + at,
        )
        if at % 13
        else LinkSample("kut-zes", T0 + 10 * at, Quality.RESET, 0.0)
        for at in range(800)
    ]
    assert {each.quality for each in went_in} > RATED
    with closing(SqliteStore.open(tmp_path / "plain.sqlite", write=True)) as plain:
        plain.write_samples(went_in)
        store.write_samples(went_in)
        store.compact(T0 + 9000)
        for metric in ("in_bps", "in_errors_ps", "loss", "rtt_ms"):
            for step in (10, 60, 300, 900, 3600):
                span = (T0 - T0 % step, T0 + 8000, step)
                for one, other in zip(
                    plain.series("kut-zes", metric, *span),
                    store.series("kut-zes", metric, *span),
                    strict=True,
                ):
                    assert one.at == other.at
                    # Rows of SQLite weigh a metric by all that their block covers.
                    near = 0.01 if metric == "rtt_ms" else 1e-6
                    wanted = one.mean if one.mean is None else pytest.approx(one.mean, rel=near)
                    assert other.mean == wanted, (metric, step)
                    assert other.maximum == one.maximum
