"""A real server in a thread of its own, on a free port, over a real store."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx

from api.app import create_app
from api.server import address_of, bind, run_server
from inventory.model import Network
from inventory.settings import Settings
from monitor.store.open import open_store

PATIENCE_S = 30.0


def eventually(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until the condition holds; AssertionError when it never does."""
    end = time.monotonic() + patience_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {patience_s} s: {what}"
        pause.wait(0.05)


@contextmanager
def serving(settings: Settings, network: Network, *, port: int = 0) -> Iterator[str]:
    """The address of a running server, without the final slash; stopped at the end."""
    http = replace(settings.http, port=port)
    whole = replace(settings, http=http)
    listener = bind(http)
    address = address_of(listener).rstrip("/")
    store = open_store(settings.store)
    stops: list[Callable[[], object]] = []

    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        await run_server(create_app(whole, network, store), whole, stop, listener)

    def run() -> None:
        asyncio.run(serve())

    thread = threading.Thread(target=run, name="server")
    thread.start()
    try:
        eventually(lambda: _answers(address), f"{address} answers")
        yield address
    finally:
        for stop in stops:
            stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "the server did not stop"
        store.close()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=1).status_code == 200
    except httpx.TransportError:
        return False
