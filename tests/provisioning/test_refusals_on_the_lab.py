"""Nothing is applied that is not recorded, that was not shown, or that somebody else applies."""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab import control, faults
from nornir_tasks.apply import execute
from nornir_tasks.audit import read_entries
from nornir_tasks.errors import BusyError, RecordError
from nornir_tasks.history import past_changes
from nornir_tasks.interrupted import loose_ends
from nornir_tasks.plan import make_plan
from nornir_tasks.rollback import going_back
from tests.provisioning.conftest import QUICK, Ground
from tests.provisioning.working import replaced

pytestmark = pytest.mark.lab
DESCRIBED = replaced(
    "alp-r1", "frr.conf", "description hq-alp to", "description changed: hq-alp to"
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for little."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True, timeout=10
    )
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, timeout=10)


def fill(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4096)
            except OSError:
                return


def at_first_batch(act: Callable[[], None]) -> Callable[[str], None]:
    """Something that happens between the record of the beginning and the first commit."""

    def say(text: str) -> None:
        if text.startswith("batch 1 "):
            act()

    return say


def test_a_full_disk_under_the_audit_log_stops_an_apply_before_it_begins(
    ground: Ground, tmp_path: Path
) -> None:
    (tmp_path / "audit.jsonl").symlink_to("/dev/full")
    with ground.work(tmp_path, DESCRIBED) as work:
        plan = make_plan(work, ["alp-r1"])
        with pytest.raises(RecordError, match="No space left"):
            ground.apply(work, plan)
    ground.is_as_rendered(tmp_path / "after")


def test_a_disk_that_fills_in_mid_apply_stops_it_before_the_commit(
    ground: Ground, tmp_path: Path
) -> None:
    log = tmp_path / "audit.jsonl"

    def full() -> None:
        log.rename(tmp_path / "audit.first")
        log.symlink_to("/dev/full")

    with ground.work(tmp_path, DESCRIBED, say=at_first_batch(full)) as work:
        report = ground.apply(work, make_plan(work, ["alp-r1"]))
    assert report.exit_code == 1
    assert "No space left" in report.devices[0].error
    ground.is_as_rendered(tmp_path / "after")


def test_a_full_disk_under_the_backup_stops_an_apply_before_the_commit(
    ground: Ground, tmp_path: Path, small_disk: Path
) -> None:
    with ground.work(tmp_path, DESCRIBED, say=at_first_batch(lambda: fill(small_disk))) as usual:
        work = replace(usual, backups=replace(usual.backups, folder=small_disk / "backup"))
        report = ground.apply(work, make_plan(work, ["alp-r1"]))
    assert report.exit_code == 1
    assert report.devices[0].result == "failed"
    steps = {entry.step for entry in read_entries(tmp_path / "audit.jsonl")}
    assert "commit" not in steps
    ground.is_as_rendered(tmp_path / "after")


def test_of_two_applies_at_once_one_is_refused(ground: Ground, tmp_path: Path) -> None:
    refused: list[str] = []

    def second() -> None:
        with ground.work(tmp_path / "two", DESCRIBED) as usual:
            work = replace(usual, locks=tmp_path / "locks")
            with pytest.raises(BusyError) as caught:
                ground.apply(work, make_plan(work, ["alp-r1"]), "second")
            refused.append(str(caught.value))

    with ground.work(tmp_path, DESCRIBED, say=at_first_batch(second)) as work:
        report = ground.apply(work, make_plan(work, ["alp-r1"]), "first")
    assert report.exit_code == 0
    assert refused
    assert "alp-r1: is being changed by test@noc, apply first" in refused[0]


def test_a_change_from_another_machine_that_is_still_pending_is_not_stepped_on(
    ground: Ground, tmp_path: Path
) -> None:
    """The locks are this machine's; the device's own pending commit guards against another."""
    other: list[object] = []

    def elsewhere() -> None:
        with ground.work(tmp_path / "other") as work:
            device = ground.network.devices["alp-r1"]
            session = ground.session(device)
            files = dict(work.filled("alp-r1"))
            files["frr.conf"] = files["frr.conf"].replace(" description hq", " description x hq", 1)
            session.stage(files)
            session.commit(120, "elsewhere")
            other.append(session)

    with ground.work(tmp_path, DESCRIBED) as work:
        plan = make_plan(work, ["alp-r1"])
        elsewhere()
        report = ground.apply(work, plan)
    session = other[0]
    session.revert()  # type: ignore[attr-defined]
    session.close()  # type: ignore[attr-defined]
    assert report.exit_code == 1
    assert "was changed meanwhile" in report.devices[0].error


def test_only_what_was_shown_is_applied(ground: Ground, tmp_path: Path) -> None:
    with ground.work(tmp_path, DESCRIBED) as work:
        plan = make_plan(work, ["alp-r1"])
    more = replaced("alp-r1", "frr.conf", "description hq-alp to", "description other: hq-alp to")
    with ground.work(tmp_path, more) as work:
        report = execute(work, plan, QUICK, "c1", "test@noc")
    assert report.exit_code == 1
    assert "differs from what was shown" in report.devices[0].error
    ground.is_as_rendered(tmp_path / "after")


def test_a_rollback_goes_to_any_applied_or_backed_up_revision(
    ground: Ground, tmp_path: Path
) -> None:
    with ground.work(tmp_path, DESCRIBED) as work:
        assert ground.apply(work, change="one").exit_code == 0
        backups = work.backups.revisions()
        before = backups[-1][0]
        back, names = going_back(work, before, ["alp-r1", "bet-r1"])
        assert names == ("alp-r1",)
        plan = make_plan(back, names)
        assert "description changed: hq-alp to" in plan.devices[0].diff
        assert ground.apply(back, plan, "two").exit_code == 0
        ground.is_as_rendered(tmp_path / "after")
        again, names = going_back(work, "one", ["alp-r1"])
        assert ground.apply(again, make_plan(again, names), "three").exit_code == 0
        assert make_plan(work, ["alp-r1"]).exit_code == 0
        changes = past_changes(work.audit.entries())
    assert [(one.change, one.result) for one in changes] == [
        ("three", "confirmed"),
        ("two", "confirmed"),
        ("one", "confirmed"),
    ]
    assert changes[1].revision == f"rollback:{before}"


@pytest.fixture
def healed(ground: Ground) -> Iterator[Path]:
    """The lab's state folder, for who breaks something; however that ends, all is on again."""
    folder = ground.state.folder.parent.parent
    yield folder
    lab = control.require(folder, ground.state.name)
    if lab.faults:
        faults.heal(folder, lab, None)
    ground.wait_adjacencies()


def at_first(act: Callable[[], None]) -> Callable[[float], None]:
    """A `sleep` that does `act` when the apply waits first, which is after the commit."""
    pending = [act]

    def sleep(seconds: float) -> None:
        if pending:
            pending.pop()()
        time.sleep(seconds)

    return sleep


@pytest.mark.timeout(600)
def test_a_router_that_reboots_in_mid_apply_is_as_it_was_and_named(
    ground: Ground, tmp_path: Path, healed: Path
) -> None:
    """A reboot empties /run and loads the start-up configuration, which only confirm writes."""
    rebooted: list[str] = []

    def reboot() -> None:
        rebooted.append("alp-r1")
        faults.inject(healed, ground.state, "power-off", "alp-r1")
        faults.heal(healed, control.require(healed, ground.state.name), "alp-r1")

    patient = replace(QUICK, settle_s=180)
    with ground.work(tmp_path, DESCRIBED) as usual:
        work = replace(usual, sleep=at_first(reboot))
        plan = make_plan(work, ["alp-r1"])
        report = execute(work, plan, patient, "c1", "test@noc")
        assert rebooted, report
        (row,) = report.devices
        assert (row.result, report.exit_code) == ("reverted", 3), report
        assert "alp-r1 says: the device does not run what the change meant" in row.error
        assert loose_ends(work.audit.entries()) == ()
    ground.is_as_rendered(tmp_path / "after")


@pytest.mark.timeout(600)
def test_a_change_after_which_packets_take_longer_is_taken_back(
    ground: Ground, tmp_path: Path, healed: Path
) -> None:
    def delay() -> None:
        faults.inject(healed, ground.state, "delay", "hq-alp", {"ms": 60})

    with ground.work(tmp_path, DESCRIBED) as usual:
        work = replace(usual, sleep=at_first(delay))
        report = execute(work, make_plan(work, ["alp-r1"]), QUICK, "c1", "test@noc")
    (row,) = report.devices
    assert (row.result, report.exit_code) == ("reverted", 3), report
    assert any(
        "latency - expected at most 50 ms more than before, found 1" in text for text in row.checks
    ), row
