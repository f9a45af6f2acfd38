"""`imereti store`: the database behind the samples."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.context import Context
from cli.monitor import rfc3339

store_app = typer.Typer(help="The database behind the samples.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(store_app, name="store")


@store_app.command("init")
def init(ctx: typer.Context) -> None:
    """Make the database, or bring its tables up to date; harmless when it is there."""
    from monitor.store.open import open_store

    context: Context = ctx.obj
    settings = context.settings.store
    there = settings.path.exists()
    open_store(settings, write=True).close()
    if context.as_json:
        context.answer({"path": str(settings.path), "made": not there})
    else:
        typer.echo(f"{settings.path}: {'was there, is ready' if there else 'made'}")


@store_app.command("check")
def check(ctx: typer.Context) -> None:
    """Read the whole database and say what is wrong with it; exit status 1 when something is."""
    from monitor.store.open import open_store

    context: Context = ctx.obj
    store = open_store(context.settings.store)
    report = store.check()
    store.close()
    oldest, newest = rfc3339(report.oldest), rfc3339(report.newest)
    if context.as_json:
        context.answer({**asdict(report), "oldest": oldest, "newest": newest})
    else:
        size = f"{report.size_bytes / 1e6:.1f} MB"
        span = f", from {oldest} to {newest}" if report.samples else ""
        typer.echo(f"{context.settings.store.path}: {report.samples} samples{span}, {size}")
        for finding in report.findings:
            typer.echo(finding)
        typer.echo("It is sound." if report.ok else "It is damaged: restore it from a backup.")
    if not report.ok:
        raise typer.Exit(1)


@store_app.command("backup")
def backup(
    ctx: typer.Context,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
) -> None:
    """Copy the database while it is in use."""
    from monitor.store.sqlite import SqliteStore

    context: Context = ctx.obj
    store = SqliteStore.open(context.settings.store.path, write=False)
    store.backup(to)
    store.close()
    size = to.stat().st_size
    if context.as_json:
        context.answer({"path": str(to), "size_bytes": size})
    else:
        typer.echo(f"{to}: {size / 1e6:.1f} MB")
