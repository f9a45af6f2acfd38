"""The whole house at once: real routers, `imereti monitor`, `imereti serve`, Chromium."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import browser  # noqa: F401  (a fixture)
from tests.labfixture import WholeLab

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]

INTERVAL_S = 5
LINK = "kut-zes"


@dataclass(frozen=True)
class House:
    """A lab with a poller and a server over it."""

    lab: WholeLab
    address: str

    def get(self, path: str) -> Any:
        """The JSON document at `path` of the API."""
        return httpx.get(f"{self.address}/api/v1{path}", timeout=10).raise_for_status().json()

    def states(self) -> dict[str, str]:
        """State of every link, by id."""
        return {link["id"]: link["state"] for link in self.get("/links")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(lab: WholeLab, log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs until it is stopped, which it must do within 5 s and with status 0."""
    environ = os.environ | {
        "IMERETI_POLL__INTERVAL_S": str(INTERVAL_S),
        "IMERETI_STORE__PATH": str(lab.folder / "e2e.sqlite"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            lab.command(*words), stdout=output, stderr=subprocess.STDOUT, env=environ
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(10)
            assert status == 0, log.read_text()


def within(seconds: float, what: str, condition: Callable[[], object]) -> float:
    """Seconds until `condition` held; fails when it did not in time."""
    began = time.monotonic()
    last: object = None
    while time.monotonic() - began < seconds:
        try:
            last = condition()
        except httpx.TransportError as error:  # the server is not there yet
            last = error
        if last is True:
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s, last {last!r}")


@pytest.fixture
def house(mended_lab: WholeLab, tmp_path: Path) -> Iterator[House]:
    port = free_port()
    with (
        running(mended_lab, tmp_path / "monitor.log", "monitor"),
        running(mended_lab, tmp_path / "serve.log", "serve", "--port", str(port)),
    ):
        house = House(mended_lab, f"http://127.0.0.1:{port}")
        within(60, "all links up", lambda: set(house.states().values()) == {"up"} or house.states())
        yield house


def test_a_cut_circuit_is_one_incident_named_by_it_in_the_api_and_on_the_page(
    house: House,
    browser: Any,  # noqa: F811  (the fixture)
) -> None:
    page = browser.new_page(viewport={"width": 1920, "height": 1080}, locale="en-GB")
    page.goto(house.address)
    page.evaluate("window.stillTheSamePage = true")
    row = page.locator(f"tr[data-link='{LINK}']")
    expect(row).to_have_attribute("data-state", "up")

    house.lab.answer("lab", "fault", "cut", LINK)
    within(2 * INTERVAL_S + 3, "the cut shows", lambda: house.states()[LINK] == "down")
    assert {link for link, state in house.states().items() if state != "up"} == {LINK}
    expect(row).to_have_attribute("data-state", "down", timeout=5_000)
    expect(row).to_contain_text("down")
    # every device involved is asked once more before an incident opens
    within(2 * INTERVAL_S, "an incident opens", lambda: house.get("/incidents?state=open") != [])
    incidents = house.get("/incidents?state=open")
    assert [incident["cause"] for incident in incidents] == [{"kind": "link", "id": LINK}]

    house.lab.answer("lab", "heal", LINK)
    within(2 * INTERVAL_S + 10, "it is healed", lambda: house.states()[LINK] == "up")
    expect(row).to_have_attribute("data-state", "up", timeout=5_000)
    assert page.evaluate("window.stillTheSamePage") is True
    within(10, "the incident is closed", lambda: house.get("/incidents?state=open") == [])
    page.close()


def test_traffic_in_the_lab_becomes_rates_of_links_and_no_spikes(house: House) -> None:
    def carried() -> bool:
        rates = [link["in_bps"] or 0 for link in house.get("/links")]
        return max(rates) > 10_000

    within(4 * INTERVAL_S, "some link carries traffic", carried)
    for link in house.get("/links"):
        for side in ("in_utilisation", "out_utilisation"):
            assert link[side] is None or link[side] <= 1
