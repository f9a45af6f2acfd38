"""`imereti lab test` on the small region: what holds, what does not, and what can't be told."""

import json
import subprocess
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from cli.main import build_app
from lab import preflight
from lab.endpoints import Endpoint
from lab.expecting import evaluate
from lab.pinging import Measured, WayOutage
from lab.reach import Probe
from lab.scenario_schema import Expectation
from tests.lab.conftest import SMALL
from tests.lab.test_faults import until
from tests.labfixture import CHECKOUT, LabUnderTest, make_lab

SCENARIOS = CHECKOUT / "tests" / "lab" / "small"


def scenario(folder: Path, steps: str) -> str:
    """A file with one scenario."""
    file = folder / "tried.yaml"
    file.write_text(f"title: Tried\nsteps:\n{steps}", encoding="utf-8")
    return str(file)


def tried(lab: LabUnderTest, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, the JSON answer, and what stood on stderr."""
    done = subprocess.run(
        lab.command("--json", "lab", "test", "--scenarios", str(SCENARIOS), *words),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def complaints(document: dict[str, Any]) -> list[str]:
    return [
        f"{one['name']}: {check['name']}: expected {check['expected']}, found {check['found']}"
        for one in document["scenarios"]
        for check in one["checks"]
        if not check["ok"]
    ]


@pytest.mark.lab
@pytest.mark.slow
def test_the_promises_of_another_region_hold_too(breakable: LabUnderTest, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    code, document, _ = tried(breakable, "cut", "policy", "--junit", str(junit))
    assert code == 0, complaints(document)
    assert [one["name"] for one in document["scenarios"]] == ["cut", "policy"]
    assert document["scenarios"][0]["outage_s"] > 0
    assert document["boot_s"] == 0, "the lab that was up is used"
    assert ET.parse(junit).getroot().get("failures") == "0"  # noqa: S314  (our own text)
    assert breakable.state.faults == ()


@pytest.mark.lab
@pytest.mark.slow
def test_every_single_failure_of_another_region_is_measured(
    breakable: LabUnderTest, tmp_path: Path
) -> None:
    table = tmp_path / "outages.md"
    code, document, _ = tried(breakable, "sweep", "--table", str(table))
    assert code == 0, complaints(document)
    rows = document["scenarios"][0]["outages"]
    assert [row["what"] for row in rows] == ["cut"] * 6 + ["silent"] * 3 + ["down"] * 2
    through = next(row for row in rows if row["subject"] == "hq-alp")
    assert through["lost"] > 0
    assert through["outage_ms"] > 0
    alone = {row["subject"]: row["alone"] for row in rows if row["what"] == "cut"}
    assert alone["alp-lyceum"] == ["alp-lyc"]
    assert len([line for line in table.read_text().splitlines() if line.startswith("| ")]) == 12


@pytest.mark.lab
@pytest.mark.slow
def test_poller_and_provisioning_take_part(breakable: LabUnderTest) -> None:
    code, document, _ = tried(breakable, "house")
    assert code == 0, complaints(document)
    drift = breakable.run("plan")
    assert drift.returncode == 0, drift.stdout


@pytest.mark.lab
@pytest.mark.slow
def test_a_broken_promise_fails_with_its_evidence_and_leaves_a_bundle(
    breakable: LabUnderTest, tmp_path: Path
) -> None:
    steps = """\
  - fault: {kind: cut, target: hq-alp}
    within_s: 2
    expect:
      - reach: {from: alp-lyc-guests, to: hq-servers}
"""
    code, document, _ = tried(breakable, scenario(tmp_path, steps))
    assert code == 1
    check = document["scenarios"][0]["checks"][0]
    assert check["name"] == "reach alp-lyc-guests -> hq-servers icmp"
    assert check["evidence"]
    assert breakable.state.faults == (), "all is mended all the same"
    bundle = Path(document["scenarios"][0]["bundle"])
    assert "cut hq-alp" in (bundle / "timeline.txt").read_text()
    running = (bundle / "alp-r1" / "running.conf").read_text()
    assert "router ospf" in running
    secrets = breakable.state.secrets().values.values()
    texts = [file.read_text() for file in bundle.rglob("*") if file.is_file()]
    assert not [value for value in secrets for text in texts if value in text]
    assert "10.67.5.0/24" in (bundle / "alp-r1" / "routes.txt").read_text()


@pytest.mark.lab
@pytest.mark.slow
def test_an_action_that_fails_fails_the_run(breakable: LabUnderTest, tmp_path: Path) -> None:
    steps = "  - fault: {kind: kill, target: alp-r1, daemon: bgpd}\n"
    code, document, _ = tried(breakable, scenario(tmp_path, steps))
    assert code == 1
    assert "alp-r1 runs no bgpd" in document["scenarios"][0]["checks"][0]["found"]


@pytest.mark.lab
@pytest.mark.slow
def test_a_lab_that_does_not_converge_says_nothing_about_the_network(
    breakable: LabUnderTest, tmp_path: Path
) -> None:
    link = breakable.network.links["alp-bet"].a
    configure = ["vtysh", "-c", "configure terminal", "-c", f"interface {link.interface}", "-c"]
    breakable.inside(link.device, *configure, "ip ospf passive")
    until(lambda: breakable.run("lab", "status").returncode == 1, 30, "the adjacency is gone")
    try:
        steps = "  - expect: [{reach: {from: alp-staff, to: hq-servers}}]\n"
        code, document, _ = tried(breakable, "--settle", "3", scenario(tmp_path, steps))
    finally:
        breakable.inside(link.device, *configure, "no ip ospf passive")
    assert code == 2
    assert document["inconclusive"] == 1
    assert "did not converge within 3 s" in document["scenarios"][0]["checks"][0]["found"]


@pytest.mark.lab
@pytest.mark.slow
def test_a_lab_with_faults_in_force_is_no_place_to_test(breakable: LabUnderTest) -> None:
    breakable.answer("lab", "fault", "cut", "hq-alp")
    code, document, said = tried(breakable, "cut")
    assert code == 3
    assert "is up with faults in force (cut hq-alp). Run: imereti lab heal" in said
    assert document["scenarios"] == []


def test_without_frrouting_there_is_no_lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # the list itself is replaced: no test can uninstall a package
    monkeypatch.setattr(preflight, "PROGRAMS", {"/nonexistent/zebra": "frr"})
    monkeypatch.setattr("os.geteuid", lambda: 0)
    lab = make_lab(tmp_path, "nofrr", SMALL)
    words = ["-c", str(lab.folder / "config.yaml"), "lab", "test", "--scenarios", str(SCENARIOS)]
    done = CliRunner().invoke(build_app(words), words)
    assert done.exit_code == 3, done.output
    assert "the lab needs frr, which this machine lacks. Run: apt-get install -y frr" in done.output


def test_a_wrong_file_is_not_a_broken_promise(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, "wrong", SMALL)
    file = scenario(tmp_path, "  - fault: {kind: cut, target: hq-alf}\n")
    done = lab.run("lab", "test", file)
    assert done.returncode == 64
    assert "tried.yaml:3: steps[0].fault.target: lab wrong has no link hq-alf." in done.stderr


@pytest.mark.parametrize(("late_s", "unsure"), [(0.01, False), (1.0, True)])
def test_an_outage_that_a_busy_machine_measured_is_inconclusive(
    late_s: float, *, unsure: bool
) -> None:
    address = IPv4Address("10.0.0.1")
    named = {"a": Endpoint("a", "a", None, None), "b": Endpoint("b", "b", address, None)}
    endpoints = SimpleNamespace(named=lambda words: [named[word] for word in words])
    way = WayOutage(Probe("a", address), 0.9, 90, 400, broken=False)
    wanted = Expectation.model_validate({"outage": {"from": "a", "to": "b", "at_most_ms": 500}})
    bench: Any = SimpleNamespace(endpoints=endpoints)
    check = evaluate(bench, wanted, 1.0, Measured((way,), late_s))
    assert not isinstance(check, list)
    assert (check.ok, check.inconclusive) == (False, unsure)
    assert check.found.startswith("900 ms")
