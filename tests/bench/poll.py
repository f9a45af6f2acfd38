"""What watching costs: CPU of one poll of a 24-interface device, decoded and stored, and memory.

Paced as in life (every 10 s, agents on loopback in another process), everything of the collector
counted: SNMP, rates, states, SQLite. Beside it, on the same agents: pysnmp asking for the same
objects, and net-snmp's snmpbulkget of the same columns, neither of which stores anything.
"""

import asyncio
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from inventory.errors import MachineError
from inventory.secrets import Secrets
from monitor.agent import DeviceAgent
from monitor.metrics import INTERFACE_METRICS
from monitor.snmp.pysnmp_client import PysnmpClient
from monitor.targets import targets
from tests.bench import Figure
from tests.bench.poll_agents import INTERFACES
from tests.bench.poll_collector import cpu_s, many_devices
from tests.monitor.networks import V2C

INTERVAL_S = 10.0
MEASURED_S = 40.0
PEER_POLLS = 30


def run() -> Iterator[Figure]:
    """At 76 and at 2,000 devices."""
    if not shutil.which("snmpbulkget"):
        raise MachineError("net-snmp's snmpbulkget is missing. Run: apt-get install snmp")
    with agents(76) as port:
        beside = (("pysnmp", pysnmp_ms(port)), ("snmpbulkget", snmpbulkget_ms(port)))
        found = collect(76, port)
        native = collect(76, port, "native")
    yield Figure(
        "one poll of 24 interfaces, 76 devices every 10 s",
        found["cpu_ms_a_poll"],
        "ms of CPU a poll",
        goal=0.60,
        peers=beside,
        note=_note(found),
    )
    yield Figure(
        "the same with `poll.engine: native`",
        native["cpu_ms_a_poll"],
        "ms of CPU a poll",
        goal=0.30,
        peers=(("gufo-snmp", found["cpu_ms_a_poll"]),),
        note=_note(native),
    )
    yield Figure("memory of the poller at 76 devices", found["memory_mb"], "MB")
    with agents(2000) as port:
        found = collect(2000, port)
    yield Figure(
        "one poll of 24 interfaces, 2,000 devices every 10 s",
        found["cpu_ms_a_poll"],
        "ms of CPU a poll",
        goal=0.60,
        note=_note(found),
    )
    yield Figure("memory of the poller at 2,000 devices", found["memory_mb"], "MB")


def _note(found: dict[str, float]) -> str:
    return (
        f"{found['polls']:.0f} polls of {INTERFACES * len(INTERFACE_METRICS)} objects, "
        f"rates and SQLite included; {found['late']:.0f} late, {found['timeouts']:.0f} time-outs"
    )


@contextmanager
def agents(count: int) -> Iterator[int]:
    """The first port of `count` agents in a process of their own."""
    words = [sys.executable, "-m", "tests.bench.poll_agents", str(count)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdin is not None
        assert served.stdout is not None
        try:
            yield int(served.stdout.readline())
        finally:
            served.stdin.close()
            served.wait(10)


def collect(count: int, port: int, engine: str = "gufo") -> dict[str, float]:
    """What tests.bench.poll_collector measured."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tests.bench.poll_collector", str(count), str(port)]
        words += [str(INTERVAL_S), str(MEASURED_S), folder, engine]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise MachineError(f"the collector failed: {done.stderr[-2000:]}")
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def pysnmp_ms(port: int) -> float:
    """CPU of a poll through pysnmp: the same requests, decoded, one after another."""

    async def polls() -> float:
        (target,) = targets(many_devices(1, port), V2C)
        client = PysnmpClient(Secrets({}, "nowhere"), 2.0, 1)
        agent = DeviceAgent(target, client.session(target))
        assert (await agent.poll()).answered
        before = cpu_s()
        for _ in range(PEER_POLLS):
            assert (await agent.poll()).answered
        used = cpu_s() - before
        await client.close()
        return used * 1000 / PEER_POLLS

    return asyncio.run(polls())


def snmpbulkget_ms(port: int) -> float:
    """CPU of one snmpbulkget process that reads the same columns."""
    columns = [f".{metric.oid}" for metric in INTERFACE_METRICS]
    words = [
        "snmpbulkget",
        "-v2c",
        "-c",
        V2C.community,
        "-Cn0",
        f"-Cr{INTERFACES}",
        "-On",
        "-m",
        "",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(PEER_POLLS):
        subprocess.run([*words, f"127.0.0.1:{port}", *columns], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used * 1000 / PEER_POLLS


if __name__ == "__main__":
    for figure in run():
        print(figure, flush=True)  # noqa: T201
