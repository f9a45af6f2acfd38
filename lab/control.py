"""What a person does with a lab: up, down, status, faults. The only module that orders the others.

`up` writes its journal before each thing that would have to be undone, and everything that it
starts hangs from one keeper process: killed at any moment, it leaves a journal, a folder and at
most one process tree, which the next `up` or `down` removes.
"""

import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inventory.errors import LabError, MachineError
from lab import adjacency, flows, folders, netns, preflight, running
from lab.boot import Boot, Bootable, BootReport, Say
from lab.drivers import DRIVERS, driver_of
from lab.plan import Adjacency, LabPlan, NodeKind
from lab.plan_file import load_plan
from lab.state import (
    NETNS,
    POWER_OFF,
    LabState,
    lab_folder,
    locked,
    marked_processes,
    process_start,
    read_state,
    running_lab,
    write_state,
)


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One device of the lab."""

    name: str
    kind: NodeKind
    running: bool
    address: str
    """Management address; empty for a host or a stand-in."""


@dataclass(frozen=True, slots=True)
class LabStatus:
    """How a running lab is."""

    state: LabState
    nodes: tuple[NodeStatus, ...]
    expected: int
    """Adjacencies that the model promises."""
    missing: tuple[Adjacency, ...]
    memory_bytes: int
    """Proportional set size (PSS) of all its processes."""
    processes: int


def up(
    state: Path,
    made: Bootable,
    say: Say,
    *,
    templates: Path | None = None,
    kind: str = NETNS,
) -> BootReport | None:
    """Boot the lab with a driver of DRIVERS; None when one of the same revision is up already.

    LabError when the lab can't be made (nothing of it is then left), or when another revision
    of it is up; MachineError when this machine lacks something.
    """
    name = made.plan.name
    folder = lab_folder(state, name).resolve()
    with locked(state, name):
        found = running_lab(state, name)
        if found is not None:
            _check_same(found, made.plan, kind)
            return None
        driver = driver_of(kind)
        driver.check(folder)
        if clean(folder, name):
            say("removed what an unfinished lab had left behind")
        preflight.check_space(folder, sum(node.contained for node in made.plan.nodes))
        preflight.check_neighbours(made.plan)
        preflight.check_management(made.plan.management, name)
        try:
            with Boot(made, folder, say, kind, driver) as boot:
                boot.prepare()
                boot.power()
                boot.connect()
                boot.start()
                boot.populate()
                boot.converge()
                boot.serve()
                boot.compare()
                boot.finish()
        except OSError as error:  # the disk filled up, or went away
            clean(folder, name)
            where = error.filename or folder
            raise MachineError(f"{where}: {error.strerror}. Nothing of the lab is left.") from None
        except BaseException:  # also Ctrl-C: half a lab is of no use to anyone
            clean(folder, name)
            raise
    report = boot.report
    if templates is not None:
        report.differences = tuple(_with_template(one, templates) for one in report.differences)
    return report


def _check_same(found: LabState, plan: LabPlan, kind: str) -> None:
    again = "Run: imereti lab down, then imereti lab up"
    if found.driver != kind:
        raise LabError(f"lab {found.name} is up with driver {found.driver}, not {kind}. {again}")
    if found.revision != plan.revision:
        raise LabError(
            f"lab {found.name} is up with revision {found.revision} of the inventory, which is "
            f"now {plan.revision}. {again}"
        )
    running_nodes, wanted = ({n.name for n in one.nodes} for one in (load_plan(found), plan))
    if running_nodes != wanted:
        other = ", ".join(sorted(running_nodes ^ wanted)[:3])
        raise LabError(f"lab {found.name} is up with other devices ({other}, ...). {again}")


def _with_template(one: running.Difference, templates: Path) -> running.Difference:
    return replace(one, template=running.template_of(templates, "frr", one.text))


def clean(folder: Path, name: str) -> bool:
    """Remove every trace of the lab in `folder`; whether there was any."""
    netns.remove_interface(name)  # now nothing waits for it
    existed = folder.exists()
    if (journal := read_state(folder)) is not None:
        netns.end_below(journal)
    most, last = netns.marked(folder)
    netns.end(most)
    netns.remove_interface(name)  # one that a killed `up` was just making
    folders.remove_nodes(folder)
    netns.end(last)
    for kind in DRIVERS:
        driver_of(kind).discard(folder)
    shutil.rmtree(folder, ignore_errors=True)
    return bool(most or last) or existed


def down(state: Path, name: str) -> bool:
    """Remove the lab, whole or half; whether there was any. LabError while another changes it."""
    with locked(state, name):
        return clean(lab_folder(state, name).resolve(), name)


def require(state: Path, name: str) -> LabState:
    """The running lab; LabError when there is none."""
    found = running_lab(state, name)
    if found is None:
        raise LabError(f"lab {name} is not up. Run: imereti lab up")
    return found


def status(lab: LabState) -> LabStatus:
    """Look at everything, change nothing."""
    plan = load_plan(lab)
    off = {fault.target for fault in lab.faults if fault.kind == POWER_OFF}
    processes = marked_processes(lab.folder)
    return LabStatus(
        state=lab,
        nodes=tuple(
            NodeStatus(
                node.name,
                node.kind,
                node.name not in off,
                str(lab.addresses.get(node.name, "")),
            )
            for node in plan.nodes
        ),
        expected=len(plan.adjacencies),
        missing=adjacency.missing(plan.adjacencies, router_runs(lab, plan)),
        memory_bytes=sum(map(_pss_bytes, processes)),
        processes=len(processes),
    )


def router_runs(lab: LabState, plan: LabPlan) -> dict[str, Path]:
    """Each router's /run, where its daemons' sockets are."""
    return {
        node.name: netns.run_folder(lab, node.name)
        for node in plan.nodes
        if node.kind is NodeKind.ROUTER
    }


def _pss_bytes(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # ended meanwhile
        return 0
    return next(
        (int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0
    )


def execute(lab: LabState, node: str, command: Sequence[str]) -> int:
    """Run a command inside a node, on this terminal; its exit status, or 127 as a shell says."""
    enter = netns.exec_command(lab, load_plan(lab).node(node))
    return subprocess.run([*enter, *command], check=False).returncode


def start_traffic(state: Path, lab: LabState, matrix: Sequence[flows.Flow] = ()) -> None:
    """Start the traffic generator, which ends with the lab; without a matrix unless it runs.

    A declared `matrix` takes the place of what flows now.
    """
    with locked(state, lab.name):
        if process_start(lab.traffic):
            if not matrix:
                return
            netns.end_process(lab.traffic)
        flows.declare(lab.folder, matrix)
        started = netns.start_traffic(state, lab.name, lab.folder)
        write_state(replace(lab, traffic=started))


def stop_traffic(state: Path, lab: LabState) -> None:
    """Stop the traffic generator, if it runs."""
    with locked(state, lab.name):
        netns.end_process(lab.traffic)
        write_state(replace(lab, traffic=0))


def wait_missing(
    lab: LabState, wanted: Sequence[Adjacency], timeout_s: float
) -> Sequence[Adjacency]:
    """Wait for adjacencies to come up; those that did not within `timeout_s`."""
    runs = router_runs(lab, load_plan(lab))
    deadline = time.monotonic() + timeout_s
    while (missing := adjacency.missing(wanted, runs)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return missing
