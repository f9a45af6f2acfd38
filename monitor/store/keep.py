"""What a store has to do now and then: move finished blocks on, forget what is too old."""

from collections.abc import Callable
from functools import partial

from inventory.settings import StoreSettings
from monitor.store.base import Store
from monitor.store.influx_samples import InfluxSamples
from monitor.store.sqlite import SqliteStore
from monitor.store.sqlite_samples import RAW_DAYS

DAY_S = 86_400.0
PRUNE_S = 3600.0
TASKS_FIRST_S = 180.0
"""The tasks of InfluxDB have so long to sum up a block; then it is done for them."""
BUDGET_S = 1.0
"""Summing up what came late is done in pieces, so that new samples don't wait for it."""


def chores_of(store: Store, settings: StoreSettings) -> Callable[[float], bool]:
    """A function of the Unix time that does what is due; whether there is more to do at once.

    StoreError.
    """
    if isinstance(store, SqliteStore):
        return _chores_of_sqlite(store, settings)
    if isinstance(store, InfluxSamples):
        return partial(_chores_of_influx, store)
    return lambda _: False


def _chores_of_sqlite(store: SqliteStore, settings: StoreSettings) -> Callable[[float], bool]:
    pruned_at = 0.0

    def chores(now: float) -> bool:
        nonlocal pruned_at
        store.compact(now)
        if now - pruned_at >= PRUNE_S:
            pruned_at = now
            store.prune(now - settings.retention_days * DAY_S, now - RAW_DAYS * DAY_S)
        return False

    return chores


def _chores_of_influx(store: InfluxSamples, now: float) -> bool:
    """What its tasks did not do; it forgets by itself."""
    store.compact(now - TASKS_FIRST_S, BUDGET_S)
    return store.behind
