"""Who is polled when, over hours, without a clock."""

from collections import Counter
from itertools import pairwise

from monitor.schedule import LONGEST_INTERVALS, Schedule, grid_s, share

INTERVAL_S = 10.0
DEVICES = tuple(f"dev-{number}" for number in range(400))


def run(
    schedule: Schedule, until: float, dead: frozenset[str] = frozenset(), step: float = 0.05
) -> dict[str, list[float]]:
    """Times at which each device was polled; a dead one costs nothing here but its turn."""
    times: dict[str, list[float]] = {}
    now = 0.0
    while now < until:
        for device, due in schedule.due(now):
            times.setdefault(device, []).append(now)
            schedule.done(device, now, answered=device not in dead, due=due)
        now += step
    return times


def test_everybody_is_asked_in_the_first_second_and_then_once_an_interval() -> None:
    times = run(Schedule(DEVICES, INTERVAL_S, 0.0), 101.0)
    assert set(times) == set(DEVICES)
    for device, polled in times.items():
        assert polled[0] <= 1.1
        gaps = [b - a for a, b in pairwise(polled[1:])]
        assert all(abs(gap - INTERVAL_S) < 0.11 for gap in gaps), device
        assert INTERVAL_S / 2 - 0.1 <= polled[1] - polled[0] <= 1.5 * INTERVAL_S + 0.1


def test_devices_are_spread_over_the_interval_and_meet_on_a_grid() -> None:
    times = run(Schedule(DEVICES, INTERVAL_S, 0.0), 40.0)
    apart_s = grid_s(len(DEVICES), INTERVAL_S)
    moments = Counter(round(t / apart_s) for polled in times.values() for t in polled if t > 20)
    assert len(moments) >= 0.9 * 20 / apart_s
    assert max(moments.values()) < 4 * len(DEVICES) / (INTERVAL_S / apart_s)


def test_the_fewer_devices_the_more_of_them_share_a_moment() -> None:
    assert grid_s(1, 10) == grid_s(76, 10) == 5.0
    assert grid_s(76, 2) == 1.0
    assert grid_s(500, 10) == 0.8
    assert grid_s(2000, 10) == 0.2
    assert grid_s(10_000, 10) == grid_s(100_000, 10) == 0.1


def test_a_devices_moment_is_its_own_and_the_same_every_day() -> None:
    assert share("zes-rtr1") == share("zes-rtr1")
    assert share("zes-rtr1") != share("zes-rtr2")


def test_a_dead_device_is_asked_ever_more_rarely_up_to_a_bound() -> None:
    times = run(Schedule(DEVICES[:5], INTERVAL_S, 0.0), 600.0, frozenset({"dev-3"}))
    polled = times["dev-3"]
    gaps = [b - a for a, b in pairwise(polled)]
    assert max(gaps) <= LONGEST_INTERVALS * INTERVAL_S + INTERVAL_S
    assert gaps[-1] >= (LONGEST_INTERVALS - 1) * INTERVAL_S
    assert len(times["dev-2"]) >= 59


def test_a_device_may_be_asked_out_of_turn_and_keeps_its_turn() -> None:
    schedule = Schedule(("a",), INTERVAL_S, 0.0)
    run(schedule, 3.0)
    schedule.ask_again("a", 3.0)
    ((_, due),) = schedule.due(3.0)
    schedule.ask_again("a", 3.1)  # it is being asked: not twice
    assert schedule.due(3.1) == []
    schedule.done("a", 3.2, answered=True, due=due)
    schedule.ask_again("nobody", 3.3)
    assert schedule.due(3.3) == []
    assert 0 < schedule.next_due(3.3) <= 1.5 * INTERVAL_S


def test_a_poll_that_ends_long_after_it_was_due_is_late_and_skips_what_it_missed() -> None:
    schedule = Schedule(("a",), INTERVAL_S, 0.0)
    ((_, due),) = schedule.due(1.0)
    schedule.done("a", 40.5, answered=True, due=due)
    assert schedule.late == 1
    assert schedule.due(40.5) == []
    assert schedule.next_due(40.5) <= INTERVAL_S
