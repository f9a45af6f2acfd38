"""`imereti doctor`: what this machine and this configuration lack, and what mends it."""

from dataclasses import asdict

import typer

from cli.checks import check_all
from cli.context import Context
from cli.findings import Finding
from inventory.errors import ImeretiError
from inventory.model import Network
from inventory.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="doctor")(doctor)


def doctor(ctx: typer.Context) -> None:
    """Tell what this machine and this configuration lack, and the command that mends it.

    Exit code 1 when something is missing that nothing works without.
    """
    from inventory.load import load_network

    context: Context = ctx.obj
    settings: Settings | ImeretiError
    network: Network | ImeretiError
    try:
        settings = context.settings
        network = load_network(settings.paths.inventory)  # context.network would write a cache
    except ImeretiError as error:
        network = error
        settings = context.__dict__.get("settings", error)
    findings = check_all(settings, network)
    ok = all(finding.ok for finding in findings if finding.required)
    if context.as_json:
        context.answer({"ok": ok, "checks": [asdict(finding) for finding in findings]})
    else:
        _print_table(findings)
    raise typer.Exit(0 if ok else 1)


def _print_table(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", "what", "found", "what mends it"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        mend = "" if finding.ok else finding.mend
        table.add_row(_word(finding), finding.name, escape(finding.found), escape(mend))
    Console().print(table)
    lacking = sum(not finding.ok and finding.required for finding in findings)
    without = sum(not finding.ok and not finding.required for finding in findings)
    Console(stderr=True).print(
        f"{lacking} to mend, {without} that only some commands need."
        if lacking or without
        else "Nothing is missing."
    )


def _word(finding: Finding) -> str:
    if finding.ok:
        return "[green]ok[/green]"
    return "[red]missing[/red]" if finding.required else "[yellow]without[/yellow]"
