"""The whole default network in containers, beside the same network in namespaces of our own."""

import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import MachineError
from lab.containerlab import Containerlab
from tests.bench import Figure, netlab
from tests.bench.quiet import await_quiet
from tests.labfixture import CHECKOUT, make_lab

RUNS = 3
ENGINE = ("folders", "keeper")
"""Phases of `lab up` before containerlab is asked for anything."""


@dataclass(frozen=True, slots=True)
class Boot:
    """One lab's life."""

    engine_s: float
    reached_s: float
    """From the end of `engine_s` to the last LAN."""
    deploy_s: float
    removed_s: float
    memory_mib: float


def run() -> Iterator[Figure]:
    """Zero to every LAN reachable, teardown, memory: medians of a few boots of each driver."""
    boots: dict[str, list[Boot]] = {"containerlab": [], "netns": []}
    for number in range(RUNS):
        for driver, done in boots.items():
            with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
                Containerlab().check(Path(name))
                done.append(_boot(Path(name), f"d{os.getpid() % 100_000}x{number}", driver))
    ours, beside = boots["containerlab"], boots["netns"]
    others, remark = netlab.peers()
    yield Figure(
        "containerlab lab of 31 routers, zero to every LAN reachable",
        _median(ours, "reached_s"),
        "s",
        goal=11,
        peers=(("namespaces of our own", _median(beside, "reached_s")), *others),
        note="once the engine runs, until each of all allowed pings between 104 LANs was answered; "
        f"containerlab deploy takes {_median(ours, 'deploy_s'):.1f} s of it, the engine and its "
        f"image {_median(ours, 'engine_s'):.1f} s before; {RUNS} runs, "
        f"best {min(one.reached_s for one in ours):.1f}{remark}",
    )
    yield Figure(
        "teardown of the containerlab lab",
        _median(ours, "removed_s"),
        "s",
        goal=1,
        peers=(("namespaces of our own", _median(beside, "removed_s")),),
        note="containers, engine, control groups, folder",
    )
    yield Figure(
        "memory of the containerlab lab",
        _median(ours, "memory_mib"),
        "MiB",
        peers=(("namespaces of our own", _median(beside, "memory_mib")),),
        note="PSS of all its processes, Docker's among them",
    )


def _median(boots: list[Boot], what: str) -> float:
    return float(statistics.median(getattr(one, what) for one in boots))


def _boot(folder: Path, name: str, driver: str) -> Boot:
    await_quiet()
    lab = make_lab(folder, name, CHECKOUT / "inventory", driver=driver)
    removed_s = 0.0
    try:
        done = lab.run("--json", "lab", "up")
        if done.returncode != 0:
            raise MachineError(f"`lab up` with driver {driver} failed: {done.stderr[-2000:]}")
        report = json.loads(done.stdout)
        memory = lab.answer("lab", "status")["memory_bytes"] / 2**20
    finally:
        removed_s = lab.answer("lab", "down")["s"]
    phases = report["phases_s"]
    engine_s = sum(phases[phase] for phase in ENGINE)
    reached_s = report["reachable_s"] - engine_s
    return Boot(engine_s, reached_s, phases["routers"], removed_s, memory)
