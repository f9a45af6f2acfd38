"""What every route is handed."""

from collections.abc import Callable
from dataclasses import dataclass

from api.live import Live
from inventory.model import Network
from inventory.settings import Settings
from monitor.store.base import Store


@dataclass(frozen=True, slots=True)
class Showing:
    """One server: the model, the store, what is known now, and the clock (Unix seconds)."""

    settings: Settings
    network: Network
    store: Store
    live: Live
    clock: Callable[[], float]
