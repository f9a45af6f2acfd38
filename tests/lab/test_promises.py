"""What follows from a model without a lab: the matrix, the sweep, and how outages are counted."""

from collections import Counter
from ipaddress import ip_address

import pytest

from inventory.load import load_network
from inventory.model import Network
from inventory.view import virtual
from lab import matrix, sweep
from lab.plan import LabPlan
from lab.planner import make_plan
from lab.promises import Attempt, Promises
from lab.reach import Probe
from lab.scenario_schema import Sweep
from lab.stream import Flow
from tests.lab.test_plan import MANAGEMENT
from tests.labfixture import CHECKOUT


@pytest.fixture(scope="module")
def network() -> Network:
    return virtual(load_network(CHECKOUT / "inventory"), MANAGEMENT)


@pytest.fixture(scope="module")
def plan(network: Network) -> LabPlan:
    return make_plan(network, "promises", MANAGEMENT)


@pytest.fixture(scope="module")
def promises(network: Network, plan: LabPlan) -> Promises:
    return Promises(network, plan)


def rows(attempts: tuple[Attempt, ...], *, allowed: bool) -> set[str]:
    return {one.row for one in attempts if one.allowed is allowed}


def test_every_lan_is_tried_against_every_other_both_ways_in_both_families(
    promises: Promises, plan: LabPlan
) -> None:
    attempts = promises.every_lan()
    pairs = Counter((a.source, a.target_node, a.target.version) for a in attempts)
    nodes = {host.node for host in plan.hosts}
    for source in nodes:
        for target in nodes - {source}:
            assert pairs[source, target, 4] >= 1
            assert pairs[source, target, 6] >= 1
    outside = plan.beyond[0].peer
    assert all(pairs[outside, node, 4] and pairs[node, outside, 6] for node in nodes)


def test_guests_reach_the_internet_and_nothing_else(promises: Promises) -> None:
    every = promises.every_lan() + promises.ports()
    public = {row for row in rows(every, allowed=True) if row.startswith("public")}
    assert public == {"public -> external", "public -> resolver"}
    assert rows(every, allowed=False) >= {
        f"public -> {zone}" for zone in ("gov", "council", "inmis", "mgmt", "routers", "public")
    }


def test_nobody_but_the_noc_manages(promises: Promises) -> None:
    routers = [one for one in promises.ports() if one.row.endswith("-> routers")]
    assert {one.service for one in routers} == {"tcp/22", "udp/161"}
    assert {one.source for one in routers if one.allowed} == {"kut-mgmt"}
    assert len({one.source for one in routers if not one.allowed}) > 90


def test_nothing_comes_in_from_outside(promises: Promises, plan: LabPlan) -> None:
    every = promises.every_lan() + promises.ports()
    inwards = [one for one in every if one.row.startswith("external ->")]
    assert inwards
    assert not any(one.allowed for one in inwards)
    assert {one.from_address for one in inwards} == {plan.beyond[0].ipv4[0], plan.beyond[0].ipv6[0]}


def test_each_lie_about_the_source_goes_where_the_truth_may_go(promises: Promises) -> None:
    attempts = promises.sources()
    lies = [one for one in attempts if not one.allowed]
    truths = {(one.source, one.target) for one in attempts if one.allowed}
    assert {(one.source, one.target) for one in lies} == truths
    assert len({one.source for one in lies}) >= 59


def test_a_check_names_who_was_wrong() -> None:
    target = ip_address("10.0.0.1")
    wrong = Attempt("a -> b", "x", "y", target, "icmp", 0, allowed=False)
    right = Attempt("a -> b", "z", "y", target, "icmp", 0, allowed=False)
    check = matrix.checks({wrong: True, right: False})[0]
    assert not check.ok
    assert check.expected == "0 of 2 to get through"
    assert check.evidence == ("x -> 10.0.0.1 icmp: got through, which the policy forbids",)


def test_a_sweep_of_cuts_holds_every_routed_link_once(network: Network, plan: LabPlan) -> None:
    found = sweep.items(network, plan, Sweep(what="cut"))
    assert [one.subject for one in found] == [k for k, v in network.links.items() if v.routed]
    assert len(found) == 46


def test_a_sweep_knows_what_leads_through_and_who_is_left_alone(
    network: Network, plan: LabPlan
) -> None:
    found = {one.subject: one for one in sweep.items(network, plan, Sweep(what="cut"))}
    assert found["zes-sch"].alone == ("zes-sch",)
    assert found["zes-sch"].inside == found["zes-sch"].outside == ()
    assert {probe.source for probe in found["zes-sch"].cut_off} == {"zes-sch-public"}
    assert found["kut-zes"].alone == ()
    assert {probe.source for probe in found["kut-zes"].inside} >= {"zes-gov"}
    assert all(one.kept for one in found.values())


def test_routers_that_fail_are_those_that_others_depend_on(network: Network, plan: LabPlan) -> None:
    found = sweep.items(network, plan, Sweep(what="down"))
    assert len(found) == 2 + 4 + 1 + 11
    core = next(one for one in found if one.subject == "kut-core1")
    assert core.alone == ()
    assert core.inside
    assert core.outside
    silent = sweep.items(network, plan, Sweep(what="silent"))
    assert {one.role for one in silent} == {
        "wan-primary",
        "wan-backup",
        "tbilisi-primary",
        "tbilisi-backup",
    }


def flow(answers: str, interval_s: float = 0.01) -> Flow:
    sent = [number * interval_s for number in range(len(answers))]
    return Flow(Probe("a", ip_address("10.0.0.1")), sent, [one == "+" for one in answers])


@pytest.mark.parametrize(
    ("answers", "outage_s", "lost", "broken"),
    [
        ("++++", 0.0, 0, False),
        ("++-++", 0.01, 1, False),
        ("+---+-+", 0.03, 4, False),
        ("+--", 0.01, 2, True),
        ("----", 0.03, 4, True),
    ],
)
def test_an_outage_is_the_longest_row_of_lost_pings(
    answers: str, outage_s: float, lost: int, *, broken: bool
) -> None:
    longest_s, all_lost, still = flow(answers).outage()
    assert longest_s == pytest.approx(outage_s)
    assert (all_lost, still) == (lost, broken)


def test_a_way_is_steady_since_its_last_lost_ping() -> None:
    assert flow("-" + "+" * 51).steady_s() == pytest.approx(0.5)
    assert flow("+" * 50 + "-" * 30).steady_s() == 0.0
    assert flow("+" * 51 + "-" * 5).steady_s() == pytest.approx(0.5), "they may be on their way"


def test_what_was_answered_before_the_mark_says_nothing_of_what_came_after() -> None:
    one = flow("+" * 51 + "-" * 5)
    one.mark = 51
    assert one.steady_s() == 0.0, "they may as well be lost"
    one = flow("+" * 40 + "-" * 20 + "+" * 31)
    one.mark = 40
    assert one.steady_s() == pytest.approx(0.3)
