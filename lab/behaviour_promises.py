"""The network's promises, judged on a behaviour: what the model says must be so, and is not. Pure.

From the model: every adjacency is up; what policy allows answers, and what it forbids does not;
only the region's aggregates are sent to an external peer and only what was agreed is accepted;
each session with one has its filters and its limit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from inventory.model import ExternalPeer, Network
from lab.behaviour import Behaviour, Evidence, Kind, Setting, Subject
from lab.plan import Adjacency, LabPlan

_SHOWN_BY = {
    "ospf": "show ip ospf neighbor json",
    "ospf6": "show ipv6 ospf6 neighbor json",
    "bfd": "show bfd peers json",
    "bgp": "show bgp neighbors json",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """One promise that is not kept."""

    promise: str
    subject: str
    expected: str
    found: str
    about: frozenset[str]
    evidence: tuple[Evidence, ...] = ()
    causes: tuple[str, ...] = ()
    before: bool = False
    """Whether the old revision broke it, too."""

    @property
    def key(self) -> tuple[str, str]:
        """The same promise in another behaviour has the same."""
        return self.promise, self.subject

    def __str__(self) -> str:
        return f"{self.subject}: {self.promise} - expected {self.expected}, found {self.found}"


def broken_promises(seen: Behaviour, plan: LabPlan, network: Network) -> tuple[Broken, ...]:
    """Every promise that a behaviour breaks."""
    return (
        *_adjacencies(seen, plan),
        *_reach(seen),
        *(
            found
            for peer in network.region.bgp.externals
            if peer.device in network.devices and peer.device in {n.name for n in plan.nodes}
            for found in (*_prefixes(seen, network, peer), *_filters(seen, peer))
        ),
    )


def marked_before(found: Iterable[Broken], old: Iterable[Broken]) -> tuple[Broken, ...]:
    """`found`, each with whether it stood in `old`."""
    keys = {one.key for one in old}
    return tuple(replace(one, before=one.key in keys) for one in found)


def adjacency_subjects(seen: Behaviour) -> dict[tuple[str, str, str], Subject]:
    """(device, protocol, interface or address) -> the fact that it is up."""
    found: dict[tuple[str, str, str], Subject] = {}
    for subject in seen.facts:
        if subject.kind is Kind.ADJACENCY:
            protocol, *rest = subject.what.split()
            towards = rest[-1] if protocol == "bgp" else rest[0]
            found[subject.where, protocol, towards] = subject
    return found


def _adjacencies(seen: Behaviour, plan: LabPlan) -> Iterator[Broken]:
    up = adjacency_subjects(seen)
    for one in plan.adjacencies:
        protocols = ("bfd4", "bfd6") if one.protocol == "bfd" else (one.protocol,)
        if any((one.device, protocol, one.towards) in up for protocol in protocols):
            continue
        raw = seen.answers.get((one.device, _SHOWN_BY[one.protocol]), "")
        yield Broken(
            f"{_TITLE[one.protocol]} with {one.neighbour}",
            f"{one.device} {one.towards}",
            "up",
            "not up",
            frozenset({one.device, one.neighbour}),
            (Evidence(one.device, _SHOWN_BY[one.protocol], raw or "the daemon does not run"),),
            _ends(one, seen, plan),
        )


_TITLE = {
    "ospf": "OSPF adjacency",
    "ospf6": "OSPFv3 adjacency",
    "bfd": "BFD session",
    "bgp": "BGP session",
}
AGREE = (
    "MTU",
    "OSPF area",
    "OSPF network type",
    "OSPF hello interval (ms)",
    "OSPF dead interval (s)",
    "OSPF authentication",
    "OSPF key",
    "OSPF passive",
    "BFD",
    "OSPFv3 area",
    "OSPFv3 network type",
    "OSPFv3 hello interval (s)",
    "OSPFv3 dead interval (s)",
    "OSPFv3 MTU",
    "OSPFv3 key",
)
"""Settings that the two ends of a link must share."""


def _ends(one: Adjacency, seen: Behaviour, plan: LabPlan) -> tuple[str, ...]:
    """What the two ends of a link disagree about."""
    for wire in plan.wires:
        near, far = wire.a, wire.b
        if (far.node, far.interface) == (one.device, one.towards):
            near, far = far, near
        if (near.node, near.interface) != (one.device, one.towards):
            continue
        return tuple(
            f"the two ends disagree about the {name}: {near.node} {near.interface} has {here}, "
            f"{far.node} {far.interface} has {there}"
            for name in AGREE
            for here in (seen.settings.get(Setting(near.node, near.interface, name), "none"),)
            for there in (seen.settings.get(Setting(far.node, far.interface, name), "none"),)
            if here != there and not (name.startswith("OSPF") and one.protocol == "bgp")
        )
    return ()


def _reach(seen: Behaviour) -> Iterator[Broken]:
    for subject, one in seen.facts.items():
        if one.allowed is None or one.allowed == (one.value == "answered"):
            continue
        reach = one.allowed
        yield Broken(
            "reachability" if reach else "isolation",
            f"{subject.where} -> {subject.what}",
            "an answer" if reach else "no answer",
            one.value if reach else "an answer",
            one.about,
            (Evidence(subject.where, one.command, one.raw, (one.tried,)),),
        )


def _prefixes(seen: Behaviour, network: Network, peer: ExternalPeer) -> Iterator[Broken]:
    plan = network.region.bgp
    ours = {str(net) for net in (*plan.aggregates4, *plan.aggregates6)}
    theirs = {str(net) for net in (*peer.accepts4, *peer.accepts6)}
    theirs |= {"0.0.0.0/0", "::/0"} if peer.accepts_default else set()
    for verb, agreed, promise in (
        ("sent to", ours, "only the region's aggregates are announced"),
        ("accepted from", theirs, "only agreed prefixes are accepted"),
    ):
        for subject, one in seen.facts.items():
            if subject.kind is not Kind.PREFIX or subject.where != peer.device:
                continue
            found = subject.what.removeprefix(f"{verb} {peer.id} ")
            if found != subject.what and found not in agreed:
                yield Broken(
                    promise,
                    f"{peer.device} {peer.id}",
                    " ".join(sorted(agreed)) or "none",
                    f"also {found}",
                    one.about,
                    (Evidence(peer.device, one.command, one.raw),),
                )


def _filters(seen: Behaviour, peer: ExternalPeer) -> Iterator[Broken]:
    command = "show bgp neighbors json"
    for address in (str(peer.remote4), str(peer.remote6)):
        for name, what in (
            ("prefix list in", "a filter on what it announces to us"),
            ("prefix list out", "a filter on what we announce to it"),
            ("maximum prefixes", "a limit on the number of prefixes"),
        ):
            found = seen.settings.get(Setting(peer.device, address, name))
            if found == "none":
                raw = seen.answers.get((peer.device, command), "")
                yield Broken(
                    what,
                    f"{peer.device} {peer.id} {address}",
                    f"a {name}",
                    "none",
                    frozenset({peer.device, peer.id}),
                    (Evidence(peer.device, command, raw),),
                )
