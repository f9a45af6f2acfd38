"""Run scenarios in one lab: given, steps, expectations, and everything as it was before."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import ImeretiError, LabError
from inventory.model import Network
from lab import control, faults
from lab.boot import Bootable
from lab.expecting import evaluate, ways
from lab.flows import Flow
from lab.matrix import Matrix
from lab.outside import Outside
from lab.pinging import Measured, Pinging
from lab.plan_file import load_plan
from lab.reach import Probe
from lab.scenario_bench import Bench, Say, UnsettledError
from lab.scenario_bundle import write_bundle
from lab.scenario_files import Loaded
from lab.scenario_report import Check, RunResult, ScenarioResult, Verdict
from lab.scenario_schema import Flows, Loss, Outage, Step, Sweep
from lab.state import NETNS, process_start, running_lab
from lab.sweeping import sweep

SETTLE_S = 60.0
STEADY_S = 0.4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run happens."""

    state: Path
    """paths.state: the lab's journal and what a failed scenario leaves."""
    made: Bootable
    """What is booted when no lab of the same revision is up."""
    network: Network
    """The lab's view of the model."""
    templates: Path
    settle_s: float = SETTLE_S
    driver: str = NETNS


def run(
    scenarios: Sequence[Loaded],
    place: Place,
    outside: Outside,
    say: Say,
    tell: Callable[[ScenarioResult], None] = lambda _: None,
) -> RunResult:
    """Every scenario in one lab, which is left as it was found: up, or not there.

    `tell` hears of each as soon as it is done. LabError, MachineError: the lab could not be set up.
    """
    name = place.made.plan.name
    result = RunResult()
    was_up = running_lab(place.state, name) is not None
    with ExitStack() as stack:
        if not was_up:
            stack.callback(control.down, place.state, name)
        result.boot_s = _set_up(place, say)
        lab = control.require(place.state, name)
        plan = load_plan(lab)
        bench = Bench(
            state=place.state,
            network=place.network,
            plan=plan,
            pinging=stack.enter_context(Pinging(place.state, lab)),
            matrix=stack.enter_context(Matrix(lab, plan)),
            outside=outside,
            settle_s=place.settle_s,
        )
        for loaded in scenarios:
            done = _Scenario(bench, loaded).run()
            result.results.append(done)
            tell(done)
    return result


def _set_up(place: Place, say: Say) -> float:
    """Boot the lab, or take the one that is up; seconds. LabError when it isn't as modelled."""
    began = time.monotonic()
    report = control.up(place.state, place.made, say, templates=place.templates, kind=place.driver)
    lab = control.require(place.state, place.made.plan.name)
    if lab.faults:
        raise LabError(
            f"lab {lab.name} is up with faults in force ({lab.faults[0]}). Run: imereti lab heal"
        )
    if report is not None and report.differences:
        first = report.differences[0]
        raise LabError(
            f"lab {lab.name} does not run what was rendered, in {len(report.differences)} lines; "
            f"the first: {first}"
        )
    return round(time.monotonic() - began, 2) if report is not None else 0.0


class _Scenario:
    """One scenario in progress."""

    def __init__(self, bench: Bench, loaded: Loaded) -> None:
        self._bench, self._loaded = bench, loaded
        title = loaded.scenario.title
        self._result = ScenarioResult(loaded.name, title, loaded.where("title"))
        self._had_traffic = bool(process_start(bench.lab.traffic))

    def run(self) -> ScenarioResult:
        """Given, steps, and everything as before; whatever happens, all is mended."""
        bench, result = self._bench, self._result
        bench.start()
        began = time.monotonic()
        try:
            bench.note(f"settled after {bench.settle():.1f} s")
            self._given()
            for number, step in enumerate(self._loaded.scenario.steps):
                self._step(number, step)
        except UnsettledError as error:
            result.add(_inconclusive("the lab", str(error)))
        except ImeretiError as error:
            result.add(Check("action", False, "every action to succeed", str(error)))
        if result.verdict is not Verdict.PASSED:
            self._leave_bundle()
        self._mend()
        result.timeline = bench.timeline
        result.seconds = time.monotonic() - began
        return result

    def _given(self) -> None:
        for fault in self._loaded.scenario.given.faults:
            self._bench.note(f"given: {fault.kind} {fault.target}")
            self._inject(fault.kind, fault.target, fault.parameters)

    def _inject(self, kind: str, target: str, given: dict[str, object]) -> None:
        faults.inject(self._bench.state, self._bench.lab, kind, target, given)

    def _step(self, number: int, step: Step) -> None:
        bench = self._bench
        said = step.name or _said(step)
        bench.note(f"step {number + 1}: {said}")
        probes = _measured_ways(bench, step)
        if probes:
            bench.pinging.start(probes)
            if not bench.wait_steady(STEADY_S / 2, step.within_s):
                bench.pinging.stop()
                raise UnsettledError(f"step {number + 1}: pings were not answered before it")
        self._act(step)
        measured = self._measure(step) if probes else None
        for wanted in step.expect:
            checks = evaluate(bench, wanted, step.within_s, measured)
            for check in checks if isinstance(checks, list) else [checks]:
                bench.note(f"{'ok' if check.ok else 'NOT ok'}: {check.name}: {check.found}")
                self._result.add(check)

    def _measure(self, step: Step) -> Measured:
        self._bench.pinging.mark()
        self._bench.wait_steady(STEADY_S, step.within_s)
        measured = self._bench.pinging.stop()
        self._bench.late_s = max(self._bench.late_s, measured.late_s)
        if worst := measured.worst:
            self._result.outage_s = max(self._result.outage_s or 0.0, round(worst.outage_s, 3))
            lost = sum(way.lost for way in measured.ways)
            self._result.measured.append(
                f"outage {worst.outage_s * 1000:.0f} ms, {lost} pings lost"
            )
        return measured

    def _act(self, step: Step) -> None:
        bench = self._bench
        if step.fault is not None:
            for turn in range(step.repeat):
                self._inject(step.fault.kind, step.fault.target, step.fault.parameters)
                if turn + 1 < step.repeat:
                    faults.heal(bench.state, bench.lab, step.fault.target)
        if step.heal is not None:
            faults.heal(bench.state, bench.lab, None if step.heal == "all" else step.heal)
        if step.traffic is not None:
            self._send(step.traffic)
        if step.sweep is not None:
            self._sweep(step.sweep)
        self._act_outside(step)

    def _act_outside(self, step: Step) -> None:
        outside = self._bench.outside
        if step.change is not None:
            self._bench.note(outside.change(step.change))
        if step.watch is not None:
            outside.watch(step.watch)
        if step.clock is not None:
            outside.step_clock(step.clock)

    def _send(self, wanted: tuple[Flows, ...] | bool) -> None:
        bench = self._bench
        if wanted is False:
            control.stop_traffic(bench.state, bench.lab)
            return
        matrix = [
            Flow(source.node, target.addresses(flows.family)[0], flows.kbps * 1000, None)
            for flows in (wanted if isinstance(wanted, tuple) else ())
            for source in bench.endpoints.named(flows.source)
            for target in bench.endpoints.named(flows.to)
            if source.node != target.node
        ]
        control.start_traffic(bench.state, bench.lab, matrix)

    def _sweep(self, wanted: Sweep) -> None:
        result = self._result
        for row, check in sweep(self._bench, wanted):
            result.outages.append(row)
            result.add(check)
        rows = result.outages
        longest = max((row.outage_ms or 0 for row in rows), default=0)
        outside = max((row.outside_ms or 0 for row in rows), default=0)
        result.outage_s = max(result.outage_s or 0.0, longest / 1000)
        result.measured = [
            f"{len(rows)} faults, longest outage {longest} ms, to the Internet {outside} ms"
        ]

    def _mend(self) -> None:
        """All faults away, all that was started stopped, and the lab as the model says."""
        bench, result = self._bench, self._result
        try:
            bench.outside.watch(False)
            self._traffic_as_before()
            if bench.lab.faults:
                faults.heal(bench.state, bench.lab, None)
            bench.outside.restore()
            bench.note(f"as before after {bench.settle():.1f} s")
        except UnsettledError as error:
            bench.note(str(error))
            if result.verdict is Verdict.PASSED:
                result.add(Check("recovery", False, "everything up again", str(error)))
        except ImeretiError as error:
            bench.note(str(error))
            result.add(Check("mending", False, "everything to be mended", str(error)))

    def _traffic_as_before(self) -> None:
        bench = self._bench
        if not any(step.traffic is not None for step in self._loaded.scenario.steps):
            return
        control.stop_traffic(bench.state, bench.lab)
        if self._had_traffic:
            control.start_traffic(bench.state, bench.lab)

    def _leave_bundle(self) -> None:
        try:
            self._result.bundle = write_bundle(self._bench, self._result)
        except (ImeretiError, OSError) as error:  # the verdict stands without it
            self._bench.note(f"no bundle: {error}")


def _inconclusive(name: str, found: str) -> Check:
    return Check(name, False, "a settled lab", found, inconclusive=True)


def _said(step: Step) -> str:
    if step.fault is not None:
        return f"{step.fault.kind} {step.fault.target}"
    if step.heal is not None:
        return f"heal {step.heal}"
    if step.sweep is not None:
        return f"sweep: {step.sweep.what}"
    for name in ("change", "traffic", "watch", "clock"):
        if getattr(step, name) is not None:
            return name
    return "look"


def _measured_ways(bench: Bench, step: Step) -> list[Probe]:
    found: dict[Probe, None] = {}
    for wanted in step.expect:
        for part in (wanted.outage, wanted.loss):
            if isinstance(part, Outage | Loss):
                found |= dict.fromkeys(ways(bench, part))
    return list(found)
