"""The monitor as a whole: from a Network to a poller that runs until it is stopped."""

import asyncio
import fcntl
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import structlog

from inventory.errors import StoreError
from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import Settings, StoreSettings
from monitor.agent import DeviceAgent
from monitor.beside import Beside
from monitor.clock import Clock, SystemClock
from monitor.poller import Poller
from monitor.probes_icmp import OpenSocket, open_here
from monitor.rejects import Rejects
from monitor.snmp.open import open_client
from monitor.spool import Spool
from monitor.store.base import Batch, StateEntry, Store
from monitor.store.keep import chores_of
from monitor.targets import Credentials, targets
from monitor.values import IncidentState
from monitor.watch import Past, Watch
from monitor.writer import Writer

FILES_BESIDE = 200
"""File descriptors for all but the sessions with devices."""
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
) -> None:
    """Poll every device of `network` into `store` until `stop` is set; then end within 5 s.

    `store` is open for writing and stays open. `report` is called with each change of state.
    `open_socket` opens the sockets that probes leave from; `credentials` replaces those of the
    region's plan. StoreError when another monitor writes to
    the same file, SecretError when a secret is missing; a store that fails later is waited for.
    """
    clock = clock or SystemClock()
    with only_monitor(settings.store.path), opened_spool(settings.store) as spool:
        wanted = targets(network, credentials)
        raise_file_limit(len(wanted) + FILES_BESIDE)
        client = open_client(settings.poll, secrets)
        agents = {
            each.device: DeviceAgent(each, client.session(each), clock.monotonic, clock.wall)
            for each in wanted
        }
        interval_s = settings.poll.interval_s
        watch = Watch(
            network,
            wanted,
            settings.alarms,
            interval_s,
            past=await asyncio.to_thread(_past, store),
            now=clock.wall(),
            grace_s=interval_s + settings.poll.deadline_s,
            certificate_days=settings.probes.certificate_days,
        )
        writer = _ReportingWriter(store, clock, chores_of(store, settings.store), spool, report)
        poller = Poller(agents, settings.poll, watch, writer, clock=clock, counters=client.counters)
        beside = Beside(
            network,
            settings,
            secrets,
            credentials,
            store,
            clock=clock,
            ask_now=poller.ask_now,
            watch=watch,
            wanted=wanted,
            open_socket=open_socket,
        )
        log.info("monitor_started", devices=len(agents), interval_s=interval_s)
        written, ended = asyncio.Event(), asyncio.Event()
        writing = asyncio.create_task(writer.run(written))
        listening = asyncio.create_task(beside.run(ended))
        try:
            await poller.run(stop)
        finally:
            written.set()
            ended.set()
            await asyncio.gather(writing, listening)
            await client.close()
            log.info("monitor_stopped", samples_left=writer.waiting)


@contextmanager
def opened_spool(settings: StoreSettings) -> Iterator[Spool]:
    """Where samples wait for a store that is away; StoreError when it can't be used."""
    spool = Spool(settings.spool_folder, settings.spool_mb * 1_000_000)
    try:
        if spool.waiting:
            log.warning("spool_not_empty", samples=spool.waiting, folder=str(settings.spool_folder))
        yield spool
    finally:
        spool.close()


class _ReportingWriter(Writer):
    """A Writer that tells of each change of state as it takes it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        chores: Callable[[float], bool],
        spool: Spool,
        report: Callable[[StateEntry], None] | None,
    ) -> None:
        super().__init__(store, clock, chores, spool, Rejects(spool.folder / REJECTS))
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
