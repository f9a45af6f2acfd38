"""States of services, from asking them: up, degraded, down; with incidents of their own.

A service whose site does not answer is unknown and not down: the cause has its own incident.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from inventory.model import Check, Network
from inventory.settings import ProbeSettings
from monitor.clock import Clock
from monitor.probes_icmp import OpenSocket
from monitor.said import say
from monitor.schedule import share
from monitor.store.base import (
    Change,
    Incident,
    IncidentChange,
    Latest,
    StateEntry,
    Subject,
)
from monitor.values import Fault, LatestKind, LinkState, Severity, SubjectKind

CONFIRM = 2
"""So many failures in a row make a service down; the second is asked for soon."""
SOON_S = 3.0

log = structlog.get_logger("monitor")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking once."""

    problem: str
    """One sentence; empty when all is as expected."""
    took_ms: float | None = None
    status: int | None = None
    """Of HTTP."""
    certificate_days: float | None = None
    """Left until it is no longer valid."""


class ServiceStates:
    """From outcomes to states and incidents. Pure."""

    def __init__(
        self, network: Network, opened: Iterable[Incident], certificate_days: float
    ) -> None:
        self._checks = {each.id: each for each in network.region.services.checks}
        self._routers = {
            site.code: frozenset(name for name in site.devices if name in network.devices)
            for site in network.sites.values()
        }
        self._failures: dict[str, int] = {}
        self._certificate_days = certificate_days
        mine = [each for each in opened if is_service(each.cause)]
        self._open = {each.cause.id for each in mine}
        self._changes = [
            _change(Change.CLOSE, each.cause.id, each.opened, each.summary, say("closed.gone"))
            for each in mine
            if each.cause.id not in self._checks
        ]

    def take(
        self, service: str, outcome: Outcome, now: float, silent: frozenset[str]
    ) -> StateEntry | None:
        """Its state now; None while one failure tells nothing yet. `silent`: devices."""
        check = self._checks[service]
        failures = self._failures.get(service, 0) + 1 if outcome.problem else 0
        self._failures[service] = failures
        subject = Subject(SubjectKind.SERVICE, service)
        if outcome.problem and self._hidden(check, silent):
            reason = say("service.hidden", site=check.site or "")
            return StateEntry(subject, now, LinkState.UNKNOWN, Fault.UPSTREAM, reason)
        if 0 < failures < CONFIRM:
            return None
        if outcome.problem:
            self._begin(check, outcome, now)
            return StateEntry(subject, now, LinkState.DOWN, Fault.OWN, outcome.problem)
        self._end(check, now)
        days = outcome.certificate_days
        if days is not None and days < self._certificate_days:
            left = say("service.expires", days=f"{days:.0f}", limit=f"{self._certificate_days:g}")
            return StateEntry(subject, now, LinkState.DEGRADED, Fault.NONE, left)
        return StateEntry(subject, now, LinkState.UP, Fault.NONE, "")

    def changes(self) -> list[IncidentChange]:
        """Since the last call."""
        taken, self._changes = self._changes, []
        return taken

    def _hidden(self, check: Check, silent: frozenset[str]) -> bool:
        there = self._routers.get(check.site or "", frozenset())
        return bool(there) and there <= silent

    def _begin(self, check: Check, outcome: Outcome, now: float) -> None:
        if check.id not in self._open:
            self._open.add(check.id)
            what = say("opened.why", why=outcome.problem)
            self._changes.append(_change(Change.OPEN, check.id, now, _summary(check), what))

    def _end(self, check: Check, now: float) -> None:
        if check.id in self._open:
            self._open.discard(check.id)
            what = say("closed.answers")
            self._changes.append(_change(Change.CLOSE, check.id, now, _summary(check), what))


def is_service(subject: Subject) -> bool:
    """Whether it is one of these, and not the monitor's own blindness."""
    return subject.kind is SubjectKind.SERVICE and subject.id != "monitoring"


def _summary(check: Check) -> str:
    return say("incident.service", cause=check.id, what=check.url or check.query)


def _change(kind: Change, service: str, at: float, summary: str, what: str) -> IncidentChange:
    subject = Subject(SubjectKind.SERVICE, service)
    return IncidentChange(kind, subject, at, Severity.MAJOR, summary, (), what)


class Services:
    """Asks every service in its turn until stopped."""

    def __init__(
        self,
        network: Network,
        settings: ProbeSettings,
        open_socket: OpenSocket,
        *,
        clock: Clock,
        take: Callable[[str, Outcome], None],
        tell: Callable[[Latest], None],
    ) -> None:
        self._settings, self._clock, self._take, self._tell = settings, clock, take, tell
        self._checks: Sequence[Check] = network.region.services.checks if settings.enable else ()
        self._resolver, self._open_socket = network.region.services.resolver4, open_socket
        self._failed: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; at once when there are none."""
        if not self._checks:
            return
        from monitor.services_check import Checker  # noqa: PLC0415  (heavy libraries)

        checker = Checker(
            self._resolver, self._open_socket, self._settings.timeout_s, self._settings.ca_file
        )
        await asyncio.gather(*(self._repeat(checker.ask, each, stop) for each in self._checks))

    async def _repeat(
        self, ask: Callable[[Check], Awaitable[Outcome]], check: Check, stop: asyncio.Event
    ) -> None:
        every_s = self._settings.services_interval_s
        wait_s = share(check.id) * min(every_s, SOON_S)
        while not await self._clock.wait(stop, wait_s):
            outcome = await ask(check)
            self._take(check.id, outcome)
            self._tell(Latest(LatestKind.SERVICE, check.id, self._clock.wall(), _document(outcome)))
            first = bool(outcome.problem) and check.id not in self._failed
            (self._failed.add if outcome.problem else self._failed.discard)(check.id)
            wait_s = min(SOON_S, every_s) if first else every_s


def _document(outcome: Outcome) -> Mapping[str, object]:
    return {
        "took_ms": outcome.took_ms,
        "status": outcome.status,
        "certificate_days": outcome.certificate_days,
    }
