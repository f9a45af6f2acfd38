"""What watching costs: CPU of one poll of a 24-interface device, decoded and stored, and memory.

Paced as in life (every 10 s, agents on loopback in another process), everything of the collector
counted: SNMP, rates, states, SQLite. Memory is the proportional set size (PSS) of its process after
the measured time, inventory included. Beside it, on the same agents: gufo-snmp with a session a
device (as the collector's engine), pysnmp and net-snmp's snmpbulkget asking for the same objects,
Prometheus snmp_exporter, and with PEERS=telegraf Telegraf; but for gufo-snmp they store nothing.

`python -m tests.bench.poll 10000` polls 10,000 devices for three minutes instead, as the benchmark
`poll_many` does.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from inventory.errors import MachineError
from monitor.metrics import INTERFACE_METRICS
from tests.bench import Figure
from tests.bench.poll_agents import INTERFACES
from tests.bench.poll_peers import exporter_ms, pysnmp_ms, snmpbulkget_ms, telegraf_ms

INTERVAL_S = 10.0
MEASURED_S = 30.0
MANY_S = 180.0
UNIT = "ms of CPU a poll"
GOALS = {76: 0.30, 500: 0.30, 2000: 0.25}


def run() -> Iterator[Figure]:
    """At 76, 500 and 2,000 devices, in v2c and v3, and with one in ten silent."""
    if not shutil.which("snmpbulkget"):
        raise MachineError("net-snmp's snmpbulkget is missing. Run: apt-get install snmp")
    for count, goal in GOALS.items():
        with agents(count) as port:
            peers = tuple(_peers(port, count)) if count == min(GOALS) else ()
            found = collect(count, port)
        where = f"{count:,} devices every 10 s"
        yield _collector(f"collector without the database, {where}", found, goal, peers)
        yield _with_store(f"collector and SQLite, {where}", found)
        yield _late(where, found)
        goal_mb = 120.0 if count == max(GOALS) else None
        yield Figure(
            f"memory of the poller at {count:,} devices", found["memory_mb"], "MB", goal_mb
        )
    with agents(500, "--v3") as port:
        found = collect(500, port, "--v3")
        beside = collect(500, port, "--v3", engine="gufo")["collector_ms_a_poll"]
    peers = (("gufo-snmp, a session a device", beside),)
    yield _collector("the same in SNMPv3 authPriv, 500 devices every 10 s", found, 0.50, peers)
    yield Figure("memory of the poller at 500 devices in SNMPv3 authPriv", found["memory_mb"], "MB")
    with agents(500, "--silent-every", "10") as port:
        found = collect(500, port)
    name = "live polls missed with one device in ten silent, 500 devices every 10 s"
    yield Figure(name, found["missed"], "polls", 0.0, note=_note(found))


def many(count: int) -> Iterator[Figure]:
    """`count` devices every 10 s from one process, for three minutes; goals are for 10,000."""
    with agents(count) as port:
        found = collect(count, port, seconds=MANY_S)
    where = f"{count:,} devices every 10 s for 3 minutes"
    yield Figure(f"collector and SQLite, {where}", found["cores"], "cores", 0.35, note=_note(found))
    yield _late(where, found)
    yield Figure(f"live polls missed, {where}", found["missed"], "polls", 0.0)
    yield Figure(f"memory of the poller, {where}", found["memory_mb"], "MB")


def _collector(
    name: str, found: dict[str, float], goal: float, peers: tuple[tuple[str, float], ...] = ()
) -> Figure:
    return Figure(name, found["collector_ms_a_poll"], UNIT, goal, peers, _note(found))


def _with_store(name: str, found: dict[str, float]) -> Figure:
    summed = f"every five minutes {found['summed_ms_a_poll']:.2g} ms more to sum them up"
    return Figure(name, found["cpu_ms_a_poll"], UNIT, 0.35, note=f"{_note(found)}; {summed}")


def _late(where: str, found: dict[str, float]) -> Figure:
    return Figure(f"share of late polls, {where}", found["late"] / found["polls"], "of all", 0.0)


def _peers(port: int, count: int) -> Iterator[tuple[str, float]]:
    gufo = collect(count, port, engine="gufo")
    yield "gufo-snmp, a session a device", gufo["collector_ms_a_poll"]
    yield "pysnmp", pysnmp_ms(port)
    yield "snmpbulkget", snmpbulkget_ms(port)
    wanted = os.environ.get("PEERS", "").split(",")
    if shutil.which("go"):
        yield "snmp_exporter", exporter_ms(port, count, INTERVAL_S)
        if "telegraf" in wanted:
            yield "Telegraf", telegraf_ms(port, count, INTERVAL_S)
    elif "telegraf" in wanted:
        raise MachineError("PEERS=telegraf needs Go. Run: scripts/bench-peer telegraf")


def _note(found: dict[str, float]) -> str:
    return (
        f"{found['polls']:.0f} polls of {INTERFACES * len(INTERFACE_METRICS)} objects; "
        f"{found['late']:.0f} late, {found['missed']:.0f} missed, {found['timeouts']:.0f} time-outs"
    )


@contextmanager
def agents(count: int, *options: str) -> Iterator[int]:
    """The first port of `count` agents in a process of their own."""
    words = [sys.executable, "-m", "tests.bench.poll_agents", str(count), *options]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdin is not None
        assert served.stdout is not None
        try:
            first = served.stdout.readline()
            if not first:
                raise MachineError(f"{count} agents could not be started: see the lines above")
            yield int(first)
        finally:
            served.stdin.close()
            served.wait(10)


def collect(
    count: int,
    port: int,
    *options: str,
    engine: str = "native",
    seconds: float | None = None,
) -> dict[str, float]:
    """What tests.bench.poll_collector measured."""
    measured_s = seconds or MEASURED_S
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tests.bench.poll_collector", str(count), str(port)]
        words += [str(INTERVAL_S), str(measured_s), folder, engine, *options]
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=measured_s + 400
        )
    if done.returncode:
        raise MachineError(f"the collector failed: {done.stderr[-2000:]}")
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    for figure in many(int(sys.argv[1])) if sys.argv[1:] else run():
        print(figure, flush=True)  # noqa: T201
