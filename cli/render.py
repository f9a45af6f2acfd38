"""`imereti render`: the intended configuration of each device, as files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import Context
from cli.selection import Filter, Hosts, Links, Roles, Sites, selected
from inventory.errors import RenderError, UsageError

if TYPE_CHECKING:
    from nornir_tasks.build import Build

AsPlatform = Annotated[
    str,
    typer.Option("--platform", metavar="NAME", help="Render for this platform: frr, cisco_ios."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Instead of paths.build.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("render")(render)


def render(
    ctx: typer.Context,
    *,
    site: Sites = None,
    host: Hosts = None,
    role: Roles = None,
    link: Links = None,
    filter_: Filter = "",
    platform: AsPlatform = "",
    out: Out = None,
) -> None:
    """Write DIR/<device>/<file> for each device; secrets stay placeholders."""
    from nornir_tasks.build import for_platform, write_build
    from nornir_tasks.render import Renderer, check_platform, environment

    context: Context = ctx.obj
    paths = context.settings.paths
    templates = environment(paths.templates, paths.state / "templates")
    network = context.network
    if platform:
        try:
            check_platform(templates, platform)
        except RenderError as error:  # a word of the command line, no mistake in a file
            raise UsageError(error.problems) from None
        network = for_platform(network, platform)
    devices = selected(
        context,
        network=network,
        site=site,
        host=host,
        role=role,
        platform=[platform] if platform else None,
        link=link,
        filter_=filter_,
    )
    renderer = Renderer(network, templates)
    rendered = ((device, renderer.render(device)) for device in devices)
    build = write_build(out or paths.build, rendered, network.devices)
    context.answer(_document(build)) if context.as_json else _tell(build)


def _tell(build: "Build") -> None:
    for device in build.devices:
        for file in device.changed:
            typer.echo(f"{device.device}/{file} written")
        for file in device.removed:
            typer.echo(f"{device.device}/{file} removed")
    for name in build.gone:
        typer.echo(f"{name} removed: the inventory has no such device")
    files = sum(len(device.files) for device in build.devices)
    changed = sum(len(device.changed) for device in build.devices)
    typer.echo(
        f"{build.folder}: {len(build.devices)} devices, {files} files, "
        f"{changed} written, {files - changed} as they were"
    )


def _document(build: "Build") -> dict[str, Any]:
    return {
        "folder": str(build.folder),
        "devices": [
            {
                "device": device.device,
                "platform": device.platform,
                "files": device.files,
                "changed": device.changed,
                "removed": device.removed,
            }
            for device in build.devices
        ],
        "gone": build.gone,
    }
