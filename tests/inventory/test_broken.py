"""Each way to get an inventory wrong, with every message that it brings, word for word."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from inventory.errors import InventoryError
from inventory.load import load_network

HERE = Path(__file__).parent
SMALL = HERE.parent / "regions" / "small"
DEFAULT = HERE.parents[1] / "inventory"
Edits = dict[str, str | list[list[str]] | None]


@dataclass(frozen=True)
class Case:
    """Edits to a good inventory, and the messages that they bring."""

    name: str
    edits: Edits
    expected: str
    base: Path


def _cases() -> list[Case]:
    rows: list[dict[str, Any]] = []
    for file in sorted(HERE.glob("broken/*.yaml")):
        rows.extend(yaml.safe_load(file.read_text(encoding="utf-8")))
    return [
        Case(row["case"], row["edit"], row["expect"], DEFAULT if "base" in row else SMALL)
        for row in rows
    ]


def break_inventory(base: Path, folder: Path, edits: Edits) -> None:
    """Copy the data of `base` to `folder` and edit it; a text to replace stands there once."""
    folder.mkdir(parents=True)
    shutil.copytree(base / "sites", folder / "sites")
    for file in base.glob("*.yaml"):
        shutil.copy(file, folder)
    for name, edit in edits.items():
        path = folder / name
        if edit is None:
            path.unlink()
        elif isinstance(edit, str):
            path.write_text(edit, encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
            for old, new in edit:
                assert text.count(old) == 1, f"{name}: {old!r} stands there {text.count(old)} times"
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case.name)
def test_a_broken_inventory_is_told_in_full(case: Case, tmp_path: Path) -> None:
    break_inventory(case.base, tmp_path / "inventory", case.edits)
    with pytest.raises(InventoryError) as caught:
        load_network(tmp_path / "inventory")
    assert str(caught.value).splitlines() == case.expected.splitlines()
    assert list(caught.value.problems) == sorted(caught.value.problems)


def test_there_are_more_than_fifty_cases_and_no_two_share_a_name() -> None:
    names = [case.name for case in _cases()]
    assert len(names) > 50
    assert len(set(names)) == len(names)


def test_the_unedited_inventories_are_good() -> None:
    for base in (SMALL, DEFAULT):
        load_network(base)
