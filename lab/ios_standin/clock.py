"""The device's clock: real time, or time that a test moves by hand."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Alarm(Protocol):
    """Something that will ring once."""

    def cancel(self) -> None:
        """Keeps it from ringing."""


class Clock(Protocol):
    """What a device needs of time."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        """Calls `callback` once, `delay_s` seconds from now."""


class LoopClock:
    """Real time, on the event loop that serves the devices."""

    def now(self) -> datetime:
        """The machine's own clock."""
        return datetime.now(UTC)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        """By the running event loop; RuntimeError outside of one."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


class _ManualAlarm:
    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self._callback = None

    def ring(self) -> None:
        if self._callback is not None:
            self._callback()


class ManualClock:
    """Time that stands still until `advance`."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._order = itertools.count()
        self._alarms: list[tuple[datetime, int, _ManualAlarm]] = []

    def now(self) -> datetime:
        """Where `advance` left it."""
        return self._now

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Alarm:
        """Rings during the `advance` that reaches it."""
        alarm = _ManualAlarm(callback)
        due = self._now + timedelta(seconds=delay_s)
        heapq.heappush(self._alarms, (due, next(self._order), alarm))
        return alarm

    def advance(self, seconds: float) -> None:
        """Moves on, ringing what comes due, in order."""
        end = self._now + timedelta(seconds=seconds)
        while self._alarms and self._alarms[0][0] <= end:
            self._now, _, alarm = heapq.heappop(self._alarms)
            alarm.ring()
        self._now = end
