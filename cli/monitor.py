"""`imereti poll` and `imereti monitor`: watching the network, once or until stopped."""

import asyncio
import signal
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import Context
from cli.selection import Chosen, takes_selection

if TYPE_CHECKING:
    from monitor.oneshot import Round
    from monitor.store.base import LinkStatus, StateEntry


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("poll")(poll)
    app.command("monitor")(monitor)


@takes_selection
def poll(
    ctx: typer.Context,
    chosen: Chosen,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="States alone, without waiting for rates.")
    ] = False,
) -> None:
    """Poll devices now and print their links; rates are means over 4 s.

    Exit status 1 when a device did not answer.
    """
    from monitor.oneshot import poll_once

    context: Context = ctx.obj
    devices = chosen.devices(context, context.live)
    names = {device.name for device in devices}
    context.say(f"asking {len(names)} devices")
    found = asyncio.run(
        poll_once(context.live, context.settings, context.secrets, names, rates=not quick)
    )
    if context.as_json:
        context.answer([link_document(status) for status in found.links])
    else:
        _print(found)
    for device, problem in found.silent:
        context.say(f"{device}: {problem}")
    if found.silent:
        context.say(f"{len(found.silent)} of {len(names)} devices did not answer.")
        raise typer.Exit(1)


def monitor(ctx: typer.Context) -> None:
    """Poll every device into the store until stopped (Ctrl-C or SIGTERM).

    SIGHUP has it read the inventory again, without losing a sample. With --json each change of
    state is a line on stdout.
    """
    from cli.device_asker import device_asker
    from cli.logs import configure_logs
    from cli.prober import probe_sockets
    from cli.store import store_place
    from monitor.generation import Reload
    from monitor.run import run_monitor

    context: Context = ctx.obj
    settings, network, secrets = context.settings, context.live, context.secrets
    configure_logs(settings.log, level=context.log_level)

    def report(entry: "StateEntry") -> None:
        if context.as_json:
            context.answer(state_document(entry))
        else:
            kind, name = entry.subject.kind, entry.subject.id
            reason = f": {entry.reason}" if entry.reason else ""
            context.say(f"{_clock(entry.at)}  {kind} {name} is {entry.state}{reason}")

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        # A context of its own reads everything anew, with the same options.
        reload = Reload(asyncio.Event(), lambda: replace(context).live)
        loop.add_signal_handler(signal.SIGHUP, reload.asked.set)
        store = context.store(write=True)
        try:
            context.say(
                f"watching {len(network.devices)} devices every {settings.poll.interval_s:g} s "
                f"into {store_place(settings.store)}; Ctrl-C ends it"
            )
            await run_monitor(
                settings,
                network,
                store,
                stop,
                secrets=secrets,
                report=report,
                open_socket=probe_sockets(context.lab),
                ask_device=device_asker(context),
                reload=reload,
            )
        finally:
            store.close()

    asyncio.run(run())


def link_document(status: "LinkStatus") -> dict[str, Any]:
    """A link as `poll` and GET /api/v1/links show it."""
    document = asdict(status)
    document["since"], document["as_of"] = rfc3339(status.since), rfc3339(status.as_of)
    return document


def state_document(entry: "StateEntry") -> dict[str, Any]:
    """A change of state as a line of `monitor --json`."""
    return {
        "at": rfc3339(entry.at),
        "kind": entry.subject.kind,
        "id": entry.subject.id,
        "state": entry.state,
        "fault": entry.fault,
        "reason": entry.reason,
    }


def rfc3339(at: float | None) -> str | None:
    """Unix time as RFC 3339 in UTC; None stays None."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rate(bps: float | None) -> str:
    """Bits a second as a person reads them: 12.3 M; a dash for what is not known."""
    if bps is None:
        return "-"
    for unit in ("", "k", "M", "G"):
        if bps < 999.5 or unit == "G":
            break
        bps /= 1000
    return f"{bps:.0f} {unit}".strip() if bps >= 100 or not unit else f"{bps:.1f} {unit}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")


def _print(found: "Round") -> None:
    from cli.shown import print_table

    heads = ("link", "state", "#in b/s", "#out b/s", "#in %", "#out %", "#errors/s")
    rows = []
    for status in found.links:
        errors = [x for x in (status.in_errors_ps, status.out_errors_ps) if x is not None]
        rows.append(
            (
                status.id,
                status.state,
                rate(status.in_bps),
                rate(status.out_bps),
                _percent(status.in_utilisation),
                _percent(status.out_utilisation),
                f"{sum(errors):.1f}" if errors else "-",
                status.quality,
                status.reason,
            )
        )
    print_table((*heads, "quality", "reason"), rows)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.1f}"
