"""The store's seam: what goes in, what comes out, and nothing of how.

A `Store` is two parts. `SampleStore` keeps the numbers and has two implementations (SQLite,
InfluxDB 2); `Journal` keeps what people work with (states, incidents, maintenance) and is SQLite
always. One process writes (`imereti monitor`), any number read (`imereti serve`).

Times are Unix seconds (UTC, float). Rates are per second, ratios 0 to 1. None is "not known" and
never stands for 0. Everything raises StoreError when the database is away, locked, read-only or
corrupt; nothing that was stored before is lost by that. Calls block for milliseconds: from
asyncio use `asyncio.to_thread`. All are safe to call from several threads.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from monitor.metrics import NO_VALUES, SERIES_INDEX
from monitor.values import (
    EventSource,
    Fault,
    IncidentState,
    LatestKind,
    LinkState,
    Quality,
    Severity,
    SubjectKind,
)

KEPT_EVENTS = 200
"""Traps and log lines that are kept of each device."""


class LinkSample(NamedTuple):
    """One reading of one link. `in` is towards end a, `out` is away from it."""

    link: str
    at: float
    quality: Quality
    covers_s: float
    """The rates are means over this many seconds before `at`; 0 when there are none."""
    values: tuple[float | None, ...] = NO_VALUES
    """In the order of SERIES_METRICS (monitor/metrics.py)."""

    def value(self, metric: str) -> float | None:
        """The value of one of SERIES_METRICS; KeyError."""
        return self.values[SERIES_INDEX[metric]]


def link_sample(
    link: str,
    at: float,
    quality: Quality = Quality.GOOD,
    covers_s: float = 10.0,
    **values: float | None,
) -> LinkSample:
    """A sample from named values, `link_sample("kut-zes", now, in_bps=1e6)`; KeyError."""
    row = list(NO_VALUES)
    for metric, value in values.items():
        row[SERIES_INDEX[metric]] = value
    return LinkSample(link, at, quality, covers_s, tuple(row))


class SeriesPoint(NamedTuple):
    """One bucket of a series, from `at` up to `at` + step; both None where nothing is known.

    A tuple, as a graph asks for thousands: they are made three times as fast as a dataclass.
    """

    at: float
    mean: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing of the inventory: what an incident, a state or a window is about."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """What is known of a link now: the shape of `poll` and GET /api/v1/links."""

    id: str
    state: LinkState
    since: float | None
    """When it came into this state."""
    as_of: float | None
    """When the last reading that this rests on was taken; None when there never was one."""
    in_bps: float | None
    out_bps: float | None
    in_utilisation: float | None
    out_utilisation: float | None
    in_errors_ps: float | None
    out_errors_ps: float | None
    loss: float | None
    rtt_ms: float | None
    reason: str
    """One sentence for a person; empty when it is simply up."""
    quality: Quality


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """What is known of a device now."""

    id: str
    state: LinkState
    """up, down (it should be reachable and does not answer), unknown or maintenance."""
    since: float | None
    as_of: float | None
    """Its last answer."""
    uptime_s: float | None
    """sysUpTime at `as_of`."""
    rtt_ms: float | None
    """How long its last poll took, all requests together."""
    reason: str


@dataclass(frozen=True, slots=True)
class StateEntry:
    """From `at` on, `subject` is in `state`, until its next entry. Never changed, only added."""

    subject: Subject
    at: float
    state: LinkState
    fault: Fault
    reason: str
    seq: int = 0
    """Grows with each entry; 0 before it is stored. Readers follow the ledger by it."""
    since: float | None = None
    """When it came into this state, which may be before `at`: an entry can change the fault alone.
    Only `Journal.current_states` tells it."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of an incident's history."""

    at: float
    what: str
    by: str
    """A user's name, or `monitor`."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause and everything that it hits."""

    id: int
    cause: Subject
    state: IncidentState
    severity: Severity
    opened: float
    closed: float | None
    summary: str
    affected: tuple[Subject, ...]
    """What can't be reached or seen because of the cause; the cause itself is not among them."""
    timeline: tuple[TimelineEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """Announced work on one subject; a site's window covers its devices and their links."""

    id: int
    """0 before it is stored."""
    subject: Subject
    start: float
    end: float
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class PollerStatus:
    """How the poller itself does; written once a cycle."""

    at: float
    """When it was written: older than two intervals means that nobody polls."""
    started: float
    interval_s: float
    targets: int
    answered: int
    """Targets that answered their last poll."""
    polls: int
    """Since start; so are the next ones."""
    late_polls: int
    timeouts: int
    refused: int
    """Answers thrown away: malformed, of another request, from another source."""
    slow: tuple[tuple[str, float], ...] = ()
    """Slowest devices of the last cycle with seconds, worst first, at most five."""
    spooled: int = 0
    """Samples that wait for the store."""
    dropped: int = 0
    """Samples lost, as neither store nor spool had room for them."""
    cycle_s: float = 0.0
    """The longest that a poll took which was due in the last cycle and was answered, from when it
    was due to its last answer."""
    rejected: int = 0
    """Samples that the store will never take; they are kept in a file."""


@dataclass(frozen=True, slots=True)
class DevicePollRow:
    """What the last poll of a device said."""

    device: str
    at: float
    uptime_s: float | None
    rtt_ms: float | None


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Something that a device told by itself: a trap or a line of its log."""

    device: str
    at: float
    source: EventSource
    severity: int
    """0 emergency to 7 debug (RFC 5424)."""
    text: str


@dataclass(frozen=True, slots=True)
class Latest:
    """What is known last of one thing, beside states and samples; replaced each time."""

    kind: LatestKind
    id: str
    at: float
    document: Mapping[str, Any]
    """JSON."""


class Change(StrEnum):
    """What happens to the incident of a cause."""

    OPEN = "open"
    UPDATE = "update"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """The monitor's word on the incident of `cause`; at most one incident a cause is not closed.

    Opening what is open updates it; updating or closing what is not open does nothing: a batch
    can be stored twice without harm.
    """

    change: Change
    cause: Subject
    at: float
    severity: Severity
    summary: str
    affected: tuple[Subject, ...]
    what: str
    """The line for the timeline; empty adds none."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the poller hands over at once: all of it is stored, or nothing."""

    samples: Sequence[LinkSample] = ()
    states: Sequence[StateEntry] = ()
    incidents: Sequence[IncidentChange] = ()
    devices: Sequence[DevicePollRow] = ()
    poller: PollerStatus | None = None


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What `imereti store check` found."""

    ok: bool
    samples: int
    oldest: float | None
    newest: float | None
    size_bytes: int
    findings: tuple[str, ...] = ()


class Rejected(NamedTuple):
    """A sample that the database will never take, and why."""

    sample: LinkSample
    reason: str


class SampleStore(Protocol):
    """Numbers of links over time."""

    def write_samples(self, samples: Sequence[LinkSample]) -> Sequence[Rejected]:
        """Store all but those that the database refuses for good; these are the answer.

        A sample that is there already (link, at) is replaced, so what ended in a StoreError, of
        which a part may be stored, is simply written again.
        """

    def last_samples(self) -> Mapping[str, LinkSample]:
        """The newest sample of every link that has one."""

    def samples(self, start: float, end: float) -> Iterator[LinkSample]:
        """Every sample in [start, end) of all links; those of a link in order."""

    def series(
        self, link: str, metric: str, start: float, end: float, step_s: float
    ) -> tuple[SeriesPoint, ...]:
        """Buckets of `step_s` that begin at multiples of it, from the one that holds `start`.

        Every bucket before `end` is there; one without a usable sample has None. `metric` is one
        of SERIES_METRICS, else KeyError. The mean is weighted by the time that samples cover.
        """

    def prune(self, before: float) -> int:
        """Forget samples older than `before`; how many."""

    def close(self) -> None:
        """Let go of files and connections."""


class Journal(Protocol):
    """States, incidents, maintenance, and how the poller does."""

    def current_states(self) -> Mapping[Subject, StateEntry]:
        """The last entry of every subject."""

    def ledger(self, subject: Subject, start: float, end: float) -> tuple[StateEntry, ...]:
        """Entries from the one in force at `start` to the last before `end`, oldest first."""

    def states_after(self, seq: int, limit: int = 1000) -> tuple[StateEntry, ...]:
        """Entries of all subjects with a greater `seq`, in order: for the live stream."""

    def last_seq(self) -> int:
        """The greatest `seq` there is; 0 in an empty ledger."""

    def device_polls(self) -> Mapping[str, DevicePollRow]:
        """The last poll of every device that ever answered."""

    def incidents(
        self, states: Iterable[IncidentState] = (), since: float = 0.0, limit: int = 200
    ) -> tuple[Incident, ...]:
        """Worst and newest first; `states` empty means all. Closed before `since` left out."""

    def incident(self, number: int) -> Incident | None:
        """One incident with its whole timeline."""

    def acknowledge(self, number: int, at: float, by: str) -> Incident | None:
        """Someone works on it; None when there is no such incident."""

    def note(self, number: int, at: float, by: str, text: str) -> Incident | None:
        """Add a line to the timeline; None when there is no such incident."""

    def close_incident(self, number: int, at: float, by: str, what: str) -> Incident | None:
        """It is over; None when there is no such incident."""

    def windows(self, start: float, end: float) -> tuple[MaintenanceWindow, ...]:
        """Maintenance windows that overlap [start, end), oldest first."""

    def add_window(self, window: MaintenanceWindow) -> MaintenanceWindow:
        """Store a new one; the answer carries its number."""

    def end_window(self, number: int, at: float) -> MaintenanceWindow | None:
        """End it at `at` instead of its own end; None when there is no such window."""

    def poller(self) -> PollerStatus | None:
        """What the poller last said of itself; None when none ever ran."""

    def add_events(self, events: Sequence[DeviceEvent]) -> None:
        """Keep what devices told; of each device the last KEPT_EVENTS stay."""

    def events(self, devices: Iterable[str], limit: int = 50) -> tuple[DeviceEvent, ...]:
        """The last of these devices, newest first."""

    def put_latest(self, rows: Sequence[Latest]) -> None:
        """Replace what was known of the same kind and id."""

    def latest(self, kind: LatestKind) -> Mapping[str, Latest]:
        """Everything of one kind, by id."""


class Store(SampleStore, Journal, Protocol):
    """Both parts, and what concerns the whole database."""

    @property
    def apart(self) -> bool:
        """Whether samples have a database of their own, which may be away while states are not."""

    def write(self, batch: Batch) -> None:
        """Store a batch. Idempotent for samples. A StoreError means that nothing is stored, but,
        where samples are apart, that states and incidents may be.
        """

    def check(self) -> StoreReport:
        """Look the whole database over: `imereti store check`."""
