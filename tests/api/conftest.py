"""The app over the real inventory, a real SQLite file and a clock that tests move."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.live import Live
from inventory.load import load_network
from inventory.model import Network
from inventory.settings import Settings, StoreSettings
from monitor.store.base import Store
from monitor.store.open import open_store
from tests.api.filling import fill_history

INVENTORY = Path(__file__).parents[2] / "inventory"
START = 1_800_000_000.0


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float

    def __call__(self) -> float:
        """The time that everybody is told."""
        return self.now


@dataclass
class World:
    """One running app and everything around it."""

    settings: Settings
    network: Network
    writer: Store
    clock: Clock
    app: FastAPI
    client: httpx.AsyncClient

    @property
    def live(self) -> Live:
        """What the app knows."""
        live = self.app.state.live
        assert isinstance(live, Live)
        return live


@pytest.fixture(scope="session")
def network() -> Network:
    return load_network(INVENTORY)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=StoreSettings(path=tmp_path / "samples.sqlite"))


@pytest.fixture
def writer(settings: Settings) -> Iterator[Store]:
    store = open_store(settings.store, write=True)
    yield store
    store.close()


@pytest.fixture
async def world(settings: Settings, network: Network, writer: Store) -> AsyncIterator[World]:
    """Everything up, an hour of samples, polled this moment."""
    clock = Clock(START)
    fill_history(writer, network, clock.now, step_s=600, span_s=3600)
    reader = open_store(settings.store)
    app = create_app(settings, network, reader, clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://noc") as client,
    ):
        yield World(settings, network, writer, clock, app, client)
    reader.close()
