"""What a judgement found, and the verdict that follows from it. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cli.ci_expect import Declared
from cli.ci_facts import Fact
from cli.ci_lab import Applied
from cli.ci_revision import Revision
from cli.ci_texts import TextDifference
from inventory.errors import Problem
from lab.behaviour import Difference, Evidence
from lab.behaviour_promises import Broken


class Verdict(StrEnum):
    """The end of it; each has its exit status."""

    KEPT = "kept"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"
    NO_LAB = "no lab"


EXIT = {Verdict.KEPT: 0, Verdict.BROKEN: 1, Verdict.INCONCLUSIVE: 2, Verdict.NO_LAB: 3}
SENTENCE = {
    Verdict.KEPT: "This change keeps every promise of the network.",
    Verdict.BROKEN: "This change breaks what the network promises.",
    Verdict.INCONCLUSIVE: "Nothing can be said of this change: see below why.",
    Verdict.NO_LAB: "The lab could not be set up, so the change was not tried.",
}
OTHERWISE = "Every promise is kept, but the network does not behave as the change declares."


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference of behaviour with what is behind it."""

    difference: Difference
    causes: tuple[str, ...]
    """What the routers run otherwise."""
    facts: tuple[Fact, ...]
    """What somebody typed otherwise."""
    evidence: tuple[Evidence, ...]
    declared: bool | None = None
    """Whether --expect names it; None without --expect."""
    places: tuple[str, ...] = ()
    """Where the inventory describes what it hangs on."""


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """A promise that the new revision breaks, with what is behind it."""

    broken: Broken
    facts: tuple[Fact, ...]
    places: tuple[str, ...] = ()
    """Where the inventory describes what it hangs on."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One scenario that ran on the new revision."""

    name: str
    ok: bool
    conclusive: bool
    seconds: float
    said: tuple[str, ...]
    """A line a check: what was expected, and what was measured."""


@dataclass(slots=True)
class Judgement:
    """Filled step by step; a step that can't be done says why and ends it."""

    base: Revision
    new: Revision
    fast: bool
    problems: tuple[Problem, ...] = ()
    """Of the new inventory or its templates."""
    base_problems: tuple[Problem, ...] = ()
    facts: tuple[Fact, ...] = ()
    texts: tuple[TextDifference, ...] = ()
    """Of each device, on its own platform."""
    lab_texts: tuple[TextDifference, ...] = ()
    """As the lab runs it, where every router is FRRouting."""
    how: str = ""
    """How the lab came from the old to the new revision."""
    scope: tuple[str, ...] | None = None
    """Devices that were booted; None for all."""
    devices: int = 0
    """That the lab had."""
    applied: Applied | None = None
    refused: tuple[str, ...] = ()
    """What a router of the new revision did not take, or why it did not boot."""
    broken: tuple[BrokenPromise, ...] = ()
    differences: tuple[Explained, ...] = ()
    declared: Declared | None = None
    scenarios: tuple[Tried, ...] = ()
    unsure: list[str] = field(default_factory=list)
    """Why nothing can be said."""
    no_lab: str = ""
    remarks: list[str] = field(default_factory=list)
    """What a reader should know, and what decides nothing."""
    phases: dict[str, float] = field(default_factory=dict)
    """Step -> seconds."""

    @property
    def broken_by(self) -> tuple[str, ...]:
        """Why the change fails, a line a reason; empty when it does not."""
        failed = [one.name for one in self.scenarios if one.conclusive and not one.ok]
        taken_back = self.applied is not None and not self.applied.ok
        reasons: Mapping[str, object] = {
            f"the inventory or a template has {counted(self.problems, 'error')}": self.problems,
            "provisioning could not bring the network to it, or took it back": taken_back,
            f"routers refuse or change {counted(self.refused, 'line')}": self.refused,
            f"{counted(self.broken, 'promise')} of the model broken": self.broken,
            f"{counted(failed, 'scenario')} failed: {', '.join(failed)}": failed,
        }
        found = [reason for reason, there in reasons.items() if there]
        if self.declared and self.declared.undeclared:
            number = counted(self.declared.undeclared, "difference")
            found.append(f"{number} of behaviour that --expect does not declare")
        if self.declared and self.declared.unfulfilled:
            found.append(
                f"{counted(self.declared.unfulfilled, 'declared difference')} did not happen"
            )
        return tuple(found)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        undeclared = self.declared is not None and not self.declared.ok
        if self.verdict is Verdict.BROKEN and undeclared and len(self.broken_by) == 1:
            return OTHERWISE
        return SENTENCE[self.verdict]

    @property
    def verdict(self) -> Verdict:
        """What does not settle proves nothing; a change that is known to break is broken."""
        if self.problems or self.refused:
            return Verdict.BROKEN
        if self.no_lab:
            return Verdict.NO_LAB
        if self.unsure:
            return Verdict.INCONCLUSIVE
        if self.broken_by:
            return Verdict.BROKEN
        undecided = [one.name for one in self.scenarios if not one.conclusive]
        return Verdict.INCONCLUSIVE if undecided else Verdict.KEPT


def counted(things: object, what: str) -> str:
    """`1 promise`, `2 promises`."""
    number = len(things) if isinstance(things, tuple | list) else 0
    return f"{number} {what}{'s' * (number != 1)}"
