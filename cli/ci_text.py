"""A judgement as text, for a terminal and for report.txt."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cli.ci_facts import Fact
from cli.ci_judgement import BrokenPromise, Explained, Judgement
from cli.ci_texts import TextDifference

SHOWN_DIFFS = 4
"""Devices whose difference is printed in full; the page and the JSON hold all."""
SHOWN_MEMBERS = 8
"""Of a group of differences with one cause."""


def text_of(found: Judgement, *, whole: bool = False) -> str:
    """The report; `whole`: every difference in full."""
    return "\n".join(_lines(found, whole=whole)) + "\n"


def _lines(found: Judgement, *, whole: bool) -> Iterator[str]:
    yield f"{found.new.name} ({found.new.commit}) against {found.base.name} ({found.base.commit})"
    if found.problems:
        yield ""
        yield from (str(one) for one in found.problems)
    if found.base_problems:
        yield ""
        yield from (f"{found.base.name}: {one}" for one in found.base_problems)
    yield from _typed(found)
    yield from _configurations(found.texts, whole=whole)
    yield from _in_lab(found.lab_texts)
    if found.how:
        yield f"\nLab: {_booted(found)}; {found.how}."
    yield from (f"  {remark}" for remark in found.remarks)
    if found.applied and not found.applied.ok:
        yield "\nProvisioning:"
        yield from (f"  {one}" for one in found.applied.problems)
    if found.refused:
        yield "\nRefused by routers:"
        yield from (f"  {one}" for one in found.refused)
    yield from _promises(found.broken, whole=whole)
    yield from _differences(found.differences, whole=whole)
    yield from _scenarios(found)
    if found.declared:
        yield from _declared(found)
    yield ""
    yield from (f"Not conclusive: {reason}" for reason in found.unsure)
    if found.no_lab:
        yield f"No lab: {found.no_lab}"
    yield f"Verdict: {found.verdict}. {found.sentence}"
    yield from (f"  - {reason}" for reason in found.broken_by)


def _booted(found: Judgement) -> str:
    if found.scope is not None and found.devices:
        return f"{found.devices} routers that the change can touch (--fast)"
    return f"all {found.devices} routers" if found.devices else "none"


def _typed(found: Judgement) -> Iterator[str]:
    if found.facts:
        yield "\nTyped otherwise:"
        yield from (f"  {one}" for one in found.facts)
    elif not found.problems:
        yield "\nNothing in the inventory or the templates differs."


def _configurations(texts: tuple[TextDifference, ...], *, whole: bool) -> Iterator[str]:
    if not texts:
        return
    devices = len({one.device for one in texts})
    yield f"\nConfigurations: {devices} device{'s' * (devices != 1)} differ{'s' * (devices == 1)}"
    for number, one in enumerate(texts):
        added, removed = one.counts
        yield f"  {one.device} {one.file}: {one.change}, +{added} -{removed} lines"
        if whole or number < SHOWN_DIFFS:
            yield from (f"    {line}" for line in one.diff.splitlines()[2:])
    if not whole and len(texts) > SHOWN_DIFFS:
        yield f"  (the last {len(texts) - SHOWN_DIFFS} in full in the report's page)"


def _in_lab(texts: tuple[TextDifference, ...]) -> Iterator[str]:
    if texts:
        names = list(dict.fromkeys(one.device for one in texts))
        shown = ", ".join(names[:SHOWN_MEMBERS])
        more = f" and {len(names) - SHOWN_MEMBERS} more" if len(names) > SHOWN_MEMBERS else ""
        yield f"\nIn the lab, where every router is FRRouting, {len(names)} differ: {shown}{more}"


def _promises(broken: tuple[BrokenPromise, ...], *, whole: bool) -> Iterator[str]:
    if broken:
        yield "\nBroken promises:"
    for members in grouped_promises(broken):
        first = members[0].broken
        subjects = [one.broken.subject for one in members]
        before = " (the base breaks it too)" if first.before else ""
        yield f"  {first.promise}: expected {first.expected}, found {first.found}{before}"
        yield from _members(subjects, whole=whole)
        yield from _because(first.causes, members[0].facts)


def grouped_promises(broken: Iterable[BrokenPromise]) -> list[list[BrokenPromise]]:
    """Promises of one kind that are broken with one cause, together."""
    groups: dict[tuple[object, ...], list[BrokenPromise]] = defaultdict(list)
    for one in broken:
        told = one.broken
        groups[told.promise, told.expected, told.found, told.causes, one.facts].append(one)
    return list(groups.values())


def _differences(found: tuple[Explained, ...], *, whole: bool) -> Iterator[str]:
    if not found:
        return
    yield f"\nBehaviour: {len(found)} difference{'s' * (len(found) != 1)}"
    for members in grouped(found):
        first = members[0]
        subject = first.difference.subject
        mark = {True: ", declared", False: ", NOT declared", None: ""}[first.declared]
        yield f"  {subject.kind} {first.difference.change}{mark} ({len(members)})"
        yield from _members([_member(one) for one in members], whole=whole)
        yield from _because(first.causes, first.facts)


def grouped(found: Iterable[Explained]) -> list[list[Explained]]:
    """Differences of one kind with one cause, together."""
    groups: dict[tuple[object, ...], list[Explained]] = defaultdict(list)
    for one in found:
        difference = one.difference
        key = (difference.subject.kind, difference.change, one.declared, one.causes, one.facts)
        groups[key].append(one)
    return list(groups.values())


def _member(one: Explained) -> str:
    difference = one.difference
    was = difference.old.value if difference.old else ""
    now = difference.new.value if difference.new else ""
    said = f"was {was}, is {now}" if was and now else f"was {was}" if was else f"is {now}"
    return f"{difference.subject}: {said}"


def _members(lines: list[str], *, whole: bool) -> Iterator[str]:
    shown = lines if whole else lines[:SHOWN_MEMBERS]
    yield from (f"    {line}" for line in shown)
    if len(shown) < len(lines):
        yield f"    and {len(lines) - len(shown)} more"


def _because(causes: Iterable[str], facts: Iterable[Fact]) -> Iterator[str]:
    for cause in causes:
        yield f"    because {cause}"
    for fact in facts:
        yield f"    see {fact.file}:{fact.line} {fact.key}".rstrip()


def _scenarios(found: Judgement) -> Iterator[str]:
    if found.scenarios:
        passed = sum(one.ok for one in found.scenarios)
        yield f"\nScenarios: {passed} of {len(found.scenarios)} passed"
    for one in found.scenarios:
        word = "passed" if one.ok else "FAILED" if one.conclusive else "inconclusive"
        yield f"  {word:12} {one.name} ({one.seconds:.1f} s)"
        if not one.ok:
            yield from (f"    {line}" for line in one.said)


def _declared(found: Judgement) -> Iterator[str]:
    assert found.declared is not None  # noqa: S101  (asked by the caller)
    if found.declared.ok:
        yield "\nExpected differences: exactly those happened."
        return
    yield "\nExpected differences:"
    if found.declared.undeclared:
        yield f"  {len(found.declared.undeclared)} not declared (marked above)"
    yield from (f"  declared, and did not happen: {one}" for one in found.declared.unfulfilled)
