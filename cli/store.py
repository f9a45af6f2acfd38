"""`imereti store`: the database behind the samples."""

import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.context import Context
from cli.monitor import rfc3339
from cli.store_kind import Kind
from inventory.errors import StoreError
from inventory.settings import StoreSettings

if TYPE_CHECKING:
    from monitor.store.base import StoreReport
    from monitor.store.copy import Copied
    from monitor.store.history import History

store_app = typer.Typer(help="The database behind the samples.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(store_app, name="store")


@store_app.command("init")
def init(ctx: typer.Context) -> None:
    """Make the database, or bring it up to date; harmless when it is there.

    With InfluxDB: buckets, their retention and the tasks that sum up; a fresh server is set up
    with the organisation and the token of config.yaml.
    """
    context: Context = ctx.obj
    settings = context.settings.store
    there = settings.path.exists()
    context.store(write=True).close()
    done = [] if there else [f"{settings.path} made"]
    if settings.kind == "influxdb":
        from monitor.store.influx_http import InfluxServer
        from monitor.store.influx_setup import set_up

        token = context.configured_secrets().get(settings.token)
        with closing(InfluxServer(settings, token)) as server:
            done += set_up(server, token)
    if context.as_json:
        context.answer({"path": store_place(settings), "made": bool(done), "done": done})
        return
    for line in done:
        typer.echo(line)
    typer.echo(f"{store_place(settings)}: {'is ready' if done else 'was there, is ready'}")


@store_app.command("check")
def check(ctx: typer.Context) -> None:
    """Look the whole database over and say what is wrong; exit status 1 when something is."""
    context: Context = ctx.obj
    settings = context.settings.store
    with closing(context.store()) as store:
        report = store.check()
    document = asdict(report) | {"oldest": rfc3339(report.oldest), "newest": rfc3339(report.newest)}
    waiting = _waiting(settings)
    if context.as_json:
        context.answer(document | {"waiting_bytes": waiting})
    else:
        _print_report(settings, report, waiting)
    if not report.ok:
        raise typer.Exit(1)


@store_app.command("backup")
def backup(
    ctx: typer.Context,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
) -> None:
    """Copy the SQLite database while it is in use.

    With InfluxDB that are states, incidents and maintenance; samples are for `influx backup`, or
    for `imereti store copy influxdb sqlite`.
    """
    from monitor.store.sqlite import SqliteStore

    context: Context = ctx.obj
    with closing(SqliteStore.open(context.settings.store.path, write=False)) as store:
        store.backup(to)
    size = to.stat().st_size
    if context.as_json:
        context.answer({"path": str(to), "size_bytes": size})
        return
    typer.echo(f"{to}: {size / 1e6:.1f} MB")
    if context.settings.store.kind == "influxdb":
        context.say("Samples are in InfluxDB and not in it: use `influx backup` for them.")


@store_app.command("copy")
def copy(
    ctx: typer.Context,
    source: Annotated[Kind, typer.Argument(metavar="FROM", help="sqlite or influxdb.")],
    target: Annotated[Kind, typer.Argument(metavar="TO", help="The other one.")],
) -> None:
    """Copy the history of samples from one store of config.yaml to the other.

    Either may be in use. Stopped, it goes on where it was; at the end both are counted. Exit
    status 1 when the target lacks something.
    """
    context: Context = ctx.obj
    if source is target:
        raise StoreError("expected two different stores: imereti store copy sqlite influxdb")
    from monitor.rejects import Rejects
    from monitor.run import REJECTS
    from monitor.store.copy import copy_history

    settings = context.settings.store
    mark = settings.path.with_name(f"{settings.path.name}.copy-{source}-{target}")
    with (
        closing(context.store(kind=str(source))) as taken_from,
        closing(context.store(kind=str(target), write=True)) as put_to,
    ):
        done = copy_history(
            cast("History", taken_from),
            cast("History", put_to),
            mark,
            Rejects(settings.spool_folder / REJECTS),
            now=time.time(),
            say=context.say,
        )
    _tell_copied(context, done)
    if done is not None and not done.complete:
        raise typer.Exit(1)


def store_place(settings: StoreSettings) -> str:
    """Where samples are, for a person."""
    if settings.kind == "influxdb":
        return f"{settings.url}, bucket {settings.bucket}"
    return str(settings.path)


def _tell_copied(context: Context, done: "Copied | None") -> None:
    if done is None:
        typer.echo("null" if context.as_json else "There is nothing to copy.")
        return
    span = {"start": rfc3339(done.start), "end": rfc3339(done.end), "complete": done.complete}
    if context.as_json:
        context.answer(asdict(done) | span)
        return
    typer.echo(
        f"{done.samples} samples and {done.rows} five-minute sums from {span['start']} to "
        f"{span['end']}; the target has {done.samples_there} and {done.rows_there} of that time."
    )
    if done.rejected:
        typer.echo(f"{done.rejected} samples were refused; they are in the file of rejects.")
    if not done.complete:
        typer.echo("It lacks some. Run the same command again.")


def _waiting(settings: StoreSettings) -> int:
    """Bytes in the spool."""
    from monitor.spool import Spool
    from monitor.spool_events import EventsSpool
    from monitor.spool_states import StatesSpool

    folder = settings.spool_folder
    files = [*folder.glob(f"*.{Spool.what}")]
    for what in (StatesSpool.what, EventsSpool.what):
        files += folder.glob(f"{what}/*.{what}")
    return sum(file.stat().st_size for file in files)


def _print_report(settings: StoreSettings, report: "StoreReport", waiting: int) -> None:
    size = f", {report.size_bytes / 1e6:.1f} MB" if report.size_bytes else ""
    oldest, newest = rfc3339(report.oldest), rfc3339(report.newest)
    span = f", from {oldest} to {newest}" if report.samples else ""
    typer.echo(f"{store_place(settings)}: {report.samples} samples{span}{size}")
    for finding in report.findings:
        typer.echo(finding)
    if waiting:
        typer.echo(f"{settings.spool_folder}: {waiting / 1e6:.1f} MB wait for it.")
    if report.ok:
        typer.echo("It is sound.")
    elif settings.kind == "sqlite":
        typer.echo("It is damaged: restore it from a backup.")
