"""`imereti validate` and `imereti show`, as a person and as a program see them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.inventory.conftest import ROOT
from tests.inventory.test_broken import SMALL, break_inventory


def imereti(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from cli.main import main; main()", *words]
    return subprocess.run(  # noqa: PLW1510  (the exit code is what is tested)
        command, cwd=folder, capture_output=True, text=True, timeout=60
    )


def test_a_good_inventory_is_one_line() -> None:
    done = imereti("validate")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "inventory: 47 sites, 76 devices, 91 links, no errors\n"


def test_a_good_inventory_is_one_json_document() -> None:
    done = imereti("validate", "--json")
    assert json.loads(done.stdout) == {
        "ok": True,
        "sites": 47,
        "devices": 76,
        "links": 91,
        "errors": [],
    }


def test_a_broken_inventory_exits_1_with_every_error(tmp_path: Path) -> None:
    edits = {"links.yaml": [["T-100", "T-100, cots: 5"], ["number: 3", "number: 2"]]}
    break_inventory(SMALL, tmp_path / "inventory", dict(edits))
    done = imereti("validate", "--inventory", str(tmp_path / "inventory"))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "inventory/links.yaml:4: hq-alp.cots: unknown key 'cots'. Did you mean 'cost'?",
        "inventory: 5 sites, 10 devices, 9 links, 1 error",
    ]


def test_a_broken_inventory_is_one_json_document_too(tmp_path: Path) -> None:
    break_inventory(SMALL, tmp_path / "inventory", {"links.yaml": [["number: 4", "number: 2"]]})
    done = imereti("--json", "validate", "--inventory", str(tmp_path / "inventory"))
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"] == [
        {
            "file": "inventory/links.yaml",
            "line": 10,
            "key": "alp-bet.number",
            "message": "link number 2 is taken by hq-alp (inventory/links.yaml:4).",
            "hint": "A free one: 7.",
        }
    ]


def test_the_other_region_is_validated_by_naming_its_folder() -> None:
    done = imereti("validate", "--inventory", str(SMALL))
    assert done.stdout == "small: 5 sites, 10 devices, 10 links, no errors\n"


def test_links_have_the_shape_of_the_contract() -> None:
    rows = json.loads(imereti("show", "links", "--json").stdout)
    assert len(rows) == 91
    row = next(row for row in rows if row["id"] == "kut-zes")
    assert row["a"] == {
        "device": "kut-core2",
        "interface": "GigabitEthernet0/1/3",
        "address": "10.254.0.62/31",
    }
    assert row["bandwidth_bps"] == 1_000_000_000
    assert row["target"] == 0.995
    assert {"role", "medium", "provider", "circuit_id", "b"} <= set(row)


@pytest.mark.parametrize(
    ("what", "count", "line"),
    [
        ("sites", 47, "ზესტაფონი"),
        ("devices", 76, "10.99.21.2"),
        ("links", 91, "zes-rtr1 Gi0/0/1"),
        ("addresses", 0, "fd10:1412:7e1:fe00::3e/127"),
    ],
)
def test_a_table_has_a_line_a_thing(what: str, count: int, line: str) -> None:
    done = imereti("show", what)
    assert done.returncode == 0
    assert line in done.stdout
    if count:
        assert len([row for row in done.stdout.splitlines()[1:] if row.strip()]) == count


def test_a_path_is_shown_hop_by_hop_with_its_cost() -> None:
    done = imereti("show", "path", "zes-gov", "tbi")
    assert "kut-zes" in done.stdout
    assert done.stdout.endswith("zes-rtr1 to tbi-edge1: cost 210\n")
    answer = json.loads(imereti("--json", "show", "path", "zes-gov", "tbi").stdout)
    assert answer["cost"] == 210
    assert [hop["link"] for hop in answer["hops"]] == ["kut-zes", "kut-core2-edge1", "kut-tbi-1"]


def test_a_path_to_nowhere_is_a_message_and_exit_64() -> None:
    done = imereti("show", "path", "zez", "tbi")
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == (
        "show path: there is no device, LAN or site 'zez'. Did you mean 'zes'?\n"
    )
