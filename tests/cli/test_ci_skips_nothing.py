"""In CI a test of the lab or of the browser that is skipped counts as failed; elsewhere not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest

@pytest.mark.{marker}
def test_needs_it():
    pytest.skip("the machine lacks it")

def test_plain():
    pass
"""


def outcome(checkout: Path, folder: Path, marker: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_bytes((checkout / "tests" / "conftest.py").read_bytes())
    (folder / "test_it.py").write_text(SUITE.format(marker=marker), encoding="utf-8")
    (folder / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n    lab: l\n    browser: b\n    containerlab: c\n    influx: i\n"
        "    slow: s\n",
        encoding="utf-8",
    )
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=os.environ | {"CI": ci, "PYTHONPATH": str(checkout)},
    )


@pytest.mark.parametrize("marker", ["lab", "containerlab", "browser", "influx"])
def test_a_skipped_test_fails_ci_and_is_named(checkout: Path, tmp_path: Path, marker: str) -> None:
    finished = outcome(checkout, tmp_path, marker, ci="true")
    assert finished.returncode == 1
    assert "FAILED: CI must not skip test_it.py::test_needs_it" in finished.stdout


def test_elsewhere_it_is_skipped_with_its_reason(checkout: Path, tmp_path: Path) -> None:
    finished = outcome(checkout, tmp_path, "lab", ci="")
    assert finished.returncode == 0
    assert "SKIPPED" in finished.stdout


def test_other_skips_do_not_fail_ci(checkout: Path, tmp_path: Path) -> None:
    assert outcome(checkout, tmp_path, "slow", ci="true").returncode == 0
