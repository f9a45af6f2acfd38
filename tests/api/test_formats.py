"""Numbers and times as people read them."""

import pytest

from api import formats


@pytest.mark.parametrize(
    ("bps", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (1, "<0.01"),
        (5_000, "0.01"),
        (9_994_000, "9.99"),
        (9_996_000, "10.0"),
        (99_960_000, "100"),
        (940e6, "940"),
        (12.5e9, "12500"),
    ],
)
def test_rates_have_three_figures_that_matter_and_unknown_is_a_dash(
    bps: float | None, shown: str
) -> None:
    assert formats.megabits(bps) == shown


@pytest.mark.parametrize(
    ("ratio", "digits", "shown"),
    [
        (None, 2, "–"),
        (0.99999, 2, "99.99 %"),
        (1.0, 3, "100.000 %"),
        (0.0, 0, "0 %"),
        (0.995, 2, "99.50 %"),
    ],
)
def test_a_share_is_never_rounded_up_to_all(ratio: float | None, digits: int, shown: str) -> None:
    assert formats.percent(ratio, digits) == shown


@pytest.mark.parametrize(
    ("seconds", "en", "ka"),
    [
        (None, "–", "–"),
        (-3, "0 s", "0 წმ"),
        (119, "119 s", "119 წმ"),
        (120, "2 min", "2 წთ"),
        (7199, "119 min", "119 წთ"),
        (7200, "2 h", "2 სთ"),
        (172800, "2 d", "2 დღე"),
    ],
)
def test_a_duration_is_told_in_its_largest_unit(seconds: float | None, en: str, ka: str) -> None:
    assert formats.duration(seconds, "en") == en
    assert formats.duration(seconds, "ka") == ka


def test_bandwidth_carries_its_unit() -> None:
    assert formats.bandwidth(10_000_000_000, "en") == "10 Gb/s"
    assert formats.bandwidth(100_000_000, "ka") == "100 მბ/წმ"


def test_citizens_read_their_own_clock() -> None:
    assert formats.local(0, "Asia/Tbilisi") == "1970-01-01 04:00"
