"""What a store holds: samples, states, incidents, maintenance, and how the poller does.

Times are Unix seconds (UTC, float). Rates are per second, ratios 0 to 1. None is "not known" and
never stands for 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, overload

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
    """One bucket of a series, from `at` up to `at` + step; both None where nothing is known."""

    at: float
    mean: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Series(Sequence[SeriesPoint]):
    """Buckets of one length, one behind the other, kept as columns.

    A year of five minutes is a hundred thousand of them: points are made only for who looks at
    single ones.
    """

    first_ms: int
    """When the first bucket begins, Unix time."""
    step_ms: int
    means: tuple[float | None, ...]
    maxima: tuple[float | None, ...]

    @property
    def times(self) -> Iterator[float]:
        """When each begins."""
        return (self._at(place) for place in range(len(self.means)))

    def __len__(self) -> int:
        return len(self.means)

    @overload
    def __getitem__(self, place: int) -> SeriesPoint: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[SeriesPoint, ...]: ...
    def __getitem__(self, place: int | slice) -> SeriesPoint | tuple[SeriesPoint, ...]:
        if isinstance(place, slice):
            return tuple(self)[place]
        at = range(len(self))[place]
        return SeriesPoint(self._at(at), self.means[at], self.maxima[at])

    def __iter__(self) -> Iterator[SeriesPoint]:
        return map(SeriesPoint, self.times, self.means, self.maxima)

    def _at(self, place: int) -> float:
        return (self.first_ms + place * self.step_ms) / 1000


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
    jitter_ms: float | None
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
    """Samples that wait for the store on disk: they survive a kill."""
    dropped: int = 0
    """Samples, and batches of states, lost, as neither store nor spool had room for them."""
    cycle_s: float = 0.0
    """The longest that a poll took which was due in the last cycle and was answered, from when it
    was due to its last answer."""
    rejected: int = 0
    """Samples that the store will never take; they are kept in a file."""
    waiting: int = 0
    """Samples that wait in the monitor's memory, beside those that came with this."""


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
    number: int = 0
    """Of its states and incidents, where there are any: those of a number that is not greater than
    the last one's are in the journal already. 0: not counted."""


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
