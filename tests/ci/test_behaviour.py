"""Behaviours compared, and FRR's answers read: with answers that real routers gave."""

import json
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_network
from pathlib import Path
from typing import Any

import pytest

from inventory.load import load_network
from inventory.model import Network
from inventory.view import virtual
from lab import behaviour_read as read
from lab.behaviour import Behaviour, Kind, Observation, Setting, Subject, compare, evidence_of
from lab.behaviour_names import Names
from lab.behaviour_paths import LOOP, Table, Walker, Way, shown
from lab.behaviour_promises import broken_promises, marked_before
from lab.behaviour_why import Causes
from lab.plan import LabPlan
from lab.planner import make_plan

SMALL = Path(__file__).parents[1] / "regions" / "small"
MANAGEMENT = IPv4Network("172.29.1.0/24")


@pytest.fixture(scope="module")
def network() -> Network:
    """The second region as the lab runs it."""
    return virtual(load_network(SMALL), MANAGEMENT)


@pytest.fixture(scope="module")
def plan(network: Network) -> LabPlan:
    return make_plan(network, "unit", MANAGEMENT)


def asked(network: Network, device: str, command: str, answer: Any) -> read.Asked:
    return read.Asked(device, command, answer, Names(network))


def facts(found: Any) -> dict[str, str]:
    return {str(subject): observation.value for subject, observation in found}


def observed(value: str, *about: str, command: str = "show") -> Observation:
    return Observation(value, command, value, frozenset(about))


def test_only_full_neighbours_are_adjacencies(network: Network) -> None:
    answer = {
        "neighbors": {
            "10.127.0.11": [{"nbrState": "Full/-", "ifaceName": "ge0-0-0:10.126.0.4"}],
            "10.127.0.12": [{"nbrState": "Init/-", "ifaceName": "ge0-0-1:10.126.0.6"}],
        }
    }
    found = read.ospf_neighbors(asked(network, "hq-core1", "show ip ospf neighbor json", answer))
    assert facts(found) == {"hq-core1 ospf ge0-0-0 alp-r1": "Full"}


def test_a_bfd_session_has_its_family_and_a_bgp_session_its_peers_name(network: Network) -> None:
    sessions = [
        {"peer": "10.126.0.5", "interface": "ge0-0-0", "status": "up"},
        {"peer": "fe80::1", "interface": "ge0-0-0", "status": "down"},
    ]
    found = read.bfd_peers(asked(network, "hq-core1", "show bfd peers json", sessions))
    assert facts(found) == {"hq-core1 bfd4 ge0-0-0 alp-r1": "up"}
    peers = {"192.0.2.130": {"bgpState": "Established"}, "2001:db8:77::2": {"bgpState": "Active"}}
    found = read.bgp_sessions(asked(network, "hq-core1", "show bgp neighbors json", peers))
    assert facts(found) == {"hq-core1 bgp carrier 192.0.2.130": "Established"}


ROUTES = {
    "10.65.12.0/24": [
        {
            "protocol": "ospf",
            "selected": True,
            "metric": 201,
            "nexthops": [
                {"fib": True, "ip": "10.126.0.4", "interfaceName": "ge0-0-0", "interfaceIndex": 7}
            ],
        }
    ],
    "10.65.11.0/24": [
        {"protocol": "ospf", "nexthops": [{"interfaceName": "ge0-0-3.110"}]},
        {
            "protocol": "connected",
            "selected": True,
            "nexthops": [{"fib": True, "directlyConnected": True, "interfaceName": "ge0-0-3.110"}],
        },
    ],
    "10.66.0.0/16": [
        {
            "protocol": "static",
            "selected": True,
            "nexthops": [{"fib": True, "unreachable": True, "blackhole": True}],
        }
    ],
    "172.29.1.0/24": [
        {
            "protocol": "connected",
            "selected": True,
            "nexthops": [{"fib": True, "directlyConnected": True, "interfaceName": "mgmt0"}],
        }
    ],
}


def test_routes_are_those_in_force_without_the_labs_own_and_without_metrics(
    network: Network,
) -> None:
    found = dict(read.routes(asked(network, "alp-r1", "show ip route json", ROUTES)))
    assert facts(found.items()) == {
        "alp-r1 10.65.12.0/24": "ospf via hq-core1 (ge0-0-0)",
        "alp-r1 10.65.11.0/24": "connected on ge0-0-3.110",
        "alp-r1 10.66.0.0/16": "static discard",
    }
    (one,) = (o for s, o in found.items() if s.what == "10.65.12.0/24")
    assert {"alp-r1", "hq-core1", "hq-alp"} <= one.about
    assert json.loads(one.raw)["metric"] == 201
    assert "interfaceIndex" not in one.raw


def test_a_key_is_told_by_its_secrets_name_and_never_by_its_value() -> None:
    running = (
        "interface ge0-0-0\n ip ospf message-digest-key 7 md5 <<LAKE_OSPF_KEY>>\n"
        " ipv6 ospf6 authentication key-id 7 hash-algo hmac-sha-256 key letmein\n"
    )
    found = dict(read.keys("alp-r1", running))
    assert found[Setting("alp-r1", "ge0-0-0", "OSPF key")] == "7 md5 <<LAKE_OSPF_KEY>>"
    assert "letmein" not in found[Setting("alp-r1", "ge0-0-0", "OSPFv3 key")]


def test_packets_follow_the_longest_prefix_and_end_where_a_router_ends_them() -> None:
    def via(net: str, *interfaces: str, connected: bool = False) -> Way:
        return Way(ip_network(net), interfaces, connected)

    tables = {
        "a": Table.of([via("10.0.0.0/8", "b", "c"), via("10.1.0.0/16", "b"), via("::/0", "b")]),
        "b": Table.of([via("10.1.0.0/16", "lan", connected=True), via("::/0", "a")]),
        "c": Table.of([via("10.0.0.0/8")]),
    }
    walker = Walker(tables, lambda _device, interface: interface)
    assert walker.paths("a", IPv4Address("10.1.2.3")) == (("a", "b"),)
    assert shown(walker.paths("a", IPv4Address("10.9.0.1"))) == (
        "a > b > no route | a > c > discards 10.0.0.0/8"
    )
    assert walker.paths("a", IPv6Address("fd00::1")) == (("a", "b", "a", LOOP),)
    assert walker.paths("elsewhere", IPv4Address("10.1.2.3")) == (("elsewhere",),)


def test_what_was_lost_gained_and_changed_is_told_in_order_with_its_evidence() -> None:
    lost = Subject(Kind.ADJACENCY, "alp-r1", "ospf ge0-0-0 hq-core1")
    moved = Subject(Kind.ROUTE, "alp-r1", "0.0.0.0/0")
    kept = Subject(Kind.PREFIX, "hq-core1", "sent to carrier 10.65.0.0/16")
    open_ = Subject(Kind.REACH, "alp-lyc-guests", "alp-staff IPv4")
    old = Behaviour(
        {
            lost: observed("Full", command="show ip ospf neighbor json"),
            moved: observed("ospf via hq-core1 (ge0-0-0)"),
            kept: observed("sent"),
        }
    )
    new = Behaviour(
        {
            moved: observed("ospf via bet-r1 (ge0-0-1)"),
            kept: observed("sent"),
            open_: observed("answered"),
        },
        answers={("alp-r1", "show ip ospf neighbor json"): '{"neighbors":{}}'},
    )
    found = compare(old, new)
    assert [(str(one.subject), one.change) for one in found] == [
        ("alp-r1 ospf ge0-0-0 hq-core1", "lost"),
        ("alp-r1 0.0.0.0/0", "changed"),
        ("alp-lyc-guests -> alp-staff IPv4", "gained"),
    ]
    before, after = evidence_of(found[0], old, new)
    assert (before.where, before.answer) == ("alp-r1 (old)", "Full")
    assert (after.where, after.answer) == ("alp-r1 (new)", '{"neighbors":{}}')
    assert compare(old, old) == ()


def test_a_lost_adjacency_names_what_its_ends_disagree_about(
    network: Network, plan: LabPlan
) -> None:
    near, far = ("alp-r1", "ge0-0-0"), ("hq-core1", "ge0-0-0")
    settings = {Setting(*near, "OSPF area"): "0.0.0.1", Setting(*far, "OSPF area"): "0.0.0.0"}
    broken = broken_promises(Behaviour({}, settings), plan, network)
    (one,) = (b for b in broken if b.key == ("OSPF adjacency with hq-core1", "alp-r1 ge0-0-0"))
    assert one.causes == (
        (
            "the two ends disagree about the OSPF area: alp-r1 ge0-0-0 has 0.0.0.1, "
            "hq-core1 ge0-0-0 has 0.0.0.0"
        ),
    )


def test_a_ping_against_policy_and_a_silent_one_break_promises(
    network: Network, plan: LabPlan
) -> None:
    def ping(source: str, target: str, address: str, value: str) -> tuple[Subject, Observation]:
        allowed = target != "alp-staff"
        seen = Observation(value, "ping", value, frozenset({source}), address, allowed)
        return Subject(Kind.REACH, source, f"{target} IPv4"), seen

    seen = Behaviour(
        dict(
            [
                ping("alp-lyc-guests", "alp-staff", "10.65.11.10", "answered"),
                ping("alp-staff", "hq-servers", "10.67.5.10", "no answer"),
                ping("alp-staff", "bet-staff", "10.65.12.10", "answered"),
            ]
        )
    )
    found = {b.subject: b for b in broken_promises(seen, plan, network) if "->" in b.subject}
    assert {subject: one.promise for subject, one in found.items()} == {
        "alp-lyc-guests -> alp-staff IPv4": "isolation",
        "alp-staff -> hq-servers IPv4": "reachability",
    }
    assert found["alp-staff -> hq-servers IPv4"].evidence[0].addresses == ("10.67.5.10",)


def test_a_prefix_that_is_none_of_ours_and_a_session_without_filter_break_promises(
    network: Network, plan: LabPlan
) -> None:
    leak = Subject(Kind.PREFIX, "hq-core1", "sent to carrier 10.68.0.0/16")
    hijack = Subject(Kind.PREFIX, "hq-core1", "accepted from carrier 10.65.11.0/24")
    good = Subject(Kind.PREFIX, "hq-core1", "accepted from carrier 0.0.0.0/0")
    settings = {Setting("hq-core1", "192.0.2.130", "prefix list in"): "none"}
    seen = Behaviour(dict.fromkeys((leak, hijack, good), observed("sent")), settings)
    found = {str(one) for one in broken_promises(seen, plan, network) if "BGP" not in one.promise}
    assert any("also 10.68.0.0/16" in text for text in found)
    assert any("also 10.65.11.0/24" in text for text in found)
    assert not any("also 0.0.0.0/0" in text for text in found)
    assert any("192.0.2.130: a filter on what it announces to us" in text for text in found)


def test_a_setting_that_changed_is_the_cause_of_a_path_that_did(network: Network) -> None:
    cost = Setting("hq-core1", "ge0-0-0", "OSPF cost")
    path = Subject(Kind.PATH, "bet-staff", "alp-staff IPv4")
    old = Behaviour({path: observed("bet-r1 > hq-core1 > alp-r1", "hq-core1")}, {cost: "100"})
    new = Behaviour({path: observed("bet-r1 > alp-r1", "alp-r1")}, {cost: "9000"})
    (one,) = compare(old, new)
    assert Causes(old, new, network).of(one) == ("hq-core1 ge0-0-0: OSPF cost was 100, is 9000",)


def test_a_gateway_that_is_elsewhere_is_named(network: Network, plan: LabPlan) -> None:
    silent = Subject(Kind.REACH, "alp-staff", "hq-servers IPv4")
    seen = Behaviour(
        {
            silent: Observation(
                "no answer", "ping", "", frozenset({"alp-staff"}), "10.67.5.10", True
            )
        },
        {
            Setting("alp-r1", "ge0-0-3.110", "addresses"): "10.65.11.254/24",
            Setting("hq-dc1", "vlan130", "addresses"): "10.67.5.1/24",
        },
    )
    causes = Causes(seen, seen, network)
    (one,) = (b for b in broken_promises(seen, plan, network) if b.promise == "reachability")
    assert causes.of_broken(one).causes == (
        "alp-staff's gateway: expected 10.65.11.1 on alp-r1 ge0-0-3.110, found 10.65.11.254/24",
    )


def test_a_promise_that_the_base_breaks_too_is_marked(network: Network, plan: LabPlan) -> None:
    old = [b for b in broken_promises(Behaviour({}), plan, network) if "alp-r1" in b.subject]
    new = broken_promises(Behaviour({}), plan, network)
    marked = marked_before(new, old)
    assert {b.subject for b in marked if b.before} == {b.subject for b in old}
    assert len(marked) == len(new) == len(plan.adjacencies)
