"""Whole files, as last read and found good. `pytest tests/render --update` rewrites them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from inventory.model import DeviceRole, Network

from .conftest import Files

ONE_OF_EACH_ROLE = (
    "kut-core1",
    "kut-dist1",
    "kut-edge1",
    "zes-rtr1",
    "zes-sch-rtr1",
    "tbi-edge1",
    "kut-dc1",
    "kut-ag01-sw1",
    "zes-sw1",
    "zes-sch-sw1",
)
ROUTING = ONE_OF_EACH_ROLE[:7]
SWITCHES = ONE_OF_EACH_ROLE[7:]


def check(golden: Path, files: Mapping[str, str], *, updating: bool) -> None:
    """Compare `files` with the folder `golden`, or write it."""
    if updating:
        golden.mkdir(parents=True, exist_ok=True)
        for old in golden.iterdir():
            old.unlink()
        for name, text in files.items():
            (golden / name).write_text(text, encoding="utf-8")
    found = {path.name: path.read_text(encoding="utf-8") for path in golden.iterdir()}
    assert sorted(found) == sorted(files)
    for name, text in files.items():
        assert text == found[name], f"{golden.name}/{name} differs: read it, then --update"


@pytest.fixture(scope="session")
def golden(checkout: Path) -> Path:
    return checkout / "tests" / "render" / "golden"


def test_one_device_of_each_role_has_a_golden_file(network: Network) -> None:
    assert {network.devices[name].role for name in ONE_OF_EACH_ROLE} == set(DeviceRole)


@pytest.mark.parametrize("device", ONE_OF_EACH_ROLE)
def test_ios_configuration_is_the_golden_one(
    device: str, ios: dict[str, str], golden: Path, updating: bool
) -> None:
    files = {f"{device}.cfg": ios[device]}
    check(golden / "cisco_ios" / device, files, updating=updating)


@pytest.mark.parametrize("device", ROUTING)
def test_frr_files_are_the_golden_ones(
    device: str, frr: dict[str, Files], golden: Path, updating: bool
) -> None:
    check(golden / "frr" / device, frr[device], updating=updating)


@pytest.mark.parametrize("device", SWITCHES)
def test_linux_bridge_files_are_the_golden_ones(
    device: str, lab: dict[str, Files], golden: Path, updating: bool
) -> None:
    check(golden / "linux_bridge" / device, lab[device], updating=updating)
