"""`imereti lab export`: the virtual network as a folder for somebody else's machine."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.context import Context
from cli.selection import Filter, Hosts, Links, Platforms, Roles, Sites


class ExportFormat(StrEnum):
    """Whose files `lab export` writes."""

    CONTAINERLAB = "containerlab"


def register(app: typer.Typer) -> None:
    """Add the command to the group `lab`."""
    app.command("export")(export)


def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder.")],
    *,
    format_: Annotated[
        ExportFormat, typer.Option("--format", help="Who deploys it.")
    ] = ExportFormat.CONTAINERLAB,
    site: Sites = None,
    host: Hosts = None,
    role: Roles = None,
    platform: Platforms = None,
    link: Links = None,
    filter_: Filter = "",
) -> None:
    """Write the lab as a folder that `containerlab deploy` boots on any machine with Docker."""
    from cli.lab import chosen_devices, make_bootable
    from lab.clab_export import export as write

    context: Context = ctx.obj
    only = chosen_devices(context, site, host, role, platform, link, filter_)
    written = write(make_bootable(context, only), out)
    if context.as_json:
        context.answer(
            {
                "ok": True,
                "format": format_.value,
                "folder": str(written.folder),
                "topology": str(written.topology),
                "nodes": written.nodes,
                "links": written.links,
                "pings": written.pings,
            }
        )
        return
    typer.echo(f"{written.topology}: {written.nodes} nodes, {written.links} links")
    typer.echo(f"it has secrets of its own; to deploy it: {written.folder}/up")
