"""What a scenario changes of the inventory is checked like the inventory, but for what it breaks
on purpose."""

from pathlib import Path

import pytest

from cli.lab_house import _edited
from inventory.errors import InventoryError
from lab.scenario_schema import Edit

LIMIT = "bgp.externals.carrier.max_prefix"


def edit(key: str, value: object, *, against_rules: bool = False) -> Edit:
    return Edit(file="region.yaml", key=key, value=value, against_rules=against_rules)


def test_an_edit_that_breaks_a_rule_is_refused_unless_it_means_to(
    checkout: Path, tmp_path: Path
) -> None:
    small = checkout / "tests" / "regions" / "small"
    with pytest.raises(InventoryError, match=f"{LIMIT}: expected at least 2"):
        _edited(small, tmp_path / "one", [edit(LIMIT, 1)])
    network = _edited(small, tmp_path / "two", [edit(LIMIT, 1, against_rules=True)])
    (carrier,) = network.region.bgp.externals
    assert carrier.max_prefix == 1


def test_it_means_its_own_key_and_no_other(checkout: Path, tmp_path: Path) -> None:
    small = checkout / "tests" / "regions" / "small"
    edits = [edit(LIMIT, 1, against_rules=True), edit("ospf.dead_s", 1)]
    with pytest.raises(InventoryError) as caught:
        _edited(small, tmp_path / "copy", edits)
    assert [problem.key for problem in caught.value.problems] == ["ospf.dead_s"]
