"""Mistakes that need no lab: `validate` names file, line, key and cause."""

from pathlib import Path

import pytest

from inventory.errors import InventoryError
from inventory.load import load_network
from tests.ci.repository import make_repository
from tests.mistakes.cases import Mistake, mistakes


@pytest.mark.parametrize("mistake", mistakes("validate"), ids=lambda one: one.name)
def test_validate_names_the_cause(mistake: Mistake, tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "checkout")
    repository.edit(mistake.edits)
    with pytest.raises(InventoryError) as caught:
        load_network(repository.folder / "inventory")
    for line in mistake.says:
        assert line in str(caught.value)


def test_each_mistake_has_a_name_of_its_own_and_says_something() -> None:
    found = mistakes()
    assert len({one.name for one in found}) == len(found)
    assert all(one.says and one.edits for one in found)
    assert {one.caught for one in found} == {"validate", "lab"}
