"""Changes from a file, as jobs of the device: they outlive the session that asked for them."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING

from lab.ios_standin.replace import Result, Steps, merge, replace

if TYPE_CHECKING:
    from lab.ios_standin.device import IosStandin

_BREATH = 100
"""Lines between two chances for other devices on the same event loop."""


class PowerLost(Exception):  # noqa: N818 - it ends a session, it is no error of the program
    """The device went down in the middle of something."""


class Applier:
    """Runs merges and replaces of one device."""

    def __init__(self, device: "IosStandin") -> None:
        self._device = device
        self._jobs: set[asyncio.Task[Result]] = set()

    @property
    def idle(self) -> bool:
        """Whether nothing is being applied."""
        return not self._jobs

    async def merge(self, text: str, user: str) -> Result:
        """`copy FILE running-config`; goes on when the caller is gone."""
        return await self._job(self._drive(merge(self._device.configuration, text), user))

    async def replace(self, text: str, user: str, *, restores: bool) -> Result:
        """`configure replace`; with `restores`, a refused command brings the old one back."""
        return await self._job(self._replace(text, user, restores=restores))

    async def _replace(self, text: str, user: str, *, restores: bool) -> Result:
        before = self._device.running()
        result = await self._drive(replace(self._device.configuration, text), user)
        if not result.done and result.valid and restores:
            self._device.load(before, user)
        return result

    async def _job(self, work: Coroutine[object, object, Result]) -> Result:
        task = asyncio.get_running_loop().create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: "asyncio.Task[Result]") -> None:
        self._jobs.discard(task)
        if not task.cancelled():
            task.exception()  # power lost, with nobody left to be told

    async def _drive(self, steps: Steps, user: str) -> Result:
        faults = self._device.faults
        if faults.apply_delay_s:
            await self.wait(faults.apply_delay_s)
        done = 0
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                result: Result = stop.value
                self._device.note(f"%SYS-5-CONFIG_I: Configured from file by {user}")
                self._device.touched(user)
                return result
            done += 1
            if faults.reboot_after_lines and done >= faults.reboot_after_lines:
                self._device.power_cycle()
                raise PowerLost(self._device.name)
            if done % _BREATH == 0:
                await asyncio.sleep(0)

    async def wait(self, seconds: float) -> None:
        """Lets the device's own time pass."""
        over = asyncio.Event()
        self._device.clock.call_later(seconds, over.set)
        await over.wait()
