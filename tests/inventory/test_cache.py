"""A kept network is the same network, or it is not used."""

import os
import shutil
from pathlib import Path

import pytest

from inventory.cache import KEPT, cached_network
from inventory.errors import InventoryError
from inventory.load import load_network


@pytest.fixture
def folder(tmp_path: Path, checkout: Path) -> Path:
    """A copy of the small region, to be changed."""
    return Path(shutil.copytree(checkout / "tests/regions/small", tmp_path / "small"))


def only(cache: Path) -> Path:
    (kept,) = cache.glob("network-*.pickle")
    return kept


def test_a_kept_network_equals_the_loaded_one_and_can_not_be_written(
    folder: Path, tmp_path: Path
) -> None:
    first = cached_network(folder, tmp_path / "cache")
    again = cached_network(folder, tmp_path / "cache")
    assert again is not first
    assert again == first == load_network(folder)
    with pytest.raises(TypeError):
        again.sites["new"] = next(iter(again.sites.values()))  # type: ignore[index]


def test_a_changed_file_is_read_anew_and_a_broken_one_is_told(folder: Path, tmp_path: Path) -> None:
    before = cached_network(folder, tmp_path / "cache")
    links = folder / "links.yaml"
    links.write_text(links.read_text() + "# a remark\n")
    assert cached_network(folder, tmp_path / "cache").revision != before.revision
    links.write_text(links.read_text() + "nonsense: 1\n")
    for _ in range(2):
        with pytest.raises(InventoryError):
            cached_network(folder, tmp_path / "cache")


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80\x04N."], ids=["empty", "text", "None"])
def test_a_garbled_file_is_a_miss(folder: Path, tmp_path: Path, content: bytes) -> None:
    expected = cached_network(folder, tmp_path / "cache")
    only(tmp_path / "cache").write_bytes(content)
    assert cached_network(folder, tmp_path / "cache") == expected


def test_a_file_that_others_may_write_is_never_read(folder: Path, tmp_path: Path) -> None:
    cached_network(folder, tmp_path / "cache")
    kept = only(tmp_path / "cache")
    marker = tmp_path / "run"
    kept.write_bytes(b"cos\nsystem\n(S'touch " + os.fsencode(marker) + b"'\ntR.")
    kept.chmod(0o666)
    cached_network(folder, tmp_path / "cache")
    assert not marker.exists()


def test_a_cache_that_can_not_be_written_only_costs_time(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    assert cached_network(folder, tmp_path / "cache") == load_network(folder)


def test_only_the_newest_are_kept(folder: Path, tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        with (folder / "links.yaml").open("a") as links:
            links.write(f"# {number}\n")
        cached_network(folder, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == KEPT
