"""apply on real FRR routers: what is good is confirmed, what is bad takes itself back."""

from dataclasses import replace
from pathlib import Path

import pytest

from nornir_tasks.audit import read_entries, verify_chain
from nornir_tasks.plan import make_plan
from tests.provisioning.conftest import Ground
from tests.provisioning.working import replaced

pytestmark = pytest.mark.lab
DESCRIBED = replaced(
    "alp-r1", "frr.conf", "description hq-alp to", "description changed: hq-alp to"
)


def test_a_lab_that_runs_what_was_rendered_has_no_plan(ground: Ground, tmp_path: Path) -> None:
    with ground.work(tmp_path) as work:
        plan = make_plan(work, ground.routers)
    assert [(one.device, one.state, one.diff, one.error) for one in plan.devices] == [
        (name, "unchanged", "", "") for name in ground.routers
    ]
    assert plan.exit_code == 0


def test_a_plan_shows_exactly_the_changed_lines_and_an_apply_confirms_them(
    ground: Ground, tmp_path: Path
) -> None:
    with ground.work(tmp_path, DESCRIBED) as work:
        plan = make_plan(work, ground.routers)
        changed = {one.device: one.diff.splitlines() for one in plan.devices if one.diff}
        assert list(changed) == ["alp-r1"]
        signs = [line for line in changed["alp-r1"] if line[0] in "+-"]
        assert [line[0] for line in signs] == ["-", "+"]
        assert plan.exit_code == 2
        report = ground.apply(work, plan)
        assert [(one.device, one.result) for one in report.devices if one.result] == [
            ("alp-r1", "confirmed")
        ]
        assert report.exit_code == 0
        assert make_plan(work, ground.routers).exit_code == 0
        files = work.fleet.run(lambda session: session.running(), ["alp-r1"])["alp-r1"]
        assert "description changed: hq-alp to" in str(files)
    assert verify_chain(tmp_path / "audit.jsonl") == ()
    steps = [(entry.step, entry.result) for entry in read_entries(tmp_path / "audit.jsonl")]
    assert steps == [
        ("start", "begun"),
        ("backup", "done"),
        ("commit", "begun"),
        ("commit", "done"),
        ("checks", "done"),
        ("confirm", "begun"),
        ("confirm", "done"),
        ("end", "done"),
    ]


SPOILT = {
    "a firewall that shuts out the management": (
        replaced("alp-r1", "nftables.conf", "tcp dport 22 accept", "tcp dport 22 drop"),
        "alp-r1: management",
    ),
    "a wrong OSPF key": (
        replaced(
            "alp-r1",
            "frr.conf",
            "message-digest-key 7 md5 <<LAKE_OSPF_KEY>>",
            "message-digest-key 7 md5 wrong",
        ),
        "OSPF adjacency",
    ),
    "a prefix that leaks out of the region": (
        replaced(
            "hq-core1",
            "frr.conf",
            "ip prefix-list carrier-out4 seq 5 permit",
            "ip prefix-list carrier-out4 seq 1 permit 0.0.0.0/0 le 32\n"
            "ip prefix-list carrier-out4 seq 5 permit",
        ),
        "BGP prefixes announced",
    ),
    "a zone that opens to guests": (
        replaced("hq-dc1", "frr.conf", "interface vlan130", "interface vlan130\n shutdown"),
        "reachability",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_bad_change_takes_itself_back_and_names_the_check(
    ground: Ground, tmp_path: Path, what: str
) -> None:
    edit, check = SPOILT[what]
    with ground.work(tmp_path, edit) as work:
        report = ground.apply(work)
    assert report.exit_code == 3, report
    reverted = [one for one in report.devices if one.result == "reverted"]
    assert len(reverted) == 1
    said = [*reverted[0].checks, reverted[0].error]
    assert any(check in text for text in said), said
    ground.is_as_rendered(tmp_path)


def test_a_syntax_error_never_reaches_a_commit_and_the_others_go_on(
    ground: Ground, tmp_path: Path
) -> None:
    bad = replaced("alp-r1", "frr.conf", "hostname alp-r1", "hostname alp-r1\nrouter ospfx")

    def edit(name: str, files: object) -> object:
        return DESCRIBED_BET(name, bad(name, files))  # type: ignore[arg-type]

    with ground.work(tmp_path, edit) as work:  # type: ignore[arg-type]
        report = ground.apply(work)
    rows = {one.device: one for one in report.devices}
    assert rows["alp-r1"].state == "failed"
    assert "router ospfx" in rows["alp-r1"].error
    assert rows["bet-r1"].result == "confirmed"
    assert report.exit_code == 1
    steps = {(e.device, e.step) for e in read_entries(tmp_path / "audit.jsonl")}
    assert ("alp-r1", "commit") not in steps


def test_lines_of_a_daemon_that_does_not_run_are_refused_before_anything_changes(
    ground: Ground, tmp_path: Path
) -> None:
    """bet-r1 has bgpd=no: vtysh would take the lines, say so, and lose them."""
    session = "router bgp 65010\n no bgp default ipv4-unicast\nexit\nrouter ospf\n"
    with ground.work(tmp_path, replaced("bet-r1", "frr.conf", "router ospf\n", session)) as work:
        row = next(one for one in make_plan(work, ["bet-r1"]).devices)
    assert row.state == "failed"
    assert "`router bgp` needs bgpd, which does not run: write bgpd=yes into" in row.error


DESCRIBED_BET = replaced(
    "bet-r1", "frr.conf", "description hq-bet to", "description new: hq-bet to"
)


def test_a_device_out_of_reach_is_failed_never_unchanged_and_holds_nobody_up(
    ground: Ground, tmp_path: Path
) -> None:
    def access(device: object) -> object:
        usual = ground.access(device)  # type: ignore[arg-type]
        closed = getattr(device, "name", "") == "alp-r1"
        return replace(usual, port=2) if closed else usual

    with ground.work(tmp_path, DESCRIBED_BET, access=access) as work:  # type: ignore[arg-type]
        plan = make_plan(work, ground.routers)
        rows = {one.device: one for one in plan.devices}
        assert rows["alp-r1"].state == "failed"
        assert "expected a session" in rows["alp-r1"].error
        assert plan.exit_code == 1
        report = ground.apply(work, plan)
    assert {one.device: one.result for one in report.devices}["bet-r1"] == "confirmed"
    assert report.exit_code == 1
