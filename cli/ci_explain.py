"""Differences and broken promises with their causes: what runs otherwise, what was typed so."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from cli.ci_facts import Fact, places, related
from cli.ci_judgement import BrokenPromise, Explained
from cli.ci_side import Side
from lab.behaviour import Behaviour, Kind, Subject, compare, evidence_of
from lab.behaviour_promises import Broken, broken_promises, marked_before
from lab.behaviour_why import Causes

if TYPE_CHECKING:
    from cli.ci_lab import JudgedLab

WATCHED = 6
"""Unanswered pings that are sent again, to see which rule drops them."""

Seen = tuple[Side, Behaviour]


def explained(before: Seen, after: Seen, facts: Iterable[Fact]) -> tuple[Explained, ...]:
    """Every difference with its causes and its evidence."""
    causes = Causes(before[1], after[1], after[0].view)
    return tuple(
        Explained(
            one,
            causes.of(one),
            related(facts, one.about),
            evidence_of(one, before[1], after[1]),
            places=places(after[0].draft, one.about),
        )
        for one in compare(before[1], after[1])
    )


def broken_promises_of(
    lab: "JudgedLab", before: Seen, after: Seen, facts: Iterable[Fact]
) -> tuple[BrokenPromise, ...]:
    """Promises that the new revision breaks, with their causes; some pings are sent again."""
    old = broken_promises(before[1], lab.plan(before[0]), before[0].view)
    new = broken_promises(after[1], lab.plan(after[0]), after[0].view)
    causes = Causes(before[1], after[1], after[0].view)
    found = [causes.of_broken(one) for one in marked_before(new, old)]
    found = _watched(lab, after, found)
    draft = after[0].draft
    return tuple(
        BrokenPromise(one, related(facts, one.about), places(draft, one.about)) for one in found
    )


def _watched(lab: "JudgedLab", after: Seen, found: list[Broken]) -> list[Broken]:
    """The first few unanswered pings with the rule that drops them."""
    from lab.behaviour_drops import dropping_rules
    from lab.reach import allowed_probes

    side, seen = after
    plan = lab.plan(side)
    hosts = {host.node: host.lan for host in plan.hosts}
    probes = {(hosts[p.source], str(p.target)): p for p in allowed_probes(plan)}
    told: list[Broken] = []
    left = WATCHED
    for one in found:
        ping = one.evidence[0].command.startswith("ping ") if one.evidence else False
        if one.promise != "reachability" or not ping or left == 0:
            told.append(one)
            continue
        left -= 1
        lan, _, what = one.subject.partition(" -> ")
        probe = probes[lan, one.evidence[0].addresses[0]]
        path = seen.facts.get(Subject(Kind.PATH, lan, what))
        routers = path.value.replace(" | ", " > ").split(" > ") if path else []
        rules, evidence = dropping_rules(lab.state, plan, probe, routers)
        told.append(
            replace(one, causes=(*rules, *one.causes)[:5], evidence=(*one.evidence, evidence))
        )
    return told
