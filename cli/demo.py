"""`imereti demo`: a network, its poller, store, API and dashboard at once, and one address."""

import asyncio
import signal
import socket
from collections.abc import Coroutine
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.context import Context
from cli.demo_influxdb import demo_influxdb
from cli.demo_network import DemoNetwork, lab_network, simulated_network, why_no_lab
from cli.demo_place import Steps, demo_folder, demo_listener, demo_settings, polling_alone
from cli.logs import configure_logs
from cli.store_kind import Kind
from inventory.errors import LabError
from inventory.secrets import Secrets
from inventory.settings import Settings

if TYPE_CHECKING:
    from monitor.store.base import Store

LIVE_TIMEOUT_S = 30.0
LOOK_EVERY_S = 0.1
STOP_TIMEOUT_S = 15.0
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="demo")(demo)


def demo(
    ctx: typer.Context,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Simulated devices, although the lab could boot.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Listen on this port and no other."),
    ] = None,
    calm: Annotated[bool, typer.Option("--calm", help="Let nothing go wrong.")] = False,
    store: Annotated[
        Kind, typer.Option("--store", metavar="KIND", help="Samples go to sqlite or influxdb.")
    ] = Kind.SQLITE,
) -> None:
    """Run everything at once and print one address to open; Ctrl-C ends it and leaves nothing.

    With root and FRRouting the devices are virtual routers, else simulated SNMP agents. Now and
    then something breaks and is mended. The database is a temporary one: that of config.yaml is
    not touched. With --store influxdb a real InfluxDB 2 server of the demo's own is started.
    """
    context: Context = ctx.obj
    steps = Steps(context.say)
    configure_logs(context.settings.log, level="debug" if context.verbose else "warning")
    with ExitStack() as stack:
        stack.callback(steps.done, "all stopped and removed")
        _unwind_on_signals(stack)
        listener = demo_listener(context.settings.http, port, context.say)
        stack.callback(listener.close)
        folder = stack.enter_context(demo_folder())
        settings = demo_settings(context.settings, folder)
        token = Secrets({}, "nowhere: the demo makes its own")
        if store is Kind.INFLUXDB:
            settings, token = stack.enter_context(demo_influxdb(settings, folder, steps))
        network = stack.enter_context(_network(context, settings, steps, simulated=simulated))
        asyncio.run(_Demo(context, settings, token, network, listener, steps).run(calm=calm))


def _network(
    context: Context, settings: Settings, steps: Steps, *, simulated: bool
) -> AbstractContextManager[DemoNetwork]:
    model = context.network
    steps.done(
        f"inventory: {len(model.sites)} sites, {len(model.devices)} devices, "
        f"{len(model.links)} links"
    )
    if simulated:
        return simulated_network(settings, model, steps)
    if reason := why_no_lab(settings.paths.state):
        context.say(f"No virtual routers: {reason}")
        return simulated_network(settings, model, steps)
    return lab_network(context, settings, steps)


def _unwind_on_signals(stack: ExitStack) -> None:
    """Let SIGTERM and SIGHUP unwind like Ctrl-C, so that what was started is stopped."""

    def interrupt(number: int, _: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGHUP):
        stack.callback(signal.signal, number, signal.signal(number, interrupt))


class _Demo:
    """Poller, server and script over one running network, in one event loop."""

    def __init__(
        self,
        context: Context,
        settings: Settings,
        token: Secrets,
        network: DemoNetwork,
        listener: socket.socket,
        steps: Steps,
    ) -> None:
        self._context, self._settings, self._network = context, settings, network
        self._token = token
        self._listener, self._steps = listener, steps
        self._stop = asyncio.Event()

    async def run(self, *, calm: bool) -> None:
        """Until a signal comes, or a part ends by itself: that is an error, and is raised."""
        from api.app import create_app
        from api.server import run_server
        from monitor.probes_icmp import open_here
        from monitor.run import run_monitor
        from monitor.store.open import open_store

        loop = asyncio.get_running_loop()
        for number in ENDINGS:
            loop.add_signal_handler(number, self._stop.set)
        settings, network = self._settings, self._network
        if network.open_socket is None:
            settings = polling_alone(settings)
        written = open_store(settings.store, self._token, write=True)
        read = open_store(settings.store, self._token)
        app = create_app(settings, network.network, read)
        polling = run_monitor(
            settings,
            network.network,
            written,
            self._stop,
            credentials=network.credentials,
            secrets=network.secrets,
            open_socket=network.open_socket or open_here,
            ask_device=network.ask_device,
        )
        parts = [
            run_server(app, settings, self._stop, self._listener),
            polling,
            self._watch(),
            self._announce(read),
            *([] if calm else [self._play()]),
        ]
        try:
            await _until_one_fails(parts, self._stop)
            self._steps.begin("Stopping ...")
        finally:
            written.close()
            read.close()

    async def _watch(self) -> None:
        """Raise as soon as the network is gone; a page that goes stale would not say why."""
        while not await self._stopped(LOOK_EVERY_S * 5):
            if problem := self._network.problem():
                raise LabError(f"The demo can't go on: {problem}.")

    async def _announce(self, store: "Store") -> None:
        """Print the address once there is something to see."""
        from api.server import address_of

        deadline = asyncio.get_running_loop().time() + LIVE_TIMEOUT_S
        while not (samples := await asyncio.to_thread(store.last_samples)):
            if asyncio.get_running_loop().time() > deadline:
                self._context.say(f"No device has answered within {LIVE_TIMEOUT_S:.0f} s.")
                break
            if await self._stopped(LOOK_EVERY_S):
                return
        self._steps.done(f"first poll stored: {len(samples)} links")
        address = address_of(self._listener)
        if self._context.as_json:
            self._context.answer({"address": address, "network": self._network.kind})
        else:
            typer.echo(address)
        self._context.say(f"The network is {self._network.kind}. Ctrl-C ends it.")

    async def _play(self) -> None:
        """Break and mend, as the script says."""
        from lab.timeline import timeline

        for step in timeline(self._network.network, self._network.faults):
            if await self._stopped(step.after_s):
                return
            await asyncio.to_thread(self._network.control, *step.words)
            now = datetime.now().astimezone()
            self._context.say(f"{now:%H:%M:%S}  ({self._network.kind}) {step.says}")

    async def _stopped(self, within_s: float) -> bool:
        """Whether the end was asked for within so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), within_s)
        return self._stop.is_set()


async def _until_one_fails(parts: list[Coroutine[None, None, None]], stop: asyncio.Event) -> None:
    """Run all parts; once `stop` is set or one raises, end the others and raise what it raised."""
    tasks = {asyncio.create_task(part) for part in parts}
    running = set(tasks)
    while running and not stop.is_set():
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        if any(task.exception() for task in done):
            stop.set()
    stop.set()
    if running:
        _, late = await asyncio.wait(running, timeout=STOP_TIMEOUT_S)
        for task in late:
            task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
