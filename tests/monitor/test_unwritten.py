"""States and incidents that wait for the journal: in order, once, over a restart too."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from inventory.errors import StoreError
from monitor.said import say
from monitor.spool_states import StatesSpool
from monitor.store.base import Batch, Change, IncidentChange, StateEntry, Subject
from monitor.store.sqlite import SqliteStore
from monitor.unwritten import Unwritten
from monitor.values import Fault, LinkState, Severity, SubjectKind

T0 = 1_790_000_000.0
PLENTY = 10**9
LINK = Subject(SubjectKind.LINK, "kut-zes")
ROUTER = Subject(SubjectKind.DEVICE, "zes-rtr1")


def entry(at: float) -> StateEntry:
    state = LinkState.DOWN if at % 2 else LinkState.UP
    return StateEntry(LINK, T0 + at, state, Fault.OWN, say("snmp.timeout", seconds="2"))


def change(kind: Change, at: float) -> IncidentChange:
    summary = say("incident.link", cause=LINK.id)
    return IncidentChange(
        kind, LINK, T0 + at, Severity.MAJOR, summary, (ROUTER,), say("opened.why", why=summary)
    )


def in_memory(unwritten: Unwritten, store: SqliteStore) -> int:
    """Store what may be stored; how many batches that were."""
    count = 0
    while following := unwritten.next:
        store.write(following)
        unwritten.stored(following.number)
        count += 1
    return count


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore.open(tmp_path / "s.sqlite", write=True)) as opened:
        yield opened


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[StatesSpool]:
    with closing(StatesSpool(tmp_path / "states", PLENTY)) as opened:
        yield opened


def test_what_went_to_disk_comes_back_as_it_was(spool: StatesSpool) -> None:
    went_in = [
        Batch((), (entry(0.125), entry(1)), (change(Change.OPEN, 1),), number=7),
        Batch((), (), (change(Change.UPDATE, 2), change(Change.CLOSE, 3)), number=8),
    ]
    spool.append(went_in)
    taken = spool.take(10)
    assert taken is not None
    assert taken.rows == went_in


async def test_another_process_stores_what_was_put_aside_and_in_order(
    store: SqliteStore, spool: StatesSpool
) -> None:
    killed = Unwritten(store, spool)
    for at in range(3):
        killed.put([entry(at)], [change(Change.OPEN, at)] if at == 1 else [])
        await killed.put_aside()
    assert spool.waiting == 3
    assert not Unwritten(store, spool)
    assert [each.at - T0 for each in store.states_after(0)] == [0, 1, 2]
    (incident,) = store.incidents()
    assert (incident.cause, incident.affected, len(incident.timeline)) == (LINK, (ROUTER,), 1)
    assert incident.summary == change(Change.OPEN, 1).summary
    assert spool.waiting == 0


async def test_what_was_stored_and_put_aside_as_well_is_there_once(
    store: SqliteStore, spool: StatesSpool
) -> None:
    unwritten = Unwritten(store, spool)
    unwritten.put([entry(0), entry(1), entry(2)], [change(Change.OPEN, 1), change(Change.CLOSE, 2)])
    under_way = unwritten.next
    assert under_way is not None
    await unwritten.put_aside()  # the store was slow: nobody knew whether it would take it
    store.write(under_way)
    unwritten.stored(under_way.number)
    unwritten.put([entry(3)], [])
    assert not in_memory(unwritten, store)  # not before what is on disk
    assert unwritten.drain()
    assert in_memory(unwritten, store) == 1
    assert not unwritten
    assert [each.at - T0 for each in store.states_after(0)] == [0, 1, 2, 3]
    (incident,) = store.incidents()
    assert len(incident.timeline) == 2


async def test_what_the_disk_does_not_take_stays_in_memory(
    store: SqliteStore, spool: StatesSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A full disk: test_store_faults.py has a real one.
    unwritten = Unwritten(store, spool)
    unwritten.put([entry(0)], [])
    with monkeypatch.context() as patched:

        def full(_: object) -> None:
            raise StoreError("states can't be put aside: No space left on device")

        patched.setattr(spool, "append", full)
        with pytest.raises(StoreError, match="No space left"):
            await unwritten.put_aside()
    unwritten.put([entry(1)], [])
    assert in_memory(unwritten, store) == 2
    assert [each.at - T0 for each in store.states_after(0)] == [0, 1]


async def test_without_a_disk_for_it_everything_waits_in_memory(store: SqliteStore) -> None:
    unwritten = Unwritten(store)
    unwritten.put([entry(0)], [])
    await unwritten.put_aside()
    assert unwritten.next is not None
    assert not unwritten.spooled


def test_a_line_of_another_program_is_passed_over(spool: StatesSpool, tmp_path: Path) -> None:
    spool.append([Batch((), (entry(0),), (), number=1)])
    (segment,) = (tmp_path / "states").glob("*.states")
    segment.write_bytes(segment.read_bytes().replace(b"imereti-states 1", b"imereti-states 2"))
    assert spool.take(10) is None
    assert spool.waiting == 0
