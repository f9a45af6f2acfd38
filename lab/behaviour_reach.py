"""Who gets through to whom in a running lab: pings of all pairs, ports, services, false senders."""

from collections.abc import Mapping

from inventory.model import Network
from lab import netns
from lab.behaviour import Kind, Observation, Subject
from lab.behaviour_paths import Address
from lab.behaviour_read import Fact
from lab.matrix import try_all
from lab.plan import LabPlan, LanHost
from lab.promises import Attempt, Promises
from lab.reach import Probe, Prober, allowed_probes
from lab.state import LabState

ROUND_S = 0.7
"""What each round of pings waits for answers."""
PORTS_BOUND_S = 3.0
"""How long an allowed connection is tried for."""
ROUNDS = 4
"""An allowed ping is tried so often; a forbidden one twice, and any answer counts."""


def reach_facts(lab: LabState, plan: LabPlan, network: Network) -> dict[Subject, Observation]:
    """Everything that was tried, and whether it got through; hosts look for gateways anew."""
    _forget_neighbours(lab, plan)
    return {**_pings(lab, plan), **_attempts(lab, plan, network)}


def targets_of(plan: LabPlan) -> dict[Address, str]:
    """Address -> what stands there: a LAN's host by the LAN's id, else a host beyond a peer."""
    found: dict[Address, str] = {}
    for host in plan.hosts:
        found |= {host.ipv4: host.lan, host.ipv6: host.lan}
    for beyond in plan.beyond:
        families: tuple[tuple[Address, ...], ...] = (beyond.ipv4, beyond.ipv6)
        for inside, *outside in families:
            found[inside] = f"{beyond.peer}-inside"
            found |= dict.fromkeys(outside, f"{beyond.peer}-internet")
    return found


def every_probe(plan: LabPlan) -> tuple[Probe, ...]:
    """A ping from every LAN's host to every other's, and to every host beyond, both families."""
    targets = targets_of(plan)
    own = {host.node: {host.ipv4, host.ipv6} for host in plan.hosts}
    return tuple(
        Probe(host.node, address)
        for host in plan.hosts
        for address in targets
        if address not in own[host.node]
    )


def _pings(lab: LabState, plan: LabPlan) -> Mapping[Subject, Observation]:
    probes, allowed = every_probe(plan), frozenset(allowed_probes(plan))
    sent: dict[Probe, int] = dict.fromkeys(probes, 0)
    answered: set[Probe] = set()
    with Prober(lambda node: netns.network_namespace(lab, node)) as prober:
        for number in range(ROUNDS):
            waiting = [p for p in probes if p not in answered and (p in allowed or number < 2)]
            if not waiting:
                break
            for probe in waiting:
                sent[probe] += 1
            answered |= set(prober.ping(waiting, ROUND_S))
    hosts, targets = {host.node: host for host in plan.hosts}, targets_of(plan)
    return dict(
        _pinged(
            probe,
            hosts[probe.source],
            targets[probe.target],
            sent[probe],
            answered=probe in answered,
            allowed=probe in allowed,
        )
        for probe in probes
    )


def _attempts(lab: LabState, plan: LabPlan, network: Network) -> Mapping[Subject, Observation]:
    """Ports, services, routers' own ones, and senders that lie."""
    promises = Promises(network, plan)
    attempts = (*promises.ports(), *promises.sources())
    through = try_all(lab, plan, attempts, bound_s=PORTS_BOUND_S, window_s=ROUND_S)
    lans, targets = {host.node: host.lan for host in plan.hosts}, targets_of(plan)
    services = network.region.services
    targets |= {services.resolver4: "resolver", services.resolver6: "resolver"}
    return dict(
        _attempted(one, lans.get(one.source), targets, got_there=got_there)
        for one, got_there in through.items()
    )


def _attempted(
    one: Attempt, lan: str | None, targets: Mapping[Address, str], *, got_there: bool
) -> Fact:
    source, target = lan or one.source, targets.get(one.target, one.target_node)
    liar = f" as {one.from_address}" if one.from_address and lan else ""
    said = "got through" if got_there else "did not get through"
    what = f"{target} {one.service} IPv{one.target.version}{liar}"
    seen = Observation(
        value="answered" if got_there else "no answer",
        command=f"{one.protocol} {one.target} port {one.port}{liar}",
        raw=f"{one.source}{liar} -> {one.target} {one.service}: {said}",
        about=frozenset({source, target}),
        tried=str(one.target),
        allowed=one.allowed,
    )
    return Subject(Kind.REACH, source, what), seen


def _forget_neighbours(lab: LabState, plan: LabPlan) -> None:
    """Make hosts look for their gateways anew: one that has moved would still be reached for a
    while at the hardware address that they remember."""
    flush = ["neigh flush all"]
    steps: list[netns.Step] = [
        {"do": "ip", "namespace": host.node, "lines": flush} for host in plan.hosts
    ]
    netns.inside_lab(lab.keeper, lab.folder, steps)


def _pinged(
    probe: Probe, host: LanHost, target: str, sent: int, *, answered: bool, allowed: bool
) -> Fact:
    version = probe.target.version
    source = host.ipv4 if version == 4 else host.ipv6
    seen = Observation(
        value="answered" if answered else "no answer",
        command=f"ping -c {sent} {probe.target}",
        raw=f"{source} -> {probe.target}: {sent} sent, {int(answered)} answered",
        about=frozenset({host.lan, target}),
        tried=str(probe.target),
        allowed=allowed,
    )
    return Subject(Kind.REACH, host.lan, f"{target} IPv{version}"), seen
