"""`imereti ci` as it is typed, where no lab is needed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.ci.repository import Repository, make_repository

PROGRAM = [sys.executable, "-c", "from cli.main import main; main()"]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "checkout")


def imereti(
    repository: Repository, *words: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, "-c", str(repository.config), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env={**os.environ, **environment},
    )


def test_an_inventory_with_mistakes_is_broken_without_a_lab(repository: Repository) -> None:
    repository.edit(
        {
            "inventory/links.yaml": [["circuit_id: T-102", "circuit_id: T-100"]],
            "inventory/sites/alp-lyc.yaml": [["guests: {ports: 1-8}", "staff: {ports: 1-8}"]],
        }
    )
    done = imereti(repository, "ci", "--base", "main")
    assert done.returncode == 1
    assert "inventory/links.yaml:10: alp-bet.circuit_id: circuit T-100 is that of hq-alp" in (
        done.stdout
    )
    assert "a school has no LAN in zone staff" in done.stdout
    assert "Verdict: broken." in done.stdout
    report = repository.folder / "build" / "ci"
    assert {path.name for path in report.iterdir()} == {
        "index.html",
        "junit.xml",
        "report.json",
        "report.txt",
    }
    suite = ET.parse(report / "junit.xml").getroot()  # noqa: S314  (our own text)
    assert suite.get("failures") == "1"


def test_a_template_that_fails_is_broken_without_a_lab(repository: Repository) -> None:
    repository.edit({"templates/frr/_bfd.j2": [["{{ bfd_profile }}", "{{ bfd_profil }}"]]})
    done = imereti(repository, "--json", "ci", "--base", "main")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["verdict"]) == (1, "broken")
    assert "bfd_profil" in answer["errors"][0]["message"]
    assert answer["errors"][0]["file"].endswith("templates/frr/_bfd.j2")


def test_fast_needs_no_lab_where_no_router_is_touched(
    repository: Repository, tmp_path: Path
) -> None:
    repository.edit({"inventory/region.yaml": [["contact: Lakeland NOC", "contact: The NOC"]]})
    out = tmp_path / "report"
    done = imereti(repository, "ci", "--base", "main", "--fast", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "inventory/region.yaml:103 services.snmp.contact: was Lakeland NOC, is The NOC" in (
        done.stdout
    )
    assert "nothing that a router routes or filters by has changed" in done.stdout
    assert json.loads((out / "report.json").read_text("utf-8"))["phases_s"].keys() == {
        "validate",
        "render",
    }


def test_a_declared_difference_that_can_not_happen_fails(repository: Repository) -> None:
    (repository.folder / "expected.yaml").write_text(
        "differences:\n  - kind: path\n    where: alp-staff\n", encoding="utf-8"
    )
    expected = str(repository.folder / "expected.yaml")
    done = imereti(repository, "ci", "--base", "main", "--fast", "--expect", expected)
    assert done.returncode == 1
    assert "expected.yaml:2: path different at alp-staff: *" in done.stdout


def test_a_scenario_with_a_mistake_is_told_with_its_line_before_any_lab(
    repository: Repository,
) -> None:
    folder = repository.folder / "scenarios"
    folder.mkdir()
    (folder / "bad.yaml").write_text("title: Bad\nsteps:\n  - expct: []\n", encoding="utf-8")
    done = imereti(repository, "ci", "--base", "main", "--scenarios", str(folder))
    assert done.returncode == 1
    assert "bad.yaml:3: steps[0].expct: unknown key 'expct'. Did you mean 'expect'?" in done.stderr
    assert "booting" not in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--base", "nowhere"), 64, "git knows no revision nowhere"),
        (("--base", "main", "--expect", "gone.yaml"), 1, "gone.yaml: can't be read"),
    ],
)
def test_wrong_words_are_one_line(
    repository: Repository, words: tuple[str, ...], status: int, said: str
) -> None:
    done = imereti(repository, "ci", *words)
    assert done.returncode == status
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (
        list((repository.folder / "state" / "ci").glob("*")) == []
        if (repository.folder / "state" / "ci").exists()
        else True
    )


def test_without_a_base_the_command_line_is_wrong(repository: Repository) -> None:
    done = imereti(repository, "ci")
    assert done.returncode == 64
    assert "--base" in done.stderr


def test_a_report_that_can_not_be_written_is_one_line_after_the_answer(
    repository: Repository,
) -> None:
    (repository.folder / "report").write_text("a file", encoding="utf-8")
    out = str(repository.folder / "report")
    done = imereti(repository, "ci", "--base", "main", "--fast", "--out", out)
    assert done.returncode == 1
    assert "Verdict: kept." in done.stdout
    assert "the report can't be written to" in done.stderr


def test_a_machine_that_can_not_boot_a_lab_has_an_exit_of_its_own(repository: Repository) -> None:
    """Routers have a folder of their own at /var/tmp; without root or FRR it ends the same way."""
    repository.edit(
        {"inventory/links.yaml": [["circuit_id: T-100,", "circuit_id: T-100, cost: 5500,"]]}
    )
    state = Path("/var/tmp") / f"imereti-ci-{os.getpid()}"
    try:
        done = imereti(repository, "ci", "--base", "main", IMERETI_PATHS__STATE=str(state))
    finally:
        shutil.rmtree(state, ignore_errors=True)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "alp-r1 alp-r1.cfg: changed, +2 -2 lines" in done.stdout
    assert "No lab: the lab" in done.stdout
    assert "Verdict: no lab." in done.stdout


def test_a_base_that_does_not_validate_proves_nothing(repository: Repository) -> None:
    links = {"inventory/links.yaml": [["circuit_id: T-102", "circuit_id: T-100"]]}
    repository.edit(links)
    repository.git("commit", "-q", "-a", "-m", "a circuit twice")
    repository.edit(
        {"inventory/links.yaml": [["number: 4, circuit_id: T-100", "number: 4, circuit_id: T-102"]]}
    )
    done = imereti(repository, "ci", "--base", "main", "--no-scenarios")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "main: inventory/links.yaml:10: alp-bet.circuit_id: circuit T-100" in done.stdout
    assert "Not conclusive: main itself does not validate or render" in done.stdout
