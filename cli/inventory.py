"""`imereti validate` and `imereti show`: the inventory judged, and printed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cli.context import Context
from inventory.ifnames import to_if_name
from inventory.units import format_bandwidth

LINE_WIDTH = 240
Folder = Annotated[
    Path | None, typer.Option("--inventory", help="Folder to read instead.", metavar="DIR")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("validate")(validate)
    show = typer.Typer(help="The model as tables.", no_args_is_help=True)
    for command in (sites, devices, links, addresses, path):
        show.command(command.__name__)(command)
    app.add_typer(show, name="show")


def validate(ctx: typer.Context, inventory: Folder = None) -> None:
    """Check the inventory: schema, cross references, design rules; every error at once."""
    from inventory.load import examine

    context: Context = ctx.obj
    draft, _ = examine(inventory or context.settings.paths.inventory)
    counts = {
        "sites": len(draft.sites),
        "devices": len(draft.devices),
        "links": len(draft.links),
    }
    if context.as_json:
        errors = [problem_row(problem) for problem in draft.problems]
        context.answer({"ok": not errors, **counts, "errors": errors})
    else:
        for problem in draft.problems:
            typer.echo(problem)
        found = ", ".join(f"{count} {what}" for what, count in counts.items())
        errors_found = f"{len(draft.problems)} error{'s' * (len(draft.problems) != 1)}"
        typer.echo(f"{draft.shown_as}: {found}, {errors_found if draft.problems else 'no errors'}")
    if draft.problems:
        raise typer.Exit(1)


def problem_row(problem: Any) -> dict[str, Any]:
    """A Problem in the shape of the JSON contract."""
    return {key: getattr(problem, key) for key in ("file", "line", "key", "message", "hint")}


def sites(ctx: typer.Context) -> None:
    """Every site with its number, role and devices."""
    from inventory.tables import site_rows

    rows = site_rows(ctx.obj.network)
    table = (
        (
            row["code"],
            row["number"],
            row["name"]["en"],
            row["name"]["ka"],
            row["role"],
            row["parent"] or "",
            len(row["devices"]),
            len(row["lans"]),
            f"{row['target']:.2%}",
        )
        for row in rows
    )
    heads = ("code", "#no", "name", "სახელი", "role", "parent", "#devices", "#LANs", "#target")
    _print(ctx.obj, rows, heads, table)


def devices(ctx: typer.Context) -> None:
    """Every device with its role, hardware and management address."""
    from inventory.tables import device_rows

    rows = device_rows(ctx.obj.network)
    keys = ("name", "site", "role", "platform", "hardware", "management")
    _print(ctx.obj, rows, keys, (tuple(row[key] for key in keys) for row in rows))


def links(ctx: typer.Context) -> None:
    """Every link with its two ends."""
    from inventory.tables import link_rows

    rows = link_rows(ctx.obj.network)
    table = (
        (
            row["id"],
            row["role"],
            f"{row['a']['device']} {to_if_name(row['a']['interface'])}",
            f"{row['b']['device']} {to_if_name(row['b']['interface'])}",
            row["medium"],
            format_bandwidth(row["bandwidth_bps"]),
            row["cost"] or "",
            row["provider"],
            row["circuit_id"],
            f"{row['target']:.2%}",
        )
        for row in rows
    )
    heads = ("id", "role", "a", "b", "medium", "#bandwidth", "#cost", "provider", "circuit")
    _print(ctx.obj, rows, (*heads, "#target"), table)


def addresses(ctx: typer.Context) -> None:
    """Every address, by device and interface."""
    from inventory.tables import address_rows

    rows = address_rows(ctx.obj.network)
    keys = ("device", "interface", "kind", "ipv4", "ipv6", "for")
    table = ({**row, "interface": to_if_name(row["interface"])} for row in rows)
    _print(ctx.obj, rows, keys, (tuple(row[key] or "" for key in keys) for row in table))


def path(
    ctx: typer.Context,
    start: Annotated[str, typer.Argument(metavar="A", help="A device, a LAN or a site.")],
    end: Annotated[str, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """The path from A to B that the modelled costs give, with no fault anywhere."""
    from inventory.tables import path_between, path_rows

    context: Context = ctx.obj
    found = path_between(context.network, start, end)
    rows = path_rows(context.network, found)
    if context.as_json:
        answer = {"from": found.source, "to": found.target, "cost": found.cost}
        context.answer({**answer, "equal_paths": found.equals, "hops": rows})
        return
    keys = ("from", "interface", "link", "role", "to", "cost")
    heads = (*keys[:-1], "#cost")
    table = ({**row, "interface": to_if_name(row["interface"])} for row in rows)
    _print(context, rows, heads, (tuple(row[key] for key in keys) for row in table))
    equals = f", one of {found.equals} equally good" if found.equals > 1 else ""
    typer.echo(f"{found.source} to {found.target}: cost {found.cost}{equals}")


def _print(
    context: Context,
    rows: list[dict[str, Any]],
    heads: Iterable[str],
    table: Iterable[tuple[Any, ...]],
) -> None:
    """One JSON document, or a table; a head that begins with # is a column of numbers."""
    if context.as_json:
        context.answer(rows)
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for head in heads:
        justify: Literal["left", "right"] = "right" if head.startswith("#") else "left"
        shown.add_column(head.lstrip("#"), justify=justify, no_wrap=True)
    for cells in table:
        shown.add_row(*(str(cell) for cell in cells))
    # A row is one line, however long: it can be searched, and a narrow terminal wraps it.
    Console(width=LINE_WIDTH).print(shown)
