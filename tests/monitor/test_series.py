"""Series: columns that look like points to whoever asks for single ones."""

import pytest

from monitor.store.base import Series, SeriesPoint

SERIES = Series(1_790_000_400_000, 300_000, (1.0, None, 3.0), (2.0, None, 6.0))
POINTS = (
    SeriesPoint(1_790_000_400.0, 1.0, 2.0),
    SeriesPoint(1_790_000_700.0, None, None),
    SeriesPoint(1_790_001_000.0, 3.0, 6.0),
)


def test_its_points_are_those_of_its_columns() -> None:
    assert tuple(SERIES) == POINTS
    assert len(SERIES) == len(POINTS)
    assert list(SERIES.times) == [point.at for point in POINTS]


def test_a_point_is_found_from_both_ends_and_a_part_is_points() -> None:
    assert SERIES[1] == POINTS[1]
    assert SERIES[-1] == POINTS[-1]
    assert SERIES[1:] == POINTS[1:]
    with pytest.raises(IndexError):
        SERIES[3]


def test_one_without_buckets_has_no_points() -> None:
    assert tuple(Series(0, 300_000, (), ())) == ()
