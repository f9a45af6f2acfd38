"""Files that can't be read as they should, and how the reader takes them."""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.load import load_network
from inventory.marked_yaml import MarkedYaml, parse_marked
from tests.generate_region import write_region
from tests.inventory.test_broken import SMALL, break_inventory


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        load_network(folder)
    return str(caught.value).splitlines()


def test_a_folder_that_is_not_there_is_one_problem_with_its_name(tmp_path: Path) -> None:
    lines = problems_of(tmp_path / "nowhere")
    assert lines[0] == "nowhere: there is no such folder. Name another with --inventory DIR."
    assert len(lines) == 1


def test_bytes_that_are_no_text_are_told_with_their_file(tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    break_inventory(SMALL, folder, {})
    (folder / "sites" / "alp.yaml").write_bytes(b"\xff\xfe\x00name")
    assert problems_of(folder) == ["inventory/sites/alp.yaml: can't be read: it is not UTF-8 text."]


def test_a_file_that_is_a_folder_is_told_as_that(tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    break_inventory(SMALL, folder, {"defaults.yaml": None})
    (folder / "defaults.yaml").mkdir()
    assert problems_of(folder) == ["inventory/defaults.yaml: can't be read: Is a directory."]


def test_every_file_broken_at_once_is_one_problem_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    break_inventory(SMALL, folder, {})
    files = sorted(folder.rglob("*.yaml"))
    for file in files:
        file.write_text("a: [", encoding="utf-8")
    lines = problems_of(folder)
    assert len(lines) == len(files)
    assert all("not valid YAML" in line for line in lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_cut_or_garbled_file_brings_anything_but_problems(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("garbled") / "inventory"
    break_inventory(SMALL, folder, {})
    files = sorted(folder.rglob("*.yaml"))
    file = data.draw(st.sampled_from(files))
    content = file.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    file.write_bytes(content[:start] + data.draw(st.binary(max_size=8)) + content[end:])
    with suppress(InventoryError):  # anything else is a crash, and fails the test
        load_network(folder)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), value=VALUES)
def test_no_value_of_a_wrong_type_brings_anything_but_problems(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, value: object
) -> None:
    folder = tmp_path_factory.mktemp("typed") / "inventory"
    break_inventory(SMALL, folder, {})
    file = data.draw(st.sampled_from(sorted(folder.rglob("*.yaml"))))
    content = yaml.load(file.read_bytes(), yaml.CSafeLoader)
    here = content
    while True:
        key = data.draw(st.sampled_from(sorted(here)))
        if not isinstance(here[key], dict) or not here[key] or data.draw(st.booleans()):
            break
        here = here[key]
    here[key] = value
    file.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper), encoding="utf-8")
    with suppress(InventoryError):  # anything else is a crash, and fails the test
        load_network(folder)


def test_every_key_of_a_file_knows_its_line() -> None:
    marked = parse_marked("a: 1\nb:\n  c: [x, y]\n", MarkedYaml("f"))
    assert marked.lines[("b", "c")] == 3
    assert marked.line(("b", "c", 5, "nothing")) == 3


def test_the_revision_follows_the_content_of_every_file(tmp_path: Path) -> None:
    break_inventory(SMALL, tmp_path / "one", {})
    break_inventory(SMALL, tmp_path / "two", {})
    break_inventory(SMALL, tmp_path / "three", {"links.yaml": [["T-100", "T-999"]]})
    revisions = [load_network(tmp_path / name).revision for name in ("one", "two", "three")]
    assert revisions[0] == revisions[1] != revisions[2]


def test_a_generated_region_of_a_thousand_devices_is_good(tmp_path: Path) -> None:
    write_region(tmp_path / "large", districts=240, offices=5)
    network = load_network(tmp_path / "large")
    assert len(network.devices) == 1000


def test_a_generated_region_of_a_hundred_routers_is_good(tmp_path: Path) -> None:
    write_region(tmp_path / "routers", districts=44, distributions=7)
    network = load_network(tmp_path / "routers")
    assert sum(device.routes for device in network.devices.values()) == 100
