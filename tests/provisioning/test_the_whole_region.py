"""An engineer's day on all 31 routers, through the command line."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory.load import load_network
from tests.labfixture import WholeLab

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(900)]
ROUTERS = 31


class Engineer:
    """Types commands with an inventory of their own."""

    def __init__(self, lab: WholeLab, inventory: Path) -> None:
        self._lab, self.inventory = lab, inventory

    def run(self, *words: str) -> tuple[int, Any, str]:
        """Exit status, JSON answer, and what was said on stderr."""
        environment = {**os.environ, "IMERETI_PATHS__INVENTORY": str(self.inventory)}
        done = self._lab.run("--json", *words, env=environment)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout), done.stderr

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.inventory / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def engineer(mended_lab: WholeLab, tmp_path: Path, checkout: Path) -> Iterator[Engineer]:
    inventory = tmp_path / "inventory"
    shutil.copytree(checkout / "inventory", inventory, ignore=shutil.ignore_patterns("*.py"))
    yield Engineer(mended_lab, inventory)
    code, answer, said = Engineer(mended_lab, checkout / "inventory").run("apply", "--yes")
    assert code == 0, (answer, said)


def test_one_filter_and_one_description_reach_exactly_their_routers(engineer: Engineer) -> None:
    code, answer, said = engineer.run("plan")
    assert (code, answer["unchanged"], answer["changed"], answer["failed"]) == (
        0,
        ROUTERS,
        0,
        0,
    ), (answer, said)

    engineer.edit(
        "region.yaml", "accepts4: [10.200.0.0/16,", "accepts4: [10.200.0.0/16, 10.203.0.0/16,"
    )
    engineer.edit("links.yaml", "\nkut-tsk:", "\nkut-tskaltubo:")
    code, answer, _ = engineer.run("plan")
    changed = {one["device"]: one["diff"] for one in answer["devices"] if one["diff"]}
    assert code == 2
    bgp = load_network(engineer.inventory).region.bgp
    filtered = {name for name, diff in changed.items() if "10.203.0.0/16" in diff}
    described = {name for name, diff in changed.items() if "kut-tsk" in diff}
    assert filtered == set(changed) == {*bgp.speakers, *bgp.borders}
    assert described == {"kut-core1", "tsk-rtr1"}
    for device, diff in changed.items():
        for line in diff.splitlines():
            if line[0] in "+-":
                assert "10.203.0.0/16" in line or "kut-tsk" in line, (device, line)
    assert "description kut-tskaltubo to kut-core1" in changed["tsk-rtr1"]

    code, answer, said = engineer.run("apply", "--yes")
    assert code == 0, (answer, said)
    confirmed = {one["device"] for one in answer["devices"] if one["result"] == "confirmed"}
    assert confirmed == set(changed)
    batches = {one["device"]: one["batch"] for one in answer["devices"] if one["batch"]}
    assert [name[-4:] for name, batch in batches.items() if batch == 1] == ["rtr1"]
    assert batches["kut-core1"] != batches["kut-core2"]

    assert engineer.run("plan")[:2] == (
        0,
        {**engineer.run("plan")[1], "changed": 0, "unchanged": ROUTERS, "failed": 0},
    )
    assert engineer.run("drift")[0] == 0
    assert engineer.run("verify")[0] == 0
    code, answer, _ = engineer.run("backup")
    assert code == 0
    code, answer, _ = engineer.run("backup")
    assert (code, answer["commit"]) == (0, None)
    code, answer, _ = engineer.run("history")
    assert answer[0]["result"] == "confirmed"
    assert engineer.run("history", "--verify")[:2] == (0, {"ok": True, "problems": []})


def test_a_plan_of_all_routers_is_made_in_a_few_seconds(engineer: Engineer) -> None:
    """The figure is measured by `make bench`; here only that nothing waits for anything."""
    began = time.monotonic()
    assert engineer.run("plan")[0] == 0
    assert time.monotonic() - began < 60
