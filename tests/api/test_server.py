"""A real server: its port, its stop, and stores that are away, locked or damaged."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.follow import parse
from api.server import address_of, bind, run_server
from inventory.errors import MachineError
from inventory.model import Network
from inventory.settings import HttpSettings, Settings
from monitor.store.base import Store
from monitor.store.open import open_store
from monitor.values import LinkState
from tests.api.filling import fill_history, turn
from tests.api.serving import eventually, serving

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def environment(tmp_path: Path, port: int) -> dict[str, str]:
    """The environment of a command that reads this test's store."""
    return os.environ | {
        "IMERETI_STORE__PATH": str(tmp_path / "samples.sqlite"),
        "IMERETI_HTTP__PORT": str(port),
        "IMERETI_TARGET": "real",
    }


def imereti(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *words],
        cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_port_in_use_is_one_clear_line(tmp_path: Path, taken: int) -> None:
    done = imereti("serve", env=environment(tmp_path, taken))
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"127.0.0.1 port {taken}: address already in use" in done.stderr


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid", "::zz"])
def test_an_address_that_is_not_ours_is_refused_with_the_setting_to_change(host: str) -> None:
    with pytest.raises(MachineError, match=r"http\.host"):
        bind(HttpSettings(host=host, port=0))


def test_events_without_a_server_say_how_to_start_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = imereti("events", "--json", env=environment(tmp_path, port))
    assert done.returncode == 1
    assert "imereti serve" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_and_events_work_as_commands_and_stop_when_told(
    tmp_path: Path, network: Network, writer: Store
) -> None:
    fill_history(writer, network, time.time(), step_s=600, span_s=3600)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    env = environment(tmp_path, port)
    server = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import main; main()", "serve"],
        cwd=CHECKOUT, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        eventually(lambda: _answers(port), "the server answers")
        done = imereti("events", "--json", "--count", "1", env=env)
        assert done.returncode == 0, done.stderr
        line = json.loads(done.stdout)
        assert line["event"] == "snapshot"
        assert len(line["data"]["links"]) == 91
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=10)
    finally:
        server.kill()
    assert server.returncode == 0, err
    assert out == ""
    assert f"http://127.0.0.1:{port}/" in err
    assert "Traceback" not in err


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


async def test_the_server_stops_at_once_though_a_stream_is_open(
    settings: Settings, network: Network, writer: Store
) -> None:
    fill_history(writer, network, time.time(), step_s=600, span_s=1200)
    http = HttpSettings(port=0)
    listener = bind(http)
    address = address_of(listener)
    store = open_store(settings.store)
    stop = asyncio.Event()
    app = create_app(settings, network, store)
    server = asyncio.create_task(run_server(app, settings, stop, listener))
    async with (
        httpx.AsyncClient(base_url=address, timeout=20) as client,
        client.stream("GET", "/api/v1/events") as stream,
    ):
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith("id: ")
        began = time.monotonic()
        stop.set()
        await asyncio.wait_for(server, 10)
        assert time.monotonic() - began < 5
    store.close()


async def readiness(settings: Settings, network: Network, store: Store) -> httpx.Response:
    app = create_app(settings, network, store)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://noc") as client,
    ):
        page = await client.get("/", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        body = page.text[page.text.index("<main") :]
        assert 'data-key="row-kut-zes"' in body
        assert 'data-link="kut-zes" data-state="up"' not in body
        assert (await client.get("/healthz")).status_code == 200
        links = (await client.get("/api/v1/links")).json()
        assert {link["state"] for link in links} == {"unknown"}
        return await client.get("/readyz")


async def test_without_a_store_everything_is_unknown_and_not_ready(
    settings: Settings, network: Network
) -> None:
    store = open_store(settings.store)
    answer = await readiness(settings, network, store)
    assert answer.status_code == 503
    assert "imereti monitor" in answer.json()["detail"]
    store.close()


async def test_a_damaged_store_is_named_and_nothing_is_shown_as_up(
    settings: Settings, network: Network
) -> None:
    settings.store.path.write_bytes(b"this is no database, " * 999)
    store = open_store(settings.store)
    answer = await readiness(settings, network, store)
    assert answer.status_code == 503
    assert str(settings.store.path) in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    store.close()


async def test_a_store_that_somebody_locked_is_named_and_the_server_recovers(
    settings: Settings, network: Network, writer: Store
) -> None:
    fill_history(writer, network, time.time(), step_s=600, span_s=1200)
    writer.close()
    holder = sqlite3.connect(settings.store.path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("PRAGMA journal_mode = DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    store = open_store(settings.store)
    answer = await readiness(settings, network, store)
    assert answer.status_code == 503
    assert str(settings.store.path) in answer.json()["detail"]
    holder.execute("ROLLBACK")
    holder.close()
    app = create_app(settings, network, store)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://noc") as client,
    ):
        ready = await client.get("/readyz")
        assert ready.status_code == 200
        told = store.poller()
        assert told is not None
        assert ready.json()["spooled_samples"] == told.spooled == 7
        assert ready.json()["waiting_samples"] == told.waiting == 3
        assert ready.json()["dropped_samples"] == told.dropped
        assert ready.json()["rejected_samples"] == 0
        metrics = (await client.get("/metrics")).text
        assert f"imereti_poller_spooled_samples {told.spooled:.1f}" in metrics
        assert f"imereti_poller_waiting_samples {told.waiting:.1f}" in metrics
        assert f"imereti_poller_dropped_samples_total {told.dropped:.1f}" in metrics
        assert "imereti_poller_rejected_samples_total 0.0" in metrics
    store.close()


def test_a_change_in_the_store_reaches_a_client_over_the_wire(
    settings: Settings, network: Network, writer: Store
) -> None:
    fill_history(writer, network, time.time(), step_s=600, span_s=1200)
    with serving(settings, network) as address:
        with httpx.stream("GET", f"{address}/api/v1/events", timeout=20) as stream:
            events = parse(stream.iter_lines())
            assert next(events).name == "snapshot"
            turn(writer, "kut-zes", time.time(), LinkState.DOWN, "ifOperStatus down")
            event = next(event for event in events if event.name == "links")
        assert [(one["id"], one["state"]) for one in event.document] == [("kut-zes", "down")]
        with httpx.stream(
            "GET", f"{address}/api/v1/events", timeout=20, headers={"Last-Event-ID": event.id}
        ) as stream:
            turn(writer, "kut-zes", time.time(), LinkState.UP)
            following = next(parse(stream.iter_lines()))
        assert following.name == "links"
        assert following.document[0]["state"] == "up"
