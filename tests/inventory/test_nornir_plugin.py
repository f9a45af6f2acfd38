"""Any Nornir script gets the same hosts and groups."""

import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from nornir import InitNornir
from nornir.core import Nornir
from nornir.core.filter import F

from inventory.errors import InventoryError
from inventory.load import load_with_draft
from inventory.model import Network
from inventory.nornir_plugin import nornir_inventory
from inventory.view import virtual
from tests.inventory.conftest import ROOT
from tests.inventory.test_broken import SMALL, break_inventory


def start(folder: Path) -> Nornir:
    return InitNornir(
        inventory={"plugin": "ImeretiInventory", "options": {"folder": str(folder)}},
        runner={"plugin": "serial"},
        logging={"enabled": False},
    )


@pytest.fixture(scope="module")
def nornir() -> Nornir:
    return start(ROOT / "inventory")


def test_every_device_is_a_host_at_its_management_address(nornir: Nornir, network: Network) -> None:
    assert list(nornir.inventory.hosts) == list(network.devices)
    for name, host in nornir.inventory.hosts.items():
        assert host.hostname == str(network.devices[name].management)
        assert host.platform == "cisco_ios"
        assert host.port == 22
        assert host.username == "netadmin"


def test_roles_are_groups_and_groups_have_their_parents(nornir: Nornir) -> None:
    host = nornir.inventory.hosts["zes-rtr1"]
    assert host.has_parent_group("district")
    assert host.has_parent_group("router")
    assert host["paths"] == 2
    assert nornir.inventory.hosts["zes-sch-rtr1"]["paths"] == 1


def test_hosts_are_found_by_what_they_are(nornir: Nornir) -> None:
    found = nornir.filter(F(site="zes") & F(role="district")).inventory.hosts
    assert list(found) == ["zes-rtr1"]
    assert found["zes-rtr1"]["links"][:3] == ["kut-zes", "zes-acc", "zes-chi"]
    assert found["zes-rtr1"]["lans"] == ["zes-council", "zes-gov", "zes-mgmt"]
    assert len(nornir.filter(F(links__contains="kut-zes")).inventory.hosts) == 2


def test_options_of_a_connection_reach_the_host(nornir: Nornir) -> None:
    parameters = nornir.inventory.hosts["kut-core1"].get_connection_parameters("napalm")
    assert parameters.platform == "ios"
    assert parameters.hostname == "10.255.0.1"
    assert parameters.username == "netadmin"


def test_no_password_is_in_it(nornir: Nornir) -> None:
    for host in nornir.inventory.hosts.values():
        assert host.password is None
    assert "<<" not in json.dumps(nornir.inventory.dict(), default=str)


def test_a_view_of_the_network_keeps_its_groups() -> None:
    draft, network = load_with_draft(ROOT / "inventory")
    inventory = nornir_inventory(draft, virtual(network, IPv4Network("172.20.20.0/24")))
    assert inventory.hosts["zes-rtr1"].platform == "frr"
    assert inventory.hosts["zes-rtr1"].hostname == "172.20.20.83"


def test_another_region_gives_its_own_hosts() -> None:
    hosts = start(SMALL).inventory.hosts
    assert hosts["alp-lyc-r1"].platform == "frr"
    assert hosts["alp-r1"].username == "laker"


def test_a_broken_inventory_stops_the_script_with_its_problems(tmp_path: Path) -> None:
    break_inventory(SMALL, tmp_path / "inventory", {"links.yaml": ""})
    with pytest.raises(InventoryError, match="the file is empty"):
        start(tmp_path / "inventory")
