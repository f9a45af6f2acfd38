"""A plan of many cisco_ios stand-ins: does its memory grow with their number?

python -m tests.bench.plan_many COUNT...   a line each: devices, seconds, MB of the planning process
"""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType

from inventory.model import Network
from inventory.secrets import Secrets, names_in
from lab.ios_standin.device import IosStandin
from lab.ios_standin.hosting import hosted
from nornir_tasks.audit import AuditLog
from nornir_tasks.backup import Backups
from nornir_tasks.drivers.known_hosts import KnownHosts
from nornir_tasks.fleet import Fleet
from nornir_tasks.plan import make_plan
from nornir_tasks.session import Access
from nornir_tasks.work import Work
from tests.bench import Figure
from tests.provisioning.ios_region import small_region

SIZES = (100, 1000)
MODEL = "bet-lyc-r1"
WORKERS = 10
SECRET = "benchsecret12"


@dataclass(frozen=True, slots=True)
class Planned:
    """One plan, made in a process of its own."""

    devices: int
    unchanged: int
    wall_s: float
    memory_mb: float
    """Largest resident set of that process."""


def measure(count: int) -> Planned:
    """Serve `count` stand-ins from one process, plan them from another."""
    processes = multiprocessing.get_context("spawn")
    ready, told = processes.Pipe()
    over, waiting = processes.Pipe()
    answer, made = processes.Pipe()
    server = processes.Process(target=_serve, args=(count, told, waiting), daemon=True)
    server.start()
    try:
        ports = ready.recv()
        planner = processes.Process(target=_plan, args=(ports, made), daemon=True)
        planner.start()
        found: Planned = answer.recv()
        planner.join(30)
    finally:
        over.send("over")
        server.join(30)
        server.kill()
    return found


def run() -> Iterator[Figure]:
    """A row a size, all beside the first."""
    for count in SIZES:
        found = measure(count)
        if found.unchanged != count:
            raise AssertionError(f"{count - found.unchanged} of {count} devices were not planned")
        note = f"one process, {WORKERS} sessions at once; {found.wall_s:.0f} s wall"
        yield Figure(
            f"memory of a plan of {count} IOS stand-ins", found.memory_mb, "MB", goal=300, note=note
        )


def _text() -> str:
    """What runs on every device, secrets and all."""
    network, renderer = small_region()
    text = renderer.render(network.devices[MODEL])[f"{MODEL}.cfg"]
    return Secrets(dict.fromkeys(names_in(text), SECRET), "").fill(text)


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"bench-r{number}" for number in range(count))


def _serve(count: int, ready: Connection, over: Connection) -> None:
    # Once with its secrets hashed, so that a thousand devices need not hash theirs.
    user = small_region()[0].region.services.admin_user
    unshown = [line for line in _text().splitlines() if line.startswith("snmp-server user ")]
    shown = IosStandin(MODEL, _text()).running().removesuffix("end\n")
    stored = "\n".join((shown, *unshown, "end", ""))
    standins = (
        IosStandin(
            name,
            stored.replace(MODEL, name),
            credentials={user: SECRET},
            enable_secret=SECRET,
        )
        for name in _names(count)
    )
    with hosted(standins) as hosts:
        ready.send({name: hosts.port(name) for name in _names(count)})
        over.recv()


def _plan(ports: Mapping[str, int], made: Connection) -> None:
    network, _ = small_region()
    text = _text()
    device = network.devices[MODEL]
    copies = {
        name: replace(device, name=name, management=IPv4Address("127.0.0.1")) for name in ports
    }
    many: Network = replace(network, devices=MappingProxyType(copies))
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        folder = Path(name)
        user = network.region.services.admin_user
        hosts = KnownHosts(folder / "known_hosts", accept_new=True)

        def access(one: object) -> Access:
            port = ports[one.name]  # type: ignore[attr-defined]
            return Access(user, SECRET, SECRET, None, hosts, port, 60)

        fleet = Fleet(many, access, WORKERS)
        work = Work(
            network=many,
            fleet=fleet,
            candidate=lambda one: {f"{one}.cfg": text.replace(MODEL, one)},
            secrets=Secrets({}, ""),
            audit=AuditLog(folder / "audit.jsonl", "bench", str),
            backups=Backups(folder / "backup", "bench"),
            locks=folder / "locks",
            revision="bench",
            prober=None,
            say=print,
        )
        began = time.monotonic()
        plan = make_plan(work, ports)
        wall_s = time.monotonic() - began
        fleet.close()
    for one in plan.devices[:3]:
        if one.state != "unchanged":
            sys.stderr.write(f"{one.device}: {one.error}{one.diff}\n")
    unchanged = len(plan.of_state("unchanged"))
    made.send(Planned(len(ports), unchanged, wall_s, _largest_mb()))


def _largest_mb() -> float:
    """Not ru_maxrss: that begins with what the process that started this one has."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(one for one in status.splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 1000


def main(words: list[str]) -> None:
    for count in map(int, words):
        sys.stdout.write(f"{measure(count)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
