"""Asks a device at once, and some seconds later again: agents renew their tables now and then."""

import asyncio
from collections.abc import Callable

from monitor.clock import FOREVER_S, Clock, also_set

AFTER_S = (0.0, 1.0, 2.0, 4.0)
"""After the first trap of a device: net-snmp's table is a second old, or three without our
configuration, and some routers' nearly as much."""
TICK_S = 0.25


class AskAgain:
    """However many traps come, a device is asked at most len(AFTER_S) times in AFTER_S[-1]."""

    def __init__(self, clock: Clock, ask_now: Callable[[str], None]) -> None:
        self._clock, self._ask_now = clock, ask_now
        self._began: dict[str, float] = {}
        self._asked: dict[str, int] = {}
        self._more: set[str] = set()
        """Devices that told something else since they were asked."""
        self._waking = asyncio.Event()

    def ask(self, device: str) -> None:
        """The device told something."""
        if device in self._began:
            self._more.add(device)
            return
        self._began[device] = self._clock.monotonic()
        self._asked[device] = 1
        self._waking.set()
        self._ask_now(device)

    async def run(self, stop: asyncio.Event) -> None:
        """Ask those that are due until `stop` is set."""
        with also_set(self._waking, stop):
            while not stop.is_set():
                if not self._began:
                    self._waking.clear()
                    await self._clock.wait(self._waking, FOREVER_S)
                elif await self._clock.wait(stop, TICK_S):
                    return
                now = self._clock.monotonic()
                for device in list(self._began):
                    self._due(device, now)

    def _due(self, device: str, now: float) -> None:
        passed, asked = now - self._began[device], self._asked[device]
        if passed < AFTER_S[asked]:
            return
        self._ask_now(device)
        self._asked[device] = asked + 1
        if asked + 1 < len(AFTER_S):
            return
        del self._began[device], self._asked[device]
        if device in self._more:  # what came meanwhile is followed up as well
            self._more.discard(device)
            self._began[device], self._asked[device] = now, 1
