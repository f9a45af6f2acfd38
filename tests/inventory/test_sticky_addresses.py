"""Adding, removing or reordering sites and links changes no other address."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.load import load_network
from inventory.model import Network
from tests.generate_region import dump_rows, write_region

Addresses = dict[tuple[str, str], tuple[str, str]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sticky") / "inventory"
    write_region(folder, districts=4, offices=3)
    return folder


def addresses(network: Network) -> Addresses:
    """By device and link, LAN or role of the interface: names of ports may differ, these not."""
    return {
        (name, interface.link or interface.lan or interface.kind): (
            str(interface.ipv4),
            str(interface.ipv6),
        )
        for name, device in network.devices.items()
        for interface in device.interfaces
        if interface.ipv4 is not None
    }


def rows_of(path: Path) -> dict[str, Any]:
    rows: dict[str, Any] = yaml.load(path.read_bytes(), yaml.CSafeLoader)
    return rows


def write(path: Path, rows: dict[str, Any], order: random.Random) -> None:
    keys = list(rows)
    order.shuffle(keys)
    dump_rows(path, {key: rows[key] for key in keys})


def remove_office(folder: Path, code: str) -> None:
    (folder / "sites" / f"{code}.yaml").unlink()
    rows = rows_of(folder / "links.yaml")
    del rows[f"{code}-acc"]
    write(folder / "links.yaml", rows, random.Random(0))


def add_district(folder: Path, code: str, number: int, uplinks: tuple[int, int]) -> None:
    """A district with a school like d0001 and d0001-sch, on two distribution ports of its own."""
    for old, new, plus in (("d0001", code, 0), ("d0001-sch", f"{code}-sch", 1)):
        site = _renamed(rows_of(folder / "sites" / f"{old}.yaml"), code)
        site["number"] = number + plus
        for device in site["devices"].values():
            if "number" in device:
                device["number"] = number + plus
        write(folder / "sites" / f"{new}.yaml", site, random.Random(0))
    rows = rows_of(folder / "links.yaml")
    for name in ("d0001-acc", "d0001-sch", "d0001-sch-acc"):
        rows[name.replace("d0001", code)] = _renamed(rows[name], code)
    for index, (uplink, role) in enumerate(zip(uplinks, ("primary", "backup"), strict=True)):
        rows[f"new-{code}-{index}"] = {
            "role": f"wan-{role}",
            "a": {"device": f"kut-core{index + 1}", "interface": f"TenGigabitEthernet0/1/{uplink}"},
            "b": {"device": f"{code}-rtr1", "interface": f"TenGigabitEthernet0/1/{150 + index}"},
            "bandwidth": "1G" if role == "primary" else "50M",
        }
    taken = max(row.get("number", 0) for row in rows.values())
    for name, row in rows.items():
        if code in name and row["role"] != "access":
            taken += 1
            row["number"] = taken
    write(folder / "links.yaml", rows, random.Random(1))


def _renamed(row: dict[str, Any], code: str) -> dict[str, Any]:
    renamed: dict[str, Any] = json.loads(json.dumps(row).replace("d0001", code))
    return renamed


def shuffle_rows(folder: Path, order: random.Random) -> None:
    for path in (folder / "links.yaml", *sorted(folder.glob("sites/*.yaml"))):
        write(path, rows_of(path), order)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32 - 1),
    removed=st.sets(st.sampled_from(["o0001", "o0002", "o0003"])),
    added=st.lists(
        st.tuples(st.from_regex(r"[a-z]{3}[0-9]", fullmatch=True), st.integers(1100, 1900)),
        max_size=2,
        unique_by=(lambda row: row[0], lambda row: row[1] // 2),
    ),
)
def test_no_address_moves_when_sites_and_links_come_go_and_change_places(
    base: Path, seed: int, removed: set[str], added: list[tuple[str, int]]
) -> None:
    before_all = load_network(base)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "inventory"
        shutil.copytree(base, folder)
        for code in removed:
            remove_office(folder, code)
        for index, (code, number) in enumerate(added):
            add_district(folder, code, number // 2 * 2, (100 + 2 * index, 101 + 2 * index))
        shuffle_rows(folder, random.Random(seed))
        after_all = load_network(folder)
    new = {site for code, _ in added for site in (code, f"{code}-sch")}
    assert set(after_all.sites) == set(before_all.sites) - removed | new
    before, after = addresses(before_all), addresses(after_all)
    gone = {key for key in before if before_all.devices[key[0]].site in removed}
    gone |= {key for key in before if key[1].partition("-")[0] in removed}
    assert {key: value for key, value in before.items() if key not in gone} == {
        key: value for key, value in after.items() if key in before
    }


def test_reordering_alone_changes_nothing_but_the_revision(base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    shutil.copytree(base, folder)
    shuffle_rows(folder, random.Random(7))
    before, after = load_network(base), load_network(folder)
    assert replace(after, revision=before.revision) == before
    assert list(after.links) == list(before.links)
