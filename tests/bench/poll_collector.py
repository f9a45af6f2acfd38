"""A whole monitor in a process of its own, and what it costs.

`python -m tests.bench.poll_collector COUNT FIRST_PORT INTERVAL_S SECONDS FOLDER ENGINE` polls
COUNT devices of 24 interfaces into a SQLite store; after three intervals of warming up it measures
for SECONDS and prints one JSON object.
"""

import asyncio
import json
import resource
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from types import MappingProxyType

import structlog

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
from monitor.store.base import PollerStatus
from monitor.store.sqlite import SqliteStore
from tests.bench.poll_agents import INTERFACES, if_name
from tests.monitor.networks import V2C, default_network

WARM_INTERVALS = 3.2
"""By then each device was polled three times, and its answers are known."""


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


def memory_mb() -> float:
    """Resident memory now."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def measure(
    settings: Settings, network: Network, seconds: float
) -> dict[str, float | list[object]]:
    """Run, warm up, measure."""
    store = SqliteStore.open(settings.store.path, write=True)
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_monitor(settings, network, store, stop, secrets=Secrets({}, "nowhere"), credentials=V2C)
    )
    reader = SqliteStore.open(settings.store.path, write=False)
    await asyncio.sleep(WARM_INTERVALS * settings.poll.interval_s)
    before, cpu_before = _status(reader), cpu_s()
    await asyncio.sleep(seconds)
    after, used = _status(reader), cpu_s() - cpu_before
    memory = memory_mb()
    stop.set()
    await running
    polls = after.polls - before.polls
    report = reader.check()
    store.close()
    reader.close()
    return {
        "cpu_ms_a_poll": used * 1000 / max(polls, 1),
        "polls": polls,
        "late": after.late_polls,
        "timeouts": after.timeouts,
        "memory_mb": memory,
        "samples": report.samples,
    }


def _status(store: SqliteStore) -> PollerStatus:
    status = store.poller()
    assert status is not None
    return status


def main() -> None:
    """See the module."""
    count, first_port, interval_s, seconds, folder, engine = sys.argv[1:]
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = Settings(
        poll=PollSettings(
            interval_s=float(interval_s),
            engine=engine,  # type: ignore[arg-type]
            facts_interval_s=3600,
        ),
        store=StoreSettings(path=Path(folder) / "samples.sqlite"),
        traps=TrapSettings(enable=False),
        syslog=SyslogSettings(enable=False),
        probes=ProbeSettings(enable=False),
    )
    network = many_devices(int(count), int(first_port))
    print(json.dumps(asyncio.run(measure(settings, network, float(seconds)))))  # noqa: T201


if __name__ == "__main__":
    main()
