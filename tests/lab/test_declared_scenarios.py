"""All scenarios of tests/lab on the whole network, as CI runs them: one lab, one command.

The table of outages is left in build/outages.md: docs/outages.md is one that such a run printed.
"""

import json
import subprocess

import pytest

from tests.labfixture import CHECKOUT, WholeLab

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(1200)]

LIMIT_S = 1150


def test_every_declared_scenario_holds(mended_lab: WholeLab) -> None:
    table = CHECKOUT / "build" / "outages.md"
    table.parent.mkdir(exist_ok=True)
    done = subprocess.run(
        mended_lab.command("--json", "lab", "test", "--table", str(table)),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    document = json.loads(done.stdout)
    complaints = [
        f"{one['name']}: {check['name']}: expected {check['expected']}, found {check['found']}"
        for one in document["scenarios"]
        for check in one["checks"]
        if not check["ok"]
    ]
    assert done.returncode == 0, "\n".join([*complaints, done.stderr])
    rows = [row for one in document["scenarios"] for row in one["outages"]]
    assert sum(row["what"] == "cut" for row in rows) == 46
