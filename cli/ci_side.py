"""One side of a judgement: a revision read, checked, rendered, and as the lab would run it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from cli.ci_revision import Revision
from cli.ci_texts import rendered
from inventory.draft import Draft
from inventory.model import Network
from inventory.placement import Place
from lab.plan import Files

if TYPE_CHECKING:
    from lab.boot import Bootable


@dataclass(frozen=True, slots=True)
class Examined:
    """A revision's inventory, with its problems."""

    revision: Revision
    draft: Draft
    places: Mapping[str, Place]

    @property
    def good(self) -> bool:
        """Whether it validates."""
        return not self.draft.problems


@dataclass(frozen=True, slots=True)
class Side:
    """A good revision, rendered."""

    revision: Revision
    draft: Draft
    network: Network
    native: Files
    """Device -> file -> text, on its own platform."""
    view: Network
    """As the lab runs it."""
    files: Files
    """The same for the lab."""

    def bootable(
        self, name: str, management: IPv4Network, only: frozenset[str] | None
    ) -> "Bootable":
        """The lab of this side, or of its devices in `only`."""
        from lab.boot import bootable

        kept = None if only is None else only & self.view.devices.keys()
        files = self.files if kept is None else {n: self.files[n] for n in kept}
        return bootable(self.view, files, name, management, kept)


def examined(revision: Revision) -> Examined:
    """Read and check; problems stand in the draft."""
    from inventory.load import examine

    draft, places = examine(revision.inventory)
    return Examined(revision, draft, places)


def side_of(
    found: Examined,
    management: IPv4Network,
    cache: Path,
    taken: Mapping[str, IPv4Address] = MappingProxyType({}),
) -> Side:
    """The rendered side of a good revision; `taken` as for `inventory.view.virtual`.

    RenderError when a template fails.
    """
    from inventory.load import network_of
    from inventory.view import virtual

    network = network_of(found.draft, dict(found.places))
    templates = found.revision.templates
    view = virtual(network, management, taken)
    return Side(
        revision=found.revision,
        draft=found.draft,
        network=network,
        native=rendered(network, templates, cache),
        view=view,
        files=rendered(view, templates, cache),
    )


def restricted(network: Network, only: frozenset[str] | None) -> Network:
    """The network with the devices of a partial lab, and their LANs."""
    if only is None:
        return network
    devices = {name: device for name, device in network.devices.items() if name in only}
    lans = {name: lan for name, lan in network.lans.items() if lan.router in devices}
    return replace(network, devices=MappingProxyType(devices), lans=MappingProxyType(lans))
