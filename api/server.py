"""Serving: one uvicorn in this process's event loop, stopped by an event, never by a signal."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from inventory.errors import MachineError
from inventory.settings import HttpSettings, Settings

STOP_WITHIN_S = 3
BACKLOG = 512


class _Server(uvicorn.Server):
    """Leaves the process's signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


def bind(http: HttpSettings) -> socket.socket:
    """A listening socket at the address of the settings; MachineError when it can't be had."""
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    try:
        address = socket.getaddrinfo(http.host, http.port, family, socket.SOCK_STREAM)[0][4]
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise MachineError(_why(http, error)) from None
    listener.setblocking(False)
    return listener


def _why(http: HttpSettings, error: OSError) -> str:
    where = f"{http.host} port {http.port}"
    reason = (error.strerror or str(error)).lower()
    other = "IMERETI_HTTP__PORT=8081 imereti serve"
    return f"can't listen on {where}: {reason}. Set http.host or http.port, for example: {other}"


def address_of(listener: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  (compared, not bound)
        host = socket.gethostname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


async def run_server(
    app: FastAPI,
    settings: Settings,
    stop: asyncio.Event,
    listener: socket.socket | None = None,
) -> None:
    """Serve until `stop` is set; open streams are ended first, so that it takes no long.

    MachineError when the port is in use. A `listener` from `bind` is used when it is given.
    """
    sock = listener or bind(settings.http)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        timeout_keep_alive=20,
        backlog=BACKLOG,
        lifespan="on",
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]), name="http server")
    stopping = asyncio.create_task(stop.wait(), name="wait for stop")
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        app.state.live.close()
        server.should_exit = True
        await serving
        sock.close()
