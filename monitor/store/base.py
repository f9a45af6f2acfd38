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
from typing import Protocol

from monitor.store.records import (
    KEPT_EVENTS,
    Batch,
    Change,
    DeviceEvent,
    DevicePollRow,
    DeviceStatus,
    Incident,
    IncidentChange,
    Latest,
    LinkSample,
    LinkStatus,
    MaintenanceWindow,
    PollerStatus,
    Rejected,
    Series,
    SeriesPoint,
    StateEntry,
    StoreReport,
    Subject,
    TimelineEntry,
    link_sample,
)
from monitor.values import (
    IncidentState,
    LatestKind,
)

__all__ = [
    "KEPT_EVENTS",
    "Batch",
    "Change",
    "DeviceEvent",
    "DevicePollRow",
    "DeviceStatus",
    "Incident",
    "IncidentChange",
    "Journal",
    "Latest",
    "LinkSample",
    "LinkStatus",
    "MaintenanceWindow",
    "PollerStatus",
    "Rejected",
    "SampleStore",
    "Series",
    "SeriesPoint",
    "StateEntry",
    "Store",
    "StoreReport",
    "Subject",
    "TimelineEntry",
    "link_sample",
]


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

    def series(self, link: str, metric: str, start: float, end: float, step_s: float) -> Series:
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

    def journal_number(self) -> int:
        """Number of the last batch whose states and incidents are there; 0 before the first."""

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
