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

from inventory.model import End, Interface, InterfaceKind, Link, LinkRole, Network
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
    """`count` routers of 24 links each; the far ends are nobody's, so each is stored from here."""
    base = default_network()
    model = base.devices["zes-rtr1"]
    devices, links = {}, {}
    names = [f"GigabitEthernet0/0/{index}" for index in range(1, INTERFACES + 1)]
    if_names = [if_name(index) for index in range(1, INTERFACES + 1)]
    far = End("elsewhere", names[0], None, None)
    for number in range(count):
        name = f"bench-{number:05}"
        interfaces = []
        for index in range(1, INTERFACES + 1):
            link = f"{name}-{index:02}"
            interfaces.append(
                Interface(
                    device=name,
                    name=names[index - 1],
                    if_name=if_names[index - 1],
                    kind=InterfaceKind.TRANSIT,
                    description=link,
                    bandwidth_bps=1_000_000_000,
                    link=link,
                )
            )
            links[link] = Link(
                id=link,
                number=None,
                a=End(name, names[index - 1], None, None),
                b=far,
                role=LinkRole.ACCESS,
                medium="fibre",
                bandwidth_bps=1_000_000_000,
                mtu=1500,
                provider="",
                circuit_id="",
                target=0.99,
                cost=0,
                bfd=False,
            )
        devices[name] = replace(
            model,
            name=name,
            management=IPv4Address("127.0.0.1"),
            snmp_port=first_port + number,
            interfaces=tuple(interfaces),
        )
    return replace(base, devices=MappingProxyType(devices), links=MappingProxyType(links))


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
        poll=PollSettings(interval_s=float(interval_s), engine=engine),  # type: ignore[arg-type]
        store=StoreSettings(path=Path(folder) / "samples.sqlite"),
        traps=TrapSettings(enable=False),
        syslog=SyslogSettings(enable=False),
        probes=ProbeSettings(enable=False),
    )
    network = many_devices(int(count), int(first_port))
    print(json.dumps(asyncio.run(measure(settings, network, float(seconds)))))  # noqa: T201


if __name__ == "__main__":
    main()
