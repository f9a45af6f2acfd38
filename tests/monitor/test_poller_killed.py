"""A monitor that is killed at any moment: what it stored is whole, and at most one poll is lost."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from monitor.store.base import LinkSample, StateEntry
from monitor.store.sqlite import SqliteStore
from monitor.values import LinkState, Quality
from tests.bench.poll import agents
from tests.bench.poll_agents import BPS

MOMENTS = int(os.environ.get("KILLS", "5"))
"""KILLS=50 for the long run."""
DEVICES = 5
INTERVAL_S = 0.5
LONGEST_GAP_S = 2 * INTERVAL_S + 1.5
"""The poll in flight, and what came since the last batch; a busy machine's own delays."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with agents(DEVICES) as first:
        yield first


def started(folder: Path, port: int) -> subprocess.Popen[bytes]:
    words = [str(DEVICES), str(port), str(INTERVAL_S), "3600", str(folder), "native"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.poll_collector", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def newest(store: SqliteStore) -> float:
    return max((sample.at for sample in store.last_samples().values()), default=0.0)


def until_newer(store: SqliteStore, than: float, running: subprocess.Popen[bytes]) -> float:
    deadline = time.monotonic() + 60
    while (found := newest(store)) <= than:
        assert running.poll() is None, "the monitor ended by itself"
        assert time.monotonic() < deadline, "the monitor stored nothing"
        time.sleep(0.02)
    return found


@pytest.mark.timeout(300 + 20 * MOMENTS)
def test_a_killed_monitor_loses_the_poll_in_flight_and_nothing_that_was_stored(
    port: int, tmp_path: Path
) -> None:
    chance = random.Random(5)
    path = tmp_path / "samples.sqlite"
    kills: list[float] = []
    known: set[tuple[str, float]] = set()
    for _ in range(MOMENTS):
        running = started(tmp_path, port)
        reader = None
        try:
            while not path.exists():
                assert running.poll() is None
                time.sleep(0.02)
            reader = SqliteStore.open(path, write=False)
            until_newer(reader, time.time(), running)
            time.sleep(chance.uniform(0, 1.5))  # any moment will do: it is the point
        finally:
            running.send_signal(signal.SIGKILL)
            killed = time.time()
            running.wait(10)
            if reader:
                reader.close()
        kills.append(killed)
        samples = stored(path)
        assert known <= samples.keys(), "something that was stored is gone"
        known = set(samples)
        last: dict[str, float] = defaultdict(float)
        for link, at in known:
            last[link] = max(last[link], at)
        assert len(last) == DEVICES * 24
        assert min(last.values()) > killed - LONGEST_GAP_S
        check_values(samples)
    assert len(kills) == MOMENTS


def test_what_changed_while_the_database_was_locked_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "samples.sqlite"
    waiting = tmp_path / "samples.sqlite.spool" / "states"
    with ExitStack() as ending:
        with agents(DEVICES) as port:
            running = ending.enter_context(killed_at_last(started(tmp_path, port)))
            until(path.exists, running)
            reader = ending.enter_context(closing(SqliteStore.open(path, write=False)))
            until(lambda: len(current(reader, LinkState.UP)) >= DEVICES, running)
            holder = sqlite3.connect(path, isolation_level=None)
            holder.execute("BEGIN IMMEDIATE")
            before = reader.last_seq()
        # Their agents are gone: all devices fall silent, and that opens an incident.
        opens = b'"open"'
        until(lambda: any(opens in each.read_bytes() for each in waiting.glob("*.states")), running)
        running.kill()
        killed = time.time()
        running.wait(10)
        holder.rollback()
        holder.close()
        assert reader.last_seq() == before
        assert reader.incidents() == ()
        again = ending.enter_context(killed_at_last(started(tmp_path, port)))
        until(lambda: reader.last_seq() > before, again)
        found = [each for each in reader.states_after(before) if each.at < killed]
        (incident,) = reader.incidents()
    silent = {each.subject.id for each in found if each.state is LinkState.UNKNOWN}
    assert silent >= {f"bench-{number:05}" for number in range(DEVICES)}
    assert incident.opened < killed
    assert not list(waiting.glob("*.states"))


@contextmanager
def killed_at_last(running: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield running
    finally:
        running.kill()
        running.wait(10)


def current(store: SqliteStore, state: LinkState) -> list[StateEntry]:
    return [each for each in store.current_states().values() if each.state is state]


def until(what: Callable[[], bool], running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert running.poll() is None, "the monitor ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stored(path: Path) -> dict[tuple[str, float], LinkSample]:
    """Everything, after the store's own check."""
    store = SqliteStore.open(path, write=True)
    try:
        report = store.check()
        assert report.ok, report.findings
        found = list(store.samples(0.0, time.time() + 60))
        assert len(found) == report.samples
    finally:
        store.close()
    return {(sample.link, sample.at): sample for sample in found}


def check_values(samples: dict[tuple[str, float], LinkSample]) -> None:
    """Each good rate is what the agents send; the first after a start has none."""
    for sample in samples.values():
        if sample.quality is Quality.GOOD:
            # Agents renew their counters every tenth of a second.
            assert sample.value("in_bps") == pytest.approx(BPS, rel=0.35)
        else:
            assert sample.value("in_bps") is None or sample.quality is Quality.LATE
