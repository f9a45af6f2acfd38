"""The mistakes for the lab, without it: each still reads well, and changes what a router runs.

A template that is rewritten shows here, in a second, that a mistake no longer fits.
"""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from cli.ci_revision import working_tree
from cli.ci_side import examined, side_of
from cli.ci_texts import CARRIED, devices_of, differences
from lab.plan import Files
from tests.ci.repository import Repository, make_repository
from tests.mistakes.cases import Mistake, mistakes

MANAGEMENT = IPv4Network("172.29.1.0/24")


def lab_files(repository: Repository, cache: Path) -> Files:
    """What the lab would run of the checkout; it validates."""
    folder = repository.folder
    found = examined(working_tree(folder / "inventory", folder / "templates"))
    assert found.good, found.draft.problems
    return side_of(found, MANAGEMENT, cache).files


@pytest.mark.parametrize("mistake", mistakes("lab"), ids=lambda one: one.name)
def test_it_reads_well_and_changes_a_router(mistake: Mistake, tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "checkout")
    good = lab_files(repository, tmp_path / "cache")
    repository.edit(mistake.edits)
    found = differences(good, lab_files(repository, tmp_path / "cache"))
    assert devices_of(found, CARRIED)
    assert {one.file for one in found} <= CARRIED
