"""Carries batches to the store beside the polling, which never waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from inventory.errors import StoreError
from monitor.clock import Clock
from monitor.store.base import (
    Batch,
    DevicePollRow,
    IncidentChange,
    LinkSample,
    MaintenanceWindow,
    PollerStatus,
    StateEntry,
    Store,
)

FLUSH_S = 0.5
"""What comes within so much is one transaction."""
RETRY_S, LONGEST_RETRY_S = 1.0, 30.0
SPOOL_SAMPLES = 500_000
"""Samples that wait for a store that is away; then the oldest are dropped and counted."""
WINDOWS_S = 2.0
"""How often maintenance windows are read."""
CHORES_S = 300.0
"""How often the store tidies up."""
LAST_FLUSH_S = 3.0
"""How long the end waits for the store."""

log = structlog.get_logger("monitor")


class Writer:
    """One task that alone speaks to the store."""

    def __init__(
        self, store: Store, clock: Clock, chores: Callable[[float], None] | None = None
    ) -> None:
        self._store, self._clock, self._chores = store, clock, chores
        self._samples: list[LinkSample] = []
        self._states: list[StateEntry] = []
        self._incidents: list[IncidentChange] = []
        self._devices: dict[str, DevicePollRow] = {}
        self._poller: PollerStatus | None = None
        self.windows: Sequence[MaintenanceWindow] = ()
        self.dropped = 0
        self.problem = ""
        """Why the store can't be written now; empty when it can."""
        self._windows_due = self._chores_due = self._retry_at = 0.0
        self._retry_s = RETRY_S

    @property
    def waiting(self) -> int:
        """Samples that are not stored yet."""
        return len(self._samples)

    def put(self, batch: Batch) -> None:
        """Take a batch; what it holds is stored in order, as soon as can be."""
        self._samples += batch.samples
        self._states += batch.states
        self._incidents += batch.incidents
        self._devices.update((each.device, each) for each in batch.devices)
        self._poller = batch.poller or self._poller
        if len(self._samples) > SPOOL_SAMPLES:
            over = len(self._samples) - SPOOL_SAMPLES
            self.dropped += over
            del self._samples[:over]

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set and everything is stored, or the store had its last chance."""
        while not await self._clock.wait(stop, FLUSH_S):
            await self._turn()
        self._retry_at = 0.0
        try:
            async with asyncio.timeout(LAST_FLUSH_S):
                await self._flush()
        except TimeoutError:
            log.error("store_left_behind", samples=len(self._samples))  # noqa: TRY400

    async def _turn(self) -> None:
        now = self._clock.monotonic()
        if now < self._retry_at:
            return
        await self._flush()
        if self.problem:
            return
        try:
            if now >= self._windows_due:
                self._windows_due = now + WINDOWS_S
                wall = self._clock.wall()
                self.windows = await asyncio.to_thread(self._store.windows, wall, wall + 1)
            if self._chores and now >= self._chores_due:
                self._chores_due = now + CHORES_S
                await asyncio.to_thread(self._chores, self._clock.wall())
        except StoreError as error:
            self._failed(error)

    async def _flush(self) -> None:
        batch = Batch(
            tuple(self._samples),
            tuple(self._states),
            tuple(self._incidents),
            tuple(self._devices.values()),
            self._poller and replace(self._poller, spooled=len(self._samples)),
        )
        if not (batch.samples or batch.states or batch.incidents or batch.devices or batch.poller):
            return
        dropped_before = self.dropped
        try:
            await asyncio.to_thread(self._store.write, batch)
        except StoreError as error:
            self._failed(error)
            return
        # What came meanwhile stays; what was dropped meanwhile was the oldest of what is stored.
        stored = max(0, len(batch.samples) - (self.dropped - dropped_before))
        del self._samples[:stored]
        del self._states[: len(batch.states)]
        del self._incidents[: len(batch.incidents)]
        for row in batch.devices:
            if self._devices.get(row.device) is row:
                del self._devices[row.device]
        self._poller = None
        if self.problem:
            log.warning("store_is_back", samples=len(batch.samples), dropped=self.dropped)
        self.problem, self._retry_s = "", RETRY_S

    def _failed(self, error: StoreError) -> None:
        if str(error) != self.problem:
            log.error("store_failed", problem=str(error), waiting=len(self._samples))
        self.problem = str(error)
        self._retry_at = self._clock.monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
