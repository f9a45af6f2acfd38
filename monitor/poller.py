"""Polls every device at its own time. One that is slow or dead holds nobody up."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from inventory.settings import PollSettings
from monitor.agent import DeviceAgent, DevicePoll
from monitor.clock import Clock, also_set
from monitor.garbage import rarely_collected
from monitor.said import say
from monitor.schedule import Schedule
from monitor.snmp.base import Counters
from monitor.store.base import Batch, PollerStatus
from monitor.watch import Watch
from monitor.writer import Writer

TICK_S, IDLE_TICK_S = 0.5, 5.0
"""What polls said is judged and handed on when no other is under way, but not more often than so,
and waits so long at most for one that is; and how often age alone is looked at."""
SLOW_S, REST = 0.25, 4
"""Where thousands are silent, to judge that takes seconds: then polls have REST times as long
before it is done again."""
STATUS_S = 1.5
"""How often the poller tells how it does; small networks at each of their moments."""
SLOWEST = 5
SETTLED_INTERVALS = 3
"""By then everything is known of every device that will stay."""

log = structlog.get_logger("monitor")


class Poller:
    """Devices, their agents and their schedule. `run` returns when `stop` is set."""

    def __init__(
        self,
        agents: Mapping[str, DeviceAgent],
        settings: PollSettings,
        watch: Watch,
        writer: Writer,
        *,
        clock: Clock,
        counters: Counters,
    ) -> None:
        self._agents, self._settings, self._clock = agents, settings, clock
        self._watch, self._writer, self._counters = watch, writer, counters
        now = clock.monotonic()
        self._started = clock.wall()
        self._schedule = Schedule(tuple(agents), settings.interval_s, now)
        # Two lanes: devices that went silent wait out their timeouts beside those that answer.
        self._lanes = {lane: asyncio.Semaphore(settings.concurrency) for lane in (True, False)}
        self._flights: set[asyncio.Task[None]] = set()
        self._answered: dict[str, bool] = {}
        self._took: dict[str, float] = {}
        self._polls = 0
        self._under_way = 0
        """Polls that were launched and did not end."""
        self._status_due = self._tick_due = self._sleeps_until = 0.0
        self._ticked = now - TICK_S
        self._judge_from = now
        self._judging: asyncio.Handle | None = None
        self._waking = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set; polls in flight are then cut off."""
        try:
            with also_set(self._waking, stop), rarely_collected() as settle:
                await self._rounds(stop, settle)
        finally:
            for flight in self._flights:
                flight.cancel()
            await asyncio.gather(*self._flights, return_exceptions=True)
            for agent in self._agents.values():
                agent.close()
            if self._judging:
                self._judging.cancel()
            self._tick()

    async def _rounds(self, stop: asyncio.Event, settle: Callable[[], None]) -> None:
        settle_at = [0.0, self._clock.monotonic() + SETTLED_INTERVALS * self._settings.interval_s]
        while not stop.is_set():
            self._waking.clear()
            now = self._clock.monotonic()
            for device, due in self._schedule.due(now):
                self._under_way += 1
                self._launch(device, due)
            if now >= self._tick_due:
                self._tick()
            if settle_at and now >= settle_at[0]:
                del settle_at[0]
                settle()
            if self._failure:
                raise self._failure
            await self._until_due()

    def ask_now(self, device: str) -> None:
        """Poll `device` at once, out of turn: a trap said something about it."""
        self._schedule.ask_again(device, self._clock.monotonic())
        self.wake()

    def wake(self) -> None:
        """Look at what is due."""
        self._waking.set()

    async def _until_due(self) -> None:
        """Sleep until a device is due, something was asked for out of turn, or the end."""
        now = self._clock.monotonic()
        seconds = max(min(self._schedule.next_due(now), self._tick_due - now), 0.01)
        self._sleeps_until = now + seconds
        await self._clock.wait(self._waking, seconds)

    def _launch(self, device: str, due: float) -> None:
        """Most polls need no task: requests out, answers in, and one call when all are there."""

        def done(poll: DevicePoll | None) -> None:
            try:
                if poll is None:
                    self._launch_task(device, due)
                else:
                    self._fold(poll, due)
            except Exception as error:  # noqa: BLE001  (a defect of ours: `run` raises it)
                self._failure = error
                self.wake()

        if not self._agents[device].start(done, self._settings.deadline_s):
            self._launch_task(device, due)

    def _launch_task(self, device: str, due: float) -> None:
        flight = asyncio.create_task(self._poll(device, due))
        self._flights.add(flight)
        flight.add_done_callback(self._landed)

    def _landed(self, flight: "asyncio.Task[None]") -> None:
        self._flights.discard(flight)
        if not flight.cancelled() and (error := flight.exception()):
            self._failure = error
            self.wake()

    async def _poll(self, device: str, due: float) -> None:
        agent = self._agents[device]
        async with self._lanes[self._answered.get(device, True)]:
            began = self._clock.monotonic()
            try:
                async with asyncio.timeout(self._settings.deadline_s):
                    poll = await agent.poll()
            except TimeoutError:
                poll = agent.failed(
                    began, say("snmp.timeout", seconds=f"{self._settings.deadline_s:g}")
                )
        self._fold(poll, due)

    def _fold(self, poll: DevicePoll, due: float) -> None:
        now = self._clock.monotonic()
        self._under_way -= 1
        if self._judging is None:  # once for all answers that came together
            self._judging = asyncio.get_running_loop().call_soon(self._judge)
        self._polls += 1
        if self._answered.get(poll.device, True) and not poll.answered:
            log.info("device_silent", device=poll.device, problem=poll.problem)
        self._answered[poll.device] = poll.answered
        self._schedule.done(poll.device, now, answered=poll.answered, due=due)
        if poll.answered:
            self._took[poll.device] = now - due
        else:
            self._took.pop(poll.device, None)
        for device in self._watch.fold(poll):
            self._schedule.ask_again(device, now)
            self.wake()

    def _judge(self) -> None:
        self._judging = None
        now = self._clock.monotonic()
        since = now if self._under_way else self._ticked
        if since + TICK_S > now:
            self._tick_due = min(self._tick_due, since + TICK_S)
            if self._tick_due < self._sleeps_until:
                self.wake()
            return
        try:
            self._tick()
        except Exception as error:  # noqa: BLE001  (a defect of ours: `run` raises it)
            self._failure = error
            self.wake()

    def _tick(self) -> None:
        began = self._clock.monotonic()
        judge = began >= self._judge_from
        batch, again = self._watch.tick(self._clock.wall(), self._writer.windows, judge=judge)
        now = self._ticked = self._clock.monotonic()
        if judge and now - began > SLOW_S:
            self._judge_from = now + REST * (now - began)
        self._tick_due = now + IDLE_TICK_S if judge else min(now + IDLE_TICK_S, self._judge_from)
        for device in again:
            self._schedule.ask_again(device, now)
            self.wake()
        poller = None
        if now >= self._status_due:
            self._status_due = now + min(STATUS_S, self._settings.interval_s / 2)
            poller = self._status()
        self._writer.put(Batch(batch.samples, batch.states, batch.incidents, batch.devices, poller))

    def _status(self) -> PollerStatus:
        slow = sorted(self._took.items(), key=lambda item: -item[1])[:SLOWEST]
        return PollerStatus(
            at=self._clock.wall(),
            started=self._started,
            interval_s=self._settings.interval_s,
            targets=len(self._agents),
            answered=sum(self._answered.values()),
            polls=self._polls,
            late_polls=self._schedule.late,
            timeouts=self._counters.timeouts,
            refused=self._counters.refused,
            slow=tuple((device, round(seconds, 3)) for device, seconds in slow),
            dropped=self._writer.dropped,
            cycle_s=round(slow[0][1], 3) if slow else 0.0,
        )
