"""The InfluxDB 2 server of a demo: a real one, in its folder and with a token of its own."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from cli.demo_place import Steps
from cli.influxd import Influxd, find_influxd
from inventory.secrets import Secrets
from inventory.settings import Settings


@contextmanager
def demo_influxdb(
    settings: Settings, folder: Path, steps: Steps
) -> Iterator[tuple[Settings, Secrets]]:
    """Start it: settings that use it, and its token. MachineError when it is not installed."""
    from monitor.store.influx_http import InfluxServer
    from monitor.store.influx_setup import set_up

    server = Influxd(find_influxd(), folder / "influxd")
    server.start()
    try:
        wanted = replace(settings.store, kind="influxdb", url=server.url)
        token = secrets.token_urlsafe(24)
        with closing(InfluxServer(wanted, token)) as client:
            set_up(client, token)
        steps.done(f"InfluxDB 2 started and set up, at {server.url}")
        known = Secrets({wanted.token: token}, "nowhere: the demo makes its own")
        yield replace(settings, store=wanted), known
    finally:
        server.stop()
