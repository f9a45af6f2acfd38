"""How a running lab behaves, as a value, and what differs between two of them. Pure.

A behaviour is a set of facts: an adjacency that is up, a router's route, the path between two
LANs, a prefix sent to a peer, a ping that is answered. Each carries what was asked and the part of
the answer that says so, so that a difference is its own evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MANY = 6_000
"""Characters of an answer up to which all of it is kept as evidence of what it lacks."""


class Kind(StrEnum):
    """What a fact is about."""

    ADJACENCY = "adjacency"
    """An OSPF neighbour that is Full, a BFD session that is up, a BGP session Established."""
    ROUTE = "route"
    """A prefix in a router's table, and where it sends it."""
    PATH = "path"
    """The routers between two LANs, or a LAN and a host beyond an external peer."""
    PREFIX = "prefix"
    """A prefix sent to, or accepted from, a BGP peer."""
    REACH = "reach"
    """Whether one LAN's host gets through to another, to a router or beyond: pings, the ports that
    stand for all, the open services, and a sender's address that is not its own."""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What a fact is of; two behaviours are compared subject by subject."""

    kind: Kind
    where: str
    """The router, or for a path and a ping the LAN that it begins in."""
    what: str
    """`ospf ge0-0-0 hq-core1`, `10.65.11.0/24`, `hq-servers IPv4`, `sent to carrier ::/0`,
    `resolver udp/53 IPv4`."""

    def __str__(self) -> str:
        arrow = " -> " if self.kind in {Kind.PATH, Kind.REACH} else " "
        return f"{self.where}{arrow}{self.what}"


@dataclass(frozen=True, slots=True)
class Observation:
    """A fact's value, and how it is known."""

    value: str
    command: str
    """What was asked, as a person would type it."""
    raw: str
    """The part of the answer that says so."""
    about: frozenset[str] = frozenset()
    """Names of the model that it hangs on: devices, links, LANs, external peers."""
    tried: str = ""
    """The address that was tried."""
    allowed: bool | None = None
    """Of what was tried: whether the policy lets it through. No part of the value."""


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """One parameter that a daemon runs with: what explains a difference, and is none itself."""

    device: str
    of: str
    """Interface, or the BGP peer's address."""
    name: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Everything that was seen of one lab, once it had settled."""

    facts: Mapping[Subject, Observation]
    settings: Mapping[Setting, str] = field(default_factory=dict)
    answers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(device, command) -> the raw answer, for what is missing from the facts."""
    settled: bool = True
    """False when it still changed at the end of the time it was given: nothing follows then."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What anybody may look at again."""

    where: str
    command: str
    answer: str
    addresses: tuple[str, ...] = ()
    """Addresses that were tried."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that is not the same in both behaviours."""

    subject: Subject
    old: Observation | None
    new: Observation | None

    @property
    def change(self) -> str:
        """lost, gained or changed."""
        return "lost" if self.new is None else "gained" if self.old is None else "changed"

    @property
    def about(self) -> frozenset[str]:
        """Names of the model that either side hangs on."""
        sides = (one.about for one in (self.old, self.new) if one is not None)
        return frozenset({self.subject.where}).union(*sides)

    def __str__(self) -> str:
        old = self.old.value if self.old else ""
        new = self.new.value if self.new else ""
        said = {"lost": f"was {old}", "gained": f"is {new}", "changed": f"was {old}, is {new}"}
        return f"{self.subject}: {self.subject.kind} {self.change} - {said[self.change]}"


def compare(old: Behaviour, new: Behaviour) -> tuple[Difference, ...]:
    """Every fact that was lost, gained or changed, by kind and subject."""
    subjects = sorted(old.facts.keys() | new.facts.keys(), key=_order)
    found = (Difference(one, old.facts.get(one), new.facts.get(one)) for one in subjects)
    return tuple(one for one in found if _value(one.old) != _value(one.new))


def evidence_of(difference: Difference, old: Behaviour, new: Behaviour) -> tuple[Evidence, ...]:
    """What was asked and answered before and after; for a missing fact, the answer it misses in."""
    found = []
    for when, seen, behaviour in (("old", difference.old, old), ("new", difference.new, new)):
        other = seen or difference.old or difference.new
        if other is None:
            continue
        raw = behaviour.answers.get((difference.subject.where, other.command), "")
        answer = seen.raw if seen is not None else raw or "nothing of it in the answer"
        tried = (other.tried,) if other.tried else ()
        where = f"{difference.subject.where} ({when})"
        found.append(Evidence(where, other.command, answer, tried))
    return tuple(found)


def _value(one: Observation | None) -> str | None:
    return None if one is None else one.value


_ORDER = {kind: number for number, kind in enumerate(Kind)}


def _order(subject: Subject) -> tuple[int, str, str]:
    return _ORDER[subject.kind], subject.where, subject.what
