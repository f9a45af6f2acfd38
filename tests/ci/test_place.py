"""Where a judgement works: alone, and with nothing left behind."""

import fcntl
from pathlib import Path

import pytest

from cli.ci_place import free_management, place
from cli.context import Context
from inventory.errors import LabError
from tests.ci.repository import make_repository


@pytest.fixture
def context(tmp_path: Path) -> Context:
    repository = make_repository(tmp_path / "checkout")
    return Context(repository.config, as_json=False, quiet=True, verbose=False)


def test_a_place_is_gone_after_the_judgement_whatever_happened(context: Context) -> None:
    root = context.settings.paths.state / "ci"
    with pytest.raises(FileExistsError), place(context) as where:
        where.folder.mkdir()  # it is there
    assert list(root.iterdir()) == []


def test_what_a_killed_judgement_left_is_removed_and_a_living_one_is_not(
    context: Context,
) -> None:
    root = context.settings.paths.state / "ci"
    killed, living = root / "ci000001", root / "ci000002"
    for folder in (killed, living):
        (folder / "base").mkdir(parents=True)
        (folder / "lock").touch()
    with (living / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with place(context):
            assert not killed.exists()
            assert living.exists()


def test_two_judgements_have_names_of_their_own(context: Context) -> None:
    with place(context) as one, place(context) as other:
        assert one.name != other.name
        assert len(one.name) <= 10  # an interface `lab-<name>` has 15 characters at most


def test_a_management_network_that_is_in_use_is_passed_over(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in for the machine's addresses, which a test can't change."""
    wanted = context.settings.lab.management
    used = [{"local": str(wanted[1]), "prefixlen": wanted.prefixlen}]
    monkeypatch.setattr(
        "lab.netns.address_owners", lambda: [{"ifname": "lab-other", "addr_info": used}]
    )
    found = free_management(wanted, "ci000003")
    assert not found.overlaps(wanted)
    assert found.prefixlen == wanted.prefixlen


def test_a_state_folder_that_can_not_be_written_is_one_line(context: Context) -> None:
    context.settings.paths.state.write_text("a file", encoding="utf-8")
    with pytest.raises(LabError, match="can't be written to"), place(context):
        pass
