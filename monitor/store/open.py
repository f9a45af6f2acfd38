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
    one. StoreError says which file, what is wrong with it and what to do; SecretError that
    InfluxDB's token is missing. Its server is asked nothing yet: it may be away.
    """
    if settings.kind == "influxdb":
        from monitor.store.influx import InfluxStore  # noqa: PLC0415

        if secrets is None:
            raise StoreError("store.kind: influxdb needs the secret that `store.token` names.")
        return InfluxStore(settings, secrets.get(settings.token), write=write)
    from monitor.store.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore.open(settings.path, write=write)
