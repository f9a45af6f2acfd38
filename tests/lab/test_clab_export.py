"""The exported folder, without Docker: what is in it follows from the plan."""

import re
import stat
import subprocess
from collections import Counter
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from inventory.errors import LabError, MachineError
from inventory.load import load_network
from inventory.secrets import names_in
from inventory.view import virtual
from lab import containerlab
from lab.boot import Bootable, bootable
from lab.clab_export import export
from lab.clab_topology import panel_topology
from lab.plan import NodeKind
from nornir_tasks.render import Renderer, environment
from tests.labfixture import CHECKOUT

MANAGEMENT = IPv4Network("172.20.20.0/24")


def made(inventory: Path) -> Bootable:
    network = virtual(load_network(inventory), MANAGEMENT)
    renderer = Renderer(network, environment(CHECKOUT / "templates"))
    files = {device.name: renderer.render(device) for device in network.devices.values()}
    return bootable(network, files, "box", MANAGEMENT)


@pytest.fixture(scope="module")
def whole() -> Bootable:
    return made(CHECKOUT / "inventory")


@pytest.fixture(scope="module")
def folder(whole: Bootable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export") / "box"
    export(whole, place)
    return place


@pytest.fixture(scope="module")
def topology(folder: Path) -> Any:
    return yaml.safe_load((folder / "box.clab.yml").read_text(encoding="utf-8"))["topology"]


def test_every_node_is_a_container_and_every_wire_a_link(whole: Bootable, topology: Any) -> None:
    assert set(topology["nodes"]) == {node.name for node in whole.plan.nodes}
    assert len(topology["links"]) == len(whole.plan.wires)
    ends = Counter(end for link in topology["links"] for end in link["endpoints"])
    assert ends.most_common(1)[0][1] == 1
    assert {link["mtu"] for link in topology["links"]} == {1500}
    circuit = ["kut-core1:ge0-1-1", "kho-rtr1:ge0-0-0"]
    assert any(sorted(link["endpoints"]) == sorted(circuit) for link in topology["links"])


def test_routers_and_switches_are_managed_where_they_think_they_are(
    whole: Bootable, topology: Any
) -> None:
    for node in whole.plan.nodes:
        given = topology["nodes"][node.name]
        if node.name in whole.addresses:
            assert given["mgmt-ipv4"] == str(whole.addresses[node.name])
        else:
            assert given["network-mode"] == "none"


def test_an_interface_that_docker_takes_comes_under_another_name(tmp_path: Path) -> None:
    small = made(CHECKOUT / "tests" / "regions" / "small")  # its schools' routers have an eth0
    export(small, tmp_path / "box")
    text = (tmp_path / "box" / "box.clab.yml").read_text(encoding="utf-8")
    links = [end for link in yaml.safe_load(text)["topology"]["links"] for end in link["endpoints"]]
    assert "alp-lyc-r1:wire-eth0" in links
    assert "alp-lyc-r1:eth0" not in links
    setup = (tmp_path / "box" / "nodes" / "alp-lyc-r1" / "setup").read_text(encoding="utf-8")
    lines = setup.splitlines()
    assert lines.index("link set eth0 name mgmt0") < lines.index("link set wire-eth0 name eth0")


def test_secrets_are_made_for_the_folder_and_stay_where_they_are_needed(folder: Path) -> None:
    values = dict(line.split("=", 1) for line in (folder / "secrets").read_text().splitlines())
    assert values
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("secrets", "id_ed25519"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    for file in folder.rglob("*"):
        if file.is_file() and "nodes" in file.parts:
            assert not names_in(file.read_text(encoding="utf-8")), f"{file} has a placeholder left"
    for name in ("README.md", "box.clab.yml", "up", "check", "start/node"):
        text = (folder / name).read_text(encoding="utf-8")
        assert not [secret for secret, value in values.items() if value in text]


def test_every_node_waits_for_exactly_its_interfaces(whole: Bootable, folder: Path) -> None:
    for node in whole.plan.nodes:
        place = folder / "nodes" / node.name
        links = (place / "links").read_text(encoding="utf-8").split()
        wires = [wire.near(node.name).interface for wire in whole.plan.wires_at(node.name)]
        managed = ["eth0"] if node.name in whole.addresses else []
        assert sorted(links) == sorted(wires + managed)
        checked = subprocess.run(["sh", "-n", str(place / "programs")], check=False)
        assert checked.returncode == 0
        starts = (place / "programs").read_text(encoding="utf-8")
        assert ("vtysh -b" in starts) == (node.kind in {NodeKind.ROUTER, NodeKind.EXTERNAL})


def test_the_readme_names_what_is_there(whole: Bootable, folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "$" not in text
    assert "31 routers" in text
    for place in re.findall(r"^\./(\w+)", text, re.MULTILINE):
        assert stat.S_IMODE((folder / place).stat().st_mode) & 0o111, f"{place} can't be run"


def test_a_folder_that_is_not_empty_is_left_alone(whole: Bootable, folder: Path) -> None:
    before = (folder / "secrets").read_text(encoding="utf-8")
    with pytest.raises(LabError, match="is not empty"):
        export(whole, folder)
    assert (folder / "secrets").read_text(encoding="utf-8") == before


def test_the_drivers_topology_leads_every_wire_of_a_router_to_the_panel(whole: Bootable) -> None:
    plan = whole.plan
    routers = [node for node in plan.nodes if node.kind is NodeKind.ROUTER]
    binds = {node.name: [("nodes/x", "/etc/frr")] for node in routers}
    links = panel_topology(plan, routers, binds, Path("/run/nodes"), {})["topology"]["links"]
    ends = [end for link in links for end in link["endpoints"]]
    assert len(set(ends)) == len(ends)
    ports = {end.partition(":")[2] for end in ends if end.startswith("host:w")}
    names = {node.name for node in routers}
    wanted = {
        wire.panel_port(port.node)
        for wire in plan.wires
        for port in (wire.a, wire.b)
        if port.node in names
    }
    assert ports == wanted


def test_a_machine_without_docker_is_told_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # the lists are replaced: no test can uninstall a package
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(containerlab, "PROGRAMS", ("no-dockerd", "sh"))
    monkeypatch.setattr("lab.preflight.check_machine", lambda _: None)
    with pytest.raises(MachineError) as lacking:
        containerlab.Containerlab().check(tmp_path)
    assert str(lacking.value) == (
        "driver containerlab: this machine lacks containerlab 0.79.0, no-dockerd. "
        "Run: scripts/install-containerlab"
    )


def test_the_version_is_the_one_that_is_built() -> None:
    modules = (CHECKOUT / "scripts" / "containerlab" / "go.mod").read_text(encoding="utf-8")
    assert f"require github.com/srl-labs/containerlab v{containerlab.VERSION}\n" in modules
