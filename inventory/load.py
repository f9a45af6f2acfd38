"""Files -> Network, or every problem in them at once."""

from pathlib import Path

from inventory.build import build_network
from inventory.errors import InventoryError
from inventory.model import Network
from inventory.placement import place_lans
from inventory.read import read_draft


def load_network(folder: Path) -> Network:
    """The network that the files in `folder` describe; InventoryError with every problem."""
    draft = read_draft(folder)
    places = place_lans(draft)
    if draft.problems:
        raise InventoryError(tuple(sorted(set(draft.problems))))
    return build_network(draft, places)
