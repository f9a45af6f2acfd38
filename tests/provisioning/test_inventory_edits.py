"""Values of region.yaml change in their place; comments and everything else stay."""

from pathlib import Path
from shutil import copytree

import pytest

from inventory.errors import ImeretiError
from inventory.load import load_network
from nornir_tasks.change_inventory import InventoryEdit


@pytest.fixture
def folder(tmp_path: Path, checkout: Path) -> Path:
    return copytree(checkout / "inventory", tmp_path / "inventory")


def test_keys_of_a_section_change_and_nothing_else(folder: Path) -> None:
    before = (folder / "region.yaml").read_text().splitlines()
    values = {"key_id": "2", "key_secret": "NEXT_KEY"}
    with InventoryEdit(folder, load_network).region(("ospf",), values) as network:
        assert (network.region.ospf.key_id, network.region.ospf.key_secret) == (2, "NEXT_KEY")
    after = (folder / "region.yaml").read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        ("  key_id: 1", "  key_id: 2"),
        ("  key_secret: OSPF_KEY", "  key_secret: NEXT_KEY"),
    ]


def test_a_section_within_a_section_is_told_from_another_with_the_same_key(folder: Path) -> None:
    edit = InventoryEdit(folder, load_network)
    with edit.region(("services", "snmp"), {"user": "watcher: two"}) as network:
        assert network.region.services.snmp.user == "watcher: two"
    assert '    user: "watcher: two"\n' in (folder / "region.yaml").read_text()


def test_what_fails_leaves_the_file_as_it_was(folder: Path) -> None:
    before = (folder / "region.yaml").read_text()
    edit = InventoryEdit(folder, load_network)
    for section, values in (
        (("ospf",), {"key_id": "999"}),
        (("ospf",), {"no_such_key": "1"}),
        (("nothing",), {"key_id": "2"}),
    ):
        with pytest.raises(ImeretiError), edit.region(section, values):
            pytest.fail("the inventory was taken")
        assert (folder / "region.yaml").read_text() == before
