"""Another region is another folder: nothing in the program is tied to the first."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.load import load_network
from inventory.model import DeviceRole, LinkRole, Network

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).parent / "small"
ROOMS = ("inventory", "nornir_tasks", "lab", "monitor", "api", "cli")


@pytest.fixture(scope="module")
def small() -> Network:
    return load_network(SMALL)


def test_it_has_two_towns_and_one_core(small: Network) -> None:
    roles = [device.role for device in small.devices.values()]
    assert roles.count(DeviceRole.CORE) == 1
    assert roles.count(DeviceRole.DISTRICT) == 2
    assert all(device.paths == 1 for device in small.devices.values())


def test_it_shares_no_code_prefix_or_as_with_the_default_network(small: Network) -> None:
    default = load_network(ROOT / "inventory")
    for kind in ("sites", "devices", "links", "lans"):
        assert not set(getattr(small, kind)) & set(getattr(default, kind))
    prefixes = [zone.ipv4 for zone in default.region.zones]
    assert not any(lan.ipv4.overlaps(prefix) for lan in small.lans.values() for prefix in prefixes)
    names = {zone.name for zone in small.region.zones}
    assert not names & {zone.name for zone in default.region.zones}
    assert small.region.bgp.asn != default.region.bgp.asn


def test_its_addresses_follow_its_own_plan(small: Network) -> None:
    assert str(small.lans["alp-staff"].ipv4) == "10.65.11.0/24"
    assert str(small.lans["alp-staff"].ipv6) == "fd77:1:2:410b::/64"
    assert str(small.devices["bet-r1"].router_id) == "10.127.0.12"
    assert str(small.links["hq-alp"].b.ipv4) == "10.126.0.5/31"


def test_its_policies_are_its_own(small: Network) -> None:
    assert small.links["alp-bet"].cost == 100_000 // 50 * 3
    assert small.region.ospf.bfd_roles == (LinkRole.MAN, LinkRole.WAN_PRIMARY)
    assert small.region.management_zone == "manage"
    assert small.devices["alp-lyc-r1"].platform == "frr"


def _texts(path: Path) -> Iterator[str]:
    """What a program's file or template says that is not a comment or a docstring."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".j2":
        yield text
        return
    tree = ast.parse(text)
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.value


def _program_files() -> list[Path]:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return sorted([*files, *(ROOT / "templates").rglob("*.j2")])


def test_no_program_file_or_template_names_a_thing_of_the_default_network() -> None:
    default = load_network(ROOT / "inventory")
    names = {*default.devices, *default.lans, *(link for link in default.links if "-" in link)}
    names |= {str(zone.ipv4.network_address) for zone in default.region.zones}
    names |= {str(default.region.bgp.asn), str(default.region.bgp.externals[0].asn)}
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in _program_files()
        for text in _texts(path)
        for name in names
        if name in text
    ]
    assert found == []
