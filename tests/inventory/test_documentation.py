"""docs/inventory.md names every key that the files may hold, and its examples are good."""

import re
import shutil
from enum import StrEnum
from pathlib import Path

import pytest
import yaml

from inventory import schema
from inventory.errors import InventoryError
from inventory.load import load_network
from inventory.model import LinkRole, SiteRole
from inventory.nornir_plugin import ImeretiInventory
from inventory.schema import Spec, keys_of
from tests.inventory.conftest import ROOT

PAGE = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8")
SPECS = [
    value
    for value in vars(schema).values()
    if isinstance(value, type) and issubclass(value, Spec) and value is not Spec
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.__name__)
def test_every_key_is_on_the_page(spec: type[Spec]) -> None:
    if spec is schema.NameSpec:
        assert "{en: ..., ka: ...}" in PAGE
        return
    known = set(re.findall(r"`(\w+)`|`\w+(?:\.<\w+>)?\.(\w+)`|`(\w+)[.:]", PAGE))
    words = {word for found in known for word in found}
    assert [key for key in keys_of(spec) if key not in words] == []


@pytest.mark.parametrize("roles", [SiteRole, LinkRole])
def test_every_role_is_on_the_page(roles: type[StrEnum]) -> None:
    assert [role for role in roles if f"`{role}`" not in PAGE] == []


def test_the_host_data_on_the_page_are_those_of_the_plugin() -> None:
    host = ImeretiInventory(ROOT / "inventory").load().hosts["zes-rtr1"]
    sentence = PAGE[PAGE.index("Hosts carry") :].partition("as data")[0]
    assert re.findall(r"`(\w+)`", sentence) == list(host.data)


def _examples() -> list[str]:
    return [
        re.sub(r"(?m)^   ", "", block)
        for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    ]


def test_following_the_page_adds_a_district_and_the_school_it_asks_for(tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    shutil.copytree(ROOT / "inventory" / "sites", folder / "sites")
    for file in (ROOT / "inventory").glob("*.yaml"):
        shutil.copy(file, folder)
    site, rows = _examples()
    (folder / "sites" / "new.yaml").write_text(site, encoding="utf-8")
    links = (folder / "links.yaml").read_text(encoding="utf-8")
    (folder / "links.yaml").write_text(links + rows, encoding="utf-8")
    with pytest.raises(InventoryError) as caught:
        load_network(folder)
    assert [problem.message for problem in caught.value.problems] == [
        "a district needs a school, and no school has `parent: new`."
    ]
    school = (folder / "sites" / "zes-sch.yaml").read_text(encoding="utf-8")
    school = school.replace("zes", "new").replace("number: 41", "number: 42")
    (folder / "sites" / "new-sch.yaml").write_text(school, encoding="utf-8")
    more = yaml.safe_dump(_school_links(), sort_keys=False)
    (folder / "links.yaml").write_text(links + rows + more, encoding="utf-8")
    network = load_network(folder)
    assert str(network.lans["new-gov"].ipv4) == "10.10.22.0/24"
    assert len(network.sites) == 49


def _school_links() -> dict[str, object]:
    port = "GigabitEthernet0/0"
    return {
        "new-sch": {
            "role": "school",
            "number": 82,
            "a": {"device": "new-rtr1", "interface": f"{port}/3"},
            "b": {"device": "new-sch-rtr1", "interface": f"{port}/0"},
        },
        "new-sch-acc": {
            "role": "access",
            "a": {"device": "new-sch-rtr1", "interface": f"{port}/1"},
            "b": {"device": "new-sch-sw1", "interface": "GigabitEthernet1/1/1"},
        },
    }
