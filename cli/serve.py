"""`imereti serve` and `imereti events`: show what is known, and follow it from the terminal."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import Context

if TYPE_CHECKING:
    from fastapi import FastAPI

    from inventory.settings import Settings

RETRY_S = 2.0


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)
    app.command("events")(events)


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Listen here instead of http.host.")] = "",
    port: Annotated[
        int, typer.Option(help="Listen on this port instead of http.port; 0 takes a free one.")
    ] = -1,
) -> None:
    """The API and the dashboard, until stopped. Reads the store that `imereti monitor` fills."""
    from api.app import create_app
    from api.server import address_of, bind
    from cli.logs import configure_logs

    context: Context = ctx.obj
    configure_logs(context.settings.log, level=context.log_level)
    wishes: dict[str, Any] = ({"host": host} if host else {}) | (
        {"port": port} if port >= 0 else {}
    )
    http = replace(context.settings.http, **wishes)
    settings = replace(context.settings, http=http)
    network = context.live
    listener = bind(http)
    store = context.store()
    try:
        context.say(f"dashboard and API at {address_of(listener)} (Ctrl-C stops)")
        asyncio.run(_until_signal(create_app(settings, network, store), settings, listener))
    finally:
        listener.close()
        store.close()


async def _until_signal(app: FastAPI, settings: Settings, listener: Any) -> None:
    from api.server import run_server

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_server(app, settings, stop, listener)


def events(
    ctx: typer.Context,
    url: Annotated[
        str, typer.Option(help="Address of the server; else http.host and http.port.")
    ] = "",
    count: Annotated[int, typer.Option(help="Stop after so many events; 0: never.", min=0)] = 0,
) -> None:
    """The live stream of a running server: a line a change; with --json JSON Lines."""
    from api.follow import Teller, follow

    context: Context = ctx.obj
    http = context.settings.http
    address = url or f"http://{f'[{http.host}]' if ':' in http.host else http.host}:{http.port}"
    teller = Teller()
    for seen, event in enumerate(follow(address, RETRY_S, context.say), start=1):
        if context.as_json:
            row = {"event": event.name, "id": event.id, "data": event.document}
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            for line in teller.lines(event):
                typer.echo(line)
        if count and seen >= count:
            return
