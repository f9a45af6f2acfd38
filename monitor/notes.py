"""Carries what devices told, and what is known last, to the journal beside the polling.

Events that a journal which is away, slow or full does not take go to a spool on disk
(monitor/spool_events.py), and from there to the journal in order and with their own times. What is
known last waits in memory: the next poll knows it again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from inventory.errors import StoreError
from monitor.clock import FOREVER_S, Clock, also_set
from monitor.spool_events import EventsSpool
from monitor.store.base import DeviceEvent, Journal, Latest
from monitor.values import LatestKind

FLUSH_S = 1.0
"""What comes within so much is written together."""
SLOW_S = 0.5
"""A journal that takes longer is slow: what came and comes meanwhile goes to the spool."""
RETRY_S = 5.0
AT_ONCE = 500
"""Events that the journal, or the spool, gets or gives at once."""
WAITING_EVENTS = 5000
"""That wait in memory where there is no spool, or no room for it on the disk; then the oldest are
dropped and counted."""

log = structlog.get_logger("monitor")


class Notes:
    """One task that writes them; `put` and `tell` never wait."""

    def __init__(self, journal: Journal, clock: Clock, spool: EventsSpool | None = None) -> None:
        self._journal, self._clock, self._spool = journal, clock, spool
        self._events: deque[DeviceEvent] = deque()
        self._under_way: Sequence[DeviceEvent] = ()
        """On their way to the journal, and nowhere else."""
        self._latest: dict[tuple[LatestKind, str], Latest] = {}
        self._news = asyncio.Event()
        if spool and spool.waiting:
            self._news.set()
        self._dropped = self._told_dropped = 0
        self._problem = self._spool_problem = ""
        self._retry_at = 0.0

    @property
    def dropped(self) -> int:
        """Events given up, as there was no room for them."""
        return self._dropped + (self._spool.dropped if self._spool else 0)

    def put(self, event: DeviceEvent) -> None:
        """Keep one more."""
        self._news.set()
        self._events.append(event)
        self._bound_memory()

    def tell(self, row: Latest) -> None:
        """This is known now of its kind and id."""
        self._news.set()
        self._latest[row.kind, row.id] = row

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; what is left then is written once more, or put aside."""
        with also_set(self._news, stop):
            while not stop.is_set():
                await self._clock.wait(self._news, RETRY_S if self._problem else FOREVER_S)
                if await self._clock.wait(stop, FLUSH_S):
                    break
                self._news.clear()
                await self._flush()
        self._retry_at = 0.0
        await self._flush()

    async def _flush(self) -> None:
        if self._problem:
            await self._put_aside()
        if self._clock.monotonic() < self._retry_at:
            return
        try:
            await self._flush_events()
            self._count_dropped()
            await self._flush_latest()
        except StoreError as error:
            if str(error) != self._problem:
                waiting = len(self._events) + self._spooled
                log.error("notes_not_stored", problem=str(error), waiting=waiting)  # noqa: TRY400
            self._problem, self._retry_at = str(error), self._clock.monotonic() + RETRY_S
            await self._put_aside()
        else:
            self._problem = ""
            if self._spooled or self._events:  # what came aside meanwhile
                self._news.set()

    async def _flush_events(self) -> None:
        """In order: what is on disk came first. StoreError."""
        if self._spooled:
            await self._put_aside()
            await self._drain()
        while self._events and not self._spooled:
            count = min(AT_ONCE, len(self._events))
            self._under_way = tuple(self._events.popleft() for _ in range(count))
            try:
                await self._in_thread(partial(self._journal.add_events, self._under_way))
            except StoreError:
                self._events.extendleft(reversed(self._under_way))
                self._bound_memory()
                raise
            finally:
                self._under_way = ()

    async def _flush_latest(self) -> None:
        latest = tuple(self._latest.values())
        if not latest:
            return
        await self._in_thread(partial(self._journal.put_latest, latest))
        for row in latest:
            if self._latest.get((row.kind, row.id)) is row:
                del self._latest[row.kind, row.id]

    async def _drain(self) -> None:
        """From the spool to the journal, all that waits there. StoreError."""
        assert self._spool is not None  # noqa: S101  (something waits in it)
        while taken := await asyncio.to_thread(self._spool.take, AT_ONCE):
            await self._in_thread(partial(self._bring, taken.rows))
            await asyncio.to_thread(self._spool.done, taken)

    def _bring(self, events: Sequence[DeviceEvent]) -> None:
        """Store those that are not there yet. For any thread.

        A slow journal may have taken what was put aside meanwhile, and a process may have been
        killed before it forgot what it had stored: these are then the last that are there.
        """
        stored = self._journal.events({each.device for each in events}, len(events))
        known = set(map(_identity, stored))
        if left := [each for each in events if _identity(each) not in known]:
            self._journal.add_events(left)

    async def _in_thread(self, call: Callable[[], object]) -> None:
        """What may block, in a thread; when it takes long, what waits meanwhile is put aside."""
        running, ended = asyncio.get_running_loop().run_in_executor(None, call), asyncio.Event()
        running.add_done_callback(lambda _: ended.set())
        while not await self._clock.wait(ended, SLOW_S):
            await self._put_aside()
        running.result()

    async def _put_aside(self) -> None:
        """Bring to disk what is only in memory; where the disk takes nothing it stays there."""
        going = (*self._under_way, *self._events)
        if self._spool is None or not going:
            return
        self._under_way = ()
        self._events.clear()
        try:
            await asyncio.to_thread(self._spool.append, going)
        except StoreError as error:
            self._events.extendleft(reversed(going))
            self._bound_memory()
            if str(error) != self._spool_problem:
                log.error("spool_failed", problem=str(error), waiting=len(self._events))  # noqa: TRY400
            self._spool_problem = str(error)
        else:
            self._spool_problem = ""

    @property
    def _spooled(self) -> int:
        return self._spool.waiting if self._spool else 0

    def _bound_memory(self) -> None:
        while len(self._events) > WAITING_EVENTS:
            self._events.popleft()
            self._dropped += 1

    def _count_dropped(self) -> None:
        """Let the numbers of the listener tell what was dropped behind it."""
        if self.dropped != self._told_dropped:
            self._told_dropped = self.dropped
            counted = {"events_dropped": self.dropped}
            self.tell(Latest(LatestKind.RECEIVER, "events", self._clock.wall(), counted))


def _identity(event: DeviceEvent) -> tuple[object, ...]:
    return event.device, round(event.at * 1000), event.source, event.severity, event.text
