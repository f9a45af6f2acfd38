"""One change on its way through devices: each step recorded before it is done, and after."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from inventory.errors import ImeretiError
from nornir_tasks.errors import CommitError, PendingError, RecordError, UnreachableError
from nornir_tasks.fate import settled_fate
from nornir_tasks.meeting import Meeting, leaving
from nornir_tasks.plan import NO_TIMER
from nornir_tasks.session import Outcome, Session
from nornir_tasks.work import Work

_GRACE_S = 60.0
"""After its timer a device has this long to be reachable again."""
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Fate:
    """How a step ended for one device."""

    result: str
    """committed, confirmed, reverted, failed."""
    error: str = ""


class Change:
    """The steps of one apply. Not safe for two threads at once; each step is parallel inside."""

    def __init__(
        self,
        work: Work,
        change_id: str,
        confirm_s: int,
        *,
        without_timer: bool = False,
        together: bool = False,
    ) -> None:
        self._work = work
        self.id = change_id
        self._confirm_s = confirm_s
        self._without_timer = without_timer
        self._together = together
        self._tokens: dict[str, str] = {}

    def begin(self, diffs: Mapping[str, str]) -> None:
        """Record what is going to be done, and keep the candidates for a later rollback."""
        candidates = {name: self._work.candidate(name) for name in diffs}
        kept = self._work.backups.keep(self.id, candidates, f"Candidates of {self.id}")
        self._record("start", "begun", detail={"devices": sorted(diffs), "candidates": kept})

    def end(self, results: Mapping[str, str]) -> None:
        """Record how it ended."""
        try:
            self._record("end", "done", detail={"results": dict(sorted(results.items()))})
        except RecordError as error:  # everything that was done is recorded, only the summary not
            self._work.say(str(error))

    def note(
        self,
        step: str,
        devices: Iterable[str],
        result: str = "done",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Record a step that touches nothing."""
        self._record(step, result, detail={"devices": sorted(devices), **(detail or {})})

    def back_up(self, devices: Iterable[str]) -> dict[str, Fate]:
        """What runs on `devices` now goes into the backup; those that could not be read.

        RecordError when it can't be written.
        """
        work = self._work
        found = work.fleet.run(lambda session: session.running(), devices)
        texts = {n: work.clean(n, f) for n, f in found.items() if not isinstance(f, ImeretiError)}
        saved = work.backups.save(texts, f"Before {self.id}")
        self.note("backup", texts, detail={"commit": saved.commit})
        failed = {n: f for n, f in found.items() if isinstance(f, ImeretiError)}
        return {name: Fate("failed", work.secrets.mask(str(e))) for name, e in failed.items()}

    def commit(self, shown: Mapping[str, str]) -> dict[str, Fate]:
        """Stage again, compare with what was shown, arm and load; on all devices at once."""
        meeting = Meeting(len(shown), self._work.now) if self._together else None
        return self._each(
            shown,
            lambda session: self._commit_one(session, shown, meeting),
            at_once=meeting is not None,
        )

    def begun(self, devices: Iterable[str]) -> bool:
        """Whether the commit of any of them was begun, however it ended."""
        return any(name in self._tokens for name in devices)

    def confirm(self, devices: Iterable[str]) -> dict[str, Fate]:
        """Make the change permanent."""
        return self._each(devices, self._confirm_one)

    def revert(self, devices: Iterable[str]) -> dict[str, Fate]:
        """Back to what ran before; where a device can't be reached, its timer does it."""
        return self._each(devices, self._revert_one)

    def _commit_one(
        self, session: Session, shown: Mapping[str, str], meeting: Meeting | None
    ) -> Fate:
        work, name = self._work, session.device.name
        with leaving(meeting):
            session.stage(work.filled(name))
            diff = work.secrets.mask(session.difference())
            if diff != shown[name]:
                session.discard()
                text = f"{name}: differs from what was shown: it was changed meanwhile"
                return Fate("failed", text)
            if not session.armed_for_s and not self._without_timer:
                session.discard()
                return Fate("failed", f"{name}: {NO_TIMER}")
            moment = None if meeting is None else meeting.moment(name)
        timer = max(self._confirm_s, session.armed_for_s) if session.armed_for_s else None
        detail = {"diff": diff, "token": session.token, "timer_s": timer}
        self._record("commit", "begun", name, detail)
        self._tokens[name] = session.token
        try:
            session.commit(timer, f"{work.audit.who} {self.id}", moment)
            left = work.secrets.mask(session.difference())
        except CommitError as error:
            text = work.secrets.mask(str(error))
            self._finish("commit", name, "failed", {"error": text})
            return Fate("reverted", text)
        if left:
            self._finish("commit", name, "failed", {"left": left})
            session.revert()
            return Fate("reverted", f"{name}: lines that did not take: {left}")
        return self._recorded_or_reverted(session, "commit", "done", Fate("committed"))

    def _recorded_or_reverted(self, session: Session, step: str, result: str, fate: Fate) -> Fate:
        try:
            self._record(step, result, session.device.name)
        except RecordError as error:
            session.revert()
            return Fate("reverted", str(error))
        return fate

    def _confirm_one(self, session: Session) -> Fate:
        name = session.device.name
        begun = self._recorded_or_reverted(session, "confirm", "begun", Fate("confirmed"))
        if begun.result != "confirmed":
            return begun
        session.confirm()
        self._finish("confirm", name)
        return Fate("confirmed")

    def _revert_one(self, session: Session) -> Fate:
        name = session.device.name
        self._finish("revert", name, "begun")
        session.revert()
        self._finish("revert", name)
        return Fate("reverted")

    def _each(
        self, devices: Iterable[str], step: Callable[[Session], Fate], *, at_once: bool = False
    ) -> dict[str, Fate]:
        def tell(name: str, outcome: Fate | ImeretiError) -> None:
            if isinstance(outcome, Fate):
                self._work.say(outcome.error or f"{name}: {outcome.result}")

        outcomes = self._work.fleet.run(step, devices, tell, at_once=at_once)
        return {
            name: outcome if isinstance(outcome, Fate) else self._explained(name, outcome)
            for name, outcome in outcomes.items()
        }

    def _explained(self, name: str, error: ImeretiError) -> Fate:
        """After an error in mid-step only the device knows; ask it until its timer has run out."""
        text = self._work.secrets.mask(str(error))
        if name not in self._tokens:
            return Fate("failed", text)
        self._work.say(f"{text} - asking the device what became of the change")
        outcome = self._ask(name)
        self._finish("settle", name, outcome.state, {"detail": outcome.detail, "error": text})
        if outcome.state in {"confirmed", "reverted"}:
            return Fate(outcome.state, f"{text}; {name} says: {outcome.detail}")
        return Fate("failed", f"{text}; {name} does not say what became of the change")

    def _ask(self, name: str) -> Outcome:
        work, token = self._work, self._tokens[name]
        deadline = work.clock() + self._confirm_s + _GRACE_S

        def step(session: Session) -> Outcome:
            return settled_fate(session, token, work.filled(name))

        while True:
            outcome = work.fleet.run(step, [name])[name]
            if isinstance(outcome, Outcome) and outcome.state != "armed":
                return outcome
            if work.clock() > deadline:
                return Outcome("unknown", str(outcome))
            if not isinstance(outcome, UnreachableError | PendingError | Outcome):
                work.say(str(outcome))
            work.sleep(_RETRY_S)

    def _finish(
        self,
        step: str,
        name: str,
        result: str = "done",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what is done already, or takes something back: a full disk does not stop that."""
        try:
            self._record(step, result, name, detail)
        except RecordError as error:
            self._work.say(str(error))

    def _record(
        self,
        step: str,
        result: str,
        device: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        self._work.audit.append(
            step,
            result,
            change=self.id,
            device=device,
            revision=self._work.revision,
            detail=detail,
        )
