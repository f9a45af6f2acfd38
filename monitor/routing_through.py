"""Asks devices past their SNMP agents what those serve no MIB of: rarely, a few at a time.

Whoever wants to know gets what was said last and never waits. Each device is asked in a thread of
its own, since its session blocks; one that hangs is given up and holds nothing up, not even the
end of the monitor.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

from inventory.errors import DeviceError, ImeretiError
from inventory.model import Device, Network
from monitor.clock import Clock
from monitor.routing_spoken import AskDevice, Spoken

AT_ONCE = 4
GIVE_UP_S = 60.0
CONFIRM_S = 5.0
AGAIN_S = 15.0
"""A device that could not be asked is asked once more so soon, then when it is due: too many wrong
logins lock an account."""
STALE_INTERVALS = 3
"""After so many intervals what a device said is not known any more."""

log = structlog.get_logger("monitor")


class Through:
    """What devices said last of routing; made and used within one event loop."""

    def __init__(
        self,
        network: Network,
        ask: AskDevice | None,
        interval_s: float,
        *,
        clock: Clock,
        sound: Callable[[str, Spoken], bool],
        ready: Callable[[str], None],
    ) -> None:
        """`sound`: whether nothing that is expected is missing in it; else it is asked once more
        before that is believed. `ready` is told the device that just answered."""
        self._devices, self._interval_s, self._clock = network.devices, interval_s, clock
        self._ask = ask if interval_s > 0 else None
        self._sound, self._ready = sound, ready
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._said: dict[str, tuple[float, Spoken]] = {}
        self._due: dict[str, float] = {}
        self._problems: dict[str, str] = {}
        self._busy: set[str] = set()
        """Devices with a thread that has not ended."""
        self._asking: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    def latest(self, device: str) -> Spoken | None:
        """What it said last, None when that is too old; it is asked again when that is due."""
        if self._ask is None:
            return None
        now = self._clock.monotonic()
        if device not in self._busy and now >= self._due.get(device, 0.0):
            self._due[device] = now + self._interval_s
            self._busy.add(device)
            task = asyncio.create_task(self._read(self._devices[device], self._ask))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        at, spoken = self._said.get(device, (0.0, None))
        return spoken if now - at <= STALE_INTERVALS * self._interval_s else None

    async def close(self) -> None:
        """Wait for nobody any more."""
        self._over.set()
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _read(self, device: Device, ask: AskDevice) -> None:
        name = device.name
        try:
            async with self._slots:
                spoken = await self._once(device, ask)
                if not self._sound(name, spoken):
                    await self._clock.wait(self._over, CONFIRM_S)
                    self._busy.add(name)
                    spoken = await self._once(device, ask)
        except (ImeretiError, TimeoutError) as error:
            problem = str(error) or f"{name}: no answer within {GIVE_UP_S:g} s"
            known = self._problems.get(name)
            if known is None:
                self._due[name] = min(self._due[name], self._clock.monotonic() + AGAIN_S)
            if known != problem:
                log.warning("routing_not_read", device=name, problem=problem)
            self._problems[name] = problem
            return
        self._problems.pop(name, None)
        self._said[name] = (self._clock.monotonic(), spoken)
        self._ready(name)

    async def _once(self, device: Device, ask: AskDevice) -> Spoken:
        async with asyncio.timeout(GIVE_UP_S):
            return await _in_thread(ask, device, lambda: self._busy.discard(device.name))


async def _in_thread(ask: AskDevice, device: Device, ended: Callable[[], None]) -> Spoken:
    """`ask(device)` in a thread that ends with the program, however long it takes.

    `ended` is called once the thread is over, whether or not anybody waits for it.
    """
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[Spoken] = loop.create_future()

    def settle(spoken: Spoken | None, error: Exception | None) -> None:
        ended()
        if answered.done():
            return
        if error is not None:
            answered.set_exception(error)
        elif spoken is not None:
            answered.set_result(spoken)

    def run() -> None:
        spoken, problem = None, None
        try:
            spoken = ask(device)
        except ImeretiError as error:
            problem = error
        except Exception as error:  # noqa: BLE001  (an edge: what a library's thread may raise)
            problem = DeviceError(device.name, f"unforeseen {type(error).__name__}")
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, spoken, problem)

    threading.Thread(target=run, name=f"routing of {device.name}", daemon=True).start()
    return await answered
