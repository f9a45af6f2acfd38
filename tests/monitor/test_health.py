"""A link's state from what its ends say: every row of the rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.settings import AlarmSettings
from monitor.health import BUSY_POLLS, EndView, judge, use
from monitor.metrics import NO_VALUES, SERIES_INDEX
from monitor.rates import Rates
from monitor.values import LinkState, Quality

NOW = 1_800_000_000.0
ALARMS = AlarmSettings()
MBPS = 1_000_000


def rated(quality: Quality = Quality.GOOD, **values: float) -> Rates:
    row = list(NO_VALUES)
    for name, value in values.items():
        row[SERIES_INDEX[name]] = value
    return Rates(quality, 10.0, tuple(row))


def end(
    device: str = "zes-rtr1",
    *,
    oper: int | None = 1,
    admin: int | None = 1,
    at: float | None = NOW - 5,
    answers: bool = True,
    present: bool = True,
    rates: Rates | None = None,
) -> EndView:
    return EndView(device, "Gi0/0/1", at, answers, present, oper, admin, rates)


A, B = end("kut-core2"), end("zes-rtr1")
SILENT = {"answers": False}


@pytest.mark.parametrize(
    ("a", "b", "state", "reason"),
    [
        (A, B, LinkState.UP, ""),
        (
            A,
            end(oper=2),
            LinkState.DOWN,
            "zes-rtr1 Gi0/0/1: ifOperStatus - expected up, found down",
        ),
        (end("kut-core2", answers=False), end(oper=2), LinkState.DOWN, "found down"),
        (A, end(oper=2, admin=2), LinkState.DOWN, "ifAdminStatus - expected up, found down (shut"),
        (A, end(oper=7), LinkState.DOWN, "the layer below"),
        (A, end(oper=5), LinkState.DOWN, "dormant"),
        (A, end(oper=6), LinkState.DOWN, "not present"),
        (A, end(oper=3), LinkState.DOWN, "testing"),
        (A, end(answers=False), LinkState.UP, "zes-rtr1 does not answer"),
        (A, end(answers=False, oper=2), LinkState.UP, "zes-rtr1 does not answer"),
        (A, end(present=False), LinkState.UP, "no interface of that ifName"),
        (A, end(oper=4), LinkState.UP, "unknown to the device"),
        (A, end(at=NOW - 31, oper=2), LinkState.UP, "last answer 31 s ago"),
        (
            end("a", answers=False),
            end("b", answers=False),
            LinkState.UNKNOWN,
            "a does not answer; b",
        ),
        (end("a", at=None, answers=False), end("b", oper=4), LinkState.UNKNOWN, "a never answered"),
        (end("a", at=NOW - 31), end("b", at=NOW - 99), LinkState.UNKNOWN, "31 s ago"),
        (end("a", oper=None), end("b", present=False), LinkState.UNKNOWN, "no interface"),
    ],
)
def test_what_the_ends_say_gives_the_state(
    a: EndView, b: EndView, state: LinkState, reason: str
) -> None:
    found = judge((a, b), 100 * MBPS, ALARMS, NOW)
    assert found.state is state
    assert reason in found.reason
    assert bool(found.reason) is bool(reason)
    mirrored = judge((b, a), 100 * MBPS, ALARMS, NOW)
    assert mirrored.state is state


def test_errors_on_either_end_degrade() -> None:
    bad = end(rates=rated(in_errors_ps=0.6, out_errors_ps=0.5))
    found = judge((A, bad), 100 * MBPS, ALARMS, NOW)
    assert found.state is LinkState.DEGRADED
    assert found.reason == "zes-rtr1 Gi0/0/1: errors - expected at most 1 a second, found 1.1"


def test_use_degrades_only_after_three_polls() -> None:
    busy = end(rates=rated(out_bps=95.0 * MBPS))
    assert judge((A, busy), 100 * MBPS, ALARMS, NOW, busy_polls=2).state is LinkState.UP
    found = judge((A, busy), 100 * MBPS, ALARMS, NOW, busy_polls=BUSY_POLLS)
    assert found.state is LinkState.DEGRADED
    assert found.reason == "use - expected at most 90% of the circuit, found 95% for 3 polls"


def test_loss_degrades() -> None:
    assert judge((A, B), MBPS, ALARMS, NOW, loss=0.05).state is LinkState.UP
    assert judge((A, B), MBPS, ALARMS, NOW, loss=0.06).state is LinkState.DEGRADED


@pytest.mark.parametrize("quality", [Quality.LATE, Quality.RESET, Quality.OVER_LINE_RATE])
def test_a_rate_that_is_not_sound_raises_nothing(quality: Quality) -> None:
    doubtful = end(rates=rated(quality, in_errors_ps=900.0, in_bps=1e9))
    assert judge((A, doubtful), MBPS, ALARMS, NOW).state is LinkState.UP
    assert use(doubtful.rates, MBPS) is None


def test_the_age_is_that_of_the_newest_answer_that_counts() -> None:
    assert judge((end(at=NOW - 9), end(at=NOW - 3)), MBPS, ALARMS, NOW).as_of == NOW - 3
    gone = judge((end(at=NOW - 90, answers=False), end(at=None, answers=False)), MBPS, ALARMS, NOW)
    assert gone.as_of == NOW - 90


ends = st.builds(
    end,
    st.sampled_from(["a", "b"]),
    oper=st.sampled_from([None, 1, 2, 3, 4, 5, 6, 7]),
    admin=st.sampled_from([None, 1, 2]),
    at=st.sampled_from([None, NOW - 1, NOW - 29, NOW - 31, NOW - 9000]),
    answers=st.booleans(),
    present=st.booleans(),
)


@given(ends, ends)
def test_no_pair_of_ends_is_green_without_a_fresh_answer_that_says_up(
    a: EndView, b: EndView
) -> None:
    found = judge((a, b), MBPS, ALARMS, NOW)

    def says(view: EndView, *oper: int) -> bool:
        fresh = view.at is not None and NOW - view.at <= ALARMS.stale_after_s
        return view.answers and view.present and fresh and view.oper in oper

    if found.state is LinkState.UP:
        assert says(a, 1) or says(b, 1)
    if found.state is LinkState.DOWN:
        assert says(a, 2, 3, 5, 6, 7) or says(b, 2, 3, 5, 6, 7)
        assert found.reason
    if found.state is LinkState.UNKNOWN:
        assert found.reason
