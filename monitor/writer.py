"""Carries batches to the store beside the polling, which never waits for it.

A store that takes everything gets what came within FLUSH_S as one batch. One that is away, slow or
refuses gets nothing thrown at it: samples go to the spool on disk (monitor/spool.py), and from
there to the store in order once it is back. So do states and incidents (monitor/unwritten.py),
which have a database of their own where the store keeps samples elsewhere.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

import structlog

from inventory.errors import StoreError
from monitor.clock import FOREVER_S, Clock
from monitor.gate import Gate
from monitor.rejects import Rejects
from monitor.spool import Spool
from monitor.store.base import (
    Batch,
    DevicePollRow,
    LinkSample,
    MaintenanceWindow,
    PollerStatus,
    Store,
)
from monitor.unwritten import Unwritten

FLUSH_S = 0.5
"""A store that takes longer is slow; and how often one that is away or behind is looked after."""
SAMPLES_S, SOONEST_S = 1.0, 0.75
"""What comes within so much is one transaction, unless a state changed: that goes at once. What
comes near the end of it does not wait for what is left of it."""
MEMORY_SAMPLES = 500_000
"""Samples that wait in memory where there is no spool, or no room for it on the disk; then the
oldest are dropped and counted."""
DRAIN_SAMPLES = 5000
"""What the spool gives at once."""
WINDOWS_S = 1.5
"""How often maintenance windows are read, with the next transaction: every second one."""
CHORES_S = 60.0
"""How often the store may tidy up."""
LAST_FLUSH_S = 2.0
"""How long the end waits for the store."""

T = TypeVar("T")

log = structlog.get_logger("monitor")


class Writer:
    """One task that sleeps until a batch is due to go, and while the store does not answer puts
    aside what must wait for it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        chores: Callable[[float], bool] | None = None,
        *,
        spool: Spool | None = None,
        rejects: Rejects | None = None,
        unwritten: Unwritten | None = None,
    ) -> None:
        self._store, self._clock, self._chores = store, clock, chores
        self._spool, self._rejects = spool, rejects
        self._samples: list[LinkSample] = []
        self._under_way: Sequence[LinkSample] = ()
        """On their way to the store, and nowhere else."""
        self._going_aside: Sequence[LinkSample] = ()
        """On their way to the spool."""
        self._unwritten = Unwritten(store) if unwritten is None else unwritten
        self._devices: dict[str, DevicePollRow] = {}
        self._poller: PollerStatus | None = None
        self.windows: Sequence[MaintenanceWindow] = ()
        self._dropped = 0
        self.rejected = 0
        """Samples that the store will never take; they are kept beside the spool."""
        self._journal_gate = Gate(clock)
        self._sample_gate = Gate(clock) if store.apart else self._journal_gate
        self._spool_problems: dict[str, str] = {}
        self._windows_due = self._chores_due = 0.0
        self._carried = clock.monotonic() - SAMPLES_S
        """When the last transaction was begun."""
        self._news, self._hurry = asyncio.Event(), asyncio.Event()
        """There is something to carry; it must not wait for more. The end sets both."""

    @property
    def problem(self) -> str:
        """Why the store can't be written now; empty when it can."""
        return self._sample_gate.problem or self._journal_gate.problem

    @property
    def waiting(self) -> int:
        """Samples that are not stored yet."""
        held = len(self._samples) + len(self._under_way) + len(self._going_aside)
        return held + self._spooled

    @property
    def dropped(self) -> int:
        """Samples, and batches of states, given up, as there was no room for them."""
        spooled = self._spool.dropped if self._spool else 0
        return self._dropped + spooled + self._unwritten.dropped

    @property
    def _spooled(self) -> int:
        return self._spool.waiting if self._spool else 0

    def put(self, batch: Batch) -> None:
        """Take a batch; what it holds is stored in order, as soon as can be."""
        self._samples += batch.samples
        self._unwritten.put(batch.states, batch.incidents)
        self._devices.update((each.device, each) for each in batch.devices)
        self._poller = batch.poller or self._poller
        self._bound_memory()
        self._news.set()
        if batch.states or batch.incidents:
            self._hurry.set()

    async def caught_up(self) -> None:
        """Wait until states and incidents are stored, but not long for a store that is away."""
        until = self._clock.monotonic() + LAST_FLUSH_S
        while self._unwritten and self._clock.monotonic() < until:
            await self._clock.wait(asyncio.Event(), FLUSH_S / 5)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set and everything is stored, or is on disk for the next start."""
        turns = asyncio.create_task(self._turns(stop))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({turns, stopping}, return_when=asyncio.FIRST_COMPLETED)
            self._news.set()
            self._hurry.set()
            async with asyncio.timeout(LAST_FLUSH_S):
                await turns
        except TimeoutError:
            log.warning("store_not_waited_for", samples=self.waiting)
        finally:
            stopping.cancel()
        await self._put_aside_states()
        await self._put_aside_samples()
        if left := self.waiting - self._spooled:
            log.error("store_left_behind", samples=left)

    async def _turns(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            # What could neither be carried nor put aside is still here, and brings no news.
            left = bool(self.problem or self.waiting or self._unwritten)
            await self._clock.wait(self._news, FLUSH_S if left else FOREVER_S)
            await self._put_aside()
            young_s = self._clock.monotonic() - self._carried
            if young_s < SOONEST_S:
                await self._clock.wait(self._hurry, SAMPLES_S - young_s)
            if stop.is_set():
                break
            self._news.clear()
            self._hurry.clear()
            self._carried = self._clock.monotonic()
            await self._turn()
        self._journal_gate.retry_at = 0.0
        if self._spool is None:
            self._sample_gate.retry_at = 0.0
        await self._carry()

    async def _turn(self) -> None:
        await self._carry()
        now = self._clock.monotonic()
        if self._chores and now >= self._chores_due and not self.problem:
            self._chores_due = now + CHORES_S
            chores = partial(self._chores, self._clock.wall())
            try:
                if await self._in_thread(self._sample_gate, chores):
                    self._chores_due = now  # there is more, after the samples that came meanwhile
            except StoreError as error:
                log.warning("store_chores_failed", problem=str(error))

    async def _carry(self) -> None:
        """Everything that may go now."""
        if self._journal_gate.open and self._unwritten.spooled:
            await self._tried(self._journal_gate, self._unwritten.drain)
        if self._store.apart or self._spooled:
            if self._journal_gate.open:
                await self._carry_batch(())
            if self._sample_gate.open:
                await (self._drain() if self._spooled else self._carry_samples())
        elif self._journal_gate.open:
            await self._carry_batch(self._taken())

    async def _carry_batch(self, samples: Sequence[LinkSample]) -> None:
        """States, incidents, polls, and `samples` in the same transaction."""
        batch = replace(
            self._unwritten.next or Batch(),
            samples=samples,
            devices=tuple(self._devices.values()),
            poller=self._poller and self._told(self._poller, len(samples)),
        )
        visit = self._visit(batch)
        if visit is None or not await self._tried(self._journal_gate, visit):
            return
        self._unwritten.stored(batch.number)
        for row in batch.devices:
            if self._devices.get(row.device) is row:
                del self._devices[row.device]
        if self._poller and batch.poller and self._poller.at == batch.poller.at:
            self._poller = None
        while more := self._unwritten.next:
            if not await self._tried(self._journal_gate, partial(self._store.write, more)):
                return
            self._unwritten.stored(more.number)

    def _told(self, status: PollerStatus, going: int) -> PollerStatus:
        """`status` with what waits; `going` samples are stored with it, and so wait no longer."""
        spooled = self._spooled
        waiting = max(0, self.waiting - spooled - going)
        return replace(status, spooled=spooled, waiting=waiting, rejected=self.rejected)

    def _visit(self, batch: Batch) -> Callable[[], None] | None:
        """What is to be done in the journal's database: to go there once costs less than twice."""
        holds = batch.samples or batch.states or batch.incidents or batch.devices or batch.poller
        now, at = self._clock.monotonic(), self._clock.wall()
        reads_windows = now >= self._windows_due
        if reads_windows:
            self._windows_due = now + WINDOWS_S
        elif not holds:
            return None

        def visit() -> None:
            if holds:
                self._store.write(batch)
            if reads_windows:
                self.windows = self._store.windows(at, at + 1)

        return visit

    async def _carry_samples(self) -> None:
        if samples := self._taken():
            await self._tried(self._sample_gate, lambda: self._write_samples(samples))

    async def _drain(self) -> None:
        """From the spool to the store, as long as it takes them and there are any."""
        assert self._spool is not None  # noqa: S101  (something waits in it)
        until = self._clock.monotonic() + FLUSH_S
        try:
            while taken := await asyncio.to_thread(self._spool.take, DRAIN_SAMPLES):
                write = partial(self._write_samples, taken.rows)
                if not await self._tried(self._sample_gate, write):
                    return
                await asyncio.to_thread(self._spool.done, taken)
                if self._clock.monotonic() >= until:
                    return
        except StoreError as error:  # the spool's own disk
            self._sample_gate.failed(error, self.waiting)

    def _write_samples(self, samples: Sequence[LinkSample]) -> None:
        if refused := self._store.write_samples(samples):
            if self._rejects:
                self._rejects.keep(refused, self._clock.wall())
            self.rejected += len(refused)

    async def _tried(self, gate: Gate, call: Callable[[], object]) -> bool:
        """Whether the store did it. What was under way waits again when it did not."""
        try:
            await self._in_thread(gate, call)
        except StoreError as error:
            self._samples[:0] = self._under_way
            self._under_way = ()
            gate.failed(error, self.waiting)
            return False
        self._under_way = ()
        gate.worked(self.waiting, self.dropped)
        return True

    def _taken(self) -> Sequence[LinkSample]:
        """What came since the last batch; it is under way from now on."""
        self._under_way, self._samples = self._samples, []
        return self._under_way

    async def _in_thread(self, gate: Gate, call: Callable[[], T]) -> T:
        """What may block, in a thread; when it takes long, what waits meanwhile is put aside."""
        gate.asked_at = self._clock.monotonic()
        running, ended = asyncio.get_running_loop().run_in_executor(None, call), asyncio.Event()
        running.add_done_callback(lambda _: ended.set())
        try:
            while not await self._clock.wait(ended, FLUSH_S):
                await self._put_aside()
            return running.result()
        finally:
            gate.asked_at = None
            running.cancel()  # no effect once it is done

    async def _put_aside(self) -> None:
        """Bring to disk what a store can't have now that is away, slow or behind."""
        journal, samples = self._journal_gate, self._sample_gate
        if journal.slow(FLUSH_S) or journal.problem or self._unwritten.spooled:
            await self._put_aside_states()
        if samples.slow(FLUSH_S) or samples.problem or self._spooled:
            await self._put_aside_samples()

    async def _put_aside_states(self) -> None:
        """Bring to the spool what a journal that is away or slow may not have taken."""
        with self._spool_failing("states"):
            await self._unwritten.put_aside()

    async def _put_aside_samples(self) -> None:
        """Bring what is only in memory to the spool; also what a slow store may not have taken."""
        rows = [*self._under_way, *self._samples]
        if self._spool is None or not rows:
            return
        self._under_way, self._samples, self._going_aside = (), [], rows
        with self._spool_failing("samples"):
            try:
                await asyncio.to_thread(self._spool.append, rows)
            except StoreError:
                self._samples[:0] = rows
                self._bound_memory()
                raise
            finally:
                self._going_aside = ()

    @contextmanager
    def _spool_failing(self, what: str) -> Iterator[None]:
        """Say once that a spool takes nothing."""
        problem = ""
        try:
            yield
        except StoreError as error:
            problem = str(error)
            if problem != self._spool_problems.get(what):
                log.error("spool_failed", problem=problem, waiting=self.waiting)  # noqa: TRY400
        self._spool_problems[what] = problem

    def _bound_memory(self) -> None:
        over = len(self._samples) - MEMORY_SAMPLES
        if over > 0:
            self._dropped += over
            del self._samples[:over]
