"""What devices told, and what is known last: bounded, never lost to a journal that is away."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from inventory.errors import StoreError
from monitor.clock import SystemClock
from monitor.notes import WAITING_EVENTS, Notes
from monitor.store.base import KEPT_EVENTS, DeviceEvent, Latest
from monitor.store.sqlite import SqliteStore
from monitor.values import EventSource, LatestKind


def event(number: int, device: str = "r1") -> DeviceEvent:
    return DeviceEvent(device, 1000.0 + number, EventSource.TRAP, 3, f"number {number}")


async def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def test_the_last_of_each_device_are_kept_newest_first(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "s.sqlite", write=True)
    store.add_events([event(number) for number in range(KEPT_EVENTS + 50)])
    store.add_events([event(7, "r2")])
    assert [each.text for each in store.events(["r1"], 2)] == ["number 249", "number 248"]
    assert len(store.events(["r1"], 10_000)) == KEPT_EVENTS
    assert [each.device for each in store.events(["r1", "r2"], 1)] == ["r2"]
    assert store.events([]) == store.events(["nobody"]) == ()
    store.put_latest([Latest(LatestKind.DEVICE, "r1", 5.0, {"cpu": 0.5})])
    store.put_latest([Latest(LatestKind.DEVICE, "r1", 6.0, {"cpu": None})])
    assert store.latest(LatestKind.DEVICE) == {
        "r1": Latest(LatestKind.DEVICE, "r1", 6.0, {"cpu": None})
    }
    assert store.latest(LatestKind.SERVICE) == {}
    store.close()


def test_a_file_of_an_older_program_has_none_of_it_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    SqliteStore.open(path, write=True).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE events")
        connection.execute("DROP TABLE latest")
    connection.close()
    reader = SqliteStore.open(path, write=False)
    assert reader.events(["r1"]) == ()
    assert reader.latest(LatestKind.DEVICE) == {}
    reader.close()


class Away(SqliteStore):
    """A store that can be taken away."""

    away = True

    def add_events(self, events: object) -> None:
        if self.away:
            raise StoreError("the disk is full")
        super().add_events(events)  # type: ignore[arg-type]


async def test_what_comes_while_the_journal_is_away_waits_bounded(tmp_path: Path) -> None:
    store = Away.open(tmp_path / "s.sqlite", write=True)
    assert isinstance(store, Away)
    notes, stop = Notes(store, SystemClock()), asyncio.Event()
    running = asyncio.create_task(notes.run(stop))
    for number in range(WAITING_EVENTS + 10):
        notes.put(event(number, f"r{number % 100}"))
    notes.tell(Latest(LatestKind.PROBER, "all", 1.0, {"probes_sent": 1}))
    await asyncio.sleep(0)
    assert notes.dropped == 10
    store.away = False
    await until(lambda: bool(store.latest(LatestKind.PROBER)))
    stop.set()
    await running
    kept = store.events([f"r{number}" for number in range(100)], 10_000)
    assert len(kept) == WAITING_EVENTS
    assert kept[0].text == f"number {WAITING_EVENTS + 9}"
    store.close()
