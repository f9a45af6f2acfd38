"""Availability from the ledger: how much time was whose. Pure but for reading the journal.

Available = in service / (in service + own fault). Time that is not the subject's fault (upstream,
maintenance) and time in which nobody looked (blind) are told beside it and count for neither.
Reports can be made again at any time, and a maintenance window announced too late still counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inventory.model import Network
from monitor.causes import device_subject, link_subject
from monitor.dependencies import dependencies
from monitor.maintenance import subjects_of
from monitor.store.base import Journal, MaintenanceWindow, StateEntry, Subject
from monitor.values import Fault


@dataclass(frozen=True, slots=True)
class Availability:
    """Seconds of one subject, or of several together, in the span of a report."""

    id: str
    in_service_s: float
    own_s: float
    upstream_s: float
    maintenance_s: float
    blind_s: float
    target: float | None
    """What was promised, 0 to 1."""

    @property
    def available(self) -> float | None:
        """Share of the time that counts, 0 to 1; None when none does."""
        counted = self.in_service_s + self.own_s
        return self.in_service_s / counted if counted > 0 else None

    @property
    def met(self) -> bool | None:
        """Whether the promise was kept; None without a promise or without time that counts."""
        if self.target is None or self.available is None:
            return None
        return self.available >= self.target


def by_link(
    network: Network, journal: Journal, start: float, end: float
) -> tuple[Availability, ...]:
    """Every link of the model in [start, end). StoreError."""
    times = _Times(network, journal, start, end)
    return tuple(
        _availability(link.id, link.target, [times.of(link_subject(link.id))])
        for link in network.links.values()
    )


def by_site(
    network: Network, journal: Journal, start: float, end: float
) -> tuple[Availability, ...]:
    """Every site with devices: the time of all its devices together. StoreError."""
    times = _Times(network, journal, start, end)
    return tuple(
        _availability(
            site.code, site.target, [times.of(device_subject(name)) for name in site.devices]
        )
        for site in network.sites.values()
        if site.devices
    )


class _Times:
    def __init__(self, network: Network, journal: Journal, start: float, end: float) -> None:
        self._journal, self._start, self._end = journal, start, end
        poller = journal.poller()
        # After the monitor's last word nobody knows anything.
        self._known_to = min(end, poller.at) if poller else start
        known = dependencies(network)
        self._windows: defaultdict[Subject, list[MaintenanceWindow]] = defaultdict(list)
        for window in journal.windows(start, end):
            for subject in subjects_of(known, window.subject):
                self._windows[subject].append(window)

    def of(self, subject: Subject) -> dict[Fault, float]:
        entries = self._journal.ledger(subject, self._start, self._end)
        spans = faults(entries, self._start, self._end, self._known_to)
        return charge(spans, self._windows[subject])


Span = tuple[float, float, Fault]


def faults(
    entries: Sequence[StateEntry], start: float, end: float, known_to: float
) -> tuple[Span, ...]:
    """(from, to, fault) without gaps from `start` to `end`; of entries at one time the last counts.

    Before the first entry, and after `known_to`, the time is blind.
    """
    known_to = max(start, min(known_to, end))
    changes = [(start, Fault.BLIND)]
    changes += [(min(max(each.at, start), known_to), each.fault) for each in entries]
    changes.append((known_to, Fault.BLIND))
    ends = [*(at for at, _ in changes[1:]), end]
    return tuple(
        (at, until, fault) for (at, fault), until in zip(changes, ends, strict=True) if until > at
    )


def charge(spans: Iterable[Span], windows: Iterable[MaintenanceWindow]) -> dict[Fault, float]:
    """Seconds by fault. In a window, own fault is maintenance; service stays service."""
    announced = merged((window.start, window.end) for window in windows)
    seconds = dict.fromkeys(Fault, 0.0)
    for begin, end, fault in spans:
        covered = sum(max(0.0, min(end, b) - max(begin, a)) for a, b in announced)
        if fault in {Fault.OWN, Fault.UPSTREAM}:
            seconds[Fault.MAINTENANCE] += covered
            seconds[fault] += end - begin - covered
        else:
            seconds[fault] += end - begin
    return seconds


def merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same time without overlaps, in order."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _availability(name: str, target: float, times: Iterable[dict[Fault, float]]) -> Availability:
    total = dict.fromkeys(Fault, 0.0)
    for seconds in times:
        for fault, value in seconds.items():
            total[fault] += value
    return Availability(
        id=name,
        in_service_s=total[Fault.NONE],
        own_s=total[Fault.OWN],
        upstream_s=total[Fault.UPSTREAM],
        maintenance_s=total[Fault.MAINTENANCE],
        blind_s=total[Fault.BLIND],
        target=target,
    )
