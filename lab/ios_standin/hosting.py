"""Stand-ins for programs that are not asyncio: an event loop of their own in a thread."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from lab.ios_standin.device import IosStandin
from lab.ios_standin.server import Keys, Served, serve

_TIMEOUT_S = 60.0
T = TypeVar("T")


class Hosted:
    """The devices and their ports, and a way to touch them on the thread they live on."""

    def __init__(self, served: Served, loop: asyncio.AbstractEventLoop) -> None:
        self.served = served
        self._loop = loop

    def port(self, name: str) -> int:
        """The port of 127.0.0.1 that the device listens on."""
        return self.served[name]

    def device(self, name: str) -> IosStandin:
        """The device; to be looked at and changed only through `call`."""
        return self.served.devices[name]

    def call(self, work: Callable[[], T]) -> T:
        """Runs `work` on the devices' own thread; returns what it returns, raises what it raises.

        TimeoutError when the thread does not get to it.
        """

        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_TIMEOUT_S)


@contextmanager
def hosted(
    standins: Iterable[IosStandin],
    *,
    keys: Keys | None = None,
    ports: Mapping[str, int] | None = None,
) -> Iterator[Hosted]:
    """Serves the devices from a thread until the block is left."""
    ready: Future[Hosted] = Future()
    over = threading.Event()

    async def live() -> None:
        try:
            async with serve(standins, keys=keys, ports=ports) as served:
                ready.set_result(Hosted(served, asyncio.get_running_loop()))
                await asyncio.to_thread(over.wait)
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            if not ready.done():
                ready.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="ios-standin", daemon=True)
    thread.start()
    try:
        yield ready.result(_TIMEOUT_S)
    finally:
        over.set()
        thread.join(_TIMEOUT_S)
