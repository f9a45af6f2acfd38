"""The monitor as a whole on real agents: slow, dead and hostile ones beside good ones."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from inventory.errors import StoreError
from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import (
    PollSettings,
    ProbeSettings,
    Settings,
    StoreSettings,
    SyslogSettings,
    TrapSettings,
)
from monitor.agent import DevicePoll
from monitor.oneshot import poll_once
from monitor.run import only_monitor, run_monitor
from monitor.status import device_statuses, link_statuses
from monitor.store.base import StateEntry
from monitor.store.sqlite import SqliteStore
from monitor.values import IncidentState, LatestKind, LinkState, Quality
from monitor.watch import Watch
from tests.monitor.agent import Agent, Request, serving
from tests.monitor.networks import V2C, Router, default_network, on_loopback, target_of
from tests.monitor.snmpd import free_udp_port
from tests.monitor.test_probes import until

DEVICES = ("kut-core2", "zes-rtr1", "zes-sch-rtr1", "zes-sch-sw1", "zes-sw1", "kha-rtr1")
INTERVAL_S = 0.6
SECRETS = Secrets({}, "nowhere")


class Alive(Agent):
    """Serves a Router whose clock and counters go on by themselves."""

    def __init__(self, router: Router) -> None:
        super().__init__({})
        self.router = router
        self.born = time.monotonic()
        self.base_cs = 100_000

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        age_s = time.monotonic() - self.born
        self.router.uptime_cs = self.base_cs + int(age_s * 100)
        for expected in self.router.target.interfaces:
            self.router.octets[expected.link] = int(age_s * 125_000)  # 1 Mb/s
        self.table = self.router.table()
        super().datagram_received(data, addr)


@dataclass
class Running:
    """A monitor over six devices."""

    settings: Settings
    network: Network
    agents: dict[str, Alive]
    store: SqliteStore
    stop: asyncio.Event
    reported: list[StateEntry] = field(default_factory=list)

    def states(self) -> dict[str, LinkState]:
        found = link_statuses(self.store, self.network, time.time(), 30)
        return {status.id: status.state for status in found}

    async def until(self, what: Callable[[], bool], within_s: float = 20.0) -> None:
        deadline = time.monotonic() + within_s
        while not await asyncio.to_thread(what):
            assert time.monotonic() < deadline, (self.states(), self.store.incidents())
            await asyncio.sleep(0.05)


@asynccontextmanager
async def six_devices(
    path: Path, engine: str = "native"
) -> AsyncIterator[tuple[Settings, Network, dict[str, Alive]]]:
    async with AsyncExitStack() as stack:
        whole = default_network()
        agents = {
            name: await stack.enter_async_context(
                serving(
                    Alive(Router(target_of(on_loopback(whole, dict.fromkeys(DEVICES, 1)), name)))
                )
            )
            for name in DEVICES
        }
        ports = {name: agent.port for name, agent in agents.items()}
        settings = Settings(
            poll=PollSettings(
                engine=engine,  # type: ignore[arg-type]
                interval_s=INTERVAL_S,
                timeout_s=0.25,
                retries=0,
                deadline_s=0.5,
            ),
            store=StoreSettings(path=path / "samples.sqlite"),
            traps=TrapSettings(enable=False),
            syslog=SyslogSettings(enable=False),
            probes=ProbeSettings(enable=False),
        )
        yield settings, on_loopback(whole, ports), agents  # type: ignore[misc]


@pytest.fixture
async def running(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    engine = getattr(request, "param", "native")
    async with six_devices(tmp_path, engine) as (settings, network, agents):
        store = SqliteStore.open(settings.store.path, write=True)
        stop = asyncio.Event()
        made = Running(settings, network, agents, store, stop)
        task = asyncio.create_task(
            run_monitor(
                settings, network, store, stop,
                secrets=SECRETS, credentials=V2C, report=made.reported.append,
            )
        )  # fmt: skip
        yield made
        stop.set()
        async with asyncio.timeout(5):
            await task
        store.close()


def silent(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    """Never answers."""


def garbage(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    agent.transport.sendto(b"\x30\x82\x01\x00nonsense", addr)


def all_up(running: Running) -> Callable[[], bool]:
    return lambda: set(running.states().values()) == {LinkState.UP}


@pytest.mark.parametrize("running", ["native", "gufo"], indirect=True)
async def test_a_network_is_up_and_its_rates_are_right(running: Running) -> None:
    await running.until(all_up(running))

    def rated() -> bool:
        found = link_statuses(running.store, running.network, time.time(), 30)
        return all(status.quality is Quality.GOOD for status in found)

    await running.until(rated)
    for status in link_statuses(running.store, running.network, time.time(), 30):
        assert status.in_bps is not None
        assert status.out_bps is not None
        slow, fast = sorted((status.in_bps, status.out_bps))
        assert slow == pytest.approx(1e6, rel=0.1)
        assert fast == pytest.approx(2e6, rel=0.1)
    devices = device_statuses(running.store, running.network, time.time(), 30)
    assert {status.state for status in devices} == {LinkState.UP}
    assert all(status.uptime_s and status.uptime_s >= 1000 for status in devices)


async def test_a_cut_is_seen_within_two_intervals_and_healed(running: Running) -> None:
    await running.until(all_up(running))
    for agent in running.agents.values():
        agent.router.oper["zes-sch"] = 2
    began = time.monotonic()
    await running.until(lambda: running.states()["zes-sch"] is LinkState.DOWN)
    assert time.monotonic() - began < 2 * INTERVAL_S + 1.5
    assert list(running.states().values()).count(LinkState.DOWN) == 1
    await running.until(lambda: len(running.store.incidents([IncidentState.OPEN])) == 1)
    assert running.store.incidents()[0].cause.id == "zes-sch"
    for agent in running.agents.values():
        agent.router.oper.clear()
    await running.until(all_up(running))
    await running.until(lambda: not running.store.incidents([IncidentState.OPEN]))
    assert [e.state for e in running.reported if e.subject.id == "zes-sch"] == [
        LinkState.UP,
        *[LinkState.DOWN]
        * sum(e.state == "down" for e in running.reported if e.subject.id == "zes-sch"),
        LinkState.UP,
    ]


@pytest.mark.parametrize("mischief", [silent, garbage], ids=["silent", "garbage"])
async def test_one_bad_device_holds_nobody_up_and_is_one_incident(
    running: Running, mischief: Callable[..., None]
) -> None:
    await running.until(all_up(running))
    running.agents["zes-rtr1"].mischief = mischief
    await running.until(lambda: bool(running.store.incidents([IncidentState.OPEN])))
    (incident,) = running.store.incidents([IncidentState.OPEN])
    assert incident.cause.id == "zes-rtr1"
    assert running.states()["kut-zes"] is LinkState.UP  # kut-core2 says so
    before = running.store.last_samples()["kut-zes"].at
    await running.until(lambda: running.store.last_samples()["kut-zes"].at > before)
    status = running.store.poller()
    assert status is not None
    assert status.late_polls == 0
    assert status.timeouts + status.refused > 0
    running.agents["zes-rtr1"].mischief = None
    await running.until(lambda: not running.store.incidents([IncidentState.OPEN]))


async def test_a_restart_of_an_agent_never_makes_a_spike(running: Running) -> None:
    await running.until(all_up(running))
    await running.until(lambda: running.store.check().samples > 3 * 5)
    agent = running.agents["kut-core2"]
    agent.base_cs = 0
    agent.born = time.monotonic()  # its clock and its counters begin anew
    samples = running.store.check().samples
    await running.until(lambda: running.store.check().samples > samples + 10)
    now = time.time()
    points = running.store.series("kut-zes", "in_bps", now - 60, now + 1, 1)
    assert max(p.maximum for p in points if p.maximum is not None) < 3e6


async def test_a_store_that_is_locked_for_a_while_loses_nothing(running: Running) -> None:
    await running.until(all_up(running))
    import sqlite3

    other = sqlite3.connect(running.settings.store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    polls_before = running.agents["kut-core2"].requests
    began = time.time()
    # The lock lasts longer than a writer waits for it, and polling goes on meanwhile.
    await running.until(lambda: time.time() - began > 3.5)
    assert running.agents["kut-core2"].requests > polls_before + 3
    other.rollback()
    other.close()
    await running.until(lambda: running.store.last_samples()["kut-zes"].at > began + 3.0)
    points = running.store.series("kut-zes", "in_bps", began + 0.5, began + 3, 1)
    assert [point.mean for point in points if point.mean is not None]


async def test_a_second_monitor_on_the_same_store_is_refused(running: Running) -> None:
    await running.until(all_up(running))
    with (
        pytest.raises(StoreError, match=rf"another monitor \(process {os.getpid()}\)"),
        only_monitor(running.settings.store.path),
    ):
        pass


async def test_nothing_is_green_once_nobody_polls(running: Running) -> None:
    await running.until(all_up(running))
    running.stop.set()
    later = time.time() + 31
    states = link_statuses(running.store, running.network, later, 30)
    assert {status.state for status in states} == {LinkState.UNKNOWN}
    assert all(status.reason.startswith("nobody polls") for status in states)
    assert all(status.in_bps is None for status in states)


async def test_one_round_prints_states_and_rates_and_names_who_is_silent(tmp_path: Path) -> None:
    async with six_devices(tmp_path) as (settings, network, agents):
        agents["zes-sw1"].mischief = silent
        agents["kut-core2"].router.oper["kut-zes"] = 2
        found = await poll_once(network, settings, SECRETS, DEVICES, rates=False, credentials=V2C)
        states = {status.id: status for status in found.links}
        assert states["kut-zes"].state is LinkState.DOWN
        assert states["zes-sch"].state is LinkState.UP
        assert states["zes-acc"].reason == "zes-sw1 never answered"
        assert [name for name, _ in found.silent] == ["zes-sw1"]


async def test_one_round_with_rates_has_them(tmp_path: Path) -> None:
    async with six_devices(tmp_path) as (settings, network, _):
        found = await poll_once(network, settings, SECRETS, {"zes-sch-sw1"}, credentials=V2C)
        (status,) = found.links
        assert status.quality is Quality.GOOD
        assert sorted((status.in_bps or 0, status.out_bps or 0)) == [
            pytest.approx(1e6, rel=0.1),
            pytest.approx(2e6, rel=0.1),
        ]
        assert found.silent == ()


@pytest.mark.slow
@pytest.mark.alone
async def test_polls_go_on_in_a_storm_of_traps(tmp_path: Path) -> None:
    """10,000 a second for 10 s at the port where traps are heard: the same number of polls."""
    async with six_devices(tmp_path, "native") as (quiet, network, _):
        port = free_udp_port()
        settings = replace(quiet, traps=TrapSettings(host="127.0.0.1", port=port))
        store = SqliteStore.open(settings.store.path, write=True)
        stop = asyncio.Event()
        watching = asyncio.create_task(
            run_monitor(settings, network, store, stop, secrets=SECRETS, credentials=V2C)
        )

        def polls() -> int:
            status = store.poller()
            return status.polls if status else 0

        await until(lambda: polls() > 0, 30)
        before = polls()
        storm = await asyncio.create_subprocess_exec(sys.executable, "-c", STORM, str(port))
        assert await storm.wait() == 0
        # 6 devices every 0.6 s for 10 s are 100 polls; the machine may be half as fast as that
        assert polls() - before >= 50
        await until(lambda: bool(store.latest(LatestKind.RECEIVER)), 30)
        counts = store.latest(LatestKind.RECEIVER)["all"].document
        assert counts["traps_dropped_unknown_sender"] > 0
        stop.set()
        async with asyncio.timeout(10):
            await watching
        store.close()


STORM = """
import socket, sys, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.bind(("127.0.0.77", 0))
for turn in range(100):
    began = time.monotonic()
    for number in range(1000):
        sender.sendto(b"0" * 200, ("127.0.0.1", int(sys.argv[1])))
    time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))
"""


async def test_a_defect_of_ours_ends_the_monitor_and_is_not_swallowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with six_devices(tmp_path) as (settings, network, _):
        store = SqliteStore.open(settings.store.path, write=True)
        polls = 0
        fold = Watch.fold

        def broken(watch: Watch, poll: DevicePoll) -> frozenset[str]:
            nonlocal polls
            polls += 1
            if polls > 3 * len(DEVICES):
                raise LookupError("a defect")
            return fold(watch, poll)

        monkeypatch.setattr(Watch, "fold", broken)
        with pytest.raises(LookupError, match="a defect"):
            async with asyncio.timeout(30):
                await run_monitor(
                    settings, network, store, asyncio.Event(), secrets=SECRETS, credentials=V2C
                )
        store.close()
