"""All scenarios of tests/lab on the whole network, as CI runs them, in the lab that is up.

The table of outages is left in build/outages.md: docs/outages.md is one that such a run printed.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.labfixture import CHECKOUT, WholeLab

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(1200)]

LIMIT_S = 1150
NAMES = sorted(file.stem for file in Path(__file__).parent.glob("*.yaml"))
SWEEPS = tuple(name for name in NAMES if name.startswith("sweep-"))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SWEEPS])
def test_a_declared_scenario_holds(mended_lab: WholeLab, name: str) -> None:
    held(mended_lab, name)


def test_every_single_failure_is_survived(mended_lab: WholeLab) -> None:
    table = CHECKOUT / "build" / "outages.md"
    table.parent.mkdir(exist_ok=True)
    document = held(mended_lab, *SWEEPS, "--table", str(table))
    rows = [row for one in document["scenarios"] for row in one["outages"]]
    assert sum(row["what"] == "cut" for row in rows) == 46


def held(lab: WholeLab, *words: str) -> dict[str, Any]:
    """What `lab test` answers of scenarios, each of which passed."""
    done = subprocess.run(
        lab.command("--json", "lab", "test", *words),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    document: dict[str, Any] = json.loads(done.stdout or "{}")
    complaints = [
        f"{one['name']}: {check['name']}: expected {check['expected']}, found {check['found']}"
        for one in document.get("scenarios", ())
        for check in one["checks"]
        if not check["ok"]
    ]
    assert done.returncode == 0, "\n".join([*complaints, done.stderr[-6000:]])
    return document
