"""Killed or cut at any point, a device ends as it was, or wholly changed and confirmed."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nornir_tasks.audit import read_entries, verify_chain
from nornir_tasks.interrupted import loose_ends, settle_interrupted
from nornir_tasks.open_session import open_session
from nornir_tasks.plan import make_plan
from tests.provisioning.breaking import CHECKOUT, TIMER_S, described
from tests.provisioning.conftest import Ground

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1200)]
GRACE_S = 60.0

Point = tuple[str, int, str]
"""(operation, its how manieth call, where in it)"""

STEPS = [("stage", 0), ("difference", 0), ("discard", 0), ("state", 0), ("running", 0)]
STEPS += [("stage", 1), ("difference", 1), ("commit", 0), ("difference", 2), ("state", 1)]
STEPS += [("confirm", 0)]
BEFORE: list[Point] = [(name, number, "before") for name, number in STEPS]
AFTER: list[Point] = [(name, number, "after") for name, number in STEPS[5:]]
WITHIN: list[Point] = [
    *(("commit", 0, f"{seconds}") for seconds in (0.05, 0.2, 0.4, 0.6, 0.9, 1.4)),
    *(("confirm", 0, f"{seconds}") for seconds in (0.03, 0.08, 0.15)),
]
POINTS = [*BEFORE, *WITHIN, *AFTER]
assert len(POINTS) >= 20


def broken_apply(ground: Ground, device: str, folder: Path, kind: str, point: Point) -> str:
    state = ground.state
    words = [str(state.folder.parent.parent), state.name, device, str(folder), kind]
    done = subprocess.run(
        [sys.executable, "-m", "tests.provisioning.breaking", *words, *map(str, point)],
        capture_output=True,
        text=True,
        timeout=TIMER_S + 2 * GRACE_S,
        check=False,
        cwd=CHECKOUT,
    )
    assert done.returncode in ({-9, 0} if kind == "kill" else {0}), done.stderr[-3000:]
    return done.stdout


def wait_until_nothing_is_armed(ground: Ground, device: str) -> None:
    deadline = time.monotonic() + TIMER_S + GRACE_S
    while True:
        session: Any = open_session(
            ground.network.devices[device], ground.access(ground.network.devices[device]), ()
        )
        armed = session._driver.has_pending_commit()
        session.close()
        if not armed:
            return
        assert time.monotonic() < deadline, f"{device} is still armed"
        time.sleep(0.5)


def check_point(ground: Ground, device: str, folder: Path, kind: str, point: Point) -> str:
    """Break an apply there; what the device ended as: old or new."""
    folder.mkdir()
    broken_apply(ground, device, folder, kind, point)
    wait_until_nothing_is_armed(ground, device)
    with ground.work(folder) as work:
        old = make_plan(work, [device]).exit_code == 0
    said: list[str] = []
    with ground.work(folder, described(device), say=said.append) as work:
        new = make_plan(work, [device]).exit_code == 0
        open_ = loose_ends(read_entries(folder / "audit.jsonl"))
        told = settle_interrupted(work, [device])
        assert len(told) == len(open_)
        assert all(device in text for text in said) or not open_
        assert loose_ends(read_entries(folder / "audit.jsonl")) == ()
        session = open_session(ground.network.devices[device], work_access(ground, device), ())
        startup: Any = session
        texts = startup._driver.get_config()
        session.close()
    assert old != new, f"{device} {kind} {point}: neither as it was nor wholly changed"
    assert ("description changed" in texts["startup"]) == new, f"{device} {kind} {point}: start-up"
    assert verify_chain(folder / "audit.jsonl") == ()
    if open_:
        assert told[0].split(": ")[1].startswith("confirmed" if new else "reverted"), (told, new)
    if new:
        with ground.work(folder / "restore") as work:
            assert ground.apply(work, make_plan(work, [device]), "back").exit_code == 0
    return "new" if new else "old"


def work_access(ground: Ground, device: str) -> Any:
    return ground.access(ground.network.devices[device])


@pytest.mark.parametrize("kind", ["kill", "cut"])
def test_a_device_is_never_left_half_changed(ground: Ground, tmp_path: Path, kind: str) -> None:
    """Each router takes its share of the points, all routers at the same time."""
    shares = {name: POINTS[at :: len(ground.routers)] for at, name in enumerate(ground.routers)}

    def run(device: str) -> dict[Point, str]:
        return {
            point: check_point(ground, device, tmp_path / f"{device}-{number}", kind, point)
            for number, point in enumerate(shares[device])
        }

    with ThreadPoolExecutor(len(shares)) as pool:
        ends = {point: end for found in pool.map(run, shares) for point, end in found.items()}
    assert len(ends) == len(POINTS)
    assert ends["confirm", 0, "after"] == "new"
    assert ends["commit", 0, "before"] == "old"
    if kind == "kill":
        assert {ends[point] for point in BEFORE} == {"old"}
