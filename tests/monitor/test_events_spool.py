"""Traps and lines of logs while SQLite is full, locked or away: none lost, none twice, in order."""

import asyncio
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from inventory.errors import StoreError
from monitor.notes import AT_ONCE, WAITING_EVENTS, Notes
from monitor.segments import SMALLEST_SEGMENT
from monitor.spool_events import EventsSpool
from monitor.store.base import DeviceEvent
from monitor.store.sqlite import SqliteStore
from monitor.values import EventSource, LatestKind
from tests.monitor.test_commands import IMERETI, config, environment
from tests.monitor.test_store_faults import Quick, fill, small_disk

__all__ = ["config"]

PLENTY = 10**9
DEVICES = [f"r{number}" for number in range(10)]
WITHIN_S = 60.0


def event(number: int) -> DeviceEvent:
    source = EventSource.TRAP if number % 2 else EventSource.SYSLOG
    told = f"number {number}: გზა დაიკეტა"
    return DeviceEvent(DEVICES[number % len(DEVICES)], 1000.25 + number, source, number % 8, told)


def events(count: int, first: int = 0) -> list[DeviceEvent]:
    return [event(number) for number in range(first, first + count)]


def kept(store: SqliteStore) -> list[DeviceEvent]:
    """Oldest first, as they were stored."""
    return list(reversed(store.events(DEVICES, 100_000)))


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not what():  # noqa: ASYNC110 (a condition, with a bound)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def carrying(store: SqliteStore, spool: EventsSpool | None) -> AsyncIterator[Notes]:
    notes, stop = Notes(store, Quick(), spool), asyncio.Event()
    running = asyncio.create_task(notes.run(stop))
    try:
        yield notes
    finally:
        stop.set()
        await running


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[EventsSpool]:
    with closing(EventsSpool(tmp_path / "events", PLENTY)) as opened:
        yield opened


def test_what_went_to_disk_comes_back_as_it_was(spool: EventsSpool) -> None:
    spool.append(events(3))
    taken = spool.take(10)
    assert taken is not None
    assert taken.rows == events(3)


async def test_on_a_full_disk_events_wait_on_another_and_come_back_in_order(
    tmp_path: Path, spool: EventsSpool
) -> None:
    with (
        small_disk(tmp_path / "disk", 8) as disk,
        closing(SqliteStore.open(disk / "s.sqlite", write=True)) as store,
    ):
        async with carrying(store, spool) as notes:
            for each in events(100):
                notes.put(each)
            await until(lambda: len(kept(store)) == 100)
            ballast = fill(disk)
            for each in events(1200, 100):
                notes.put(each)
            await until(lambda: spool.waiting > 0)
            for each in events(20, 1300):
                notes.put(each)
            await until(lambda: spool.waiting > 1200 - AT_ONCE)
            ballast.unlink()
            for each in events(20, 1320):
                notes.put(each)
            await until(lambda: len(kept(store)) == 1340)
            await until(lambda: not spool.waiting)
        assert kept(store) == events(1340)
        assert notes.dropped == 0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.rollback()
        holder.close()


async def test_a_locked_database_gets_each_once_and_a_slow_one_too(
    tmp_path: Path, spool: EventsSpool
) -> None:
    """What a slow journal may have taken is on disk as well, and is not stored again."""
    path = tmp_path / "s.sqlite"
    with closing(SqliteStore.open(path, write=True)) as store:
        async with carrying(store, spool) as notes:
            for turn in range(4):
                with locked(path):
                    for each in events(50, turn * 50):
                        notes.put(each)
                    await until(lambda: spool.waiting == 50)
                await until(lambda: not spool.waiting)
                assert len(kept(store)) == 50 * (turn + 1)
        assert kept(store) == events(200)


async def test_what_was_stored_before_a_kill_and_not_forgotten_is_not_stored_again(
    tmp_path: Path, spool: EventsSpool
) -> None:
    with closing(SqliteStore.open(tmp_path / "s.sqlite", write=True)) as store:
        spool.append(events(30))
        store.add_events(events(30))  # and here the process died
        spool.append(events(30, 30))
        async with carrying(store, spool):
            await until(lambda: not spool.waiting)
        assert kept(store) == events(60)


class Away(SqliteStore):
    """Takes no events."""

    def add_events(self, events: object) -> None:  # noqa: ARG002
        raise StoreError("the disk is full")


def all_there(notes: Notes, spool: EventsSpool, count: int) -> bool:
    return notes.dropped + spool.waiting == count


async def test_a_full_spool_drops_the_oldest_and_they_are_counted(tmp_path: Path) -> None:
    store = Away.open(tmp_path / "s.sqlite", write=True)
    with closing(EventsSpool(tmp_path / "events", 4 * SMALLEST_SEGMENT)) as small, closing(store):
        async with carrying(store, small) as notes:
            for turn in range(40):
                for each in events(20, turn * 20):
                    notes.put(each)
                whole = 20 * (turn + 1)
                await until(partial(all_there, notes, small, whole))
        assert notes.dropped > 0
        taken = small.take(1)
        assert taken is not None
        assert taken.rows[0] == event(notes.dropped)
        with closing(SqliteStore.open(tmp_path / "s.sqlite", write=True)) as mended:
            async with carrying(mended, small) as notes:
                await until(lambda: bool(mended.latest(LatestKind.RECEIVER)))
            (counted,) = mended.latest(LatestKind.RECEIVER).values()
            assert counted.document == {"events_dropped": notes.dropped}
            assert len(kept(mended)) == 800 - notes.dropped


async def test_with_the_spools_disk_full_too_events_wait_in_memory(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        store = SqliteStore.open(disk / "s.sqlite", write=True)
        with closing(store), closing(EventsSpool(disk / "events", PLENTY)) as full:
            async with carrying(store, full) as notes:
                ballast = fill(disk)
                for each in events(WAITING_EVENTS + 10):
                    notes.put(each)
                await until(lambda: bool(notes._problem and notes._spool_problem))
                assert (full.waiting, notes.dropped) == (0, 10)
                ballast.unlink()
                await until(lambda: len(kept(store)) == 200 * len(DEVICES))
                await until(lambda: kept(store)[-1] == event(WAITING_EVENTS + 9))


def started(config: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*IMERETI, "-c", str(config), "monitor"],
        stdout=subprocess.DEVNULL, stderr=sys.stderr, env=environment(),
    )  # fmt: skip


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def wait(what: Callable[[], bool], running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + WITHIN_S
    while not what():
        assert running.poll() is None, "the monitor ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_what_devices_told_a_monitor_that_was_killed_is_there_after_the_next_start(
    config: Path, tmp_path: Path
) -> None:
    """The whole program: a locked database, lines of a device's log, SIGKILL."""
    port = free_port()
    with config.open("a", encoding="utf-8") as file:
        file.write(f"syslog: {{host: 127.0.0.1, port: {port}}}\ntraps: {{enable: false}}\n")
    path = tmp_path / "state" / "samples.sqlite"
    waiting = tmp_path / "state" / "samples.sqlite.spool" / "events"

    def send(text: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.255.0.21", 0))
            line = f"<27>Nov 27 00:00:01 zes-rtr1 ospfd[77]: {text}"
            sender.sendto(line.encode(), ("127.0.0.1", port))

    def told(reader: SqliteStore) -> list[str]:
        return [each.text for each in reversed(reader.events(["zes-rtr1"], 1000))]

    def on_disk(word: bytes) -> bool:
        return any(word in each.read_bytes() for each in waiting.glob("*.events"))

    with started(config) as running:
        try:
            wait(path.exists, running)
            with closing(SqliteStore.open(path, write=False)) as reader:

                def heard() -> bool:
                    send("first")
                    return bool(told(reader))

                wait(heard, running)
                with locked(path):
                    for number in range(25):
                        send(f"told {number}")
                    wait(lambda: on_disk(b"told 24"), running)
                    running.send_signal(signal.SIGKILL)
                    killed = time.time()
                    running.wait(10)
                assert not any(text.endswith("told 0") for text in told(reader))
                with started(config) as again:
                    try:
                        wait(lambda: any(t.endswith("told 24") for t in told(reader)), again)
                        found = [e for e in reader.events(["zes-rtr1"], 1000) if "told" in e.text]
                    finally:
                        again.kill()
        finally:
            running.kill()
    assert [each.text.rpartition(" ")[2] for each in reversed(found)] == [
        str(number) for number in range(25)
    ]
    assert all(killed - WITHIN_S < each.at < killed for each in found)
    assert [each.name for each in waiting.iterdir()] == ["lock"]
