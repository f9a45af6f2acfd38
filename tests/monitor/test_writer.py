"""What waits for the store, and what becomes of it when the store fails."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from monitor.clock import SystemClock
from monitor.store.base import Batch, LinkSample, StateEntry, Subject, link_sample
from monitor.store.sqlite import SqliteStore
from monitor.values import Fault, LinkState, SubjectKind
from monitor.writer import Writer

T0 = 1_790_000_000.0
LINK = Subject(SubjectKind.LINK, "kut-zes")


class Hasty(SystemClock):
    """Time passes a hundred times as fast while somebody waits."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        return await super().wait(event, seconds / 100)

    def monotonic(self) -> float:
        return super().monotonic() * 100


def samples(first: int, count: int) -> list[LinkSample]:
    return [link_sample("kut-zes", T0 + at, in_bps=float(at)) for at in range(first, first + count)]


def entry(at: float, state: LinkState) -> StateEntry:
    return StateEntry(LINK, T0 + at, state, Fault.NONE, "")


async def until_stored(writer: Writer) -> None:
    async with asyncio.timeout(10):
        while writer.waiting or writer.problem:  # noqa: ASYNC110 (a condition, with a bound)
            await asyncio.sleep(0.01)


async def test_everything_is_there_once_and_in_order_after_the_store_was_locked(
    tmp_path: Path,
) -> None:
    store = SqliteStore.open(tmp_path / "s.sqlite", write=True, busy_ms=20)
    writer, stop = Writer(store, Hasty()), asyncio.Event()
    running = asyncio.create_task(writer.run(stop))
    writer.put(Batch(samples(0, 100), [entry(0, LinkState.UP)]))
    await until_stored(writer)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for part in range(1, 6):
        writer.put(Batch(samples(part * 100, 100), [entry(part, list(LinkState)[part % 3])]))
        await asyncio.sleep(0.02)
    async with asyncio.timeout(10):
        while not writer.problem:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert "locked" in writer.problem
    other.rollback()
    other.close()
    await until_stored(writer)
    stop.set()
    await running
    assert store.check().samples == 600
    assert [each.at - T0 for each in store.states_after(0)] == [0, 1, 2, 3, 4, 5]
    assert writer.dropped == 0


async def test_when_too_much_waits_the_oldest_samples_go_and_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The bound is half a million samples: a smaller one shows the same in a moment.
    monkeypatch.setattr("monitor.writer.SPOOL_SAMPLES", 250)
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


async def test_the_end_stores_what_still_waits(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "s.sqlite", write=True)
    writer, stop = Writer(store, SystemClock()), asyncio.Event()
    running = asyncio.create_task(writer.run(stop))
    writer.put(Batch(samples(0, 10)))
    stop.set()
    await running
    assert store.check().samples == 10
