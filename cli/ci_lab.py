"""The lab of a judgement: booted from one revision, brought to another by provisioning."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cli.ci_place import Place
from cli.ci_side import Side, restricted
from cli.ci_texts import texts_of
from cli.context import Context
from inventory.errors import ImeretiError

if TYPE_CHECKING:
    from lab.behaviour import Behaviour
    from lab.boot import BootReport
    from lab.plan import LabPlan
    from lab.scenario_run import Place as Ground
    from lab.state import LabState
    from nornir_tasks.apply import ApplyReport
    from nornir_tasks.session import Session

HOPEFUL_S = 15.0
FORCED_TIMER_S = 60
DEAD_MARGIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of bringing the lab from old to new."""

    ok: bool
    document: dict[str, object]
    """As `imereti apply --json` prints it."""
    problems: tuple[str, ...]
    """What a device said, or which checks got worse."""


class JudgedLab:
    """One lab at a time in one place."""

    def __init__(self, context: Context, where: Place, only: frozenset[str] | None) -> None:
        self._context, self._place, self._only = context, where, only
        self._unwatched = False
        """Whether routers were changed and nobody has waited for what comes of it."""

    def boot(self, side: Side) -> "BootReport":
        """The lab of `side`, in place of one that may be up. LabError, MachineError."""
        from lab import control

        self.down()
        made = side.bootable(self._place.name, self._place.management, self._only)
        self._context.say(f"booting {side.revision.name} ({side.revision.commit})")
        report = control.up(
            self._place.state,
            made,
            self._context.say,
            templates=side.revision.templates,
            kind=self._context.settings.lab.driver,
        )
        assert report is not None  # noqa: S101  (nothing else boots in this place)
        return report

    def down(self) -> None:
        """Remove the lab, if any."""
        from lab import control

        control.down(self._place.state, self._place.name)

    @property
    def state(self) -> "LabState":
        """The running lab; LabError when it has gone."""
        from lab import control

        return control.require(self._place.state, self._place.name)

    def look(self, side: Side, hopeful_s: float = HOPEFUL_S) -> "Behaviour":
        """How the lab behaves, once it has settled, by the model of `side`.

        Adjacencies that the model promises are waited for at most `hopeful_s`.
        """
        from lab.behaviour_collect import collect

        self._context.say(f"looking at the behaviour of {side.revision.name}")
        view = restricted(side.view, self._only)
        hold_s = view.region.ospf.dead_s + DEAD_MARGIN_S if self._unwatched else 0.0
        self._unwatched = False
        return collect(self.state, self.plan(side), view, hopeful_s, hold_s)

    def plan(self, side: Side) -> "LabPlan":
        """What `side` promises of the lab."""
        return side.bootable(self._place.name, self._place.management, self._only).plan

    def apply(self, side: Side, devices: Iterable[str]) -> Applied:
        """Plan and apply `side` on `devices`, as `imereti apply` does."""
        from cli.provision import apply_options, planned
        from cli.workplace import new_change_id, workplace
        from nornir_tasks.apply import execute
        from nornir_tasks.plan import FAILED

        names = tuple(sorted(devices))
        self.know_secrets(side)
        context = self.context(side)
        with workplace(context) as whole:
            work = replace(whole, network=restricted(whole.network, self._only))
            made = planned(context, work, names)
            problems = tuple(one.error for one in made.devices if one.state == FAILED)
            if problems:
                return Applied(False, made.document(), problems)
            change = new_change_id()
            owner = f"{work.audit.who}, apply {change}"
            report = execute(work, made, apply_options(context), change, owner)
        if report.exit_code == 0:
            self.adopt(side)
        return Applied(report.exit_code == 0, report.document(), _problems(report))

    def force(self, side: Side, devices: Iterable[str]) -> tuple[str, ...]:
        """Load `side` on `devices` whatever it does to the network; what a device refused.

        For a change that provisioning has taken back: to see what it would have done.
        """
        from cli.workplace import workplace

        self.know_secrets(side)
        self._unwatched = True
        context = self.context(side)
        with workplace(context) as work:

            def step(session: "Session") -> None:
                session.stage(work.filled(session.device.name))
                if session.difference():
                    session.commit(FORCED_TIMER_S, work.audit.who)
                    session.confirm()

            ended = work.fleet.run(step, tuple(sorted(devices)))
        failed = (one for one in ended.values() if isinstance(one, ImeretiError))
        problems = tuple(context.secrets.mask(str(one)) for one in failed)
        if not problems:
            self.adopt(side)
        return problems

    def context(self, side: Side) -> Context:
        """What a command is handed that works on this lab with `side`'s inventory."""
        ours = self._context
        settings, revision = ours.settings, side.revision
        paths = replace(
            settings.paths,
            inventory=revision.inventory,
            templates=revision.templates,
            state=self._place.state,
        )
        lab = replace(settings.lab, name=self._place.name, management=self._place.management)
        made = Context(None, as_json=True, quiet=ours.quiet, verbose=ours.verbose)
        made.settings = replace(settings, paths=paths, target="lab", lab=lab)
        made.network = side.network
        return made

    def ground(self, side: Side) -> "Ground":
        """Where scenarios run: this lab, as it is up."""
        from lab.scenario_run import Place as Ground

        return Ground(
            state=self._place.state,
            made=side.bootable(self._place.name, self._place.management, self._only),
            network=restricted(side.view, self._only),
            templates=side.revision.templates,
            driver=self._context.settings.lab.driver,
        )

    def know_secrets(self, side: Side) -> None:
        """Values for the secrets that only the new revision names."""
        from inventory.secrets import names_in
        from lab.folders import make_secrets, write_private

        file = self.state.secrets_file
        known = dict(self.state.secrets().values)
        wanted = {name for text in texts_of(side.files) for name in names_in(text)}
        if missing := wanted - known.keys():
            fresh = make_secrets(file.with_name("secrets.new"), (), missing).values
            with suppress(FileNotFoundError):
                file.with_name("secrets.new").unlink()
            lines = (f"{name}={value}\n" for name, value in sorted({**known, **fresh}.items()))
            write_private(file, "".join(lines))

    def adopt(self, side: Side) -> None:
        """Journal that the lab is the new revision's, for the scenarios that look there."""
        from lab.plan_file import save_plan
        from lab.state import write_state

        plan = self.plan(side)
        save_plan(self.state.folder, plan)
        write_state(replace(self.state, revision=plan.revision))


def _problems(report: "ApplyReport") -> tuple[str, ...]:
    said = [text for one in report.devices for text in (one.error, *one.checks) if text]
    return tuple(dict.fromkeys(said))


def same_machine(old: "LabPlan", new: "LabPlan") -> str:
    """Why a lab of `old` can't become one of `new` by configuration alone; empty when it can."""
    before, after = ({node.name for node in plan.nodes} for plan in (old, new))
    if before != after:
        names = ", ".join(sorted(before ^ after)[:3])
        return f"the devices are not the same: {names}"
    cables = [{(w.link, w.a, w.b) for w in plan.wires} for plan in (old, new)]
    if cables[0] != cables[1]:
        links = sorted({str(link) for link, _, _ in cables[0] ^ cables[1]})
        return f"the cables are not the same: {', '.join(links[:3])}"
    if old.nodes != new.nodes or old.hosts != new.hosts or old.beyond != new.beyond:
        changed = [a.name for a, b in zip(old.nodes, new.nodes, strict=True) if a != b]
        return f"hosts or switches are set up otherwise: {', '.join(changed[:3]) or 'hosts'}"
    return ""
