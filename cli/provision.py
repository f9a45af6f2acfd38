"""`imereti plan` and `imereti apply`: change devices, and see first what would change."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import Context
from cli.progress import progress
from cli.selection import Chosen, takes_selection
from cli.shown import print_table
from cli.workplace import changeable, new_change_id, workplace
from inventory.errors import ImeretiError

if TYPE_CHECKING:
    from nornir_tasks.apply import ApplyOptions, ApplyReport
    from nornir_tasks.plan import Plan
    from nornir_tasks.work import Work

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only plan.")]
NoTimer = Annotated[
    bool,
    typer.Option("--no-revert-timer", help="Also devices that can't take a change back alone."),
]
Timer = Annotated[
    int | None,
    typer.Option("--confirm-within", metavar="SECONDS", help="Instead of provision.confirm_s."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("plan")(plan)
    app.command("apply")(apply)


@takes_selection
def plan(
    ctx: typer.Context,
    chosen: Chosen,
) -> None:
    """Show what an apply would change, as each device itself computes it.

    Exit status: 0 nothing would change, 2 something would, 1 a device failed.
    """
    context: Context = ctx.obj
    names = changeable(chosen.devices(context, context.live))
    with workplace(context) as work:
        made = planned(context, work, names)
    show_plan(context, made)
    raise typer.Exit(made.exit_code)


@takes_selection
def apply(
    ctx: typer.Context,
    chosen: Chosen,
    yes: Yes = False,
    dry_run: DryRun = False,
    no_revert_timer: NoTimer = False,
    confirm_within: Timer = None,
) -> None:
    """Change devices in batches; what makes the network worse is taken back.

    Exit status: 0 done, 3 something was taken back, 1 a device failed.
    """
    context: Context = ctx.obj
    names = changeable(chosen.devices(context, context.live))
    with workplace(context) as work:
        options = apply_options(context, confirm_within, without_timer=no_revert_timer)
        code = plan_and_apply(context, work, names, options, yes=yes, dry_run=dry_run)
    raise typer.Exit(code)


def planned(context: Context, work: "Work", names: tuple[str, ...]) -> "Plan":
    """The plan of `names`, with a bar while it is made."""
    from nornir_tasks.interrupted import settle_interrupted
    from nornir_tasks.plan import make_plan

    settle_interrupted(work, names)
    with progress(context, "planning", len(names)) as tell:
        return make_plan(work, names, lambda one: tell(one.device))


def plan_and_apply(
    context: Context,
    work: "Work",
    names: tuple[str, ...],
    options: "ApplyOptions",
    *,
    yes: bool,
    dry_run: bool = False,
    answer: Callable[[Any], None] | None = None,
) -> int:
    """Plan, show, ask, apply, print; the exit status. `answer` takes the document of --json."""
    from nornir_tasks.apply import batches_of, execute
    from nornir_tasks.plan import CHANGED

    made = planned(context, work, names)
    changed = made.of_state(CHANGED)
    if dry_run or not changed:
        show_plan(context, made, answer)
        return made.exit_code
    say_diffs(made, context.say)
    order = batches_of(work, made, options)
    for number, batch in enumerate(order, 1):
        canary = " (the canary)" if number == 1 and len(order) > 1 else ""
        context.say(f"batch {number}: {', '.join(batch)}{canary}")
    if not yes:
        _ask(f"Apply to {len(changed)} device{'s' * (len(changed) != 1)}?")
    change_id = new_change_id()
    report = execute(work, made, options, change_id, f"{work.audit.who}, apply {change_id}")
    show_report(context, report, answer)
    return report.exit_code


def apply_options(
    context: Context, confirm_within: int | None = None, *, without_timer: bool = False
) -> "ApplyOptions":
    """From config.yaml, and the command line over it."""
    from nornir_tasks.apply import ApplyOptions

    wanted = context.settings.provision
    return ApplyOptions(
        confirm_s=confirm_within or wanted.confirm_s,
        settle_s=wanted.settle_s,
        hold_s=wanted.hold_s,
        largest_batch=wanted.largest_batch,
        without_timer=without_timer,
    )


def show_plan(context: Context, made: "Plan", answer: Callable[[Any], None] | None = None) -> None:
    """The plan as the answer of a command."""
    if context.as_json:
        (answer or context.answer)(made.document())
        return
    say_diffs(made, typer.echo)
    counts = made.document()
    rows = [
        (one.device, one.state, len(one.diff.splitlines()) or "", one.error)
        for one in made.devices
        if one.state != "unchanged"
    ]
    if rows:
        print_table(("device", "state", "#lines", "error"), rows)
    typer.echo(
        f"{counts['changed']} changed, {counts['unchanged']} unchanged, {counts['failed']} failed"
    )


def say_diffs(made: "Plan", say: Callable[[str], None]) -> None:
    """Each changed device's difference under its name."""
    for one in made.devices:
        if one.diff:
            say(f"{one.device}{f' ({one.note})' if one.note else ''}\n{one.diff}\n")


def show_report(
    context: Context, report: "ApplyReport", answer: Callable[[Any], None] | None = None
) -> None:
    """The end of an apply as the answer of a command."""
    if context.as_json:
        (answer or context.answer)(report.document())
        return
    rows = [
        (one.batch or "", one.device, one.result, one.error)
        for one in sorted(report.devices, key=lambda one: (one.batch or 0, one.device))
        if one.result
    ]
    print_table(("#batch", "device", "result", "error"), rows)
    worse = dict.fromkeys(text for one in report.devices for text in one.checks)
    for text in worse:
        typer.echo(f"worse than before: {text}")
    typer.echo(f"apply {report.change}")


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise ImeretiError(f"{question} Nobody can answer here: repeat with --yes.")
    if not typer.confirm(question, err=True):
        raise typer.Abort
