"""`imereti lab fault` and `imereti lab heal`: break the virtual network, and mend it."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.context import Context
from inventory.errors import COMMAND_LINE, Problem, UsageError
from inventory.nearest import nearest

if TYPE_CHECKING:
    from lab.state import LabState


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the group `lab`."""
    app.command("fault")(fault)
    app.command("heal")(heal)


def fault(
    ctx: typer.Context,
    kind: Annotated[
        str | None,
        typer.Argument(help="cut, blackhole, loss, delay, power-off, ...; see --list."),
    ] = None,
    target: Annotated[
        str | None, typer.Argument(help="A link, a device, a LAN or an external peer.")
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="percent=30, ms=25, ...")
    ] = None,
    *,
    listed: Annotated[
        bool, typer.Option("--list", help="Print the kinds and what each asks for.")
    ] = False,
) -> None:
    """Break something; `lab heal` mends it."""
    from cli.lab import running
    from lab import faults
    from lab.fault_kinds import checked
    from lab.plan_file import load_plan

    context: Context = ctx.obj
    if listed:
        _list(context)
        return
    if kind is None or target is None:
        raise typer.BadParameter("expected KIND and TARGET. Run: imereti lab fault --list")
    given = _given(parameters or [])
    lab = running(context)
    _, wrong = checked(load_plan(lab), kind, target, given)
    if wrong:
        raise UsageError(tuple(Problem(COMMAND_LINE, 0, "", one) for one in wrong))
    made = faults.inject(context.settings.paths.state, lab, kind, target, given)
    if context.as_json:
        document = {"kind": made.kind, "target": made.target, "parameters": dict(made.parameters)}
        context.answer({"ok": True, **document})
    else:
        typer.echo(str(made))


def _given(words: list[str]) -> dict[str, object]:
    given: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            hint = "Run: imereti lab fault --list"
            raise UsageError.of("", f"expected KEY=VALUE, found {word}.", hint)
        given[name] = value
    return given


def _list(context: Context) -> None:
    from cli.shown import print_table
    from lab.fault_kinds import KINDS

    if context.as_json:
        context.answer(
            [
                {
                    "kind": kind.name,
                    "target": kind.target,
                    "means": kind.means,
                    "parameters": [
                        {"name": one.name, "means": one.means, "default": one.default}
                        for one in kind.asks
                    ],
                }
                for kind in KINDS.values()
            ]
        )
        return
    rows = []
    for kind in KINDS.values():
        rows.append((kind.name, kind.target.value, "", kind.means))
        rows += [("", "", f"{one.name}=", _asked(one.means, one.default)) for one in kind.asks]
    print_table(("kind", "of a", "asks for", "what happens"), rows)


def _asked(means: str, default: object) -> str:
    return means if default is None else f"{means} ({default})"


def heal(
    ctx: typer.Context,
    target: Annotated[
        str | None, typer.Argument(help="What was broken; all when left out.")
    ] = None,
) -> None:
    """Mend what `lab fault` broke."""
    from cli.lab import running
    from lab import faults

    context: Context = ctx.obj
    lab = running(context)
    if target is not None:
        _check_target(lab, target)
    healed = faults.heal(context.settings.paths.state, lab, target)
    if context.as_json:
        names = [{"kind": one.kind, "target": one.target} for one in healed]
        context.answer({"ok": True, "healed": names})
    elif healed:
        for one in healed:
            typer.echo(f"healed: {one}")
    else:
        typer.echo("there was no fault")


def _check_target(lab: "LabState", target: str) -> None:
    """UsageError when the lab has nothing of that name that could have been broken."""
    from lab.fault_kinds import Target, targets
    from lab.plan_file import load_plan

    plan = load_plan(lab)
    known = [name for kind in Target for name in targets(plan, kind)]
    if target not in known:
        broken = [fault.target for fault in lab.faults]
        hint = nearest(target, broken) or nearest(target, known) or "Run: imereti lab status"
        raise UsageError.of("TARGET", f"lab {lab.name} has no {target}.", hint)
