"""OSPF's throttle while a lab comes up: longer for all, then as rendered."""

from pathlib import Path

import pytest

from inventory.errors import LabError
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
    lab, plan = breakable.state, breakable.plan
    lines = {"router ospf": MODELLED, "router ospf6": MODELLED}
    runs = control.router_runs(lab, plan)
    routers = {node: throttle.Throttles(run, lines) for node, run in runs.items()}
    assert spoken(routers) == {MODELLED}, "a boot ends with what was rendered"
    try:
        throttle.hold(routers)
        wait_ms = round(throttle.A_PAIR_MS * len(routers) ** 2)
        assert spoken(routers) == {f"timers throttle spf {wait_ms} {wait_ms} {wait_ms}"}
    finally:
        throttle.release(routers)
    assert spoken(routers) == {MODELLED}


def spoken(routers: dict[str, throttle.Throttles]) -> set[str]:
    """Every throttle that runs."""
    return {
        line.strip()
        for its in routers.values()
        for daemon in ("ospfd", "ospf6d")
        for line in vty.show(its.run, daemon, "show running-config").splitlines()
        if "throttle spf" in line
    }


@pytest.mark.lab
def test_a_line_that_is_refused_names_the_router(breakable: LabUnderTest) -> None:
    node, run = next(iter(control.router_runs(breakable.state, breakable.plan).items()))
    wrong = throttle.Throttles(run, {"router ospf": "timers throttle spf never"})
    with pytest.raises(LabError, match=rf"{node}: expected .*never.*found: ospfd refuses"):
        throttle.release({node: wrong})


def test_a_router_that_does_not_answer_is_named(tmp_path: Path) -> None:
    silent = throttle.Throttles(tmp_path, {"router ospf": MODELLED})
    throttle.hold({"kut-core1": silent})
    with pytest.raises(LabError, match="kut-core1: OSPF does not answer its vty: No such file"):
        throttle.release({"kut-core1": silent}, within_s=0)
