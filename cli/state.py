"""`imereti verify`, `backup`, `drift`, `rollback` and `history`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.context import Context
from cli.progress import progress
from cli.provision import DryRun, NoTimer, Timer, Yes, apply_options, plan_and_apply
from cli.selection import Chosen, takes_selection
from cli.shown import print_table
from cli.workplace import changeable, person, record_folder, workplace
from inventory.errors import InputError, Problem, UsageError
from inventory.nearest import nearest

Junit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit's XML too.")
]
Every = Annotated[bool, typer.Option("--all", help="Print the checks that hold, too.")]
Revision = Annotated[
    str, typer.Argument(metavar="REVISION", help="Id of an apply, or commit of a backup.")
]
OneChange = Annotated[str, typer.Argument(metavar="[APPLY]", help="Show the steps of this one.")]
Kept = Annotated[bool, typer.Option("--backups", help="Show the backups that can be gone back to.")]
Sealed = Annotated[bool, typer.Option("--verify", help="Check that the log was not tampered with.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (verify, backup, drift, rollback, history):
        app.command(command.__name__)(command)


@takes_selection
def verify(
    ctx: typer.Context,
    chosen: Chosen,
    junit: Junit = None,
    every: Every = False,
) -> None:
    """Hold the devices' operational state against the model. Exit status: 0 all well, 1 not."""
    from nornir_tasks.verify import verify as run

    context: Context = ctx.obj
    names = changeable(chosen.devices(context, context.live))
    with workplace(context) as work, progress(context, "asking", len(names)) as tell:
        verdict = run(work, names, tell)
    if junit is not None:
        _write(junit, verdict.junit())
    if context.as_json:
        context.answer(verdict.document())
    else:
        for result in verdict.results if every else verdict.broken:
            typer.echo(result)
        typer.echo(f"{len(verdict.results)} checks, {len(verdict.broken)} broken")
    raise typer.Exit(1 if verdict.broken else 0)


@takes_selection
def backup(
    ctx: typer.Context,
    chosen: Chosen,
) -> None:
    """Keep the running configurations in a git history, secrets scrubbed."""
    from nornir_tasks.collect import back_up

    context: Context = ctx.obj
    names = changeable(chosen.devices(context, context.live))
    with workplace(context) as work, progress(context, "reading", len(names)) as tell:
        report = back_up(work, names, tell)
    if context.as_json:
        context.answer(report.document())
    else:
        for device, reason in report.failed.items():
            typer.echo(f"{device}: not read: {reason}")
        changed = f": {', '.join(report.saved.changed)}" if report.saved.changed else ""
        typer.echo(f"{len(report.read)} read, {len(report.saved.changed)} changed{changed}")
        if report.saved.commit:
            typer.echo(f"commit {report.saved.commit} in {record_folder(context) / 'backup'}")
    raise typer.Exit(report.exit_code)


@takes_selection
def drift(
    ctx: typer.Context,
    chosen: Chosen,
) -> None:
    """Show devices that no longer run what they should, the lines, and who changed them.

    Exit status: 0 none, 2 some, 1 a device failed.
    """
    from nornir_tasks.collect import drift as run

    context: Context = ctx.obj
    names = changeable(chosen.devices(context, context.live))
    with workplace(context) as work, progress(context, "comparing", len(names)) as tell:
        report = run(work, names, tell)
    if context.as_json:
        context.answer(report.document())
    else:
        for one in report.devices:
            if one.state == "drifted":
                typer.echo(f"{one.device}{f' (last changed: {one.by})' if one.by else ''}")
                typer.echo(f"{one.lines}\n")
            elif one.state == "failed":
                typer.echo(f"{one.device}: {one.error}")
        counts = report.document()
        words = ("drifted", "same", "failed")
        typer.echo(", ".join(f"{counts[word]} {word}" for word in words))
    raise typer.Exit(report.exit_code)


@takes_selection
def rollback(
    ctx: typer.Context,
    chosen: Chosen,
    revision: Revision,
    yes: Yes = False,
    dry_run: DryRun = False,
    no_revert_timer: NoTimer = False,
    confirm_within: Timer = None,
) -> None:
    """Go back to what an apply meant to run, or to what a backup found, through plan and apply."""
    from nornir_tasks.rollback import going_back

    context: Context = ctx.obj
    selection = changeable(chosen.devices(context, context.live))
    with workplace(context) as work:
        back, names = going_back(work, revision, selection)
        options = apply_options(context, confirm_within, without_timer=no_revert_timer)
        code = plan_and_apply(context, back, names, options, yes=yes, dry_run=dry_run)
    raise typer.Exit(code)


def history(
    ctx: typer.Context, change: OneChange = "", sealed: Sealed = False, kept: Kept = False
) -> None:
    """Show past applies, or the steps of one; exit status 1 when --verify finds tampering."""
    from nornir_tasks.audit import read_entries, verify_chain
    from nornir_tasks.history import past_changes, steps_of

    context: Context = ctx.obj
    log = record_folder(context) / "audit.jsonl"
    if sealed:
        problems = verify_chain(log)
        _answer_problems(context, problems)
        raise typer.Exit(1 if problems else 0)
    if kept:
        _show_backups(context)
        return
    entries = tuple(read_entries(log))
    if change:
        steps = steps_of(entries, change)
        if not steps:
            known = [one.change for one in past_changes(entries)]
            hint = nearest(change, known) or "Run: imereti history"
            raise UsageError.of("APPLY", f"no apply is called '{change}'.", hint)
        _show_steps(context, steps)
        return
    changes = past_changes(entries)
    if context.as_json:
        context.answer([one.document() for one in changes])
        return
    if not changes:
        typer.echo("nothing was applied yet")
        return
    rows = [
        (one.change, one.at, one.who, one.revision, len(one.devices), one.result) for one in changes
    ]
    print_table(("apply", "at", "who", "model", "#devices", "result"), rows)


def _show_backups(context: Context) -> None:
    from nornir_tasks.backup import Backups

    rows = Backups(record_folder(context) / "backup", person()).revisions()
    heads = ("commit", "at", "what")
    if context.as_json:
        context.answer([dict(zip(heads, row, strict=True)) for row in rows])
        return
    if not rows:
        typer.echo("nothing was backed up yet. Run: imereti backup")
        return
    print_table(heads, rows)


def _show_steps(context: Context, steps: tuple[Any, ...]) -> None:
    if context.as_json:
        from dataclasses import asdict

        context.answer([asdict(step) for step in steps])
        return
    rows = [(one.at, one.step, one.result, one.device, _told(one.detail)) for one in steps]
    print_table(("at", "step", "result", "device", "detail"), rows)


def _answer_problems(context: Context, problems: tuple[str, ...]) -> None:
    if context.as_json:
        context.answer({"ok": not problems, "problems": list(problems)})
        return
    for problem in problems:
        typer.echo(problem)
    typer.echo("the log is whole" if not problems else f"{len(problems)} problems")


def _told(detail: Mapping[str, Any]) -> str:
    """A step's detail as a person reads it: one thing a line, a difference as it was shown."""
    lines: list[str] = []
    for key, value in detail.items():
        if isinstance(value, Mapping):
            lines.append(f"{key}: {', '.join(f'{k} {v}' for k, v in value.items())}")
        elif isinstance(value, list | tuple):
            lines.append(f"{key}: {', '.join(map(str, value))}")
        elif "\n" in str(value):
            lines += [f"{key}:", str(value)]
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(lines)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"can't be written: {error.strerror}."
        raise InputError((Problem(str(file), 0, "", message),)) from None
