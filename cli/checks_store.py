"""What `imereti doctor` looks at when samples go to InfluxDB, and for tests and the demo on it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cli.findings import Finding
from inventory.errors import MachineError, SecretError, StoreError
from inventory.secrets import load_secrets
from inventory.settings import Settings


def influxdb(settings: Settings) -> Iterator[Finding]:
    """The server that config.yaml names, and the one that tests start."""
    if settings.store.kind == "influxdb":
        yield _named(settings)
    from cli.influxd import find_influxd

    try:
        yield Finding("InfluxDB for tests", True, str(find_influxd()), required=False)
    except MachineError:
        found = "not built yet: tests and `make demo STORE=influxdb` need it"
        yield Finding("InfluxDB for tests", False, found, "scripts/install-influxd", required=False)


def _named(settings: Settings) -> Finding:
    from monitor.store.open import open_store

    file = Path(settings.secrets.file).expanduser() if settings.secrets.file else None
    where = f"{settings.store.url}, bucket {settings.store.bucket}"
    try:
        secrets = load_secrets(file, command=settings.secrets.command)
        with closing(open_store(settings.store, secrets)) as store:
            report = store.check()
    except (SecretError, StoreError) as error:
        return Finding("InfluxDB", False, str(error), "imereti store init")
    found = f"{where}: {report.samples} samples"
    return Finding(
        "InfluxDB", report.ok, "; ".join((found, *report.findings)), "imereti store init"
    )
