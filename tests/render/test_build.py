"""Files on disk: only what changed, only what is ours, never half of one."""

import os
from pathlib import Path

import pytest

from inventory.errors import RenderError
from inventory.model import Device, Network
from nornir_tasks.build import MANIFEST, Build, write_build


@pytest.fixture(scope="session")
def devices(network: Network) -> dict[str, Device]:
    return dict(network.devices)


def build(folder: Path, files: dict[str, dict[str, str]], devices: dict[str, Device]) -> Build:
    """Write `files` (device -> file -> text) as the inventory `devices` would."""
    return write_build(folder, [(devices[name], files[name]) for name in files], devices)


def test_the_second_run_writes_nothing(tmp_path: Path, devices: dict[str, Device]) -> None:
    first = build(tmp_path, {"zes-rtr1": {"a": "1\n", "b": "2\n"}}, devices)
    assert first.devices[0].changed == ("a", "b")
    path = tmp_path / "zes-rtr1" / "a"
    os.utime(path, ns=(1, 1))
    second = build(tmp_path, {"zes-rtr1": {"a": "1\n", "b": "3\n"}}, devices)
    assert second.devices[0].changed == ("b",)
    assert path.stat().st_mtime_ns == 1
    assert sorted(path.parent.iterdir()) == [path, path.with_name("b")]


def test_a_file_that_is_no_longer_rendered_goes(tmp_path: Path, devices: dict[str, Device]) -> None:
    build(tmp_path, {"zes-rtr1": {"a": "1\n", "b": "2\n"}}, devices)
    again = build(tmp_path, {"zes-rtr1": {"b": "2\n"}}, devices)
    assert again.devices[0].removed == ("a",)
    assert [path.name for path in (tmp_path / "zes-rtr1").iterdir()] == ["b"]


def test_a_device_that_the_inventory_lost_goes_with_its_folder(
    tmp_path: Path, devices: dict[str, Device]
) -> None:
    build(tmp_path, {"zes-rtr1": {"a": "1"}, "bag-rtr1": {"a": "1"}}, devices)
    left = {name: device for name, device in devices.items() if name != "zes-rtr1"}
    again = build(tmp_path, {"bag-rtr1": {"a": "1"}}, left)
    assert again.gone == ("zes-rtr1",)
    assert not (tmp_path / "zes-rtr1").exists()


def test_a_device_that_was_not_selected_stays(tmp_path: Path, devices: dict[str, Device]) -> None:
    build(tmp_path, {"zes-rtr1": {"a": "1"}, "bag-rtr1": {"a": "1"}}, devices)
    again = build(tmp_path, {"bag-rtr1": {"a": "2"}}, devices)
    assert again.gone == ()
    assert (tmp_path / "zes-rtr1" / "a").read_text() == "1"


def test_what_somebody_else_put_there_stays(tmp_path: Path, devices: dict[str, Device]) -> None:
    build(tmp_path, {"zes-rtr1": {"a": "1"}}, devices)
    note = tmp_path / "zes-rtr1" / "note.txt"
    note.write_text("mine")
    (tmp_path / "other").mkdir()
    again = build(tmp_path, {}, {})
    assert again.gone == ("zes-rtr1",)
    assert note.read_text() == "mine"
    assert (tmp_path / "other").is_dir()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"..": ["a"]}', '{"zes-rtr1": ["../a"]}', '{"zes-rtr1": 1}', "\xff"]
)
def test_a_broken_list_of_files_removes_nothing(
    text: str, tmp_path: Path, devices: dict[str, Device]
) -> None:
    folder = tmp_path / "build"
    folder.mkdir()
    (tmp_path / "a").write_text("not ours")
    (folder / "a").write_text("not ours")
    (folder / MANIFEST).write_bytes(text.encode("latin-1"))
    build(folder, {"bag-rtr1": {"a": "1"}}, {"bag-rtr1": devices["bag-rtr1"]})
    assert (tmp_path / "a").read_text() == "not ours"
    assert (folder / "a").read_text() == "not ours"


def test_a_folder_that_is_a_file_is_one_clear_line(
    tmp_path: Path, devices: dict[str, Device]
) -> None:
    (tmp_path / "build").write_text("")
    with pytest.raises(RenderError) as caught:
        build(tmp_path / "build", {"bag-rtr1": {"a": "1"}}, devices)
    assert str(caught.value) == (
        f"{tmp_path}/build: can't be written: File exists. "
        "See paths.build, or give another folder with --out."
    )
