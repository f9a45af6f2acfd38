"""The judgement itself, step by step: validate, render, boot, look, apply, look again, compare."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cli.ci_expect import Expected, declared
from cli.ci_explain import broken_promises_of, explained
from cli.ci_facts import inventory_facts, template_facts
from cli.ci_judgement import Judgement
from cli.ci_lab import JudgedLab, same_machine
from cli.ci_place import Place
from cli.ci_revision import base_revision, working_tree
from cli.ci_scenarios import fitting, tried
from cli.ci_scope import touched
from cli.ci_side import Examined, Side, examined, side_of
from cli.ci_texts import CARRIED, RESTARTED, devices_of, differences
from cli.context import Context
from inventory.errors import ImeretiError, LabError, MachineError, RenderError
from lab.behaviour import Difference, compare

if TYPE_CHECKING:
    from lab.behaviour import Behaviour
    from lab.boot import BootReport
    from lab.scenario_files import Loaded


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    base: str
    fast: bool = False
    expected: tuple[Expected, ...] | None = None
    """None without --expect: differences are shown, and fail nothing."""
    scenarios: "tuple[Loaded, ...]" = ()
    """What to try on the new revision."""


class Judge:
    """One judgement, from `start` to its end."""

    def __init__(self, context: Context, where: Place, options: Options) -> None:
        self._context, self._place, self._options = context, where, options
        paths = context.settings.paths
        base = base_revision(options.base, where.folder / "base", paths.inventory, paths.templates)
        new = working_tree(paths.inventory, paths.templates)
        self.found = Judgement(base, new, options.fast)

    def run(self) -> Judgement:
        """Everything that can be found out; what stops it stands in the judgement."""
        sides = self._sides()
        if sides is None:
            return self.found
        old, new = sides
        self.found.texts = differences(old.native, new.native)
        self.found.lab_texts = differences(old.files, new.files)
        only = self._scope(old, new)
        if only is not None and not only:
            self.found.how = "nothing that a router routes or filters by has changed"
            self._declare(())
            return self.found
        lab = JudgedLab(self._context, self._place, only)
        try:
            self._try(lab, old, new)
        except MachineError as error:
            self.found.no_lab = str(error)
        return self.found

    def _sides(self) -> tuple[Side, Side] | None:
        """Both revisions rendered; None when one is not good enough for that."""
        found = self.found
        with self._phase("validate"):
            old, new = examined(found.base), examined(found.new)
        found.problems = tuple(new.draft.problems)
        found.base_problems = tuple(old.draft.problems)
        found.facts = (
            *inventory_facts(old.draft, new.draft),
            *template_facts(found.base.templates, found.new.templates),
        )
        with self._phase("render"):
            base = self._rendered(old, base=True) if old.good else None
            this = self._rendered(new, base=False) if new.good else None
        if found.base_problems and not found.problems:
            found.unsure.append(f"{found.base.name} itself does not validate or render")
        return (base, this) if base is not None and this is not None else None

    def _rendered(self, side: Examined, *, base: bool) -> Side | None:
        try:
            return side_of(side, self._place.management, self._place.folder / "templates")
        except RenderError as error:
            if base:
                self.found.base_problems = error.problems
            else:
                self.found.problems = error.problems
            return None

    def _scope(self, old: Side, new: Side) -> frozenset[str] | None:
        """Devices to boot; None for all, empty when --fast finds nothing to try."""
        if not self._options.fast:
            return None
        texts = self.found.lab_texts
        changed = {*devices_of(texts, CARRIED | RESTARTED), *_recabled(old, new)}
        only = touched(old.view, changed) | touched(new.view, changed)
        self.found.scope = tuple(sorted(only))
        return only

    def _try(self, lab: JudgedLab, old: Side, new: Side) -> None:
        found = self.found
        rebuilt = self._rebuilt(lab, old, new)
        try:
            with self._phase("boot"):
                booted = lab.boot(old)
        except LabError as error:
            found.no_lab = f"{found.base.name} did not boot: {error}"
            return
        found.devices = booted.routers
        self._remark_boot(booted)
        with self._phase("look"):
            before = lab.look(old)
        if not before.settled:
            found.unsure.append(f"{found.base.name} did not settle in the lab")
        if rebuilt:
            found.how = f"booted anew, because {rebuilt}"
        there = self._boot_new(lab, new) if rebuilt else self._apply(lab, new)
        if not there:
            return
        with self._phase("look again"):
            after = lab.look(new)
        self._compare(lab, (old, before), (new, after))
        self._scenarios(lab, new)

    def _rebuilt(self, lab: JudgedLab, old: Side, new: Side) -> str:
        """Why the new revision must be booted instead of applied; empty when it need not."""
        texts = self.found.lab_texts
        if reason := same_machine(lab.plan(old), lab.plan(new)):
            return reason
        if restarted := devices_of(texts, RESTARTED):
            return f"only a start brings the changed files of {', '.join(restarted[:3])} into force"
        other = {one.file for one in texts} - CARRIED
        if other:
            self.found.remarks.append(
                f"{', '.join(sorted(other))} changed too: an apply does not carry these files"
            )
        return ""

    def _apply(self, lab: JudgedLab, new: Side) -> bool:
        """Provision old to new; whether the routers run the new revision then."""
        devices = devices_of(self.found.lab_texts, CARRIED)
        names = [name for name in devices if name in {node.name for node in lab.plan(new).nodes}]
        if not names:
            self.found.how = "the routers' configurations are the same in both revisions"
            lab.adopt(new)
            return True
        try:
            with self._phase("apply"):
                done = lab.apply(new, names)
        except ImeretiError as error:
            self.found.refused = (str(error),)
            return False
        self.found.applied = done
        if done.ok:
            count = f"{len(names)} device{'s' * (len(names) != 1)}"
            self.found.how = f"applied to {count} of the running lab by imereti apply"
            return True
        self.found.how = "provisioning refused it or took it back"
        with self._phase("force"):
            self.found.refused = lab.force(new, names)
        if self.found.refused:
            return False
        self.found.how += "; then loaded all the same, to see what it does"
        return True

    def _boot_new(self, lab: JudgedLab, new: Side) -> bool:
        try:
            with self._phase("boot again"):
                booted = lab.boot(new)
        except LabError as error:
            self.found.refused = (*self.found.refused, str(error))
            return False
        self.found.refused = (*self.found.refused, *map(str, booted.differences))
        return True

    def _remark_boot(self, booted: "BootReport") -> None:
        for problem in (*booted.differences, *booted.missing, *booted.unreachable)[:5]:
            self.found.remarks.append(f"{self.found.base.name} itself: {problem}")

    def _compare(
        self, lab: JudgedLab, before: tuple[Side, "Behaviour"], after: tuple[Side, "Behaviour"]
    ) -> None:
        found = self.found
        if not after[1].settled:
            found.unsure.append(f"{found.new.name} did not settle in the lab")
        with self._phase("compare"):
            found.broken = broken_promises_of(lab, before, after, found.facts)
            found.differences = explained(before, after, found.facts)
        self._declare(compare(before[1], after[1]))

    def _scenarios(self, lab: JudgedLab, new: Side) -> None:
        """Try them, unless it is known already that the network is not as it should be."""
        found, wanted = self.found, self._options.scenarios
        if not wanted:
            return
        taken_back = found.applied is not None and not found.applied.ok
        if found.broken or found.unsure or found.refused or taken_back:
            found.remarks.append("the scenarios were not run: the network is broken already")
            return
        fit, left = fitting(wanted, new, lab.plan(new))
        if left:
            found.remarks.append(f"not in this part of the network: {', '.join(left)}")
        try:
            with self._phase("scenarios"):
                found.scenarios = tried(lab, new, fit)
        except LabError as error:
            found.unsure.append(f"the scenarios could not be run: {error}")

    def _declare(self, differ: tuple[Difference, ...]) -> None:
        if self._options.expected is None:
            return
        found = self.found
        found.declared = fits = declared(self._options.expected, differ)
        found.differences = tuple(
            replace(one, declared=one.difference not in fits.undeclared)
            for one in found.differences
        )

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.found.phases[name] = round(time.monotonic() - began, 1)


def _recabled(old: Side, new: Side) -> set[str]:
    """Ends of the links, and devices, that only one side has or has otherwise."""
    sides = (old.view, new.view)
    links = [{(n, x.a, x.b) for n, x in view.links.items()} for view in sides]
    devices = [set(view.devices) for view in sides]
    ends = {end.device for _, *both in links[0] ^ links[1] for end in both}
    return ends | (devices[0] ^ devices[1])
