"""The monitor as a whole: from a Network to a poller that runs until it is stopped."""

import asyncio
import fcntl
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TextIO

import structlog

from inventory.errors import ImeretiError, StoreError
from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import Settings, StoreSettings
from monitor.clock import Clock, SystemClock
from monitor.garbage import kept_small
from monitor.generation import Generation, Means, Reload, next_network
from monitor.probes_icmp import OpenSocket, open_here
from monitor.rejects import Rejects
from monitor.routing_spoken import AskDevice
from monitor.spool import Spool
from monitor.spool_events import EventsSpool
from monitor.spool_states import StatesSpool
from monitor.store.base import Batch, StateEntry, Store
from monitor.store.keep import chores_of
from monitor.targets import Credentials
from monitor.unwritten import Unwritten
from monitor.values import IncidentState
from monitor.watch import Past
from monitor.writer import Writer

FILES_BESIDE = 200
"""File descriptors for all but the sessions with devices."""
STATES_MB = 64
"""Of states and incidents that wait: some hundred thousand changes."""
EVENTS_MB = 16
"""Of traps and lines of logs that wait: a hundred thousand; the journal keeps fewer."""
REJECTS = "rejected.jsonl"
"""File in the spool's folder with what the store refused for good."""

log = structlog.get_logger("monitor")


async def run_monitor(
    settings: Settings,
    network: Network,
    store: Store,
    stop: asyncio.Event,
    *,
    secrets: Secrets,
    credentials: Credentials | None = None,
    clock: Clock | None = None,
    report: Callable[[StateEntry], None] | None = None,
    open_socket: OpenSocket = open_here,
    ask_device: AskDevice | None = None,
    reload: Reload | None = None,
) -> None:
    """Poll every device of `network` into `store` until `stop` is set; then end within 5 s.

    `store` is open for writing and stays open. `report` is called with each change of state.
    `open_socket` opens the sockets that probes leave from; `credentials` replaces those of the
    region's plan; `ask_device` asks for routing past an agent that serves no MIB of it; `reload`
    brings another inventory while it runs. StoreError when another monitor
    writes to the same file, SecretError when a secret is missing; a store that fails later is
    waited for.
    """
    clock = clock or SystemClock()
    kept_small()
    with only_monitor(settings.store.path), opened_spools(settings.store) as spools:
        raise_file_limit(len(network.devices) + FILES_BESIDE)
        unwritten = await asyncio.to_thread(Unwritten, store, spools.states)
        chores = chores_of(store, settings.store)
        writer = _ReportingWriter(
            store, clock, chores, spool=spools.samples, unwritten=unwritten, report=report
        )
        means = Means(
            settings, secrets, credentials, store, spools.events, writer, clock, open_socket,
            ask_device,
        )  # fmt: skip
        generation = Generation(network, means, await asyncio.to_thread(_past, store))
        log.info("monitor_started", devices=generation.devices, interval_s=settings.poll.interval_s)
        written = asyncio.Event()
        writing = asyncio.create_task(writer.run(written))
        try:
            while (following := await _run_one(generation, stop, reload)) is not None:
                generation = await _succeed(generation, following, means)
        finally:
            written.set()
            await writing
            log.info("monitor_stopped", samples_left=writer.waiting)


async def _run_one(
    generation: Generation, stop: asyncio.Event, reload: Reload | None
) -> Network | None:
    """Run it until there is another inventory, or None: until `stop` is set."""
    if reload is None:
        await generation.run(stop)
        return None
    end = asyncio.Event()
    running = asyncio.create_task(generation.run(end))
    waiting = asyncio.create_task(next_network(generation.network, stop, reload))
    try:
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        end.set()
        waiting.cancel()  # no effect once it is done
        await running
    return await waiting


async def _succeed(before: Generation, network: Network, means: Means) -> Generation:
    """What comes after `before`, which has ended: with `network`, or where that fails without."""
    await means.writer.caught_up()
    past = replace(await asyncio.to_thread(_past, means.store), last_seen=None)
    try:
        after = Generation(network, means, past)
    except ImeretiError as error:
        log.error("inventory_refused", problem=str(error))  # noqa: TRY400
        after = Generation(before.network, means, past)
    else:
        log.info("inventory_reloaded", revision=network.revision, devices=after.devices)
    after.take_over(before)
    return after


class Spools(NamedTuple):
    """Where what a store that is away does not take waits on disk."""

    samples: Spool
    states: StatesSpool
    events: EventsSpool


@contextmanager
def opened_spools(settings: StoreSettings) -> Iterator[Spools]:
    """All of them, in one folder. StoreError: can't be used."""
    folder = settings.spool_folder
    with (
        closing(Spool(folder, settings.spool_mb * 1_000_000)) as spool,
        closing(StatesSpool(folder / StatesSpool.what, STATES_MB * 1_000_000)) as states,
        closing(EventsSpool(folder / EventsSpool.what, EVENTS_MB * 1_000_000)) as events,
    ):
        waiting = {each.what: each.waiting for each in (spool, states, events)}
        if any(waiting.values()):
            log.warning("spool_not_empty", folder=str(folder), **waiting)
        yield Spools(spool, states, events)


class _ReportingWriter(Writer):
    """A Writer that tells of each change of state as it takes it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        chores: Callable[[float], bool],
        *,
        spool: Spool,
        unwritten: Unwritten,
        report: Callable[[StateEntry], None] | None,
    ) -> None:
        super().__init__(
            store,
            clock,
            chores,
            spool=spool,
            rejects=Rejects(spool.folder / REJECTS),
            unwritten=unwritten,
        )
        self._report = report

    def put(self, batch: Batch) -> None:
        """See Writer."""
        super().put(batch)
        if self._report:
            for entry in batch.states:
                self._report(entry)


def _past(store: Store) -> Past:
    poller = store.poller()
    opened = store.incidents([IncidentState.OPEN, IncidentState.ACKNOWLEDGED], limit=10_000)
    return Past(store.current_states(), opened, poller.at if poller else None)


def raise_file_limit(wanted: int) -> None:
    """Allow `wanted` open files, as far as this user may: a session takes one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        granted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
        if granted < wanted:
            log.warning("few_files", wanted=wanted, granted=granted, mend="ulimit -n")


@contextmanager
def only_monitor(database: Path) -> Iterator[None]:
    """Hold the right to be the only monitor that writes to `database`. StoreError."""
    path = database.with_name(f"{database.name}.monitor")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: can't be written: {error.strerror}.") from None
    with file:
        _lock(file, path)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _lock(file: TextIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        raise StoreError(
            f"{path}: another monitor (process {owner}) writes to this store. "
            "Stop it first, or name another file in `store.path`."
        ) from None
