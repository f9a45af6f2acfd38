"""OSPF's throttle while a lab comes up: longer for all, then as rendered."""

import time
from pathlib import Path

import pytest

from lab import control, throttle, vty
from tests.labfixture import CHECKOUT, LabUnderTest

GOLDEN = CHECKOUT / "tests" / "render" / "golden" / "frr" / "kut-core1" / "frr.conf"
MODELLED = "timers throttle spf 50 100 1000"


def test_a_configurations_own_throttles_are_found() -> None:
    found = throttle.modelled(GOLDEN.read_text())
    assert found == {"router ospf": MODELLED, "router ospf6": MODELLED}
    assert throttle.modelled("router bgp 1\n timers throttle spf 1 2 3\nexit\n") == {}


@pytest.mark.lab
def test_routers_are_held_and_released(breakable: LabUnderTest) -> None:
    routers = all_of(breakable)
    assert spoken(routers) == {MODELLED}, "a boot ends with what was rendered"
    try:
        throttle.hold(routers)
        wait_ms = round(throttle.A_PAIR_MS * len(routers) ** 2)
        assert spoken(routers) == {f"timers throttle spf {wait_ms} {wait_ms} {wait_ms}"}
    finally:
        throttle.release(routers)
    assert spoken(routers) == {MODELLED}


@pytest.mark.lab
def test_a_line_that_a_router_refuses_leaves_it_as_it_started(breakable: LabUnderTest) -> None:
    routers = all_of(breakable)
    run = routers[0].run
    wrong = throttle.Throttles(run, dict.fromkeys(throttle.DAEMONS, "timers throttle spf never"))
    try:
        throttle.hold([wrong])
        throttle.release([wrong])
        assert spoken([wrong]) == set()
    finally:
        throttle.release(routers)
    assert spoken(routers) == {MODELLED}


def all_of(lab: LabUnderTest) -> list[throttle.Throttles]:
    lines = dict.fromkeys(throttle.DAEMONS, MODELLED)
    runs = control.router_runs(lab.state, lab.plan).values()
    return [throttle.Throttles(run, lines) for run in runs]


def spoken(routers: list[throttle.Throttles]) -> set[str]:
    """Every throttle that runs."""
    return {
        line.strip()
        for its in routers
        for daemon in throttle.DAEMONS.values()
        for line in vty.show(its.run, daemon, "show running-config").splitlines()
        if "throttle spf" in line
    }


def test_a_router_that_does_not_answer_holds_nobody_up(tmp_path: Path) -> None:
    silent = throttle.Throttles(tmp_path, {"router ospf": MODELLED})
    began = time.monotonic()
    throttle.hold([silent])
    throttle.release([silent], within_s=0.5)
    assert 0.5 < time.monotonic() - began < 3
