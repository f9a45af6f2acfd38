"""verify, backup, rollback, refusals and devices without an archive, against the stand-ins."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nornir_tasks.apply import execute
from nornir_tasks.audit import read_entries, verify_chain
from nornir_tasks.collect import back_up, drift
from nornir_tasks.errors import BusyError, RecordError
from nornir_tasks.plan import NO_TIMER, make_plan
from nornir_tasks.rollback import going_back
from nornir_tasks.session import Files
from nornir_tasks.verify import verify
from tests.provisioning.ios_region import OPTIONS, ServedRegion, described
from tests.provisioning.working import replaced

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def typed(region: ServedRegion, name: str, *lines: str) -> None:
    session = region.session(name)
    session._driver.device.send_config_set(list(lines))  # type: ignore[attr-defined]
    session.close()


def filter_and_description(name: str, files: Files) -> dict[str, str]:
    filtered = replaced(
        "hq-core1",
        "hq-core1.cfg",
        "ip prefix-list carrier-in4 seq 5 ",
        "ip prefix-list carrier-in4 seq 3 permit 10.221.0.0/16\nip prefix-list carrier-in4 seq 5 ",
        1,
    )
    return dict(filtered(name, described("alp-r1")(name, files)))


def test_a_filter_and_a_description_reach_exactly_their_devices_and_nothing_drifts(
    region: ServedRegion,
) -> None:
    with region.work(filter_and_description) as work:
        plan = make_plan(work, region.names)
        changed = {one.device: one.diff for one in plan.devices if one.diff}
        assert changed == {
            "hq-core1": "+ip prefix-list carrier-in4 seq 3 permit 10.221.0.0/16",
            "alp-r1": " interface GigabitEthernet0/0/0\n"
            "- description hq-alp to hq-core1\n"
            "+ description changed hq-alp to hq-core1",
        }
        report = execute(work, plan, OPTIONS, "c1", "test@noc")
        assert report.exit_code == 0, report
        batches = {one.device: one.batch for one in report.devices if one.batch}
        assert batches == {"alp-r1": 1, "hq-core1": 2}
        assert make_plan(work, region.names).exit_code == 0
        assert drift(work, region.names).exit_code == 0
    assert verify_chain(region.folder / "audit.jsonl") == ()


def test_every_promise_is_verified_and_a_broken_one_named(region: ServedRegion) -> None:
    with region.work() as work:
        whole = verify(work, region.names)
    assert list(map(str, whole.broken)) == []
    checks = {one.check for one in whole.results}
    assert {"management", "interface", "OSPF adjacency", "BGP session", "LLDP neighbour"} <= checks
    typed(region, "alp-sw1", "no lldp run")
    typed(region, "bet-r1", "interface GigabitEthernet0/0/1", "ip ospf hello-interval 7")
    with region.work() as work:
        verdict = verify(work, region.names)
    said = set(map(str, verdict.broken))
    assert {
        "alp-r1 GigabitEthernet0/0/3: LLDP neighbour - expected alp-sw1, found nobody",
        "alp-sw1 GigabitEthernet1/1/1: LLDP neighbour - expected alp-r1, found nobody",
        "bet-r1 GigabitEthernet0/0/1: OSPF adjacency - expected Full, found no neighbour",
        "alp-r1 GigabitEthernet0/0/1: OSPF adjacency - expected Full, found no neighbour",
    } <= said
    failures = ET.fromstring(verdict.junit()).iter("failure")  # noqa: S314  (our own)
    assert {one.get("message") for one in failures} == said


def test_a_change_that_silences_lldp_takes_itself_back(region: ServedRegion) -> None:
    edit = replaced("alp-r1", "alp-r1.cfg", "lldp run\n", "")
    with region.work(edit) as work:
        report = region.apply(work, ("alp-r1",))
    (row,) = report.devices
    assert report.exit_code == 3
    assert any("LLDP neighbour" in check for check in row.checks), row
    with region.work() as work:
        assert make_plan(work, ("alp-r1",)).exit_code == 0


def test_a_backup_makes_no_commit_for_noise_and_a_rollback_goes_to_it(
    region: ServedRegion, tmp_path: Path
) -> None:
    with region.work() as work:
        first = back_up(work, region.names).saved
        assert first.changed == tuple(sorted(region.names))
        assert back_up(work, region.names).saved.commit == ""
    session = region.session("alp-r1")
    session._driver.device.save_config()  # type: ignore[attr-defined]
    session.close()
    with region.work(described("alp-r1")) as work:
        assert back_up(work, region.names).saved.commit == "", "only times changed"
        assert region.apply(work).exit_code == 0
        assert back_up(work, region.names).saved.changed == ("alp-r1",)
    with region.work() as work:
        for revision, exit_code in ((first.commit, 0), ("c1", 2)):
            back, names = going_back(work, revision, ("alp-r1",))
            plan = make_plan(back, names)
            assert plan.exit_code == 2, (revision, plan)
            report = execute(back, plan, OPTIONS, f"to-{revision}", "test@noc")
            assert report.exit_code == 0, report
            assert make_plan(work, ("alp-r1",)).exit_code == exit_code


def test_of_two_applies_at_once_one_is_refused(region: ServedRegion, tmp_path: Path) -> None:
    refused: list[str] = []

    def second(text: str) -> None:
        if not text.startswith("batch 1 "):
            return
        with region.work(described("alp-r1"), folder=tmp_path / "two") as usual:
            work = replace(usual, locks=region.folder / "locks")
            with pytest.raises(BusyError) as caught:
                region.apply(work, ("alp-r1",))
            refused.append(str(caught.value))

    with region.work(described("alp-r1"), say=second) as work:
        assert region.apply(work, ("alp-r1",)).exit_code == 0
    assert refused
    assert "alp-r1: is being changed by test@noc" in refused[0]


def test_what_can_not_be_recorded_is_not_applied(region: ServedRegion, tmp_path: Path) -> None:
    before = region.running("alp-r1")
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "audit.jsonl").symlink_to("/dev/full")
    with region.work(described("alp-r1"), folder=folder) as work:
        plan = make_plan(work, ("alp-r1",))
        with pytest.raises(RecordError, match="No space left"):
            execute(work, plan, OPTIONS, "c1", "test@noc")
    assert region.running("alp-r1") == before


def test_a_device_without_an_archive_says_so_and_is_changed_only_when_told(
    region: ServedRegion,
) -> None:
    """It has no revert timer until the rendered configuration has given it an archive."""
    typed(region, "alp-r1", "no archive")
    bad = replaced("alp-r1", "alp-r1.cfg", "md5 <<LAKE_OSPF_KEY>>", "md5 wrong", 1)
    told = replace(OPTIONS, without_timer=True)
    with region.work(bad) as work:
        plan = make_plan(work, ("alp-r1", "bet-r1"))
        assert [one.note for one in plan.devices] == [NO_TIMER, ""]
        assert "+ path flash:archive" in plan.devices[0].diff
        refused = execute(work, plan, OPTIONS, "refused", "test@noc")
        assert [one.result for one in refused.devices] == ["failed", ""]
        assert refused.devices[0].error == f"alp-r1: {NO_TIMER}"
        reverted = execute(work, make_plan(work, ("alp-r1",)), told, "bad", "test@noc")
        assert reverted.exit_code == 3, reverted
    for text in (region.running("alp-r1"), region.startup("alp-r1")):
        assert "archive" not in text
    with region.work() as work:
        done = execute(work, make_plan(work, ("alp-r1",)), told, "good", "test@noc")
        assert done.exit_code == 0, done
        plan = make_plan(work, ("alp-r1",))
        assert (plan.exit_code, plan.devices[0].note) == (0, "")
    assert "path flash:archive" in region.startup("alp-r1")
    steps = [(entry.change, entry.step) for entry in read_entries(region.folder / "audit.jsonl")]
    assert ("refused", "commit") not in steps
