"""SELECTION: the options that choose devices, the same in every command that has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from cli.context import Context
from inventory.model import Device, Network
from inventory.selection import Selection, select, split

if TYPE_CHECKING:
    from nornir.core.inventory import Host

_PANEL = "Selection (names, comma lists, wildcards)"

Sites = Annotated[
    list[str] | None,
    typer.Option("--site", metavar="CODES", help="Devices of these sites.", rich_help_panel=_PANEL),
]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", metavar="NAMES", help="These devices.", rich_help_panel=_PANEL),
]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", metavar="ROLES", help="Devices of these roles.", rich_help_panel=_PANEL),
]
Platforms = Annotated[
    list[str] | None,
    typer.Option(
        "--platform", metavar="NAMES", help="Devices of these platforms.", rich_help_panel=_PANEL
    ),
]
Links = Annotated[
    list[str] | None,
    typer.Option("--link", metavar="IDS", help="Both ends of these links.", rich_help_panel=_PANEL),
]
Filter = Annotated[
    str,
    typer.Option(
        "--filter",
        metavar="EXPR",
        help="A Nornir filter: F(role='core') & ~F(site='kut').",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was typed of SELECTION; an option each."""

    site: Sites = None
    host: Hosts = None
    role: Roles = None
    platform: Platforms = None
    link: Links = None
    filter_: Filter = ""

    def devices(self, context: Context, network: Network) -> tuple[Device, ...]:
        """As `selected`."""
        typed = {one.name: getattr(self, one.name) for one in fields(self)}
        return selected(context, network=network, **typed)


def takes_selection(command: Callable[..., None]) -> Callable[..., None]:
    """A command `(ctx, chosen, ...)` as Typer is to see it: SELECTION's options for `chosen`.

    Typer reads a function's signature, so the options stand there once, in `Chosen`.
    """
    _, _, *own = signature(command, eval_str=True).parameters.values()
    hints = get_type_hints(Chosen, include_extras=True)
    names = [one.name for one in fields(Chosen)]

    @wraps(command)
    def typed(ctx: typer.Context, **given: Any) -> None:
        command(ctx, Chosen(**{name: given.pop(name) for name in names}), **given)

    options = [
        Parameter(one.name, Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name])
        for one in fields(Chosen)
    ]
    own = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in own]
    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    shown = [context, *options, *own]
    typed.__signature__ = Signature(shown)  # type: ignore[attr-defined]
    typed.__annotations__ = {one.name: one.annotation for one in shown}
    return typed


def selected(
    context: Context,
    *,
    network: Network | None = None,
    site: list[str] | None = None,
    host: list[str] | None = None,
    role: list[str] | None = None,
    platform: list[str] | None = None,
    link: list[str] | None = None,
    filter_: str = "",
) -> tuple[Device, ...]:
    """The devices that the options choose from `network` (None: the context's).

    SelectionError when a name fits nothing, or when no device fits all options.
    """
    chosen = network or context.network
    selection = Selection(
        site=split(site),
        host=split(host),
        role=split(role),
        platform=split(platform),
        link=split(link),
        filter=filter_,
    )
    return select(chosen, selection, lambda: _nornir_hosts(context, chosen))


def _nornir_hosts(context: Context, network: Network) -> "Mapping[str, Host]":
    """Nornir's hosts of `network`, with the data that they inherit from their groups."""
    from inventory.load import load_with_draft
    from inventory.nornir_plugin import nornir_inventory

    draft, _ = load_with_draft(context.settings.paths.inventory)
    return nornir_inventory(draft, network).hosts
