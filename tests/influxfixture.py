"""A real InfluxDB 2 server for tests: one for all that use it, one each for those that hurt it.

Marked `influx`. The server is built when the first such test is collected (scripts/install-influxd:
minutes, once a machine); where it can't be, these tests are skipped, which fails CI.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from cli.influxd import Influxd, build_influxd
from inventory.errors import MachineError
from inventory.settings import StoreSettings
from monitor.store.influx import InfluxStore
from monitor.store.influx_flux import HOUR_S, Buckets, task_name
from monitor.store.influx_http import InfluxServer
from monitor.store.influx_setup import set_up
from monitor.store.totals import BLOCK_S

TOKEN = "token-of-the-tests"
LONG_DAYS = 3650
"""Tests write samples of years that a real bucket would have forgotten."""


@dataclass
class InfluxUnderTest:
    """One server, and buckets in it."""

    daemon: Influxd
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def settings(self, folder: Path, **other: object) -> StoreSettings:
        """Of a store with buckets of its own, which are not made yet."""
        values: dict[str, object] = {
            "kind": "influxdb",
            "path": folder / "journal.sqlite",
            "url": self.daemon.url,
            "bucket": f"links{next(self.numbers)}",
        }
        return StoreSettings(**{**values, **other})  # type: ignore[arg-type]

    def store(self, folder: Path, **other: object) -> InfluxStore:
        """A writing store whose buckets are made and keep for long."""
        settings = self.settings(folder, **other)
        server = InfluxServer(settings, TOKEN)
        set_up(server, TOKEN, raw_days=LONG_DAYS)
        server.close()
        return InfluxStore(settings, TOKEN, write=True)

    def remove(self, store: InfluxStore) -> None:
        """Its buckets and tasks, so that a hundred tests don't leave a hundred behind."""
        client, buckets = store.server.client, Buckets(store.settings.bucket)
        for block_s in (BLOCK_S, HOUR_S):
            for task in client.tasks_api().find_tasks(name=task_name(buckets, block_s)):
                client.tasks_api().delete_task(task.id)
        for name in (buckets.raw, buckets.blocks, buckets.hours):
            if found := client.buckets_api().find_bucket_by_name(name):
                client.buckets_api().delete_bucket(found)


def influx_lacks(config: pytest.Config) -> str:
    """Why tests marked `influx` can't run here; empty when they can, after building if need be."""
    capture = config.pluginmanager.getplugin("capturemanager")
    try:
        if capture is None:
            build_influxd()
        else:
            with capture.global_and_fixture_disabled():
                build_influxd()
    except MachineError as error:
        return str(error)
    return ""


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxUnderTest]:
    """A server for tests that leave it as it is."""
    daemon = Influxd(build_influxd(), tmp_path_factory.mktemp("influxd"))
    daemon.start()
    yield InfluxUnderTest(daemon)
    daemon.stop()


@pytest.fixture
def own_influx(tmp_path: Path) -> Iterator[InfluxUnderTest]:
    """A server of this test alone, which may kill, freeze or starve it."""
    daemon = Influxd(build_influxd(), tmp_path / "influxd")
    daemon.start()
    yield InfluxUnderTest(daemon)
    daemon.stop()
