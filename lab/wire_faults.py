"""Faults of circuits and management ports: the panel is set to what the faults in force demand."""

import os
import signal
import time
from pathlib import Path

from inventory.errors import LabError
from lab import netns, panel
from lab.plan import LabPlan
from lab.state import (
    DELAY,
    RATE,
    Fault,
    LabState,
    marked_processes,
    process_start,
)

END_TIMEOUT_S = 5.0
RELAY = b"lab.relay"


def make(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """Break the circuit as `fault`, which is journalled already, says."""
    if fault.kind == DELAY:
        relay = panel.relayed(plan, fault)
        end_relay(lab, fault.target)  # of an attempt that was interrupted
        pairs = [":".join(pair) for pair in relay.pairs]
        netns.start_relay(
            lab.keeper,
            lab.folder,
            [relay.link, f"{relay.delay_s:g}", f"{relay.jitter_s:g}", *pairs],
        )
    _set(lab, plan, fault, lab.faults)


def undo(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """Mend what `fault` broke; the faults `left` stay."""
    _set(lab, plan, fault, left)
    if fault.kind == DELAY:
        end_relay(lab, fault.target)


def make_management(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """Take the carrier of a management port."""
    _ip(lab, panel.management_lines(plan, lab.faults, fault.target))


def undo_management(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """Give it back."""
    _ip(lab, panel.management_lines(plan, left, fault.target))


def _set(lab: LabState, plan: LabPlan, fault: Fault, faults: tuple[Fault, ...]) -> None:
    wires = plan.wires_of(fault.target)
    steps: list[netns.Step] = [
        {"do": "ip", "namespace": "", "lines": panel.carrier_lines(faults, wires)},
        {"do": "nft", "text": panel.panel_rules(plan, faults)},
    ]
    if fault.kind == RATE:
        steps.append({"do": "tc", "lines": panel.rate_lines(faults, wires)})
    netns.inside_lab(lab.keeper, lab.folder, steps)


def _ip(lab: LabState, lines: list[str]) -> None:
    netns.inside_lab(lab.keeper, lab.folder, [{"do": "ip", "namespace": "", "lines": lines}])


def end_relay(lab: LabState, link: str) -> None:
    """End the relay of a circuit, and with it its TAPs; nothing when it does not run."""
    found = [process for process in marked_processes(lab.folder) if _relays(process, link)]
    for process in found:
        os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + END_TIMEOUT_S
    while left := [process for process in found if process_start(process)]:
        if time.monotonic() > deadline:
            raise LabError(f"relays {left} of {link} did not end within {END_TIMEOUT_S:g} s.")
        time.sleep(0.01)


def _relays(process: int, link: str) -> bool:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return RELAY in words and words[words.index(RELAY) + 1] == link.encode()
