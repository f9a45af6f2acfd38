"""Time, injected: tests run hours in moments."""

import asyncio
import time
from contextlib import suppress
from typing import Protocol


class Clock(Protocol):
    """What the poller knows of time."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    def wall(self) -> float:
        """Unix time."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Until `event` is set or `seconds` are over; whether it is set."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """See Clock."""
        return time.monotonic()

    def wall(self) -> float:
        """See Clock."""
        return time.time()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """See Clock."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):  # wait_for would make a task of it
                await event.wait()
        return event.is_set()
