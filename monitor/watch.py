"""From polls to what is stored: samples, states with whom to charge them to, incidents.

No input or output and no clock of its own: polls and times come in, batches go out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inventory.model import Network
from inventory.settings import AlarmSettings
from monitor.agent import DevicePoll
from monitor.causes import Cause, device_subject, find_causes, link_subject
from monitor.dependencies import dependencies
from monitor.health import Verdict
from monitor.incidents import Incidents, Situation
from monitor.ledger import IN_SERVICE, Ledger
from monitor.links import CONFIRM, Links
from monitor.maintenance import covered
from monitor.metrics import PROBE_SERIES, SERIES_METRICS
from monitor.probes import NOTHING, LinkPings
from monitor.said import joined, say
from monitor.services import Outcome, ServiceStates, is_service
from monitor.store.base import (
    Batch,
    DevicePollRow,
    Incident,
    IncidentChange,
    LinkSample,
    MaintenanceWindow,
    StateEntry,
    Subject,
)
from monitor.targets import Target
from monitor.values import Fault, LinkState, SubjectKind

PROBED = len(PROBE_SERIES)
PROBED_FROM = len(SERIES_METRICS) - PROBED
"""The last values of a sample are those of probes, in the order of LinkPings."""


@dataclass(frozen=True, slots=True)
class Past:
    """What the store knew when the monitor started."""

    states: Mapping[Subject, StateEntry]
    incidents: tuple[Incident, ...]
    """Those not closed."""
    last_seen: float | None
    """When a monitor last wrote; None when none ever did."""


class Watch:
    """Everything that is known, poll after poll."""

    def __init__(
        self,
        network: Network,
        targets: Iterable[Target],
        alarms: AlarmSettings,
        interval_s: float,
        *,
        past: Past,
        now: float,
        grace_s: float,
        certificate_days: float = 14,
    ) -> None:
        self._known = dependencies(network)
        self._links = Links(targets, alarms, interval_s)
        self._ledger = Ledger(past.states, revise_s=2 * grace_s)
        others = [each for each in past.incidents if not is_service(each.cause)]
        self._incidents = Incidents(network, self._known, others, grace_s)
        self._services = ServiceStates(network, past.incidents, certificate_days)
        self._outcomes: list[tuple[str, Outcome]] = []
        if past.last_seen is not None and now - past.last_seen > 2 * interval_s:
            self._ledger.blind(past.last_seen)
        self._samples: list[LinkSample] = []
        self._polled: dict[str, DevicePollRow] = {}
        self._asked: dict[str, float] = {}
        self._silent_since: dict[str, float] = {}
        self._problems: dict[str, str] = {}
        self._windows: Mapping[Subject, MaintenanceWindow] = {}
        self._hidden_by: dict[Subject, Cause] = {}
        self._todo: set[Subject] = set()
        """Whose state may have to be written anew."""
        self._unsettled = False
        self._pings: Mapping[str, LinkPings] = {}
        self._lacking: dict[str, Mapping[str, str]] = {}
        """By device: link -> what routing over it lacks."""

    def take_over(self, other: "Watch") -> None:
        """Go on with what `other`, of an inventory before, knew of what is still there."""
        self._links.take_over(other._links)
        for mine, theirs in (
            (self._asked, other._asked), (self._silent_since, other._silent_since),
        ):  # fmt: skip
            mine.update((name, at) for name, at in theirs.items() if name in self._links.failures)
        self._problems.update(other._problems)
        self._todo |= {link_subject(link) for link in self._links.verdicts()}
        self._unsettled = True

    def fold(self, poll: DevicePoll) -> frozenset[str]:
        """Take a poll in; the devices that should be asked again at once."""
        device = poll.device
        self._samples += self._links.fold(poll)
        failures = self._links.failures[device]
        if poll.answered or failures >= CONFIRM:  # one lost answer tells nothing yet
            self._asked[device] = poll.at - (poll.ended - poll.began)
        again: set[str] = set()
        if poll.answered:
            self._note_answer(poll)
        else:
            self._problems[device] = poll.problem
            self._silent_since.setdefault(device, poll.at)
            if failures < CONFIRM:
                again.add(device)
            elif failures == CONFIRM:
                self._todo.add(device_subject(device))
        for link, verdict in self._links.rejudge(poll.at):
            self._todo.add(link_subject(link))
            if verdict.state in IN_SERVICE:  # who was hidden behind it may be back
                ends = self._known.links.get(link, ())
                again.update(end for end in ends if end in self._silent_since)
        return frozenset(again - {device} if poll.answered else again)

    def tick(
        self, now: float, windows: Iterable[MaintenanceWindow], *, judge: bool = True
    ) -> tuple[Batch, frozenset[str]]:
        """What is to be stored since the last call, and the devices to ask once more.

        Without `judge` what is due to be judged waits for the next call.
        """
        self._links.age(now)
        self._todo |= {link_subject(link) for link, _ in self._links.rejudge(now)}
        self._cover(covered(self._known, windows, now))
        changes, again = self._judge_services(now), frozenset[str]()
        if judge and (self._todo or self._unsettled):
            situation = self._situation(now)
            changes += self._incidents.judge(situation)
            self._hide(self._incidents.sure_causes(situation))
            again = self._ask_again(situation)
            self._unsettled = bool(self._incidents.unsure())
            silent = situation.silent
            for subject in sorted(self._todo, key=lambda each: (each.kind, each.id)):
                self._write_state(subject, silent, now)
            self._todo.clear()
        samples, self._samples = self._with_pings(self._samples), []
        polled, self._polled = self._polled, {}
        states = self._ledger.take()
        return Batch(samples, states, changes, tuple(polled.values())), again

    def take_service(self, service: str, outcome: Outcome) -> None:
        """What came of asking a service once."""
        self._outcomes.append((service, outcome))

    def _judge_services(self, now: float) -> list[IncidentChange]:
        outcomes, self._outcomes = self._outcomes, []
        silent = self._links.silent()
        for service, outcome in outcomes:
            entry = self._services.take(service, outcome, now, silent)
            if entry is not None:
                self._ledger.set(entry, now)
        return self._services.changes()

    def take_routing(self, device: str, lacking: Mapping[str, str]) -> None:
        """Link -> what routing over it lacks as `device` sees it; nothing known: empty."""
        before = self._lacking.get(device, {})
        self._lacking[device] = lacking
        for link in {*before, *lacking}:
            several = (each.get(link, "") for _, each in sorted(self._lacking.items()))
            self._links.note_trouble(link, joined(dict.fromkeys(several)))

    def broken(self) -> frozenset[str]:
        """Links that are known not to carry, or of which nothing is known."""
        states = self._links.states().items()
        return frozenset(link for link, state in states if state not in IN_SERVICE)

    def take_pings(self, pings: Mapping[str, LinkPings]) -> None:
        """What pings say of links now; of a link that is left out nothing is known."""
        for link in {*self._pings, *pings}:
            self._links.note_loss(link, pings.get(link, NOTHING).own_loss)
        self._pings = pings

    def silent(self) -> frozenset[str]:
        """Devices that do not answer, confirmed."""
        return self._links.silent()

    def _with_pings(self, samples: list[LinkSample]) -> list[LinkSample]:
        if not self._pings:
            return samples
        return [
            sample._replace(values=(*sample.values[:PROBED_FROM], *pings[:PROBED]))
            if (pings := self._pings.get(sample.link))
            else sample
            for sample in samples
        ]

    def _note_answer(self, poll: DevicePoll) -> None:
        device = poll.device
        uptime_s = None if poll.uptime_cs is None else poll.uptime_cs / 100
        took_ms = (poll.ended - poll.began) * 1000
        self._polled[device] = DevicePollRow(device, poll.at, uptime_s, took_ms)
        known = self._ledger.current(device_subject(device))
        if self._silent_since.pop(device, None) or known is None or known.state != LinkState.UP:
            self._todo.add(device_subject(device))

    def _cover(self, now_covered: Mapping[Subject, MaintenanceWindow]) -> None:
        if now_covered != self._windows:
            changed = {
                subject
                for subject in {*now_covered, *self._windows}
                if now_covered.get(subject) != self._windows.get(subject)
            }
            self._todo |= changed
            self._windows = now_covered

    def _situation(self, now: float) -> Situation:
        silent = self._links.silent()
        # Links towards peers that are not ours have one end: they hide nobody.
        states = self._links.states_of(self._known.links)
        causes = find_causes(self._known, silent, states)
        reasons = {cause.subject: self._reason(cause.subject) for cause in causes}
        return Situation(
            now, causes, states, silent, reasons, self._asked, frozenset(self._windows)
        )

    def _reason(self, subject: Subject) -> str:
        """What is seen of a cause."""
        if subject.kind is SubjectKind.LINK:
            verdict = self._links.verdict(subject.id)
            return verdict.reason if verdict else ""
        return self._problems.get(subject.id, "")

    def _hide(self, causes: tuple[Cause, ...]) -> None:
        """Whose fault is whose: everybody that this changes for is written anew."""
        hidden = {subject: cause for cause in causes for subject in cause.affected}
        own = {cause.subject: cause for cause in causes}
        hidden = {**hidden, **own}
        for subject in {*hidden, *self._hidden_by}:
            before, after = self._hidden_by.get(subject), hidden.get(subject)
            if (before and before.subject) != (after and after.subject):
                self._todo.add(subject)
        self._hidden_by = hidden

    def _ask_again(self, situation: Situation) -> frozenset[str]:
        unsure = self._incidents.unsure()
        since = self._incidents.seen_since
        return frozenset(
            device
            for cause in situation.causes
            if cause.subject in unsure
            for device in cause.involved
            if device not in situation.silent
            and situation.asked.get(device, 0.0) <= since(cause.subject, situation.now)
        )

    def _write_state(self, subject: Subject, silent: frozenset[str], now: float) -> None:
        window = self._windows.get(subject)
        if subject.kind is SubjectKind.LINK:
            verdict = self._links.verdict(subject.id)
        else:
            verdict = self._device_verdict(subject.id, silent, now)
        if verdict is None:
            return
        if window is not None:
            reason = _at_work(window, verdict)
            entry = StateEntry(subject, now, LinkState.MAINTENANCE, Fault.MAINTENANCE, reason)
        else:
            began = now if verdict.as_of is None else verdict.as_of
            fault = self._fault(subject, verdict.state)
            entry = StateEntry(subject, began, verdict.state, fault, verdict.reason)
        self._ledger.set(entry, now)

    def _device_verdict(self, device: str, silent: frozenset[str], now: float) -> Verdict | None:
        if device not in self._links.failures:
            return None
        if device not in silent:
            return Verdict(LinkState.UP, "", now)
        since = self._silent_since.get(device, now)
        cause = self._hidden_by.get(device_subject(device))
        if cause is None:
            return Verdict(LinkState.UNKNOWN, self._problems.get(device, ""), since)
        if cause.subject == device_subject(device):
            return Verdict(LinkState.DOWN, self._problems.get(device, ""), since)
        return Verdict(LinkState.UNKNOWN, say("device.hidden", cause=cause.subject.id), since)

    def _fault(self, subject: Subject, state: LinkState) -> Fault:
        if state in IN_SERVICE:
            return Fault.NONE
        cause, known = self._hidden_by.get(subject), self._ledger.current(subject)
        if cause is None and known is not None and known.state is state:
            return known.fault  # its cause is being looked for: what was found stands until then
        if cause is None or cause.subject == subject:
            return Fault.OWN if state is LinkState.DOWN else Fault.BLIND
        if cause.subject in self._windows:
            return Fault.MAINTENANCE
        return Fault.BLIND if cause.subject.kind is SubjectKind.SERVICE else Fault.UPSTREAM


def _at_work(window: MaintenanceWindow, verdict: Verdict) -> str:
    seen = say(f"state.{verdict.state}")
    if verdict.reason:
        return say("works.why", reason=window.reason, state=seen, why=verdict.reason)
    return say("works", reason=window.reason, state=seen)
