"""Whole networks as virtual routers: from the command to the last ping, and away."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inventory.errors import MachineError
from lab.preflight import check_machine
from tests.bench import Figure
from tests.bench.quiet import await_quiet
from tests.generate_region import write_region
from tests.labfixture import CHECKOUT, LabUnderTest, make_lab

RUNS = 3
REACHED = "pings between LANs answered"
"""What `lab up` says on stderr at that moment."""
SHOWN = 8
"""Of each kind of trouble of a lab that failed."""
GIB = 2**10


@dataclass(frozen=True)
class Boot:
    """One lab's life."""

    report: dict[str, Any]
    """What `lab up --json` answered."""
    reachable_s: float
    removed_s: float
    memory_mib: float


def run() -> Iterator[Figure]:
    """The default network, medians of a few boots; then a generated one of 100 routers, once."""
    boots = [_boot(CHECKOUT / "inventory") for _ in range(RUNS)]
    report, reached = boots[0].report, [boot.reachable_s for boot in boots]
    yield Figure(
        f"lab of {report['routers']} routers, zero to every LAN reachable",
        statistics.median(reached),
        "s",
        goal=8,
        note=f"from the command `imereti lab up` to the last of all {report['pings']} allowed "
        f"pings between {report['lans']} LANs and the stand-in, IPv4 and IPv6, each answered; "
        f"{RUNS} runs, best {min(reached):.1f}",
    )
    yield Figure(
        "teardown of that lab", statistics.median(boot.removed_s for boot in boots), "s", goal=1
    )
    yield Figure(
        "memory of that lab",
        statistics.median(boot.memory_mib for boot in boots),
        "MiB",
        note="PSS of all its processes: routers, an SNMP agent in each router and switch, SSH",
    )
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        write_region(Path(name), districts=44, distributions=7)
        large = _boot(Path(name))
    yield Figure(
        f"lab of {large.report['routers']} routers, zero to every LAN reachable",
        large.reachable_s,
        "s",
        goal=40,
        note=f"a generated region; {large.report['pings']} pings between {large.report['lans']} "
        "LANs, each answered; one run",
    )
    yield Figure("teardown of the lab of 100 routers", large.removed_s, "s", goal=1)
    yield Figure("memory of the lab of 100 routers", large.memory_mib, "MiB", goal=4 * GIB)


def _boot(inventory: Path) -> Boot:
    """Boot, measure, remove; MachineError when the lab did not come up whole."""
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        folder = Path(name)
        check_machine(folder)
        await_quiet()
        lab = make_lab(folder, f"b{os.getpid() % 1_000_000}", inventory)
        try:
            report, reachable_s = _up(lab)
            status = json.loads(lab.run("--json", "lab", "status").stdout)
        finally:
            removed_s = lab.answer("lab", "down")["s"]
    return Boot(report, reachable_s, removed_s, status["memory_bytes"] / 2**20)


def _up(lab: LabUnderTest) -> tuple[dict[str, Any], float]:
    """The report, and seconds from starting the command until everything was reachable.

    The report goes to a file: of a large lab that failed it is more than a pipe holds, and nobody
    reads it while stderr is read.
    """
    began, reached = time.monotonic(), 0.0
    said: list[str] = []
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as answer,
        subprocess.Popen(
            lab.command("--json", "lab", "up"), stdout=answer, stderr=subprocess.PIPE, text=True
        ) as going_up,
    ):
        assert going_up.stderr is not None
        for line in going_up.stderr:
            said.append(line)
            if REACHED in line:
                reached = time.monotonic() - began
        status = going_up.wait()
        answer.seek(0)
        answered = answer.read()
    if status != 0 or not reached:
        raise MachineError(f"`lab up` of {lab.name} failed: {''.join(said)}{_why(answered)}")
    return json.loads(answered), reached


def _why(answered: str) -> str:
    """What of a lab was not as modelled: some of each kind, and how many there are."""
    if not answered:
        return ""
    report = json.loads(answered)
    kinds = ("differences", "missing", "unreachable")
    return "".join(
        f"{kind}: {len(report[kind])}, such as {', '.join(report[kind][:SHOWN])}\n"
        for kind in kinds
        if report.get(kind)
    )


if __name__ == "__main__":
    for figure in run():
        sys.stdout.write(f"{figure.name}: {figure.value:.2f} {figure.unit}  ({figure.note})\n")
