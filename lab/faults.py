"""Break things on purpose, and mend them exactly.

A fault is journalled before it is made, so that one interrupted half-way is still known, and
`heal` brings it to its end. To add a kind: a name in lab.state, its effect in lab.panel (what
happens to wires) or here (what happens to a device), a row in KINDS and docs/lab.md.
"""

import time
from collections.abc import Callable
from pathlib import Path

from inventory.errors import LabError
from inventory.nearest import nearest
from lab import folders, netns, panel, scripts
from lab.drivers import driver_of
from lab.plan import LabPlan, NodeKind
from lab.plan_file import load_plan
from lab.state import CUT, POWER_OFF, Fault, LabState, locked, with_faults

POWERED = (NodeKind.ROUTER, NodeKind.SWITCH, NodeKind.EXTERNAL)


def inject(state: Path, lab: LabState, kind: str, target: str) -> Fault:
    """Make a fault; LabError when the target is unknown or is broken so already."""
    with locked(state, lab.name):
        plan = load_plan(lab)
        KINDS[kind][0](plan, target)
        if any((fault.kind, fault.target) == (kind, target) for fault in lab.faults):
            raise LabError(f"{kind} {target} is in force already. Run: imereti lab heal {target}")
        fault = Fault(kind, target, time.time())
        lab = with_faults(lab, (*lab.faults, fault))
        KINDS[kind][1](lab, plan, target)
    return fault


def heal(state: Path, lab: LabState, target: str | None) -> tuple[Fault, ...]:
    """Remove the faults of `target`, or all; LabError when it has none. Returns the removed."""
    with locked(state, lab.name):
        plan = load_plan(lab)
        healed = tuple(fault for fault in lab.faults if target in (None, fault.target))
        if target is not None and not healed:
            known = [fault.target for fault in lab.faults]
            raise LabError(f"{target} has no fault. {nearest(target, known)}".strip())
        for fault in healed:
            left = tuple(other for other in lab.faults if other != fault)
            KINDS[fault.kind][2](lab, plan, fault.target, left)
            lab = with_faults(lab, left)
    return healed


def _check_link(plan: LabPlan, target: str) -> None:
    links = sorted({wire.link for wire in plan.wires if wire.link is not None})
    if target not in links:
        raise LabError(f"lab {plan.name} has no link {target}. {nearest(target, links)}".strip())


def _check_device(plan: LabPlan, target: str) -> None:
    devices = [node.name for node in plan.nodes if node.kind in POWERED]
    if target not in devices:
        raise LabError(
            f"lab {plan.name} has no device {target}. {nearest(target, devices)}".strip()
        )


def _cut(lab: LabState, plan: LabPlan, target: str) -> None:
    lines = panel.carrier_lines(lab.faults, plan.wires_of(target))
    netns.inside_lab(lab.keeper, lab.folder, [_ip(lines)])


def _splice(lab: LabState, plan: LabPlan, target: str, left: tuple[Fault, ...]) -> None:
    lines = panel.carrier_lines(left, plan.wires_of(target))
    netns.inside_lab(lab.keeper, lab.folder, [_ip(lines)])


def _ip(lines: list[str]) -> netns.Step:
    return {"do": "ip", "namespace": "", "lines": lines}


def _power_off(lab: LabState, plan: LabPlan, target: str) -> None:
    driver_of(lab.driver).power_off(lab, plan, plan.node(target), lab.faults)


def _power_on(lab: LabState, plan: LabPlan, target: str, left: tuple[Fault, ...]) -> None:
    node = plan.node(target)
    bind = folders.binds(lab.node_folder(target))
    driver_of(lab.driver).power_on(lab, plan, node, left, bind)
    routing = scripts.START_ROUTING if node.kind is not NodeKind.SWITCH else ""
    script = routing + scripts.services([node])[target]
    step = netns.scripts_step({target: script}, 1)
    said = netns.inside_lab(lab.keeper, lab.folder, [step])
    code, text = said[-1][target]
    if code != 0:
        raise LabError(f"{target} did not boot: {text.strip() or f'exit status {code}'}")


Check = Callable[[LabPlan, str], None]
Make = Callable[[LabState, LabPlan, str], None]
Undo = Callable[[LabState, LabPlan, str, tuple[Fault, ...]], None]
KINDS: dict[str, tuple[Check, Make, Undo]] = {
    CUT: (_check_link, _cut, _splice),
    POWER_OFF: (_check_device, _power_off, _power_on),
}
"""Kind -> is the target one of the lab's; break it; mend it, while other faults stay in force."""
