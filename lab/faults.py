"""Break things on purpose, and mend them exactly.

A fault is journalled before it is made, so that one interrupted half-way is still known, and
`heal` brings it to its end. One that could not be made is undone and leaves no trace. The kinds
are in lab.fault_kinds, what they do in lab.wire_faults, lab.device_faults and lab.lan_faults.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from inventory.errors import LabError
from inventory.nearest import nearest
from lab import device_faults, lan_faults, wire_faults
from lab.fault_kinds import (
    ANNOUNCE,
    CLOCK_STEP,
    DUPLICATE_ADDRESS,
    FREEZE,
    KILL,
    KINDS,
    REBOOT,
    ROGUE_ROUTER,
    WITHDRAW,
    WRONG_KEY,
    Target,
    checked,
)
from lab.plan import LabPlan
from lab.plan_file import load_plan
from lab.state import (
    BLACKHOLE,
    CUT,
    DELAY,
    LOSS,
    MANAGEMENT_LOSS,
    POWER_OFF,
    RATE,
    Fault,
    LabState,
    locked,
    with_faults,
)

Make = Callable[[LabState, LabPlan, Fault], None]
Undo = Callable[[LabState, LabPlan, Fault, tuple[Fault, ...]], None]
_WIRE: tuple[Make, Undo] = (wire_faults.make, wire_faults.undo)
_SIGNAL = device_faults.undo_signal
_LAN: tuple[Make, Undo] = (lan_faults.plug_in, lan_faults.unplug)
MAKERS: dict[str, tuple[Make, Undo]] = {
    **dict.fromkeys((CUT, BLACKHOLE, LOSS, DELAY, RATE), _WIRE),
    **dict.fromkeys((DUPLICATE_ADDRESS, ROGUE_ROUTER), _LAN),
    MANAGEMENT_LOSS: (wire_faults.make_management, wire_faults.undo_management),
    POWER_OFF: (device_faults.power_off, device_faults.power_on),
    REBOOT: (device_faults.reboot, device_faults.undo_reboot),
    KILL: (device_faults.kill, _SIGNAL),
    FREEZE: (device_faults.freeze, _SIGNAL),
    WRONG_KEY: (device_faults.wrong_key, device_faults.right_key),
    ANNOUNCE: (device_faults.announce, device_faults.undo_announce),
    WITHDRAW: (device_faults.withdraw, device_faults.undo_withdraw),
}
"""Kind -> break it, and mend it while other faults stay in force."""
NO_CLOCK = (
    "clock-step: a lab can't give one router another time of day, as all namespaces of a kernel "
    "share it. A scenario can step the poller's clock: see docs/scenarios.md"
)
NEEDS_POWER = frozenset({Target.ROUTER, Target.MANAGED, Target.PEER})


def inject(
    state: Path, lab: LabState, kind: str, target: str, given: Mapping[str, object] | None = None
) -> Fault:
    """Make a fault; LabError when something about it is wrong, or when it could not be made.

    `given` are its parameters, as text or numbers. One that failed half-way is undone.
    """
    with locked(state, lab.name):
        plan = load_plan(lab)
        values, problems = checked(plan, kind, target, given or {})
        problems = problems or _in_the_way(lab, kind, target)
        if problems:
            raise LabError("\n".join(problems))
        fault = Fault(kind, target, time.time(), values)
        before = lab.faults
        lab = with_faults(lab, (*before, fault))
        try:
            MAKERS[kind][0](lab, plan, fault)
        except (LabError, OSError) as error:
            with contextlib.suppress(LabError, OSError):
                MAKERS[kind][1](lab, plan, fault, before)
                with_faults(lab, before)
            raise LabError(f"{fault} could not be made: {error}") from error
    return fault


def _in_the_way(lab: LabState, kind: str, target: str) -> list[str]:
    """Why a fault that is well worded can't be made now."""
    if kind == CLOCK_STEP:
        return [NO_CLOCK]
    if any((fault.kind, fault.target) == (kind, target) for fault in lab.faults):
        return [f"{kind} {target} is in force already. Run: imereti lab heal {target}"]
    off = any((fault.kind, fault.target) == (POWER_OFF, target) for fault in lab.faults)
    if off and KINDS[kind].target in NEEDS_POWER:
        return [f"{target} is powered off. Run: imereti lab heal {target}"]
    return []


def heal(state: Path, lab: LabState, target: str | None) -> tuple[Fault, ...]:
    """Remove the faults of `target`, or all; LabError when it has none. Returns the removed.

    The last that was made is mended first. One that can't be mended stays in the journal, and is
    told after the others are mended: LabError.
    """
    with locked(state, lab.name):
        plan = load_plan(lab)
        healed = tuple(fault for fault in lab.faults if target in (None, fault.target))
        if target is not None and not healed:
            known = [fault.target for fault in lab.faults]
            raise LabError(f"{target} has no fault. {nearest(target, known)}".strip())
        problems = []
        for fault in reversed(healed):
            left = tuple(other for other in lab.faults if other != fault)
            try:
                MAKERS[fault.kind][1](lab, plan, fault, left)
            except LabError as error:
                problems.append(f"{fault} could not be mended: {error}")
            else:
                lab = with_faults(lab, left)
    if problems:
        raise LabError("\n".join(problems))
    return healed
