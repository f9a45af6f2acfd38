"""Plans are pure: what a lab consists of follows from the network alone."""

from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from inventory.errors import LabError
from inventory.load import load_network
from inventory.model import Network
from inventory.view import virtual
from lab import panel, scripts
from lab.boot import bootable
from lab.external import external_config
from lab.plan import LabPlan, NodeKind
from lab.planner import make_plan
from lab.reach import Probe, allowed_probes, checksum
from lab.state import CUT, POWER_OFF, Fault
from tests.labfixture import CHECKOUT

MANAGEMENT = IPv4Network("172.20.20.0/24")
ROUTERS = ("central-government", "tbi-edge1", "zes-rtr1")


@pytest.fixture(scope="module")
def network() -> Network:
    return virtual(load_network(CHECKOUT / "inventory"), MANAGEMENT)


@pytest.fixture(scope="module")
def plan(network: Network) -> LabPlan:
    return make_plan(network, "plan", MANAGEMENT)


def test_every_device_every_user_lan_and_every_peer_has_a_node(
    network: Network, plan: LabPlan
) -> None:
    kinds = Counter(node.kind for node in plan.nodes)
    assert kinds[NodeKind.ROUTER] == sum(device.routes for device in network.devices.values())
    assert kinds[NodeKind.ROUTER] + kinds[NodeKind.SWITCH] == len(network.devices)
    assert kinds[NodeKind.EXTERNAL] == len(network.region.bgp.externals)
    assert {host.lan for host in plan.hosts} == set(network.lans)
    answering = {host.node for host in plan.hosts if host.zone == "mgmt"}
    assert answering >= {"zes-sw1", "kut-mgmt"}, "a switch answers in its own management LAN"


def test_every_link_has_a_wire_and_no_interface_has_two(network: Network, plan: LabPlan) -> None:
    assert {wire.link for wire in plan.wires} >= set(network.links)
    ends = Counter(port for wire in plan.wires for port in (wire.a, wire.b))
    assert ends.most_common(1)[0][1] == 1
    ports = Counter(wire.panel_port(end.node) for wire in plan.wires for end in (wire.a, wire.b))
    assert ports.most_common(1)[0][1] == 1


def test_an_access_link_has_a_wire_for_its_trunk_and_one_for_each_vlan(plan: LabPlan) -> None:
    wires = plan.wires_of("zes-acc")
    routers = {wire.near("zes-rtr1").interface for wire in wires}
    trunk = min(routers, key=len)
    assert routers == {trunk, f"{trunk}.10", f"{trunk}.20", f"{trunk}.99"}


def test_the_same_network_gives_the_same_plan(network: Network, plan: LabPlan) -> None:
    assert make_plan(network, "plan", MANAGEMENT) == plan


def test_a_part_of_the_network_promises_only_the_adjacencies_inside_it(network: Network) -> None:
    names = {"kut-core1", "kut-core2", "zes-rtr1"}
    kept = {name: device for name, device in network.devices.items() if name in names}
    part = make_plan(replace(network, devices=kept), "part", MANAGEMENT)
    assert {one.device for one in part.adjacencies} == names
    assert {one.neighbour for one in part.adjacencies} <= names
    assert {wire.link for wire in part.wires if wire.link} == {"kut-core1-core2", "kut-zes"}


def test_an_interface_whose_name_linux_cannot_hold_is_refused(network: Network) -> None:
    links = dict(network.links)
    links["kut-zes"] = replace(
        links["kut-zes"], a=replace(links["kut-zes"].a, interface="hundred-gigabit-0")
    )
    with pytest.raises(LabError, match="expected at most 15 characters, found 17"):
        make_plan(replace(network, links=links), "plan", MANAGEMENT)


def test_a_cut_takes_the_carrier_of_both_ends_of_every_wire_of_the_link(plan: LabPlan) -> None:
    cut = Fault(CUT, "zes-acc", 0)
    lines = panel.carrier_lines([cut], plan.wires_of("zes-acc"))
    assert len(lines) == 8
    assert all(line.endswith(" down") for line in lines)
    assert all(line.endswith(" up") for line in panel.carrier_lines([], plan.wires_of("zes-acc")))


def test_healing_one_fault_leaves_what_another_darkens(plan: LabPlan) -> None:
    off = Fault(POWER_OFF, "zes-rtr1", 0)
    lines = panel.carrier_lines([off], plan.wires_of("kut-zes"))
    wire = plan.wires_of("kut-zes")[0]
    assert lines == [f"link set {wire.panel_port('kut-core2')} down"]


def test_the_panel_joins_both_directions_of_every_wire_but_loose_ones(plan: LabPlan) -> None:
    rules = panel.panel_rules(plan)
    assert rules.count("fwd to") == 2 * len(plan.wires)
    loose = panel.panel_rules(plan, loose=["zes-rtr1"])
    assert rules.count("fwd to") - loose.count("fwd to") == 2 * len(plan.wires_at("zes-rtr1"))


def test_pings_follow_the_policy_between_zones(plan: LabPlan) -> None:
    zones = {host.node: host.zone for host in plan.hosts}
    by_address = {str(host.ipv4): host for host in plan.hosts}
    pairs = {
        (zones[probe.source], by_address[str(probe.target)].zone)
        for probe in allowed_probes(plan)
        if str(probe.target) in by_address
    }
    assert ("gov", "inmis") in pairs
    assert not {pair for pair in pairs if "public" in pair}
    assert {pair for pair in pairs if "mgmt" in pair} == {("mgmt", "mgmt")}
    sources = {p.source for p in allowed_probes(plan) if zones[p.source] == "mgmt"}
    assert sources == {"kut-mgmt"}, "only the NOC opens connections in the management zone"


def test_a_spoofed_ping_is_another_probe(plan: LabPlan) -> None:
    target = plan.hosts[0].ipv4
    assert Probe("zes-gov", target) != Probe("zes-gov", target, from_address=target)


def test_the_stand_in_announces_what_the_agreement_accepts(network: Network) -> None:
    peer = network.region.bgp.externals[0]
    text = external_config(peer, network.region.bgp)
    for prefix in (*peer.accepts4, *peer.accepts6):
        assert f"  network {prefix}" in text.splitlines()
    assert text.count("default-originate") == 2
    assert "default-originate" not in external_config(
        replace(peer, accepts_default=False), network.region.bgp
    )


def test_bgp_that_only_quickens_recovery_starts_late(plan: LabPlan) -> None:
    peer, border = "central-government", "tbi-edge1"
    assert plan.outward == {peer, border}
    late = {one: scripts.start_early(plan, one).split("for daemon in ")[1] for one in ROUTERS}
    asked = scripts.STATICD_IF_ASKED
    daemons = {one: text.replace(asked, "").partition(";")[0].split() for one, text in late.items()}
    assert daemons[border] == daemons[peer] == ["zebra", "ospfd", "ospf6d", "bgpd"]
    assert daemons["zes-rtr1"] == ["zebra", "ospfd", "ospf6d"]


def test_a_speaker_of_bgp_and_the_border_meet_over_both_families(plan: LabPlan) -> None:
    sessions = {one for one in plan.adjacencies if one.protocol == "bgp"}
    speakers = {one.device for one in sessions} - {"tbi-edge1"}
    assert {"kut-edge1", "kut-core1", "kut-dist1", "kut-dc1", "zes-rtr1"} <= speakers
    assert len(speakers) == 19
    assert not any("sch" in one for one in speakers)
    assert len(sessions) == 2 * 2 * 19 + 2


def test_a_device_without_rendered_files_is_an_error(network: Network) -> None:
    with pytest.raises(KeyError):
        bootable(network, {}, "plan", MANAGEMENT)


def test_the_checksum_is_that_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D
    message = bytes.fromhex("0800000012340001")
    filled = message[:2] + checksum(message).to_bytes(2, "big") + message[4:]
    assert checksum(filled) == 0


def test_the_lab_never_touches_the_checkout(network: Network) -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in Path(CHECKOUT, "lab").glob("*.py"))
    assert "nornir_tasks" not in text.replace("import nornir_tasks", "")
