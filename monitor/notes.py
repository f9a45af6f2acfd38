"""Carries what devices told, and what is known last, to the journal beside the polling."""

import asyncio
from collections import deque

import structlog

from inventory.errors import StoreError
from monitor.clock import FOREVER_S, Clock, also_set
from monitor.store.base import DeviceEvent, Journal, Latest
from monitor.values import LatestKind

FLUSH_S = 1.0
"""What comes within so much is written together."""
RETRY_S = 5.0
WAITING_EVENTS = 5000
"""That wait for a journal that is away; then the oldest are dropped and counted."""

log = structlog.get_logger("monitor")


class Notes:
    """One task that writes them; `put` and `tell` never wait."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal, self._clock = journal, clock
        self._events: deque[DeviceEvent] = deque()
        self._latest: dict[tuple[LatestKind, str], Latest] = {}
        self._news = asyncio.Event()
        self.dropped = 0
        self._problem = ""

    def put(self, event: DeviceEvent) -> None:
        """Keep one more."""
        self._news.set()
        self._events.append(event)
        if len(self._events) > WAITING_EVENTS:
            self._events.popleft()
            self.dropped += 1

    def tell(self, row: Latest) -> None:
        """This is known now of its kind and id."""
        self._news.set()
        self._latest[row.kind, row.id] = row

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; what is left then is written once more."""
        with also_set(self._news, stop):
            while not stop.is_set():
                await self._clock.wait(self._news, FOREVER_S)
                if await self._clock.wait(stop, RETRY_S if self._problem else FLUSH_S):
                    break
                self._news.clear()
                await self._flush()
        await self._flush()

    async def _flush(self) -> None:
        events, latest = tuple(self._events), tuple(self._latest.values())
        dropped_before = self.dropped
        try:
            if events:
                await asyncio.to_thread(self._journal.add_events, events)
                for _ in range(len(events) - (self.dropped - dropped_before)):
                    self._events.popleft()
            if latest:
                await asyncio.to_thread(self._journal.put_latest, latest)
                for row in latest:
                    if self._latest.get((row.kind, row.id)) is row:
                        del self._latest[row.kind, row.id]
        except StoreError as error:
            if str(error) != self._problem:
                log.error("notes_not_stored", problem=str(error), waiting=len(self._events))  # noqa: TRY400
            self._problem = str(error)
            self._news.set()
        else:
            self._problem = ""
