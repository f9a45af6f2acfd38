"""What a store has to do now and then: move finished blocks on, forget what is too old."""

from collections.abc import Callable
from functools import partial

from inventory.settings import StoreSettings
from monitor.store.base import Store
from monitor.store.influx_samples import InfluxSamples
from monitor.store.sqlite import SqliteStore
from monitor.store.sqlite_samples import RAW_DAYS

DAY_S = 86_400.0
COMPACT_S, PRUNE_S = 290.0, 3600.0
BUDGET_S = 1.0
"""Summing up what came late is done in pieces, so that new samples don't wait for it."""


def chores_of(store: Store, settings: StoreSettings) -> Callable[[float], bool]:
    """A function of the Unix time that does what is due; whether there is more to do at once.

    To be called every minute: five minutes of InfluxDB are to be summed up before its task looks
    whether they are. StoreError.
    """
    if isinstance(store, SqliteStore):
        return _chores_of_sqlite(store, settings)
    if isinstance(store, InfluxSamples):
        return partial(store.tidy, budget_s=BUDGET_S)
    return lambda _: False


def _chores_of_sqlite(store: SqliteStore, settings: StoreSettings) -> Callable[[float], bool]:
    compacted_at = pruned_at = 0.0

    def chores(now: float) -> bool:
        nonlocal compacted_at, pruned_at
        if abs(now - compacted_at) < COMPACT_S:
            return False
        compacted_at = now
        store.compact(now)
        if now - pruned_at >= PRUNE_S:
            pruned_at = now
            store.prune(now - settings.retention_days * DAY_S, now - RAW_DAYS * DAY_S)
        return False

    return chores
