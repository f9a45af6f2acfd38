"""`imereti lab`: the network as virtual routers on this machine."""

import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import Context
from cli.selection import Filter, Hosts, Links, Platforms, Roles, Sites, selected
from inventory.errors import UsageError
from inventory.nearest import nearest

if TYPE_CHECKING:
    from lab.boot import Bootable, BootReport
    from lab.control import LabStatus
    from lab.state import LabState

MOST_TOLD = 20
"""Problems of a kind that a person is shown after a boot."""

app = typer.Typer(no_args_is_help=True, help="Boot the network as virtual routers, and break it.")


class DriverName(StrEnum):
    """What the lab's routers can run in."""

    NETNS = "netns"
    CONTAINERLAB = "containerlab"


def register(root: typer.Typer) -> None:
    """Add the group `lab`."""
    from cli import lab_export, lab_fault, lab_test

    lab_export.register(app)
    lab_fault.register(app)
    lab_test.register(app)
    root.add_typer(app, name="lab")


@app.command("up")
def up(
    ctx: typer.Context,
    *,
    site: Sites = None,
    host: Hosts = None,
    role: Roles = None,
    platform: Platforms = None,
    link: Links = None,
    filter_: Filter = "",
    driver: Annotated[
        DriverName | None,
        typer.Option("--driver", help="What routers run in; lab.driver when left out."),
    ] = None,
    traffic: Annotated[
        bool, typer.Option("--traffic", help="Send a few Mb/s between the hosts.")
    ] = False,
) -> None:
    """Boot every router, switch and LAN from the rendered configurations; 1 when one fails."""
    from lab import control

    context: Context = ctx.obj
    settings = context.settings
    only = chosen_devices(context, site, host, role, platform, link, filter_)
    made = make_bootable(context, only)
    report = control.up(
        settings.paths.state,
        made,
        context.say,
        templates=settings.paths.templates,
        kind=driver.value if driver else settings.lab.driver,
    )
    lab = control.require(settings.paths.state, settings.lab.name)
    if traffic:
        control.start_traffic(settings.paths.state, lab)
    if report is None:
        context.say(f"lab {lab.name} is up already")
        if context.as_json:
            context.answer({"ok": True, "name": lab.name, "already": True})
        return
    context.answer(_report_document(report)) if context.as_json else _tell_report(report, lab)
    if not report.ok:
        raise typer.Exit(1)


def make_bootable(context: Context, only: frozenset[str] | None = None) -> "Bootable":
    """The lab's plan and files, of all devices or `only` some; here rendering and lab meet."""
    from inventory.view import virtual
    from lab.boot import bootable
    from nornir_tasks.render import Renderer, environment

    settings = context.settings
    network = virtual(context.network, settings.lab.management)
    templates = environment(settings.paths.templates, settings.paths.state / "templates")
    renderer = Renderer(network, templates)
    files = {
        device.name: renderer.render(device)
        for device in network.devices.values()
        if only is None or device.name in only
    }
    return bootable(network, files, settings.lab.name, settings.lab.management, only)


def chosen_devices(
    context: Context,
    site: Sites,
    host: Hosts,
    role: Roles,
    platform: Platforms,
    link: Links,
    filter_: str,
) -> frozenset[str] | None:
    """The selected devices; None without a selection."""
    if not (site or host or role or platform or link or filter_):
        return None
    chosen = selected(
        context, site=site, host=host, role=role, platform=platform, link=link, filter_=filter_
    )
    return frozenset(device.name for device in chosen)


def _report_document(report: "BootReport") -> dict[str, Any]:
    return {
        "ok": report.ok,
        "name": report.name,
        "already": False,
        "routers": report.routers,
        "lans": report.lans,
        "adjacencies": report.adjacencies,
        "pings": report.pairs,
        "reachable_s": report.reachable_s,
        "phases_s": report.phases,
        "missing": [str(one) for one in report.missing],
        "unreachable": [str(one) for one in report.unreachable],
        "differences": [str(one) for one in report.differences],
    }


def _tell_report(report: "BootReport", lab: "LabState") -> None:
    for title, problems in (
        ("configuration", report.differences),
        ("adjacency not up", report.missing),
        ("no answer", report.unreachable),
    ):
        for problem in problems[:MOST_TOLD]:
            typer.echo(f"{title}: {problem}")
        if len(problems) > MOST_TOLD:
            typer.echo(f"{title}: and {len(problems) - MOST_TOLD} more; --json lists all")
    typer.echo(
        f"lab {report.name}: {report.routers} routers, {report.lans} LANs, "
        f"{report.adjacencies - len(report.missing)} of {report.adjacencies} adjacencies, "
        f"every LAN reachable after {report.reachable_s:.1f} s"
        if not report.unreachable
        else f"lab {report.name}: {len(report.unreachable)} of {report.pairs} pings unanswered"
    )
    typer.echo(f"management {lab.management} on interface {lab.interface}; try: imereti lab status")


@app.command("down")
def down(ctx: typer.Context) -> None:
    """Remove the lab, whole or half-made, with all that it left."""
    from lab import control

    context: Context = ctx.obj
    settings = context.settings
    began = time.monotonic()
    existed = control.down(settings.paths.state, settings.lab.name)
    seconds = round(time.monotonic() - began, 2)
    if context.as_json:
        context.answer({"ok": True, "name": settings.lab.name, "existed": existed, "s": seconds})
    elif existed:
        typer.echo(f"lab {settings.lab.name} removed in {seconds} s")
    else:
        typer.echo(f"there is no lab {settings.lab.name}")


@app.command("status")
def status(ctx: typer.Context) -> None:
    """Routers, adjacencies, faults in force, memory; 1 when something is not as modelled."""
    from lab import control

    context: Context = ctx.obj
    found = control.status(running(context))
    context.answer(_status_document(found)) if context.as_json else _tell_status(found)
    if found.missing:
        raise typer.Exit(1)


def running(context: Context) -> "LabState":
    """The lab of config.yaml; LabError when it is not up."""
    from lab import control

    settings = context.settings
    return control.require(settings.paths.state, settings.lab.name)


def _status_document(found: "LabStatus") -> dict[str, Any]:
    lab = found.state
    return {
        "name": lab.name,
        "since": _rfc3339(lab.since),
        "revision": lab.revision,
        "driver": lab.driver,
        "management": str(lab.management),
        "interface": lab.interface,
        "nodes": [
            {"name": n.name, "kind": n.kind, "running": n.running, "address": n.address or None}
            for n in found.nodes
        ],
        "adjacencies": {
            "expected": found.expected,
            "up": found.expected - len(found.missing),
            "missing": [str(one) for one in found.missing],
        },
        "faults": [
            {
                "kind": fault.kind,
                "target": fault.target,
                "parameters": dict(fault.parameters),
                "since": _rfc3339(fault.since),
            }
            for fault in lab.faults
        ],
        "processes": found.processes,
        "memory_bytes": found.memory_bytes,
    }


def _tell_status(found: "LabStatus") -> None:
    lab = found.state
    typer.echo(
        f"lab {lab.name}, up since {_rfc3339(lab.since)}, inventory {lab.revision}, {lab.driver}"
    )
    kinds = dict.fromkeys(node.kind for node in found.nodes)
    for kind in kinds:
        nodes = [node for node in found.nodes if node.kind is kind]
        off = [node.name for node in nodes if not node.running]
        rest = f"; off: {', '.join(off)}" if off else ""
        typer.echo(f"  {kind.value:10} {len(nodes) - len(off)} of {len(nodes)} running{rest}")
    up_now = found.expected - len(found.missing)
    typer.echo(f"  {'adjacency':10} {up_now} of {found.expected} up")
    for adjacency in found.missing:
        typer.echo(f"    not up: {adjacency}")
    for fault in lab.faults:
        typer.echo(f"  {'fault':10} {fault} since {_rfc3339(fault.since)}")
    typer.echo(f"  {'memory':10} {found.memory_bytes / 2**20:.0f} MiB, {found.processes} processes")
    typer.echo(f"  {'management':10} {lab.management} on interface {lab.interface}")


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@app.command("exec", context_settings={"ignore_unknown_options": True})
def execute(
    ctx: typer.Context,
    device: Annotated[str, typer.Argument(help="A device, a LAN's id for its host, a peer's id.")],
    command: Annotated[list[str], typer.Argument(help="After --: the command and its words.")],
) -> None:
    """Run a command inside a router, a switch or a host; the exit code is the command's."""
    from lab import control
    from lab.plan_file import load_plan

    lab = running(ctx.obj)
    known = [node.name for node in load_plan(lab).nodes]
    if device not in known:
        hint = nearest(device, known) or "Run: imereti lab status"
        raise UsageError.of("DEVICE", f"lab {lab.name} has no node {device}.", hint)
    raise typer.Exit(control.execute(lab, device, command))
