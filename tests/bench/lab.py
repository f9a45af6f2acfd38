"""The whole default network as virtual routers: from the command to the last ping, and away."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from inventory.errors import MachineError
from lab.preflight import check_machine
from tests.bench import Figure
from tests.labfixture import CHECKOUT, LabUnderTest, make_lab

RUNS = 3
REACHED = "pings between LANs answered"
"""What `lab up` says on stderr at that moment."""


def run() -> Iterator[Figure]:
    """Zero to every LAN reachable, memory, teardown; medians of a few boots."""
    reached, removed, memory = [], [], []
    for number in range(RUNS):
        with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
            folder = Path(name)
            check_machine(folder)
            lab = make_lab(folder, f"b{os.getpid() % 100_000}x{number}", CHECKOUT / "inventory")
            try:
                reached.append(_reachable_s(lab))
                status = json.loads(lab.run("--json", "lab", "status").stdout)
                memory.append(status["memory_bytes"] / 2**20)
            finally:
                removed.append(lab.answer("lab", "down")["s"])
    yield Figure(
        "lab of 31 routers, zero to every LAN reachable",
        statistics.median(reached),
        "s",
        goal=10,
        note=f"from the command `imereti lab up` to the last of all allowed pings between 104 LANs "
        f"and the stand-in, IPv4 and IPv6, each answered; {RUNS} runs, best {min(reached):.1f}",
    )
    yield Figure("teardown of that lab", statistics.median(removed), "s", goal=1)
    yield Figure(
        "memory of that lab",
        statistics.median(memory),
        "MiB",
        note="PSS of all its processes: routers, 77 SNMP agents, 31 SSH servers",
    )


def _reachable_s(lab: LabUnderTest) -> float:
    """Seconds from starting the command until it says that everything is reachable."""
    began, reached = time.monotonic(), 0.0
    with subprocess.Popen(
        lab.command("lab", "up"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as going_up:
        assert going_up.stderr is not None
        said = []
        for line in going_up.stderr:
            said.append(line)
            if REACHED in line:
                reached = time.monotonic() - began
    if going_up.returncode != 0 or not reached:
        raise MachineError(f"`lab up` failed: {''.join(said)}")
    return reached


if __name__ == "__main__":
    for figure in run():
        sys.stdout.write(f"{figure.name}: {figure.value:.2f} {figure.unit}  ({figure.note})\n")
