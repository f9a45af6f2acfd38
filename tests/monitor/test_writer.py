"""What waits for the store, and what becomes of it when the store fails."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from inventory.errors import StoreError
from monitor.clock import SystemClock
from monitor.rejects import Rejects
from monitor.spool import Spool
from monitor.store.base import (
    Batch,
    LinkSample,
    PollerStatus,
    Rejected,
    StateEntry,
    Subject,
    link_sample,
)
from monitor.store.sqlite import SqliteStore
from monitor.values import Fault, LinkState, SubjectKind
from monitor.writer import Writer

T0 = 1_790_000_000.0
LINK = Subject(SubjectKind.LINK, "kut-zes")
PLENTY = 1_000_000_000


class Hasty(SystemClock):
    """Time passes a hundred times as fast while somebody waits."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        return await super().wait(event, seconds / 100)

    def monotonic(self) -> float:
        return super().monotonic() * 100


class Apart(SqliteStore):
    """A real SQLite store whose samples fail as those of a database of their own would."""

    apart = True

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.away = False
        self.hung = threading.Event()
        self.hung.set()
        self.refuses: Callable[[LinkSample], bool] = lambda _: False

    def write_samples(self, samples: Sequence[LinkSample]) -> Sequence[Rejected]:
        self.hung.wait(20)
        if self.away:
            raise StoreError("http://noc:8086: can't be reached.")
        super().write_samples([each for each in samples if not self.refuses(each)])
        return [Rejected(each, "type conflict") for each in samples if self.refuses(each)]


def samples(first: int, count: int) -> list[LinkSample]:
    return [link_sample("kut-zes", T0 + at, in_bps=float(at)) for at in range(first, first + count)]


def entry(at: float, state: LinkState) -> StateEntry:
    return StateEntry(LINK, T0 + at, state, Fault.NONE, "")


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not what():  # noqa: ASYNC110 (a condition, with a bound)
            await asyncio.sleep(0.01)


async def until_stored(writer: Writer) -> None:
    await until(lambda: not (writer.waiting or writer.problem))


@contextmanager
def spool_in(folder: Path, limit: int = PLENTY) -> Iterator[Spool]:
    spool = Spool(folder / "spool", limit)
    yield spool
    spool.close()


@asynccontextmanager
async def at_work(writer: Writer) -> AsyncIterator[None]:
    """It runs, and is stopped in the end."""
    stop = asyncio.Event()
    running = asyncio.create_task(writer.run(stop))
    yield
    stop.set()
    await running


def stored(store: SqliteStore) -> list[float]:
    rows = store._file.rows("SELECT ts FROM tail ORDER BY ts")
    return [row[0] / 1000 - T0 for row in rows]


async def test_everything_is_there_once_and_in_order_after_the_store_was_locked(
    tmp_path: Path,
) -> None:
    store = SqliteStore.open(tmp_path / "s.sqlite", write=True, busy_ms=20)
    with spool_in(tmp_path) as spool:
        writer = Writer(store, Hasty(), spool=spool)
        async with at_work(writer):
            writer.put(Batch(samples(0, 100), [entry(0, LinkState.UP)]))
            await until_stored(writer)
            other = sqlite3.connect(store.path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            for part in range(1, 6):
                writer.put(
                    Batch(samples(part * 100, 100), [entry(part, list(LinkState)[part % 3])])
                )
                await asyncio.sleep(0.02)
            await until(lambda: bool(writer.problem) and spool.waiting == 500)
            assert "locked" in writer.problem
            assert writer.waiting == 500
            other.rollback()
            other.close()
            await until_stored(writer)
    assert stored(store) == list(range(600))
    assert [each.at - T0 for each in store.states_after(0)] == [0, 1, 2, 3, 4, 5]
    assert writer.dropped == 0
    store.close()


async def test_states_do_not_wait_for_samples_whose_own_database_is_away(tmp_path: Path) -> None:
    store = Apart.open(tmp_path / "s.sqlite", write=True)
    assert isinstance(store, Apart)
    store.away = True
    with spool_in(tmp_path) as spool:
        writer = Writer(store, Hasty(), spool=spool)
        async with at_work(writer):
            status = PollerStatus(T0, T0, 10, 1, 1, 1, 0, 0, 0)
            writer.put(Batch(samples(0, 10), [entry(0, LinkState.UP)]))
            await until(lambda: spool.waiting == 10)
            assert "can't be reached" in writer.problem
            writer.put(Batch(samples(10, 10), [entry(1, LinkState.DOWN)], poller=status))
            await until(lambda: len(store.states_after(0)) == 2 and store.poller() is not None)
            told = store.poller()
            assert told is not None
            # The status may be written before its batch's samples are on disk.
            assert told.spooled + told.waiting == 20
            assert told.spooled >= 10
            assert stored(store) == []
            store.away = False
            await until_stored(writer)
    assert stored(store) == list(range(20))
    store.close()


class Full(Spool):
    """Its disk takes nothing."""

    full = False

    def append(self, rows: Sequence[LinkSample]) -> None:
        if self.full:
            raise StoreError("the disk is full")
        super().append(rows)


async def test_what_is_on_disk_and_what_waits_in_memory_are_counted_apart(tmp_path: Path) -> None:
    store = Apart.open(tmp_path / "s.sqlite", write=True)
    assert isinstance(store, Apart)
    status = PollerStatus(T0, T0, 10, 1, 1, 1, 0, 0, 0)
    with closing(store), closing(Full(tmp_path / "spool", 10**9)) as spool:
        writer = Writer(store, Hasty(), spool=spool)

        async def told(at: float) -> tuple[int, int]:
            writer.put(Batch((), poller=replace(status, at=at)))
            await until(lambda: bool((row := store.poller()) and row.at == at))
            row = store.poller()
            assert row is not None
            return row.spooled, row.waiting

        async with at_work(writer):
            writer.put(Batch(samples(0, 10), [entry(0, LinkState.UP)]))
            await until_stored(writer)
            assert await told(T0 + 1) == (0, 0)
            store.away = True
            writer.put(Batch(samples(10, 10)))
            await until(lambda: spool.waiting == 10)
            spool.full = True
            writer.put(Batch(samples(20, 7)))
            assert await told(T0 + 2) == (10, 7)
            store.away = spool.full = False
            await until_stored(writer)
            assert await told(T0 + 3) == (0, 0)


async def test_while_a_store_hangs_samples_go_to_disk_and_the_end_does_not_wait(
    tmp_path: Path,
) -> None:
    store = Apart.open(tmp_path / "s.sqlite", write=True)
    assert isinstance(store, Apart)
    store.hung.clear()
    with spool_in(tmp_path) as spool:
        writer, stop = Writer(store, SystemClock(), spool=spool), asyncio.Event()
        running = asyncio.create_task(writer.run(stop))
        writer.put(Batch(samples(0, 10)))
        await until(lambda: not writer._samples)  # it is under way, and hangs
        writer.put(Batch(samples(10, 10)))
        await until(lambda: spool.waiting == 20)  # what is under way too: a kill loses nothing
        stop.set()
        began = time.monotonic()
        await running
        assert time.monotonic() - began < 10  # LAST_FLUSH_S, on a machine with other work
        store.hung.set()
    with spool_in(tmp_path) as spool:
        writer = Writer(store, Hasty(), spool=spool)
        async with at_work(writer):
            await until_stored(writer)
    assert stored(store) == list(range(20))
    store.close()


async def test_what_the_store_refuses_is_kept_with_its_reason_and_the_rest_is_stored(
    tmp_path: Path,
) -> None:
    store = Apart.open(tmp_path / "s.sqlite", write=True)
    assert isinstance(store, Apart)
    store.refuses = lambda sample: sample.at == T0 + 3
    file = tmp_path / "spool" / "rejected.jsonl"
    writer = Writer(store, Hasty(), rejects=Rejects(file))
    async with at_work(writer):
        writer.put(Batch(samples(0, 5)))
        await until_stored(writer)
    assert stored(store) == [0, 1, 2, 4]
    assert writer.rejected == 1
    (line,) = map(orjson.loads, file.read_text().splitlines())
    assert (line["link"], line["reason"], line["values"]) == (
        "kut-zes",
        "type conflict",
        {"in_bps": 3.0},
    )
    store.close()


async def test_without_room_to_keep_it_nothing_is_given_up(tmp_path: Path) -> None:
    store = Apart.open(tmp_path / "s.sqlite", write=True)
    assert isinstance(store, Apart)
    store.refuses = lambda sample: sample.at == T0 + 3
    (tmp_path / "file").write_text("not a folder")
    rejects = Rejects(tmp_path / "file" / "rejected.jsonl")
    writer = Writer(store, Hasty(), rejects=rejects)
    async with at_work(writer):
        writer.put(Batch(samples(0, 5)))
        await until(lambda: "can't be kept" in writer.problem)
        assert writer.waiting == 5
        rejects.path = tmp_path / "rejected.jsonl"
        await until_stored(writer)
    assert stored(store) == [0, 1, 2, 4]
    store.close()


async def test_without_a_spool_the_oldest_samples_go_and_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The bound is half a million samples: a smaller one shows the same in a moment.
    monkeypatch.setattr("monitor.writer.MEMORY_SAMPLES", 250)
    store = SqliteStore.open(tmp_path / "s.sqlite", write=True)
    writer = Writer(store, Hasty())
    for part in range(4):
        writer.put(Batch(samples(part * 100, 100), [entry(part, list(LinkState)[part % 2])]))
    assert (writer.waiting, writer.dropped) == (250, 150)
    stop = asyncio.Event()
    stop.set()
    await writer.run(stop)
    report = store.check()
    assert report.samples == 250
    assert report.oldest == T0 + 150
    assert len(store.states_after(0)) == 4  # states are never dropped
    store.close()


async def test_a_full_disk_under_the_spool_leaves_samples_in_memory_and_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Apart.open(tmp_path / "s.sqlite", write=True)
    assert isinstance(store, Apart)
    store.away = True
    with spool_in(tmp_path) as spool, monkeypatch.context() as patched:

        def full(_: Sequence[LinkSample]) -> None:
            raise StoreError("spool: No space left on device")

        patched.setattr(spool, "append", full)
        writer = Writer(store, Hasty(), spool=spool)
        async with at_work(writer):
            for part in range(5):
                writer.put(Batch(samples(part * 10, 10)))
                await asyncio.sleep(0.02)
            await until(lambda: bool(writer.problem))
            assert writer.waiting == 50
            store.away = False
            await until_stored(writer)
    assert stored(store) == list(range(50))
    store.close()


async def test_the_end_stores_what_still_waits(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "s.sqlite", write=True)
    writer = Writer(store, SystemClock())
    async with at_work(writer):
        writer.put(Batch(samples(0, 10)))
    assert store.check().samples == 10
    store.close()
