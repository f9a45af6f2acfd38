"""Tests run in two processes: files stay together, who measures time is alone, skips are told."""

import os
import re
import subprocess
import sys
from pathlib import Path

PLAIN = """
import time
from pathlib import Path
import pytest

def note(word):
    with (Path(__file__).parent / "log").open("a") as log:
        log.write(word + "\\n")

@pytest.mark.parametrize("number", range(6))
def test_it(number):
    note("begin {kind}")
    time.sleep(0.05)  # long enough for the other process to come into it, were it let
    note("end {kind}")
"""
SKIPPING = """
import pytest

@pytest.mark.lab
def test_needs_it():
    pytest.skip("the machine lacks it")

def test_fails():
    raise AssertionError("on purpose")
"""


LAST_USE = """
from contextlib import ExitStack
from pathlib import Path
import pytest
from tests.labfixture import UNTIL_LAST_USED

LOG = Path(__file__).parent / "log"

def note(word):
    with LOG.open("a") as log:
        log.write(word + "\\n")

@pytest.fixture(scope="session")
def whole_lab(pytestconfig):
    with ExitStack() as until_last_used:
        until_last_used.callback(note, "removed")
        pytestconfig.stash[UNTIL_LAST_USED] = until_last_used
        yield

@pytest.mark.parametrize("number", range(2))
def test_uses_it(whole_lab, number):
    note("used")

def test_does_without():
    note("unused")
"""


def run(checkout: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_bytes((checkout / "tests" / "conftest.py").read_bytes())
    (folder / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n    lab: l\n    alone: a\n    slow: s\n", encoding="utf-8"
    )
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-n", "2", *words, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=os.environ | {"CI": "true", "PYTHONPATH": str(checkout)},
    )


def test_nothing_runs_beside_a_test_that_measures_time(checkout: Path, tmp_path: Path) -> None:
    alone = PLAIN.replace("@pytest.mark.param", "@pytest.mark.alone\n@pytest.mark.param")
    (tmp_path / "test_a.py").write_text(alone.format(kind="alone"))
    for name in ("b", "c"):
        (tmp_path / f"test_{name}.py").write_text(PLAIN.format(kind=name))
    finished = run(checkout, tmp_path, "-v")
    assert finished.returncode == 0, finished.stdout
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 3 * 6 * 2
    begun = [at for at, line in enumerate(lines) if line == "begin alone"]
    assert len(begun) == 6
    together = lines[begun[0] : begun[0] + 12]
    assert together == ["begin alone", "end alone"] * 6, lines
    owners: dict[str, set[str]] = {}
    for process, file in re.findall(r"\[(gw\d)\].* PASSED (test_\w+)\.py", finished.stdout):
        owners.setdefault(file, set()).add(process)
    assert len(owners) == 3
    assert all(len(processes) == 1 for processes in owners.values()), owners
    assert len(set.union(*owners.values())) == 2


def test_the_whole_lab_goes_behind_its_last_test(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(LAST_USE)
    finished = run(checkout, tmp_path)
    assert finished.returncode == 0, finished.stdout
    assert (tmp_path / "log").read_text().split() == ["used", "used", "removed", "unused"]


def test_skips_and_failures_of_both_are_told_and_failures_can_run_again(
    checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "test_a.py").write_text(SKIPPING)
    (tmp_path / "test_b.py").write_text(PLAIN.format(kind="b"))
    finished = run(checkout, tmp_path)
    assert finished.returncode == 1
    assert "FAILED: CI must not skip test_a.py::test_needs_it" in finished.stdout
    assert "the machine lacks it" in finished.stdout
    assert "FAILED test_a.py::test_fails - AssertionError: on purpose" in finished.stdout
    again = run(checkout, tmp_path, "--last-failed", "--last-failed-no-failures", "none")
    assert again.returncode == 1
    assert "1 failed in" in again.stdout
