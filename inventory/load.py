"""Files -> Network, or every problem in them at once."""

from pathlib import Path

from inventory.build import build_network
from inventory.draft import Draft
from inventory.errors import InventoryError
from inventory.hosts import check_hosts
from inventory.model import Network
from inventory.numbers import check_numbers
from inventory.placement import Place, place_lans
from inventory.read import read_draft
from inventory.references import check_references
from inventory.rules import check_rules
from inventory.wiring import check_wiring


def load_network(folder: Path) -> Network:
    """The network that the files in `folder` describe; InventoryError with every problem."""
    return load_with_draft(folder)[1]


def load_with_draft(folder: Path) -> tuple[Draft, Network]:
    """The same, with the files as typed beside it: Nornir's groups stand only there."""
    draft, places = examine(folder)
    return draft, network_of(draft, places)


def examine(folder: Path) -> tuple[Draft, dict[str, Place]]:
    """Read and check everything; what is wrong stands in the draft's `problems`, sorted."""
    draft = read_draft(folder)
    check_references(draft)
    check_numbers(draft)
    check_hosts(draft)
    places = place_lans(draft)
    check_wiring(draft, places)
    check_rules(draft)
    draft.problems = sorted(set(draft.problems))
    return draft, places


def network_of(draft: Draft, places: dict[str, Place]) -> Network:
    """The network of an examined draft; InventoryError when it has problems."""
    if draft.problems:
        raise InventoryError(tuple(draft.problems))
    return build_network(draft, places)
