"""Pictures of the dashboard: 1920 and 390 pixels wide, light and dark, Georgian and English.

Without --url it serves a made-up bad day from a store of its own; with it, a running dashboard
(`imereti demo`) is taken. The pictures go to build/screenshots, and the wall screen in English to
docs/dashboard.png.
"""

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from inventory.load import load_network  # noqa: E402
from inventory.settings import AlarmSettings, Settings, StoreSettings  # noqa: E402
from monitor.store.open import open_store  # noqa: E402
from tests.api.filling import DOWN_FOR_S, fill_history, fill_notes, fill_poll, fill_trouble  # noqa: E402
from tests.api.serving import serving  # noqa: E402
from tests.browser.conftest import QUIET  # noqa: E402

PAGES = {
    "now": "/",
    "link": "/links/kut-zes",
    "site": "/sites/zes",
    "incidents": "/incidents",
    "services": "/services",
    "reports": "/reports",
    "public": "/public",
}
SIZES = {"wall": (1920, 1080), "phone": (390, 844)}
SILENT = frozenset({"kut-zes", "ag07-acc"})
"""Links that give no readings on the bad day."""
SETTLED_MS = 1500
"""Graphs are drawn after this long."""


@contextmanager
def a_bad_day() -> Iterator[str]:
    """The address of a server over a day in which things went wrong."""
    network = load_network(CHECKOUT / "inventory")
    with tempfile.TemporaryDirectory(prefix="imereti-screenshots-") as folder:
        settings = Settings(
            store=StoreSettings(path=Path(folder) / "samples.sqlite"),
            alarms=AlarmSettings(stale_after_s=900),
        )
        writer = open_store(settings.store, write=True)
        now = time.time()
        fill_history(writer, network, now, until={"kut-zes": now - DOWN_FOR_S})
        fill_trouble(writer, network, now)
        fill_notes(writer, network, now)
        with serving(settings, network) as address:
            stop = threading.Event()

            def poll() -> None:
                while not stop.wait(5):
                    fill_poll(writer, network, time.time(), SILENT)

            thread = threading.Thread(target=poll)
            thread.start()
            yield address
            stop.set()
            thread.join()
        writer.close()


def take(browser: Browser, address: str, out: Path) -> None:
    """Every page in every size, theme and language."""
    for (size, (width, height)), theme, language in product(
        SIZES.items(), ("light", "dark"), ("ka", "en")
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            locale="ka-GE" if language == "ka" else "en-GB",
        )
        page = context.new_page()
        for name, path in PAGES.items():
            page.goto(f"{address}{path}")
            page.wait_for_timeout(SETTLED_MS)
            file = out / f"{name}-{size}-{theme}-{language}.png"
            page.screenshot(path=file, full_page=size == "phone")
            print(file)  # noqa: T201
        context.close()


def take_for_docs(browser: Browser, address: str) -> None:
    """The wall screen, made smaller so that the repository stays small."""
    page = browser.new_page(
        viewport={"width": 1920, "height": 1080}, device_scale_factor=0.75, locale="en-GB"
    )
    page.goto(address)
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=CHECKOUT / "docs" / "dashboard.png")
    page.close()


def take_all(browser: Browser, address: str, out: Path) -> None:
    """All pictures of one server."""
    take(browser, address, out)
    take_for_docs(browser, address)


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running dashboard instead of a made-up day")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "build" / "screenshots")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if program is None:
        sys.exit("not installed: chromium. Run as root: make setup")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        if options.url:
            take_all(browser, options.url.rstrip("/"), options.out)
        else:
            with a_bad_day() as address:
                take_all(browser, address, options.out)
        browser.close()


if __name__ == "__main__":
    main()
