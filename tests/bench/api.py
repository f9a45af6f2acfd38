"""Latency of the API at 200 requests a second, paced: a slow answer delays no later request.

The server is `imereti serve` in a process of its own over a day of samples, while polls come in
every ten seconds. Each request is timed from when it was due, so queueing counts.
"""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from inventory.errors import MachineError
from inventory.load import load_network
from inventory.model import Network
from inventory.settings import Settings, StoreSettings
from monitor.store.base import Store
from monitor.store.open import open_store
from tests.api.filling import fill_history, fill_poll
from tests.bench import Figure

CHECKOUT = Path(__file__).parent.parent.parent
RATE = 200
SECONDS = 10
WARM_S = 2
CONNECTIONS = 16
START_WITHIN_S = 30.0
POLL_S = 10.0
QUERIES = {
    "all links": "/api/v1/links",
    "a day of one series": "/api/v1/links/kut-zes/series?metric=in_bps&step=5m&from={day}&to={now}",
}


def run() -> Iterator[Figure]:
    """p50 and p99 of each query."""
    network = load_network(CHECKOUT / "inventory")
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        settings = Settings(store=StoreSettings(path=Path(name) / "samples.sqlite"))
        store = open_store(settings.store, write=True)
        fill_history(store, network, time.time(), step_s=60)
        with _polling(store, network), _server(settings) as port:
            for title, query in QUERIES.items():
                path = query.format(day=_stamp(time.time() - 86400), now=_stamp(time.time()))
                asyncio.run(_load(port, path, WARM_S))
                yield from _figures(title, asyncio.run(_load(port, path, SECONDS)))
        store.close()


def _stamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _figures(title: str, seconds: list[float]) -> Iterator[Figure]:
    ranked = sorted(seconds)
    note = f"{len(ranked)} requests over {CONNECTIONS} connections, {RATE} a second"
    for name, value in (
        ("p50", statistics.median(ranked)),
        ("p99", ranked[int(len(ranked) * 0.99)]),
    ):
        yield Figure(f"API, {title}, {name}", value * 1000, "ms", note=note)


@contextmanager
def _polling(store: Store, network: Network) -> Iterator[None]:
    """Polls come in as in life, so that caches are made anew."""
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(POLL_S):
            fill_poll(store, network, time.time())

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _server(settings: Settings) -> Iterator[int]:
    """`imereti serve` on a free port; MachineError when it does not come up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    environment: Mapping[str, str] = os.environ | {
        "IMERETI_STORE__PATH": str(settings.store.path),
        "IMERETI_HTTP__PORT": str(port),
        "IMERETI_TARGET": "real",
    }
    imereti = str(Path(sys.executable).parent / "imereti")
    server = subprocess.Popen([imereti, "-q", "serve"], cwd=CHECKOUT, env=environment)
    try:
        end = time.monotonic() + START_WITHIN_S
        while not _listens(port):
            if server.poll() is not None or time.monotonic() > end:
                raise MachineError("imereti serve did not start. Run it by hand: imereti serve")
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False


async def _load(port: int, path: str, seconds: float) -> list[float]:
    """Seconds that each request took from when it was due."""
    pool: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        pool.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    taken: list[float] = []

    async def ask(due: float) -> None:
        reader, writer = await pool.get()
        writer.write(request)
        await _answer(reader)
        taken.append(time.perf_counter() - due)
        pool.put_nowait((reader, writer))

    began = time.perf_counter() + 0.05
    async with asyncio.timeout(seconds * 5), asyncio.TaskGroup() as group:
        for number in range(int(seconds * RATE)):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(ask(due))
    while not pool.empty():
        pool.get_nowait()[1].close()
    return taken


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = head.partition(b"\r\n")[0]
    if b" 200 " not in status:
        raise MachineError(f"the server refused: {status.decode()}")
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
