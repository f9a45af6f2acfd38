"""Killed or cut at any point, a device ends as it was, or wholly changed and confirmed."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nornir_tasks.apply import ApplyReport, execute
from nornir_tasks.audit import read_entries, verify_chain
from nornir_tasks.interrupted import loose_ends, settle_interrupted
from nornir_tasks.plan import make_plan
from nornir_tasks.session import Session
from nornir_tasks.work import Work
from tests.provisioning.breaking import (
    TIMER_S,
    LabPlace,
    Place,
    Point,
    StandinPlace,
    break_apply,
    described,
)
from tests.provisioning.conftest import QUICK, Ground
from tests.provisioning.ios_region import MINUTE_S, served_region

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
GRACE_S = 60.0
CALM_S = 5.0
LONGEST_S = 180.0

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

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.provisioning.breaking"])


@dataclass(frozen=True)
class Field:
    """Where applies are broken, and how this process looks at what is left."""

    place: Place
    devices: tuple[str, ...]
    work: Callable[..., AbstractContextManager[Work]]
    """Keywords: folder, edit, say."""
    session: Callable[[str], Session]


@pytest.fixture(params=[pytest.param("frr", marks=pytest.mark.lab), "cisco_ios"])
def fields(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Field, ...]]:
    if request.param == "frr":
        ground: Ground = request.getfixturevalue("ground")
        place = LabPlace(ground.state.folder.parent.parent, ground.state.name)
        devices = ground.network.devices
        routers = ground.routers
        yield (Field(place, routers, ground.work, lambda name: ground.session(devices[name])),)
        return
    assert TIMER_S >= MINUTE_S, "the stand-ins' timers end before the test has waited for them"
    with ExitStack() as served:
        folders = [tmp_path / "one", tmp_path / "two"]
        regions = [served.enter_context(served_region(folder)) for folder in folders]
        yield tuple(
            Field(StandinPlace(one.ports, one.secrets.values), one.names, one.work, one.session)
            for one in regions
        )


def broken_apply(field: Field, device: str, folder: Path, kind: str, point: Point) -> None:
    process = PROCESSES.Process(
        target=break_apply, args=(field.place, device, folder, kind, point), daemon=True
    )
    process.start()
    process.join(LONGEST_S)
    assert process.exitcode in ({-signal.SIGKILL, 0} if kind == "kill" else {0}), (device, point)


def wait_until_nothing_is_armed(field: Field, device: str) -> None:
    """A busy device begins a commit only after the program that asked for it was killed."""
    deadline = time.monotonic() + TIMER_S + GRACE_S + CALM_S
    calm_since = time.monotonic()
    while time.monotonic() < calm_since + CALM_S:
        assert time.monotonic() < deadline, f"{device} is still armed"
        session: Any = field.session(device)
        if session._driver.has_pending_commit():
            calm_since = time.monotonic()
        session.close()
        time.sleep(0.5)


def check_point(field: Field, device: str, folder: Path, kind: str, point: Point) -> str:
    """Break an apply there; what the device ended as: old or new."""
    folder.mkdir()
    broken_apply(field, device, folder, kind, point)
    wait_until_nothing_is_armed(field, device)
    with field.work(folder=folder) as work:
        old = make_plan(work, [device]).exit_code == 0
    said: list[str] = []
    with field.work(folder=folder, edit=described(device), say=said.append) as work:
        new = make_plan(work, [device]).exit_code == 0
        open_ = loose_ends(read_entries(folder / "audit.jsonl"))
        told = settle_interrupted(work, [device])
        assert len(told) == len(open_)
        assert all(device in text for text in said) or not open_
        assert loose_ends(read_entries(folder / "audit.jsonl")) == ()
        session: Any = field.session(device)
        texts = session._driver.get_config()
        session.close()
    assert old != new, f"{device} {kind} {point}: neither as it was nor wholly changed"
    assert ("description changed" in texts["startup"]) == new, f"{device} {kind} {point}: start-up"
    assert verify_chain(folder / "audit.jsonl") == ()
    if open_:
        assert told[0].split(": ")[1].startswith("confirmed" if new else "reverted"), (told, new)
    if new:
        assert back(field, device, folder / "restore").exit_code == 0
    return "new" if new else "old"


def back(field: Field, device: str, folder: Path) -> ApplyReport:
    with field.work(folder=folder) as work:
        return execute(work, make_plan(work, [device]), QUICK, "back", "test@noc")


@pytest.mark.parametrize("kind", ["kill", "cut"])
def test_a_device_is_never_left_half_changed(
    fields: tuple[Field, ...], tmp_path: Path, kind: str
) -> None:
    """Each device takes its share of the points, all devices at the same time."""
    lanes = [(field, device) for field in fields for device in field.devices]

    def run(lane: int) -> dict[Point, str]:
        field, device = lanes[lane]
        return {
            point: check_point(field, device, tmp_path / f"{lane}-{number}", kind, point)
            for number, point in enumerate(POINTS[lane :: len(lanes)])
        }

    with ThreadPoolExecutor(len(lanes)) as pool:
        found = pool.map(run, range(len(lanes)))
        ends = {point: end for part in found for point, end in part.items()}
    assert len(ends) == len(POINTS)
    assert ends["confirm", 0, "after"] == "new"
    assert ends["commit", 0, "before"] == "old"
    if kind == "kill":
        assert [point for point in BEFORE if ends[point] != "old"] == []
