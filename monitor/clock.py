"""Time, injected: tests run hours in moments."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

FOREVER_S = 1e9


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


@contextmanager
def also_set(event: asyncio.Event, stop: asyncio.Event) -> Iterator[None]:
    """Within it `event` is set as soon as `stop` is: who sleeps until either waits for one."""
    stopping = asyncio.create_task(stop.wait())
    stopping.add_done_callback(lambda _: event.set())
    try:
        yield
    finally:
        stopping.cancel()
