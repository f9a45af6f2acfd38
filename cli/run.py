"""`imereti run`: playbooks, always through plan and apply."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import Context, exit_status, report_error
from cli.progress import progress
from cli.provision import NoTimer, Timer, Yes, apply_options, plan_and_apply
from cli.selection import Chosen, takes_selection
from cli.shown import print_table
from cli.workplace import changeable, forget_host_key, renderer_of, workplace
from inventory.errors import ImeretiError
from inventory.model import Device, Network

if TYPE_CHECKING:
    from nornir_tasks.apply import ApplyOptions
    from nornir_tasks.play import Play
    from nornir_tasks.session import Files
    from nornir_tasks.work import Work

Name = Annotated[str, typer.Argument(metavar="[PLAYBOOK]", help="See --list.")]
Words = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")]
ListAll = Annotated[bool, typer.Option("--list", help="Show every playbook.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("run")(run)


@dataclass
class _Told:
    """What the steps of a playbook answered: with --json, one document at its end."""

    playbook: str
    applies: list[Any] = field(default_factory=list)
    verifications: list[Any] = field(default_factory=list)

    def document(self, *, ok: bool) -> dict[str, Any]:
        """Each apply as `imereti apply --json` has it, each verification likewise."""
        return {
            "ok": ok,
            "playbook": self.playbook,
            "applies": self.applies,
            "verifications": self.verifications,
        }


@takes_selection
def run(
    ctx: typer.Context,
    chosen: Chosen,
    name: Name = "",
    words: Words = None,
    list_all: ListAll = False,
    yes: Yes = False,
    no_revert_timer: NoTimer = False,
    confirm_within: Timer = None,
) -> None:
    """Run a playbook: drain a circuit, replace a device, onboard a site, and more.

    Exit status: as apply. With --json the applies of all its steps are one document.
    """
    from nornir_tasks.play import parsed_arguments, playbook

    context: Context = ctx.obj
    if list_all or not name:
        _list(context)
        return
    module = playbook(name)
    arguments = parsed_arguments(module, words or [])
    names = changeable(chosen.devices(context, context.live))
    options = apply_options(context, confirm_within, without_timer=no_revert_timer)
    told = _Told(name)
    with workplace(context) as work:
        play = _play(context, work, names, arguments, options, told, yes=yes)
        code = _ending(context, module, play, told)
    raise typer.Exit(code)


def _ending(context: Context, module: ModuleType, play: "Play", told: _Told) -> int:
    """Run the playbook to its end, and answer; the steps before an error are told, too."""
    from nornir_tasks.play import PlayStopped

    code = 0
    try:
        module.run(play)
    except PlayStopped as stopped:
        code = stopped.exit_code
    except ImeretiError as error:
        if not context.as_json:
            raise
        report_error(error, as_json=True, also=told.document(ok=False))
        return exit_status(error)
    except (typer.Abort, KeyboardInterrupt):
        if context.as_json:
            context.answer(told.document(ok=False))
        raise
    if context.as_json:
        context.answer(told.document(ok=code == 0))
    return code


def _play(
    context: Context,
    work: "Work",
    devices: tuple[str, ...],
    arguments: dict[str, str],
    options: "ApplyOptions",
    told: _Told,
    *,
    yes: bool,
) -> "Play":
    from nornir_tasks.change_inventory import InventoryEdit
    from nornir_tasks.play import Play
    from nornir_tasks.verify import verify

    def apply_network(network: Network, names: tuple[str, ...], together: bool) -> int:
        with workplace(context, network) as other:
            here = replace(options, together=together)
            answer = told.applies.append
            return plan_and_apply(context, other, names, here, yes=yes, answer=answer)

    def verify_devices(names: tuple[str, ...]) -> int:
        with progress(context, "asking", len(names)) as tell:
            verdict = verify(work, names, tell)
        told.verifications.append(verdict.document())
        for result in () if context.as_json else verdict.broken:
            typer.echo(result)
        return 1 if verdict.broken else 0

    def day_zero(device: Device) -> "Files":
        rendered = renderer_of(context, context.live).render(device)
        return {name: context.secrets.fill(text) for name, text in rendered.items()}

    def answers(name: str) -> bool:
        outcome = work.fleet.run_afresh(lambda session: session.device.name, [name])[name]
        return not isinstance(outcome, ImeretiError)

    return Play(
        network=context.live,
        devices=devices,
        arguments=arguments,
        say=context.say,
        apply_network=apply_network,
        verify_devices=verify_devices,
        day_zero=day_zero,
        forget_host_key=lambda name: forget_host_key(context, context.live.devices[name]),
        answers=answers,
        applied_lines=work.backups.applied_lines,
        inventory=InventoryEdit(context.settings.paths.inventory, _loader(context)),
        sleep=time.sleep,
        clock=time.monotonic,
    )


def _loader(context: Context) -> "Callable[[Path], Network]":
    def load(folder: Path) -> Network:
        from inventory.load import load_network
        from inventory.view import virtual

        network = load_network(folder)
        return virtual(network, context.lab.management) if context.lab else network

    return load


def _list(context: Context) -> None:
    from nornir_tasks.play import all_playbooks

    found = all_playbooks()
    if context.as_json:
        context.answer(
            [
                {"name": name, "summary": _summary(module), "parameters": module.PARAMETERS}
                for name, module in found.items()
            ]
        )
        return
    rows: list[tuple[str, str, str]] = []
    for name, module in found.items():
        rows.append((name, "", _summary(module)))
        rows += [("", f"{key}=", meaning) for key, meaning in module.PARAMETERS.items()]
    print_table(("playbook", "parameter", "does"), rows)


def _summary(module: object) -> str:
    return (module.__doc__ or "").strip().splitlines()[0]
