"""What is asked of each kind of fault, and what the panel makes of those on wires. No lab here."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from inventory.load import load_network
from inventory.view import virtual
from lab import faults, lan_faults, panel
from lab.claimant import advertisement_frame, arp_frame
from lab.fault_kinds import KINDS, Target, checked, targets
from lab.plan import LabPlan
from lab.planner import make_plan
from lab.state import Fault
from tests.lab.conftest import SMALL
from tests.lab.test_plan import MANAGEMENT

PREFIXES_EXPECTED = (
    "announce prefixes: expected prefixes or `default`, separated by commas, found 10.0.0.1/8."
)


@pytest.fixture(scope="module")
def plan() -> LabPlan:
    return make_plan(virtual(load_network(SMALL), MANAGEMENT), "kinds", MANAGEMENT)


def wire_chains(plan: LabPlan, *made: Fault) -> dict[str, str]:
    """Port of the panel -> what happens to a frame that comes in there."""
    rules = panel.panel_rules(plan, made)
    found = {}
    for line in rules.splitlines():
        words = line.split()
        if words[:1] == ["chain"]:
            found[words[1]] = line.partition("priority 0; ")[2].removesuffix(" }")
    return found


def test_every_kind_can_be_made_and_mended_but_the_clock() -> None:
    assert set(KINDS) == {*faults.MAKERS, "clock-step"}


def test_every_kind_has_targets_in_a_lab(plan: LabPlan) -> None:
    for kind in Target:
        assert targets(plan, kind), kind


def test_defaults_are_filled_in_and_text_becomes_numbers(plan: LabPlan) -> None:
    values, problems = checked(plan, "delay", "hq-alp", {"ms": "25"})
    assert (values, problems) == ({"ms": 25.0, "jitter_ms": 0.0}, [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lossy", "hq-alp", {}), ["there is no fault lossy. Did you mean 'loss'?"]),
        (("cut", "hq-alf", {}), ["lab kinds has no link hq-alf. Did you mean 'hq-alp'?"]),
        (("loss", "hq-alp", {}), ["loss needs percent= (how many of a hundred frames)."]),
        (
            ("loss", "hq-alp", {"percent": "101"}),
            ["loss percent: expected a number from 0.01 to 100, found 101."],
        ),
        (
            ("loss", "hq-alf", {"percnt": "5"}),
            [
                "lab kinds has no link hq-alf. Did you mean 'hq-alp'?",
                "loss has no parameter percnt. Did you mean 'percent'?",
                "loss needs percent= (how many of a hundred frames).",
            ],
        ),
        (
            ("blackhole", "hq-alp", {"towards": "bet-r1"}),
            ["towards: expected an end of hq-alp, alp-r1 or hq-core1, found bet-r1."],
        ),
        (
            ("kill", "alp-r1", {"daemon": "ospf"}),
            ["kill daemon: expected one of zebra, ospfd, ospf6d, bgpd, bfdd, staticd, found ospf."],
        ),
        (
            ("announce", "carrier", {"prefixes": "10.0.0.1/8"}),
            [PREFIXES_EXPECTED],
        ),
    ],
)
def test_each_mistake_is_one_line(
    plan: LabPlan, words: tuple[str, str, dict[str, object]], said: list[str]
) -> None:
    assert checked(plan, *words)[1] == said


def test_a_silent_failure_drops_both_ways_and_one_way_loss_only_one(plan: LabPlan) -> None:
    wire = plan.wires_of("hq-alp")[0]
    to_b, to_a = wire.panel_port(wire.a.node), wire.panel_port(wire.b.node)
    silent = wire_chains(plan, Fault("blackhole", "hq-alp", 0))
    assert silent[to_b].startswith("counter drop; ")
    assert silent[to_a].startswith("counter drop; ")
    one_way = Fault("loss", "hq-alp", 0, {"percent": 12.5, "towards": wire.b.node})
    lossy = wire_chains(plan, one_way)
    assert lossy[to_b] == f"numgen random mod 10000 < 1250 counter drop; fwd to {to_a};"
    assert lossy[to_a] == f"fwd to {to_b};"


def test_faults_of_other_circuits_change_nothing_of_a_wire(plan: LabPlan) -> None:
    healthy = wire_chains(plan)
    broken = wire_chains(plan, Fault("blackhole", "hq-alp", 0))
    changed = {port for port in healthy if healthy[port] != broken[port]}
    wire = plan.wires_of("hq-alp")[0]
    assert changed == {wire.panel_port(wire.a.node), wire.panel_port(wire.b.node)}


def test_a_delayed_wire_goes_through_the_relay_and_back_to_its_port(plan: LabPlan) -> None:
    wire = plan.wires_of("hq-alp")[0]
    a, b = f"w{wire.number}a", f"w{wire.number}b"
    into_a, into_b = panel.relay_ports(wire)
    chains = wire_chains(plan, Fault("delay", "hq-alp", 0, {"ms": 5.0, "jitter_ms": 0.0}))
    assert chains[a] == f"fwd to {into_a};"
    assert chains[into_a] == f"fwd to {a};"
    assert chains[b] == f"fwd to {into_b};"
    assert chains[into_b] == f"fwd to {b};"


def test_a_rate_holds_in_both_directions_and_leaves_nothing_when_healed(plan: LabPlan) -> None:
    wires = plan.wires_of("hq-alp")
    limit = Fault("rate", "hq-alp", 0, {"mbps": 2.0})
    assert [line for line in panel.rate_lines([limit], wires) if "tbf rate 2000000bit" in line]
    healed = panel.rate_lines([], wires)
    assert [line.split()[1] for line in healed] == ["replace", "delete"] * 2


def test_a_rogue_router_offers_what_it_is_told_to() -> None:
    text = lan_faults.rogue_text("default,10.50.1.53/32,fd00::/8")
    assert " default-information originate always metric 1" in text
    assert "ip route 10.50.1.53/32 blackhole" in text
    assert "ipv6 route fd00::/8 blackhole" in text


def test_claims_are_the_frames_that_the_standards_describe() -> None:
    mac = bytes.fromhex("020000000001")
    arp = arp_frame(mac, IPv4Address("10.65.11.10"))
    assert len(arp) == 14 + 28
    assert arp[:14] == b"\xff" * 6 + mac + b"\x08\x06"
    assert arp[28:32] == arp[38:42] == IPv4Address("10.65.11.10").packed
    advertised = advertisement_frame(mac, IPv6Address("fd77::10"))
    assert len(advertised) == 14 + 40 + 32
    # the checksum over pseudo header and message comes out as all ones (RFC 1071)
    length, message = 32, advertised[54:]
    whole = advertised[22:54] + length.to_bytes(4, "big") + (58).to_bytes(4, "big") + message
    total = sum(int.from_bytes(whole[i : i + 2], "big") for i in range(0, len(whole), 2))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    assert total == 0xFFFF
