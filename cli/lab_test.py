"""`imereti lab test`: the declared scenarios, on real routers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.context import EXIT_USAGE, Context, report_error
from inventory.errors import ImeretiError, LabError, MachineError

if TYPE_CHECKING:
    from inventory.model import Network
    from lab.scenario_files import Loaded
    from lab.scenario_report import RunResult, ScenarioResult
    from lab.scenario_run import Place

SCENARIOS = Path("tests/lab")


def register(app: typer.Typer) -> None:
    """Add the command of this module to the group `lab`."""
    app.command("test")(run_scenarios)


def run_scenarios(
    ctx: typer.Context,
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SCENARIO]...", help="Names, or files; all when left out."),
    ] = None,
    *,
    folder: Annotated[
        Path, typer.Option("--scenarios", metavar="DIR", help="Where the scenarios are.")
    ] = SCENARIOS,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit file.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--table", metavar="FILE", help="Write the table of outages.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Print them, run nothing.")] = False,
    settle: Annotated[
        float,
        typer.Option(
            "--settle", metavar="SECONDS", min=1, help="How long the lab may take to settle."
        ),
    ] = 60.0,
) -> None:
    """Run scenarios in the lab; boots one when none is up, and leaves what it found.

    Exit status: 0 all promises hold, 1 one is broken, 2 inconclusive (the lab did not converge, or
    the machine was too busy), 3 the lab could not be set up, 64 a scenario file is wrong.
    """
    from lab.scenario_files import ScenarioError
    from lab.scenario_report import EXIT_NO_LAB
    from lab.scenario_report import junit as junit_text

    context: Context = ctx.obj
    try:
        chosen, place = _prepared(context, _folder(context, folder), scenarios or [], settle)
    except ScenarioError as error:
        report_error(error, as_json=context.as_json)
        raise typer.Exit(EXIT_USAGE) from None
    if listed:
        _list(context, chosen)
        return
    try:
        run = _run(context, chosen, place, table)
    except (LabError, MachineError) as error:
        context.say(str(error))
        if context.as_json:
            context.answer({"passed": 0, "failed": 0, "error": str(error), "scenarios": []})
        raise typer.Exit(EXIT_NO_LAB) from None
    if junit is not None:
        _write(junit, junit_text(run))
    if context.as_json:
        context.answer(run.document())
    else:
        _tell_end(run)
    raise typer.Exit(run.exit_code)


def _folder(context: Context, folder: Path) -> Path:
    """As given, or beside config.yaml when the current folder has no such one."""
    beside = context.settings.paths.templates.parent / folder
    return folder if folder.is_dir() or not beside.is_dir() else beside


def _prepared(
    context: Context, folder: Path, names: list[str], settle_s: float
) -> "tuple[tuple[Loaded, ...], Place]":
    """Scenarios and the place to run them in; InputError with all that is wrong in them."""
    from cli.lab import make_bootable
    from inventory.view import virtual
    from lab.scenario_check import check_names
    from lab.scenario_files import find, load
    from lab.scenario_run import Place

    settings = context.settings
    loaded = load(find(folder, names))
    region = context.network.region.code
    if not names:
        loaded = tuple(one for one in loaded if one.scenario.given.region in {None, region})
    view = virtual(context.network, settings.lab.management)
    made = make_bootable(context, _needed(loaded, view))
    check_names(loaded, view, made.plan)
    return loaded, Place(
        state=settings.paths.state,
        made=made,
        network=view,
        templates=settings.paths.templates,
        settle_s=settle_s,
        driver=settings.lab.driver,
    )


def _needed(loaded: "tuple[Loaded, ...]", view: "Network") -> frozenset[str] | None:
    """Devices that all scenarios together need; None: all of them."""
    from inventory.selection import Selection, select

    needed: set[str] = set()
    for one in loaded:
        given = one.scenario.given
        if not (given.site or given.host or given.role):
            return None
        selection = Selection(site=given.site, host=given.host, role=given.role)
        needed |= {device.name for device in select(view, selection)}
    return frozenset(needed)


def _run(
    context: Context, chosen: "tuple[Loaded, ...]", place: "Place", table: Path | None
) -> "RunResult":
    """The run; the table is written anew after each scenario, so that a killed run leaves it."""
    from cli.lab_house import House
    from cli.logs import configure_logs
    from lab.scenario_report import OutageRow, outage_page
    from lab.scenario_run import run

    rows: list[OutageRow] = []
    configure_logs(context.settings.log, level=context.log_level or "warning")

    def tell(done: "ScenarioResult") -> None:
        if not context.as_json:
            _tell(done)
        rows.extend(done.outages)
        if table is not None and rows:
            _write(table, outage_page(rows, context.network.revision, datetime.now(UTC)))

    with House(context) as house:
        return run(chosen, place, house, context.say, tell)


def _tell(done: "ScenarioResult") -> None:
    from lab.scenario_report import failure_lines

    typer.echo(done.line())
    for line in failure_lines(done.failures):
        typer.echo(f"    {line}")
    if done.bundle:
        typer.echo(f"    everything about it: {done.bundle}")


def _tell_end(run: "RunResult") -> None:
    from lab.scenario_report import Verdict

    counts = [f"{run.count(verdict)} {verdict.value}" for verdict in Verdict if run.count(verdict)]
    booted = f"; the lab booted in {run.boot_s:.1f} s" if run.boot_s else ""
    typer.echo(f"{len(run.results)} scenarios: {', '.join(counts)}{booted}")


def _list(context: Context, loaded: "tuple[Loaded, ...]") -> None:
    from cli.shown import print_table

    if context.as_json:
        context.answer([{"name": one.name, "title": one.scenario.title} for one in loaded])
        return
    print_table(("scenario", "what it shows"), [(one.name, one.scenario.title) for one in loaded])


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ImeretiError(f"{file}: can't be written: {error.strerror}.") from None
