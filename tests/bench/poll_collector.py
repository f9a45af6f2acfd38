"""A whole monitor in a process of its own, and what it costs.

`python -m tests.bench.poll_collector COUNT FIRST_PORT INTERVAL_S SECONDS FOLDER ENGINE [--v3]`
polls COUNT devices of 24 interfaces into a SQLite store, or with `--influxdb URL --influxd PID`
into that server; after three intervals of warming up, or a second for a hundred devices, it
measures for SECONDS and prints one JSON object. All of the collector runs in the main thread, and
what speaks to the database in others: so one run tells both what it costs with and without.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import structlog

from inventory.errors import MachineError
from inventory.model import Interface, InterfaceKind, Network
from inventory.secrets import Secrets
from inventory.settings import (
    PollSettings,
    ProbeSettings,
    Settings,
    StoreSettings,
    SyslogSettings,
    TrapSettings,
)
from monitor.run import run_monitor
from monitor.store.base import PollerStatus, Store
from monitor.store.influx import InfluxStore
from monitor.store.open import open_store
from monitor.store.schema import BLOCK_MS
from monitor.store.sqlite import SqliteStore
from monitor.targets import Credentials
from tests.bench.poll_agents import AUTH, INTERFACES, PRIV, USER, if_name
from tests.monitor.networks import V2C, default_network

TOKEN = "token-of-the-bench"
"""Of InfluxDB. That of the tests would bring pytest's memory along."""
V3 = Credentials("3", "", USER, "sha256", "AUTH", "aes128", "PRIV")
SECRETS = Secrets({"AUTH": AUTH, "PRIV": PRIV, "INFLUX_TOKEN": TOKEN}, "the bench")
WARM_INTERVALS = 3.2
"""By then each device was polled three times, and its answers are known."""
WARM_PS = 100
"""Devices a second whose first round, facts included, is surely over by then."""


def many_devices(count: int, first_port: int) -> Network:
    """`count` routers of 24 interfaces to peers that are not ours, so each is stored from here."""
    base = default_network()
    model = base.devices["zes-rtr1"]
    names = [(f"GigabitEthernet0/0/{index}", if_name(index)) for index in range(1, INTERFACES + 1)]
    devices = {}
    for number in range(count):
        device = f"bench-{number:05}"
        devices[device] = replace(
            model,
            name=device,
            management=IPv4Address("127.0.0.1"),
            snmp_port=first_port + number,
            interfaces=tuple(
                Interface(
                    device=device,
                    name=name,
                    if_name=short,
                    kind=InterfaceKind.EXTERNAL,
                    description="",
                    bandwidth_bps=1_000_000_000,
                )
                for name, short in names
            ),
        )
    return replace(base, devices=MappingProxyType(devices), links=MappingProxyType({}))


def cpu_s() -> float:
    """User and system time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def cpu_of(pid: int) -> float:
    """User and system seconds of another process, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb() -> float:
    """Proportional set size now."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise MachineError("/proc/self/smaps_rollup names no Pss")


async def measure(
    settings: Settings,
    network: Network,
    seconds: float,
    *,
    credentials: Credentials = V2C,
    server: int | None = None,
) -> dict[str, float]:
    """Run, warm up, measure; `server` is the database's process."""
    store = open_store(settings.store, SECRETS, write=True)
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_monitor(settings, network, store, stop, secrets=SECRETS, credentials=credentials)
    )
    reader = SqliteStore.open(settings.store.path, write=False)
    warm_s = max(WARM_INTERVALS * settings.poll.interval_s, len(network.devices) / WARM_PS)
    await asyncio.sleep(warm_s)
    before, began = _status(reader), _spent(server)
    await asyncio.sleep(seconds)
    after, ended = _status(reader), _spent(server)
    memory = memory_mb()
    stop.set()
    await running
    polls = max(after.polls - before.polls, 1)
    summed = 0.0
    if isinstance(store, SqliteStore):
        missed = _missed(store, began.at, ended.at, settings.poll.interval_s)
        summed = _summed_ms(store)
    else:
        there = _counted(store, began.at, ended.at) / INTERFACES
        due = len(network.devices) * seconds / settings.poll.interval_s
        missed = max(0, round(due - there))
    store.close()
    reader.close()
    return {
        "cpu_ms_a_poll": (ended.process_s - began.process_s) * 1000 / polls,
        "collector_ms_a_poll": (ended.thread_s - began.thread_s) * 1000 / polls,
        "server_ms_a_poll": (ended.server_s - began.server_s) * 1000 / polls,
        "summed_ms_a_poll": summed,
        "cores": (ended.process_s - began.process_s) / (ended.at - began.at),
        "polls": polls,
        "late": after.late_polls - before.late_polls,
        "missed": missed,
        "timeouts": after.timeouts - before.timeouts,
        "memory_mb": memory,
    }


class _Spent(NamedTuple):
    at: float
    process_s: float
    thread_s: float
    server_s: float


def _spent(server: int | None) -> _Spent:
    return _Spent(time.time(), cpu_s(), time.thread_time(), cpu_of(server) if server else 0.0)


def _counted(store: Store, start: float, end: float) -> int:
    """Samples that InfluxDB has of this time; reading a million takes longer than measuring."""
    assert isinstance(store, InfluxStore)
    return store.count_samples(start, end)


def _missed(store: SqliteStore, start: float, end: float, interval_s: float) -> int:
    """Polls of devices that answer which left no sample: gaps, counted in intervals, also those
    after `start` and before `end`."""
    # By the database: four million samples are more than a bench should hold.
    rows = store._file.rows(
        """SELECT sum(max(0, round((ts - before) / ?) - 1)) FROM (
          SELECT ts, lag(ts) OVER (PARTITION BY series ORDER BY ts) before FROM (
            SELECT series, ts FROM series JOIN samples ON series = id AND ts >= ? AND ts < ?
            UNION ALL SELECT series, ts FROM tail WHERE ts >= ? AND ts < ?
            UNION ALL SELECT id, ? FROM series UNION ALL SELECT id, ? FROM series))""",
        (interval_s * 1000, *(3 * (round(start * 1000), round(end * 1000)))),
    )
    return int(rows[0][0] or 0) // INTERFACES


def _summed_ms(store: SqliteStore) -> float:
    """CPU of moving on what is there and summing it up, for each poll that left it."""
    before = time.thread_time()
    samples = store.compact(time.time() + BLOCK_MS / 1000)
    return (time.thread_time() - before) * 1000 / max(samples / INTERFACES, 1)


def _status(store: SqliteStore) -> PollerStatus:
    status = store.poller()
    assert status is not None
    return status


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("count", int), ("first_port", int), ("interval_s", float)):
        parser.add_argument(name, type=kind)
    parser.add_argument("seconds", type=float)
    parser.add_argument("folder", type=Path)
    parser.add_argument("engine")
    parser.add_argument("--v3", action="store_true")
    parser.add_argument("--influxdb", metavar="URL")
    parser.add_argument("--influxd", metavar="PID", type=int)
    given = parser.parse_args()
    store = StoreSettings(path=given.folder / "samples.sqlite")
    if given.influxdb:
        store = replace(store, kind="influxdb", url=given.influxdb)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = Settings(
        poll=PollSettings(interval_s=given.interval_s, engine=given.engine, facts_interval_s=3600),
        store=store,
        traps=TrapSettings(enable=False),
        syslog=SyslogSettings(enable=False),
        probes=ProbeSettings(enable=False),
    )
    network = many_devices(given.count, given.first_port)
    default_network.cache_clear()  # the bench's own copy; a monitor holds one inventory
    credentials = V3 if given.v3 else V2C
    measured = measure(
        settings, network, given.seconds, credentials=credentials, server=given.influxd
    )
    print(json.dumps(asyncio.run(measured)))  # noqa: T201


if __name__ == "__main__":
    main()
