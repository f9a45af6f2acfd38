"""SELECTION: the options that choose devices, the same in every command that has them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

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
