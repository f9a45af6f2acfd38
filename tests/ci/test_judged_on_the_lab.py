"""`imereti ci` as it is typed, with real routers: applied, booted anew, and interrupted."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from lab.state import lab_folder, marked_processes
from tests.api.serving import eventually
from tests.ci.repository import Repository, make_repository
from tests.ci.test_command import PROGRAM, imereti

pytestmark = [pytest.mark.lab, pytest.mark.slow]

EXPECTED = """\
differences:
  - kind: route
    where: hq-core1
    what: 10.126.0.8/31
    change: changed
    because: the circuit to Alpton is slower by contract
  - {kind: route, where: hq-core1, what: 'fd77:1:2:7e00::8/127'}
"""
SCENARIOS = {
    "servers": """\
title: Staff reach the servers, and guests nobody
steps:
  - expect:
      - reach: {from: bet-staff, to: hq-servers}
      - no-reach: {from: bet-lyc-guests, to: bet-staff, hold_s: 1}
""",
    "far-end": """\
title: The other lyceum reaches the Internet
steps:
  - expect: [{reach: {from: alp-lyc-guests, to: internet}}]
""",
    "elsewhere": """\
title: Of another region
given: {region: imereti}
steps:
  - expect: [{reach: {from: zes-gov, to: kut-inmis}}]
""",
}
DETOUR = """\
title: Guests of Betville go another way than they do
steps:
  - within_s: 1
    expect: [{path: {from: bet-lyc-guests, to: internet, avoids: [hq-bet]}}]
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = make_repository(tmp_path / "checkout")
    (made.folder / "expected.yaml").write_text(EXPECTED, encoding="utf-8")
    (made.folder / "scenarios").mkdir()
    for name, text in SCENARIOS.items():
        (made.folder / "scenarios" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return made


def judged(repository: Repository, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, document and text of a judgement against main."""
    out, scenarios = repository.folder / "report", str(repository.folder / "scenarios")
    words = ("--base", "main", "--out", str(out), "--scenarios", scenarios, *words)
    done = imereti(repository, "ci", *words)
    assert (out / "report.json").exists(), done.stderr
    return (
        done.returncode,
        json.loads((out / "report.json").read_text("utf-8")),
        done.stdout,
    )


def test_a_declared_change_is_applied_and_keeps_every_promise_and_scenario(
    repository: Repository,
) -> None:
    repository.edit(
        {"inventory/links.yaml": [["circuit_id: T-100,", "circuit_id: T-100, cost: 5500,"]]}
    )
    status, found, text = judged(repository, "--expect", str(repository.folder / "expected.yaml"))
    assert status == 0, text
    assert (found["verdict"], found["promises"], found["unfulfilled"]) == ("kept", [], [])
    assert {row["result"] for row in found["apply"]["devices"]} == {"confirmed"}
    assert {row["device"] for row in found["configurations"]} == {"alp-r1", "hq-core1"}
    assert [(d["where"], d["what"], d["declared"]) for d in found["differences"]] == [
        ("hq-core1", "10.126.0.8/31", True),
        ("hq-core1", "fd77:1:2:7e00::8/127", True),
    ]
    (first, _) = found["differences"]
    assert first["was"] == "ospf via alp-r1 (ge0-0-0), via bet-r1 (ge0-0-1)"
    assert "hq-core1 ge0-0-0: OSPF cost was 100, is 5500" in first["causes"]
    assert (first["lines"][0]["file"], first["lines"][0]["line"]) == ("inventory/links.yaml", 4)
    assert [e["command"] for e in first["evidence"]] == ["show ip route json"] * 2
    assert "Expected differences: exactly those happened." in text
    assert [(one["name"], one["ok"]) for one in found["scenarios"]] == [
        ("far-end", True),
        ("servers", True),
    ]
    assert list((repository.folder / "state" / "ci").iterdir()) == []


def test_other_cables_are_booted_anew_and_only_where_they_matter(repository: Repository) -> None:
    repository.edit(
        {
            "inventory/links.yaml": [
                [
                    "b: {device: bet-lyc-r1, interface: GigabitEthernet0/0/0}",
                    "b: {device: bet-lyc-r1, interface: GigabitEthernet0/0/3}",
                ]
            ]
        }
    )
    (repository.folder / "scenarios" / "detour.yaml").write_text(DETOUR, encoding="utf-8")
    status, found, text = judged(repository, "--fast")
    assert (status, found["reasons"]) == (1, ["1 scenario failed: detour"]), text
    assert found["remarks"] == ["not in this part of the network: far-end"]
    assert [(one["name"], one["ok"]) for one in found["scenarios"]] == [
        ("detour", False),
        ("servers", True),
    ]
    assert found["promises"] == []
    assert found["how"] == "booted anew, because the cables are not the same: bet-lyceum"
    assert found["apply"] is None
    assert "alp-lyc-r1" not in found["scope"]
    moved = {(d["where"], d["what"], d["change"]) for d in found["differences"]}
    assert ("bet-lyc-r1", "ospf ge0-0-0 bet-r1", "lost") in moved
    assert ("bet-lyc-r1", "ospf ge0-0-3 bet-r1", "gained") in moved
    assert all(d["declared"] is None for d in found["differences"])
    suite = ET.parse(repository.folder / "report" / "junit.xml").getroot()  # noqa: S314
    assert (suite.get("failures"), suite.get("errors")) == ("1", "0")


def test_a_judgement_that_is_ended_leaves_no_lab(repository: Repository) -> None:
    repository.edit(
        {"inventory/links.yaml": [["circuit_id: T-100,", "circuit_id: T-100, cost: 5500,"]]}
    )
    root = repository.folder / "state" / "ci"
    with subprocess.Popen(
        [*PROGRAM, "-c", str(repository.config), "ci", "--base", "main", "--no-scenarios"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as judge:

        def folders() -> list[Path]:
            places = list(root.glob("ci*")) if root.exists() else []
            labs = [lab_folder(place / "state", place.name) for place in places]
            return [lab for lab in labs if lab.exists() and marked_processes(lab)]

        eventually(lambda: bool(folders()), "a lab that boots", 60)
        (lab,) = folders()
        os.kill(judge.pid, signal.SIGTERM)
        assert judge.wait(timeout=60) == 130
    assert list(root.iterdir()) == []
    assert marked_processes(lab) == []
