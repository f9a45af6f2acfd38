"""The monitor gets another inventory while it runs: rates go on, and nothing is lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import structlog

from inventory.errors import InventoryError, Problem
from inventory.model import Network
from monitor.generation import Reload
from monitor.run import run_monitor
from monitor.store.sqlite import SqliteStore
from monitor.values import LinkState, Quality
from tests.monitor.networks import V2C, default_network, on_loopback
from tests.monitor.test_poller import SECRETS, Alive, Running, six_devices

GONE = "zes-sch-sw1"
SAID = frozenset({"inventory_reloaded", "inventory_refused", "inventory_unchanged"})


@dataclass
class Inventory:
    """What the next reading gives."""

    network: Network
    broken: bool = False
    read: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def load(self) -> Network:
        self.read += 1
        if self.broken:
            raise InventoryError((Problem("links.yaml", 7, "kut-zes", "expected a link."),))
        return self.network


@dataclass
class Reloading:
    """A running monitor, and the inventory that it reads again."""

    running: Running
    inventory: Inventory
    agents: dict[str, Alive]

    def without(self, device: str) -> Network:
        ports = {name: agent.port for name, agent in self.agents.items() if name != device}
        return replace(on_loopback(default_network(), ports), revision=f"without {device}")

    async def reload(self, word: str) -> None:
        """Ask for it, and wait until it is done, or refused."""
        with structlog.testing.capture_logs() as logs:
            self.inventory.asked.set()
            await self.running.until(lambda: any(each["event"] == word for each in logs))
        assert {each["event"] for each in logs} & SAID == {word}


@pytest.fixture
async def reloading(tmp_path: Path) -> AsyncIterator[Reloading]:
    async with six_devices(tmp_path, "native") as (settings, network, agents):
        store = SqliteStore.open(settings.store.path, write=True)
        stop, inventory = asyncio.Event(), Inventory(network)
        running = Running(settings, network, agents, store, stop)
        task = asyncio.create_task(
            run_monitor(
                settings, network, store, stop,
                secrets=SECRETS, credentials=V2C, report=running.reported.append,
                reload=Reload(inventory.asked, inventory.load),
            )
        )  # fmt: skip
        yield Reloading(running, inventory, agents)
        stop.set()
        async with asyncio.timeout(20):
            await task
        store.close()


def rated(store: SqliteStore, link: str) -> int:
    return sum(
        each.link == link and each.quality in {Quality.GOOD, Quality.LATE}
        for each in store.samples(0, time.time() + 10)
    )


async def test_rates_go_on_over_a_reload_and_no_time_is_missing(reloading: Reloading) -> None:
    store = reloading.running.store
    await reloading.running.until(lambda: rated(store, "kut-zes") >= 4)
    for turn in range(3):
        changed = reloading.running.network if turn % 2 else reloading.without(GONE)
        reloading.inventory.network = changed
        await reloading.reload("inventory_reloaded")
        before = rated(store, "kut-zes")
        await reloading.running.until(lambda seen=before: rated(store, "kut-zes") >= seen + 3)  # type: ignore[misc]
    samples = [each for each in store.samples(0, time.time() + 10) if each.link == "kut-zes"]
    first = next(at for at, each in enumerate(samples) if each.quality is Quality.GOOD)
    rates = samples[first:]
    assert {each.quality for each in rates} <= {Quality.GOOD, Quality.LATE}
    covered = sum(each.covers_s for each in rates[1:])
    # Where a poll of end a was late, end b spoke for it: then some time is covered twice.
    assert covered > 0.95 * (rates[-1].at - rates[0].at) - 0.3


async def test_what_is_no_longer_in_the_inventory_is_not_asked_any_more(
    reloading: Reloading,
) -> None:
    running = reloading.running
    await running.until(lambda: GONE in running.store.device_polls())
    reloading.inventory.network = reloading.without(GONE)
    await reloading.reload("inventory_reloaded")
    asked = reloading.agents[GONE].requests
    other = reloading.agents["kha-rtr1"].requests
    await running.until(lambda: reloading.agents["kha-rtr1"].requests > other + 12)
    assert reloading.agents[GONE].requests == asked
    assert running.states()["kut-zes"] is LinkState.UP


async def test_no_state_changes_by_a_reload(reloading: Reloading) -> None:
    running = reloading.running
    await running.until(lambda: running.states().get("kut-zes") is LinkState.UP)
    await running.until(lambda: rated(running.store, "kut-zes") >= 2)
    before = running.store.last_seq()
    reloading.inventory.network = replace(running.network, revision="the same, in other words")
    await reloading.reload("inventory_reloaded")
    known = rated(running.store, "kut-zes")
    await running.until(lambda: rated(running.store, "kut-zes") >= known + 3)
    assert running.store.states_after(before) == ()


async def test_an_inventory_with_mistakes_is_refused_and_polling_goes_on(
    reloading: Reloading,
) -> None:
    running = reloading.running
    reloading.inventory.broken = True
    await reloading.reload("inventory_refused")
    before = rated(running.store, "kut-zes")
    await running.until(lambda: rated(running.store, "kut-zes") >= before + 3)
    reloading.inventory.broken = False
    await reloading.reload("inventory_unchanged")
    assert reloading.inventory.read == 2
