"""While a circuit is drained, whoever has heard of the new cost and whoever has not: no circles."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from inventory.load import load_network
from inventory.model import Network
from inventory.paths import Edge, Topology
from nornir_tasks.loop_free import LAST_RESORT, raised, with_costs
from nornir_tasks.playbooks.drain import circuit_ends, draining

Hops = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Router -> destination -> next hops."""
ROUNDS = 12


def forwarding(network: Network) -> Hops:
    """What every router does, by its own computation from the costs."""
    edges: dict[str, list[Edge]] = {}
    for device in network.devices.values():
        for interface in device.interfaces:
            if interface.ospf and not interface.ospf.passive and interface.peer:
                edge = Edge(interface.name, interface.peer[0], interface.ospf.cost)
                edges.setdefault(device.name, []).append(edge)
    topology = Topology({name: tuple(rows) for name, rows in edges.items()})
    far = {name: topology.costs_from(name) for name in edges}
    return {
        name: {
            target: tuple(e.to for e in rows if e.cost + far[e.to][target] == far[name][target])
            for target in edges
            if target != name
        }
        for name, rows in edges.items()
    }


def circles(states: Sequence[Hops], chance: random.Random) -> Iterator[str]:
    """Walks that come back to where they were, each router in one of these states."""
    for _ in range(ROUNDS):
        tables = {name: chance.choice(states)[name] for name in states[0]}
        for target in tables:
            for source in tables:
                here, seen = source, {source}
                while here != target:
                    here = chance.choice(tables[here][target])
                    if here in seen:
                        yield f"{source} to {target} comes back to {here}"
                        break
                    seen.add(here)


@pytest.fixture(scope="module", params=["tests/regions/small", "inventory"])
def network(request: pytest.FixtureRequest, checkout: Path) -> Network:
    return load_network(checkout / request.param)


def test_no_packet_circles_while_any_circuit_is_drained_or_brought_back(network: Network) -> None:
    chance = random.Random(4)
    links = [link.id for link in network.links.values() if link.routed]
    if len(links) > 12:
        links = ["kut-tki", "zes-kha", "kut-tbi-1", "chi-sac", "kut-core1-core2"]
    for link in links:
        before = network
        for device, step in draining(network, circuit_ends(network, link)):
            changed = {n for n, d in step.devices.items() if d != before.devices[n]}
            assert changed == {device}
            found = list(circles([forwarding(before), forwarding(step)], chance))
            assert not found, (link, device, found[:3])
            before = step
        for end in (network.links[link].a, network.links[link].b):
            interface = next(
                i for i in before.devices[end.device].interfaces if i.name == end.interface
            )
            assert interface.ospf is not None
            assert interface.ospf.cost == LAST_RESORT


def test_the_same_in_one_step_does_circle(checkout: Path) -> None:
    """What the steps are for: this walk is what lost packets in the lab."""
    network = load_network(checkout / "tests" / "regions" / "small")
    steps = raised(network, "hq-core1", [network.links["hq-alp"].a.interface])
    assert len(steps) > 1
    found = list(circles([forwarding(network), forwarding(steps[-1])], random.Random(4)))
    assert any(line.startswith("hq-") and " to alp-" in line for line in found)


def test_a_router_is_drained_by_what_leaves_it_and_stays_of_one_mind(network: Network) -> None:
    chance = random.Random(4)
    router = next(
        name for name, d in network.devices.items() if d.routes and name.endswith("core1")
    )
    own = [i.name for i in network.devices[router].interfaces if i.ospf and not i.ospf.passive]
    before = network
    steps = raised(network, router, own)
    for step in steps:
        assert not list(circles([forwarding(before), forwarding(step)], chance))
        before = step
    assert 1 <= len(steps) <= 7


def told_so_far(before: Network, after: Network, device: str) -> list[Network]:
    """What `device` may announce while it is told its costs, interface after interface."""
    old, new = before.devices[device].interfaces, after.devices[device].interfaces
    return [
        replace(
            before,
            devices=MappingProxyType(
                {
                    **before.devices,
                    device: replace(before.devices[device], interfaces=new[:told] + old[told:]),
                }
            ),
        )
        for told in range(len(old) + 1)
        if told == 0 or old[told - 1] != new[told - 1]
    ]


@pytest.mark.parametrize("router", ["kut-core1", "kut-core2", "zes-rtr1", "kut-edge1"])
def test_no_packet_circles_when_a_router_announces_some_of_its_new_costs(
    router: str, checkout: Path
) -> None:
    """ospfd sends what it has been told after the first line, and the rest 200 ms later."""
    network = load_network(checkout / "inventory")
    own = {i.name for i in network.devices[router].interfaces if i.ospf and not i.ospf.passive}
    before = network
    for step in raised(network, router, own):
        for way in ((before, step), (step, before)):
            states = [forwarding(one) for one in told_so_far(*way, router)]
            assert len(states) >= 2
            assert not list(circles(states, random.Random(4)))
        before = step


def test_steps_that_are_safe_as_one_do_circle_line_by_line(checkout: Path) -> None:
    """What lost 26 of 3.7 million packets in the lab: kut-dc1 gave them back to kut-core2."""
    network = load_network(checkout / "inventory")
    own = [i for i in network.devices["kut-core2"].interfaces if i.ospf and not i.ospf.passive]
    costs = {("kut-core2", i.name): i.ospf.cost + 3889 for i in own if i.ospf}
    step = with_costs(network, "kut-core2", costs)
    assert not list(circles([forwarding(network), forwarding(step)], random.Random(4)))
    states = [forwarding(one) for one in told_so_far(network, step, "kut-core2")]
    assert any("kut-dc1" in line for line in circles(states, random.Random(4)))


def test_what_is_drained_already_takes_no_step(checkout: Path) -> None:
    network = load_network(checkout / "tests" / "regions" / "small")
    ends = circuit_ends(network, "hq-alp")
    *_, (_, drained) = draining(network, ends)
    assert list(draining(drained, ends)) == []
