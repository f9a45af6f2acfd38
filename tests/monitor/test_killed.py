"""The writer killed at fifty random moments: nothing corrupt, and only what was in flight lost.

A process forks writers and kills them, so that each round costs no start of Python. A writer gets a
sample, a change of state and a change of an incident every few milliseconds and tells what it has
put; now and then its database is locked, so that they are in the spool, or on their way to it, when
the end comes. Once more with samples in a database apart from the journal.
"""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from monitor.spool import Spool
from monitor.spool_states import StatesSpool
from monitor.store.sqlite import SqliteStore
from monitor.unwritten import Unwritten

ROUNDS, ROUNDS_APART = 50, 20
IN_FLIGHT_S = 3.0
"""What was put so shortly before the end may be on its way: flush, look, and a busy machine."""

KILLS = """
import asyncio, json, os, random, signal, sqlite3, sys, time
from pathlib import Path
from monitor.clock import SystemClock
from monitor.spool import Spool
from monitor.spool_states import StatesSpool
from monitor.store.base import Batch, Change, IncidentChange, StateEntry, Subject, link_sample
from monitor.store.sqlite import SqliteStore
from monitor.unwritten import Unwritten
from monitor.values import Fault, LinkState, Severity, SubjectKind
from monitor.writer import Writer

LINK = Subject(SubjectKind.LINK, "kut-zes")
folder, rounds = Path(sys.argv[1]), int(sys.argv[2])


class Killed(SqliteStore):
    apart = sys.argv[3] == "apart"


chance = random.Random(20261126)
SqliteStore.open(folder / "s.sqlite", write=True).close()


def batch(at):
    down = at % 2
    state = StateEntry(LINK, float(at), LinkState.DOWN if down else LinkState.UP, Fault.NONE, "")
    change = Change.OPEN if down else Change.CLOSE
    incident = IncidentChange(change, LINK, float(at), Severity.MAJOR, "cut", (), str(at))
    return Batch([link_sample("kut-zes", float(at), in_bps=1.0)], [state], [incident])


def write(first, told):
    async def run():
        store = Killed.open(folder / "s.sqlite", write=True, busy_ms=20)
        unwritten = Unwritten(store, StatesSpool(folder / "states", 10**9))
        spool = Spool(folder / "spool", 10**9)
        writer = Writer(store, SystemClock(), spool=spool, unwritten=unwritten)
        running = asyncio.create_task(writer.run(asyncio.Event()))
        at = first
        while not running.done():
            writer.put(batch(at))
            os.write(told, b"%d %r\\n" % (at, time.monotonic()))
            at += 1
            await asyncio.sleep(0.01)
    asyncio.run(run())


first, document = 1, []
for _ in range(rounds):
    locked = chance.random() < 0.5
    holder = sqlite3.connect(folder / "s.sqlite", isolation_level=None)
    read, told = os.pipe()
    child = os.fork()
    if child == 0:
        holder = None
        write(first, told)
        os._exit(0)
    os.close(told)
    time.sleep(chance.uniform(0.0, 1.2))
    if locked:
        holder.execute("BEGIN IMMEDIATE")
        time.sleep(chance.uniform(0.0, 1.2))
    os.kill(child, signal.SIGKILL)
    killed = time.monotonic()
    os.waitpid(child, 0)
    holder.close()
    with os.fdopen(read) as lines:
        put = [line.split() for line in lines if line.endswith("\\n")]
    document.append([killed, [(int(at), float(when)) for at, when in put]])
    first = int(put[-1][0]) + 2 if put else first
print(json.dumps(document))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("one", ROUNDS), ("apart", ROUNDS_APART)])
def test_fifty_kills_leave_everything_sound_and_lose_what_was_in_flight_at_most(
    tmp_path: Path, kind: str, count: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(tmp_path), str(count), kind],
        stdout=subprocess.PIPE, check=True, timeout=250, env=os.environ,
    )  # fmt: skip
    rounds = orjson.loads(done.stdout.splitlines()[-1])
    assert len(rounds) == count
    with (
        closing(SqliteStore.open(tmp_path / "s.sqlite", write=True)) as store,
        closing(StatesSpool(tmp_path / "states", 10**9)) as spooled,
    ):
        assert store.check().ok
        stored = [int(each.at) for each in store.samples(0, 1e9)]
        Unwritten(store, spooled)  # as the next monitor does
        assert spooled.waiting == 0
        states = [int(each.at) for each in store.states_after(0, 10**6)]
        incidents = store.incidents(limit=10**6)
    with closing(Spool(tmp_path / "spool", 10**9)) as spool:
        waiting = []
        while taken := spool.take(5000):
            waiting += [int(each.at) for each in taken.rows]
            spool.done(taken)
    assert len(stored) == len(set(stored))
    there = {*stored, *waiting}
    assert states == sorted(set(states))
    changes = sorted(int(line.what) for each in incidents for line in each.timeline)
    assert changes == sorted(set(changes))
    put = [at for _, each in rounds for at, _ in each]
    assert len(put) > 10 * count
    assert there <= {*put, *(at + 1 for at in put)}  # the one that was put but not told
    opened = {at for at in put if at % 2}
    kept = ((put, there), (put, {*states}), (opened, {*changes}))
    for wanted, found in kept:
        lost = {*wanted} - found
        ages = [killed - when for killed, each in rounds for at, when in each if at in lost]
        assert max(ages, default=0.0) < IN_FLIGHT_S
