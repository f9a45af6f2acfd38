"""A hundred labs one after the other, half of them killed on their way up: what they leave."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from inventory.errors import MachineError
from lab.preflight import check_machine
from tests.bench import Figure
from tests.lab.sandbox import run_sandbox
from tests.labfixture import CHECKOUT, make_lab

BOOTS, KILLS = 50, 50


def run() -> Iterator[Figure]:
    """The small region, in namespaces where nothing else runs."""
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        folder = Path(name)
        check_machine(folder)
        lab = make_lab(folder, "boots", CHECKOUT / "tests" / "regions" / "small")
        lives = run_sandbox(lab.folder / "config.yaml", BOOTS, KILLS)
    if failed := [life for life in lives if not life.ok]:
        raise MachineError(f"{len(failed)} of {len(lives)} labs failed: {failed[0].said}")
    left = [thing for life in lives for things in life.left.values() for thing in things]
    whole = [life.s for life in lives if life.killed_after_s is None]
    yield Figure(
        "processes, namespaces, interfaces, mounts and files that 100 labs left behind",
        len(left),
        "of them",
        goal=0,
        note=f"{BOOTS} labs of 6 routers booted and removed, each with all adjacencies and pings; "
        f"{KILLS} killed with SIGKILL at moments spread over the boot; median boot "
        f"{statistics.median(whole):.1f} s" + (f"; left: {', '.join(left[:3])}" if left else ""),
    )
