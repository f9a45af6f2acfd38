"""`imereti plan` of all 31 virtual routers, beside plain Nornir and NAPALM on the same routers."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import MachineError
from lab.preflight import check_machine
from nornir_tasks.render import Renderer, environment
from tests.bench import Figure
from tests.labfixture import CHECKOUT, LabUnderTest, booted, make_lab

RUNS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took."""

    wall_s: float
    cpu_s: float
    memory_mb: float
    """Largest resident set."""


def run() -> Iterator[Figure]:
    """Wall time, CPU and memory of one plan; medians of a few."""
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        folder = Path(name)
        check_machine(folder)
        lab = make_lab(folder, f"p{os.getpid() % 100_000}", CHECKOUT / "inventory")
        with booted(lab):
            ours = [_cost(lab.command("plan")) for _ in range(RUNS)]
            peer = [_cost(_peer(lab, folder)) for _ in range(RUNS)]
    yield Figure(
        "plan of 31 routers, whole process",
        statistics.median(one.wall_s for one in ours),
        "s",
        goal=8,
        peers=(
            (
                "plain Nornir with NAPALM, frr.conf only, same driver",
                statistics.median(one.wall_s for one in peer),
            ),
        ),
        note=f"frr.conf and nftables.conf, nothing to change; {RUNS} runs",
    )
    yield Figure(
        "memory of that plan",
        max(one.memory_mb for one in ours),
        "MB",
        goal=300,
        peers=(("plain Nornir with NAPALM", max(one.memory_mb for one in peer)),),
    )


def _cost(command: Sequence[str]) -> Cost:
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise MachineError(f"{' '.join(command[:4])} ended with {process.returncode}: {said}")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(time.monotonic() - began, cpu, usage.ru_maxrss / 1000)


def _peer(lab: LabUnderTest, folder: Path) -> list[str]:
    candidates = folder / "candidates"
    candidates.mkdir(exist_ok=True)
    network, secrets = lab.network, lab.state.secrets()
    renderer = Renderer(network, environment(CHECKOUT / "templates"))
    addresses: dict[str, str] = {}
    for device in network.devices.values():
        if device.routes:
            text = secrets.fill(renderer.render(device)["frr.conf"])
            (candidates / f"{device.name}.conf").write_text(text, encoding="utf-8")
            addresses[device.name] = str(device.management)
    hosts = folder / "hosts.json"
    hosts.write_text(json.dumps(addresses), encoding="utf-8")
    files = (hosts, candidates, lab.state.key_file, lab.state.known_hosts_file)
    return [sys.executable, "-m", "tests.bench.peer_napalm", *map(str, files)]
