"""Causes that last become incidents: one a cause, opened when sure, closed when over. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inventory.model import Network
from monitor.causes import BLIND, Cause
from monitor.dependencies import Dependencies
from monitor.said import joined, say
from monitor.store.base import Change, Incident, IncidentChange, Subject
from monitor.values import LinkState, Severity, SubjectKind


@dataclass(frozen=True, slots=True)
class _Open:
    cause: Subject
    severity: Severity
    summary: str
    affected: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at one moment, as incidents need it."""

    now: float
    """Unix time."""
    causes: tuple[Cause, ...]
    states: Mapping[str, LinkState]
    """Of links, as their ends report them."""
    silent: frozenset[str]
    reasons: Mapping[Subject, str]
    asked: Mapping[str, float]
    """Device -> Unix time at which its last finished poll began."""
    covered: frozenset[Subject]
    """Links and devices in maintenance."""


class Incidents:
    """Open incidents, and causes that are not sure yet."""

    def __init__(
        self, network: Network, known: Dependencies, opened: Iterable[Incident], grace_s: float
    ) -> None:
        self._network, self._known, self._grace_s = network, known, grace_s
        self._open = {
            each.cause: _Open(each.cause, each.severity, each.summary, each.affected)
            for each in opened
        }
        self._seen: dict[Subject, float] = {}
        """Since when each cause that has no incident yet is there."""

    def judge(self, situation: Situation) -> list[IncidentChange]:
        """What has to change now."""
        causes = {each.subject: each for each in situation.causes}
        self._seen = {
            subject: self._seen.get(subject, situation.now)
            for subject in causes
            if subject not in self._open
        }
        changes: list[IncidentChange] = []
        for subject, cause in causes.items():
            if subject in situation.covered:
                continue
            if subject in self._open or self._sure(cause, situation):
                changes += self._renew(cause, situation)
        ended = [each for each in self._open if each not in causes or each in situation.covered]
        parts = _parts(self._open.values()) if ended else {}
        for subject in ended:
            changes += self._end(subject, situation, parts)
        return changes

    def unsure(self) -> frozenset[Subject]:
        """Causes whose devices have to be asked once more."""
        return frozenset(self._seen.keys() - self._open.keys())

    def seen_since(self, subject: Subject, otherwise: float) -> float:
        """Since when a cause without an incident is there."""
        return self._seen.get(subject, otherwise)

    def sure_causes(self, situation: Situation) -> tuple[Cause, ...]:
        """Causes that can be relied on: every device involved was asked since they appeared."""
        return tuple(
            cause
            for cause in situation.causes
            if cause.subject in self._open or self._sure(cause, situation)
        )

    def _sure(self, cause: Cause, situation: Situation) -> bool:
        since = self._seen.get(cause.subject, situation.now)
        # Who is silent was asked twice already; the others once more since the cause appeared.
        others = cause.involved - situation.silent
        asked = all(situation.asked.get(device, 0.0) > since for device in others)
        return asked or situation.now - since > self._grace_s

    def _renew(self, cause: Cause, situation: Situation) -> list[IncidentChange]:
        known = self._open.get(cause.subject)
        affected = tuple(each for each in cause.affected if each not in situation.covered)
        reason = situation.reasons.get(cause.subject, "")
        now = _Open(
            cause.subject,
            _severity(affected, cause.subject),
            _summary(self._network, cause.subject, affected),
            affected,
        )
        self._open[cause.subject] = now
        if known is None:
            what = say("opened.why", why=reason) if reason else say("opened")
            return [_change(Change.OPEN, now, situation.now, what)]
        if known == now:
            return []
        return [_change(Change.UPDATE, now, situation.now, _difference(known, now))]

    def _end(
        self, subject: Subject, situation: Situation, parts: Mapping[Subject, Sequence[_Open]]
    ) -> list[IncidentChange]:
        known = self._open[subject]
        what = self._why_over(subject, situation, parts)
        if not what:
            return []  # it is not seen to be well: whoever told of it went silent since
        del self._open[subject]
        return [_change(Change.CLOSE, known, situation.now, what)]

    def _why_over(
        self, subject: Subject, situation: Situation, parts: Mapping[Subject, Sequence[_Open]]
    ) -> str:
        if subject in situation.covered:
            return say("closed.maintenance")
        for other in parts.get(subject, ()):
            if other.cause in self._open and other.cause != subject:
                return say("closed.part", summary=other.summary)
        if subject.kind is SubjectKind.LINK:
            state = situation.states.get(subject.id)
            well = state in {LinkState.UP, LinkState.DEGRADED}
            gone = subject.id not in self._known.links
            return say("closed.up") if well else say("closed.gone") if gone else ""
        if subject == BLIND:
            return say("closed.all_answer")
        if subject.id not in self._network.devices:
            return say("closed.gone")
        return "" if subject.id in situation.silent else say("closed.answers")


def _parts(opened: Iterable[_Open]) -> Mapping[Subject, Sequence[_Open]]:
    """Subject -> the incidents that it is affected by, in their order."""
    found: dict[Subject, list[_Open]] = {}
    for each in opened:
        for subject in each.affected:
            found.setdefault(subject, []).append(each)
    return found


def _change(kind: Change, known: _Open, at: float, what: str) -> IncidentChange:
    return IncidentChange(
        kind, known.cause, at, known.severity, known.summary, known.affected, what
    )


def _severity(affected: tuple[Subject, ...], cause: Subject) -> Severity:
    hidden = any(each.kind is SubjectKind.DEVICE for each in affected)
    return Severity.CRITICAL if hidden or cause.kind is not SubjectKind.LINK else Severity.MAJOR


def _summary(network: Network, cause: Subject, affected: tuple[Subject, ...]) -> str:
    devices = sum(each.kind is SubjectKind.DEVICE for each in affected)
    link = network.links.get(cause.id)
    if cause == BLIND:
        return say("incident.blind")
    if cause.kind is SubjectKind.DEVICE:
        what = say("incident.device", cause=cause.id)
    elif link and link.circuit_id:
        circuit = f"{link.provider} {link.circuit_id}"
        what = say("incident.circuit", cause=cause.id, circuit=circuit)
    else:
        what = say("incident.link", cause=cause.id)
    if not devices:
        return what
    code = "incident.hides_one" if devices == 1 else "incident.hides"
    return joined((what, say(code, count=devices)))


def _difference(before: _Open, after: _Open) -> str:
    then, now = frozenset(before.affected), frozenset(after.affected)
    more = [each.id for each in after.affected if each not in then]
    less = [each.id for each in before.affected if each not in now]
    said = []
    if more:
        said.append(say("more", subjects=", ".join(more)))
    if less:
        said.append(say("less", subjects=", ".join(less)))
    return joined(said)
