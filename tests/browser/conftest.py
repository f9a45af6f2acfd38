"""Chromium over a real server over a real store; whatever a page complains of fails the test."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from inventory.load import load_network
from inventory.model import Network
from inventory.settings import AlarmSettings, Settings, StoreSettings
from monitor.store.base import Store
from monitor.store.open import open_store
from tests.api.filling import fill_history
from tests.api.serving import serving

CHECKOUT = Path(__file__).parents[2]
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Site:
    """A running dashboard and the store behind it."""

    address: str
    network: Network
    writer: Store


@pytest.fixture(scope="session")
def network() -> Network:
    return load_network(CHECKOUT / "inventory")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for one file: while it lives, Playwright's own event loop runs in this thread, and
    no asyncio test of another file could run beside it."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture
def site(tmp_path: Path, network: Network) -> Iterator[Site]:
    """Everything up and polled just now. It stays fresh for ten minutes without a poller."""
    settings = Settings(
        store=StoreSettings(path=tmp_path / "samples.sqlite"),
        alarms=AlarmSettings(stale_after_s=600),
    )
    writer = open_store(settings.store, write=True)
    fill_history(writer, network, time.time(), step_s=300, span_s=7200)
    with serving(settings, network) as address:
        yield Site(address, network, writer)
    writer.close()


@pytest.fixture
def complaints() -> list[str]:
    """What pages said on the console, and requests that left the server; empty at the end."""
    return []


@pytest.fixture
def page(browser: Browser, site: Site, complaints: list[str]) -> Iterator[Page]:
    """A wall screen, English, light."""
    context = browser.new_context(
        viewport={"width": 1920, "height": 1080}, locale="en-GB", color_scheme="light"
    )
    one = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"console: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith((site.address, "data:", "blob:")):
            complaints.append(f"request to another host: {request.url}")

    one.on("console", heard)
    one.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    one.on("request", asked)
    yield one
    context.close()
    assert complaints == []
