"""The two real inventories, read once."""

from pathlib import Path

import pytest

from inventory.load import load_network
from inventory.model import Network

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def network() -> Network:
    """The default network."""
    return load_network(ROOT / "inventory")


@pytest.fixture(scope="session")
def small() -> Network:
    """The other region."""
    return load_network(ROOT / "tests" / "regions" / "small")
