"""Which store the settings name."""

from inventory.errors import StoreError
from inventory.secrets import Secrets
from inventory.settings import StoreSettings
from monitor.store.base import Store


def open_store(
    settings: StoreSettings, secrets: Secrets | None = None, *, write: bool = False
) -> Store:
    """The store of `settings`; made when it isn't there and `write` is true.

    A reader (`write` false) may be opened before the first writer: it is then empty until there is
    one. StoreError says which file, what is wrong with it and what to do.
    """
    del secrets  # the token of the other store is one; a file needs none
    if settings.kind == "influxdb":
        raise StoreError(
            "store.kind: influxdb is not available yet. Set `store: {kind: sqlite}` in config.yaml."
        )
    from monitor.store.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore.open(settings.path, write=write)
