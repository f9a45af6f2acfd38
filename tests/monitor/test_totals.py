"""Samples summed up as they pass, and which of the sums can't be right."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.metrics import SERIES_INDEX, SERIES_METRICS
from monitor.store.base import LinkSample, link_sample
from monitor.store.history import SumRow
from monitor.store.influx_rows import row_line, sum_of, total_of
from monitor.store.totals import BLOCK_S, Total, Totals
from monitor.values import Quality

T0 = 1_790_000_100
"""A multiple of 300 s."""
IN_BPS, LOSS = SERIES_INDEX["in_bps"], SERIES_INDEX["loss"]


def summed(samples: list[LinkSample], block: int = T0) -> dict[str, Total]:
    totals = Totals()
    totals.add(samples)
    found: dict[str, Total] = {}
    while rows := totals.take(block, 2):
        found |= {row.link: row for row in rows}
    return found


def test_areas_weights_and_maxima_are_those_of_the_samples() -> None:
    row = summed(
        [
            link_sample("a", T0, in_bps=8.0, out_bps=0.0, loss=0.5),
            link_sample("a", T0 + 20, Quality.LATE, 20.0, in_bps=2.0, out_bps=0.0),
            LinkSample("a", T0 + 30, Quality.RESET, 0.0),
            link_sample("b", T0, in_bps=1.0),
        ]
    )["a"]
    assert (row.at, row.n, row.covers_ms) == (T0, 3, 30_000)
    assert (row.areas[IN_BPS], row.weights[IN_BPS], row.maxima[IN_BPS]) == (120_000, 30_000, 8)
    assert (row.areas[IN_BPS + 1], row.weights[IN_BPS + 1]) == (0, 30_000)
    assert (row.areas[LOSS], row.weights[LOSS], row.maxima[LOSS]) == (5_000, 10_000, 0.5)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_not_known(odd: float) -> None:
    row = summed([link_sample("a", T0, in_bps=odd), link_sample("a", T0 + 10, in_bps=4.0)])["a"]
    assert (row.areas[IN_BPS], row.weights[IN_BPS], row.maxima[IN_BPS]) == (40_000, 10_000, 4)


known = st.one_of(
    st.none(), st.just(0.0), st.floats(0, 1e12), st.sampled_from((float("nan"), float("inf")))
)
readings = st.tuples(st.integers(0, 60_000), st.tuples(*(known for _ in SERIES_METRICS)))


@given(st.lists(readings, min_size=1, max_size=20))
def test_no_byte_is_lost_or_made_on_the_way_through_a_line(
    rows: list[tuple[int, tuple[float | None, ...]]],
) -> None:
    samples = [
        LinkSample("a", T0 + at, Quality.GOOD, ms / 1000, values)
        for at, (ms, values) in enumerate(rows)
    ]
    row = summed(samples)["a"]
    for full in (False, True):
        text = row_line(row, full=full).rpartition(" ")[0].partition(" ")[2]
        fields = dict(part.split("=") for part in text.split(","))
        for place, name in enumerate(SERIES_METRICS):
            there = [(each.values[place], max(ms, 1)) for each, (ms, _) in zip(samples, rows)]  # noqa: B905
            numbers = [(value, ms) for value, ms in there if value is not None and isfinite(value)]
            area, weight, top = sum_of(fields, name)
            assert area == pytest.approx(sum(value * ms for value, ms in numbers))
            assert weight == sum(ms for _, ms in numbers)
            assert top == max((value for value, _ in numbers), default=0.0)


def test_a_row_leaves_out_probes_that_are_not_known_unless_it_may_replace_another() -> None:
    row = summed([link_sample("a", T0, in_bps=5.0, out_bps=0.0)])["a"]
    text = row_line(row, full=False)
    assert text.startswith(
        "link,link=a covers=10000i,n=1i,in_bps_area=50000.0,in_bps_weight=10000.0,in_bps_max=5.0,"
        "out_bps_area=0.0,out_bps_weight=10000.0,out_bps_max=0.0,in_errors_ps_area=0.0,"
        "in_errors_ps_weight=0.0,in_errors_ps_max=-1.0,"
    )
    assert text.endswith(f"out_ucast_pps_max=-1.0 {T0 * 1000}")
    assert "loss_weight=0.0,loss_max=-1.0" in row_line(row, full=True)


def test_a_copied_row_keeps_its_mean_and_maximum() -> None:
    means = (5.0, None, *[0.0] * (len(SERIES_METRICS) - 2))
    line = row_line(total_of(SumRow("a", T0, 300.0, means, means)), full=True)
    assert "in_bps_area=1500000.0,in_bps_weight=300000.0,in_bps_max=5.0" in line
    assert "out_bps_area=0.0,out_bps_weight=0.0,out_bps_max=-1.0" in line
    assert "covers=300000i,n=0i" in line


def test_the_first_block_and_those_with_late_or_repeated_samples_are_doubtful() -> None:
    totals = Totals()
    for block in range(4):
        totals.add([link_sample("a", T0 + BLOCK_S * block)])
    assert (len(totals), totals.newest) == (4, T0 + 3 * BLOCK_S)
    assert totals.doubtful() == {T0}
    assert totals.doubtful() == set()
    totals.add([link_sample("a", T0 + BLOCK_S)])
    assert totals.doubtful() == {T0 + BLOCK_S}
    assert list(totals.over(T0 + 3 * BLOCK_S)) == [T0 + BLOCK_S * at for at in range(3)]
    assert [row.n for row in totals.take(T0 + 2 * BLOCK_S, 10)] == [1]
    totals.add([link_sample("b", T0 + 2 * BLOCK_S + 7)])
    assert totals.doubtful() == {T0 + 2 * BLOCK_S}
    assert totals.take(T0 + 2 * BLOCK_S, 10) == []
