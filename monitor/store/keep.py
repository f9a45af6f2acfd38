"""What a store has to do now and then: move finished blocks on, forget what is too old."""

from collections.abc import Callable

from inventory.settings import StoreSettings
from monitor.store.base import Store
from monitor.store.sqlite import SqliteStore
from monitor.store.sqlite_samples import RAW_DAYS

DAY_S = 86_400.0
PRUNE_S = 3600.0


def chores_of(store: Store, settings: StoreSettings) -> Callable[[float], None]:
    """A function of the Unix time that does what is due. StoreError."""
    pruned_at = 0.0

    def chores(now: float) -> None:
        nonlocal pruned_at
        if isinstance(store, SqliteStore):
            store.compact(now)
        if now - pruned_at >= PRUNE_S:
            pruned_at = now
            before = now - settings.retention_days * DAY_S
            if isinstance(store, SqliteStore):
                store.prune(before, now - RAW_DAYS * DAY_S)
            else:
                store.prune(before)

    return chores
