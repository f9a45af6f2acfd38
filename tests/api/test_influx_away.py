"""InfluxDB is away, and what people work with is not: states, incidents, devices."""

import signal
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.now import read_now
from inventory.model import Network
from inventory.settings import Settings
from monitor.store.base import Batch, PollerStatus, StateEntry, Subject
from monitor.values import Fault, LinkState, SubjectKind
from tests.api.filling import fill_poll
from tests.influxfixture import InfluxUnderTest

pytestmark = pytest.mark.influx


def test_states_stay_while_the_numbers_are_away(
    own_influx: InfluxUnderTest, network: Network, tmp_path: Path
) -> None:
    now = time.time()
    with closing(own_influx.store(tmp_path)) as store:
        settings = Settings(store=store.settings)
        fill_poll(store, network, now)
        up = StateEntry(Subject(SubjectKind.LINK, "kut-zes"), now, LinkState.UP, Fault.NONE, "")
        status = PollerStatus(now, now - 60, 10, 76, 76, 400, 0, 0, 0)
        store.write(Batch(states=[up], poller=status))
        before = read_now(store, network, settings, now + 1)
        assert before.health.ok
        assert before.links["kut-zes"].in_bps is not None
        own_influx.daemon.signal(signal.SIGKILL)
        away = read_now(store, network, settings, now + 2)
        assert (away.health.store, away.health.poller) == ("away", "ok")
        assert "Connection refused" in away.health.reason
        assert away.links["kut-zes"].state is LinkState.UP
        assert away.links["kut-zes"].in_bps is None
        assert away.devices == before.devices
        # When nobody polls either, nothing is known any more.
        late = read_now(store, network, settings, now + 600)
        assert {link.state for link in late.links.values()} == {LinkState.UNKNOWN}
        own_influx.daemon.start()
        until = time.monotonic() + 60
        while not read_now(store, network, settings, now + 3).health.ok:
            assert time.monotonic() < until
            time.sleep(0.1)


async def test_the_page_says_that_only_numbers_are_missing(
    own_influx: InfluxUnderTest, network: Network, tmp_path: Path
) -> None:
    now = time.time()
    with closing(own_influx.store(tmp_path)) as store:
        fill_poll(store, network, now)
        own_influx.daemon.signal(signal.SIGKILL)
        app = create_app(Settings(store=store.settings), network, store, lambda: now + 1)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://noc") as client,
        ):
            page = (await client.get("/", headers={"Accept-Language": "en"})).text
            assert "States are true, numbers are missing." in page
            assert "All states are unknown" not in page
            page = (await client.get("/", headers={"Accept-Language": "ka"})).text
            assert "მხოლოდ რიცხვები აკლია" in page
            link = await client.get("/links/kut-zes", headers={"Accept": "text/html"})
            assert link.status_code == 200, "its states and its circuit are known"
            assert "IMR-P31" in link.text
            assert 'data-key="numbers"' not in link.text
            ready = await client.get("/readyz")
            assert ready.status_code == 503
            assert "Connection refused" in ready.json()["detail"]
