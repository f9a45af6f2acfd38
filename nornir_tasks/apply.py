"""apply: the plan in batches, each armed, committed, checked from outside, confirmed or reverted.

Whatever happens to this program, a device ends as it was or wholly changed and confirmed: between
commit and confirm only the device's own timer counts. Each step is in the audit log before it is
done; what can't be recorded is not done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nornir_tasks.batches import batches
from nornir_tasks.change import Change, Fate
from nornir_tasks.checks import LOOKS, CheckResult, got_worse, lasting
from nornir_tasks.errors import RecordError
from nornir_tasks.locks import hold_all
from nornir_tasks.plan import CHANGED, FAILED, DevicePlan, Plan
from nornir_tasks.snapshot import scope_of, take
from nornir_tasks.work import Work

CONFIRMED, REVERTED, SKIPPED, FAILED_RESULT = "confirmed", "reverted", "skipped", "failed"
_POLL_S = 1.0
_DEAD_MARGIN_S = 1.0


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How an apply goes about it."""

    confirm_s: int
    """The devices' timers."""
    settle_s: float
    """How long the network may take after a commit until every check is as good as before."""
    hold_s: float
    """How long it must then stay as good; never less than OSPF's dead interval."""
    largest_batch: int
    without_timer: bool = False
    """Also change devices that can't take a change back by themselves."""
    together: bool = False
    """All devices in one batch, loaded at one moment: both ends of a link must change at once."""


@dataclass(frozen=True, slots=True)
class DeviceResult:
    """How it ended for one device."""

    device: str
    state: str
    diff: str
    error: str
    result: str
    """confirmed, reverted, skipped, failed; empty for a device without changes."""
    batch: int | None
    checks: tuple[str, ...]
    """The checks that got worse, for a reverted batch."""


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """How it ended."""

    change: str
    devices: tuple[DeviceResult, ...]

    @property
    def exit_code(self) -> int:
        """3 when something was taken back, 1 when something failed, else 0."""
        results = {one.result for one in self.devices}
        if REVERTED in results:
            return 3
        failed = FAILED_RESULT in results or any(one.state == FAILED for one in self.devices)
        return 1 if failed else 0

    def document(self) -> dict[str, Any]:
        """The JSON shape of design/commands.md."""
        counts: dict[str, int] = {}
        for name in (CONFIRMED, REVERTED, SKIPPED, FAILED_RESULT):
            counts[name] = sum(1 for one in self.devices if one.result == name)
        rows = [
            {slot: getattr(one, slot) for slot in DeviceResult.__slots__} for one in self.devices
        ]
        return {"change": self.change, **counts, "devices": rows}


def batches_of(work: Work, plan: Plan, options: ApplyOptions) -> tuple[tuple[str, ...], ...]:
    """The changed devices of a plan in the order in which an apply takes them."""
    changed = plan.of_state(CHANGED)
    if options.together:
        return (changed,) if changed else ()
    return batches(work.network, changed, options.largest_batch)


def execute(
    work: Work, plan: Plan, options: ApplyOptions, change_id: str, owner: str
) -> ApplyReport:
    """Apply what `plan` showed, and only that.

    BusyError when another apply holds one of the devices; RecordError when nothing can be recorded
    from the start. Later failures stand in the report.
    """
    results = {one.device: _untouched(one) for one in plan.devices}
    order = batches_of(work, plan, options)
    if not order:
        return ApplyReport(change_id, tuple(results.values()))
    with hold_all(work.locks, plan.of_state(CHANGED), owner):
        change = Change(
            work,
            change_id,
            options.confirm_s,
            without_timer=options.without_timer,
            together=options.together,
        )
        change.begin({name: results[name].diff for batch in order for name in batch})
        stopped = False
        for number, batch in enumerate(order, 1):
            if stopped:
                change.note("skip", batch)
                results.update({n: _ended(results[n], SKIPPED, number) for n in batch})
                continue
            work.say(f"batch {number} of {len(order)}: {', '.join(batch)}")
            done = _batch(work, change, batch, {n: results[n].diff for n in batch}, options)
            results.update({n: _with(results[n], done, n, number) for n in batch})
            stopped = done.bad
        change.end({name: one.result for name, one in results.items() if one.result})
    return ApplyReport(change_id, tuple(results.values()))


@dataclass(frozen=True, slots=True)
class _Done:
    fates: Mapping[str, Fate]
    worse: tuple[CheckResult, ...]
    bad: bool
    """No further batch. A device that was never touched is no reason; the others go on."""


def _batch(
    work: Work,
    change: Change,
    batch: tuple[str, ...],
    shown: Mapping[str, str],
    options: ApplyOptions,
) -> _Done:
    scope = scope_of(work.network, batch)
    try:
        before = take(work, scope)
        unread = change.back_up(batch)
        fates = unread | change.commit({n: shown[n] for n in batch if n not in unread})
    except RecordError as error:
        return _Done({name: Fate(FAILED_RESULT, str(error)) for name in batch}, (), bad=True)
    committed = tuple(name for name, fate in fates.items() if fate.result == "committed")
    others = {name: fate for name, fate in fates.items() if name not in committed}
    if not committed:
        return _Done(others, (), bad=change.begun(others))
    if change.begun(others):
        return _Done({**others, **change.revert(committed)}, (), bad=True)
    try:
        worse = _settled(work, change, scope, before, options)
        ended = {} if worse else change.confirm(committed)
    except RecordError as error:
        work.say(str(error))
        worse, ended = (), change.revert(committed)
    for result in worse:
        work.say(f"worse than before: {result}")
    ended = ended or change.revert(committed)
    bad = any(fate.result != CONFIRMED for fate in ended.values())
    return _Done({**others, **ended}, worse, bad)


def _settled(
    work: Work,
    change: Change,
    scope: tuple[str, ...],
    before: tuple[CheckResult, ...],
    options: ApplyOptions,
) -> tuple[CheckResult, ...]:
    """Checks that are still worse when the network has had its time; empty when it is as good.

    It must stay as good for `hold_s`, and for longer than OSPF takes to miss a neighbour: a wrong
    key leaves an adjacency Full until its dead interval has run out, and what leaks often leaks
    only when routing has converged. A latency must be worse at LOOKS looks in a row.
    """
    hold_s = max(options.hold_s, work.network.region.ospf.dead_s + _DEAD_MARGIN_S)
    deadline = work.clock() + options.settle_s
    good_since: float | None = None
    looks: list[tuple[CheckResult, ...]] = []
    work.say(f"checking from outside for {hold_s:g} s, at most {options.settle_s:g} s")
    while True:
        looks.append(got_worse(before, take(work, scope)))
        worse = lasting(looks)
        now = work.clock()
        if worse:
            good_since = None
        elif good_since is None:
            good_since = now
        held = good_since is not None and now - good_since >= hold_s
        doubtful = len(looks) < LOOKS or lasting(looks, LOOKS - 1)
        if held and not doubtful:
            change.note("checks", scope, "done")
            return ()
        if worse and now >= deadline:
            change.note("checks", scope, "failed", {"worse": [str(one) for one in worse]})
            return worse
        work.sleep(_POLL_S)


def _untouched(plan: DevicePlan) -> DeviceResult:
    result = FAILED_RESULT if plan.state == FAILED else ""
    return DeviceResult(plan.device, plan.state, plan.diff, plan.error, result, None, ())


def _ended(row: DeviceResult, result: str, batch: int, error: str = "") -> DeviceResult:
    return replace(row, result=result, batch=batch, error=error or row.error)


def _with(row: DeviceResult, done: _Done, name: str, batch: int) -> DeviceResult:
    fate = done.fates[name]
    checks = tuple(str(one) for one in done.worse) if fate.result == REVERTED else ()
    return replace(_ended(row, fate.result, batch, fate.error), checks=checks)
