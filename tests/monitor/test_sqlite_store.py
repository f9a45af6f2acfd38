"""The embedded store: what goes in comes out, and what can go wrong with a file is said."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.errors import StoreError
from monitor.store.base import (
    Batch,
    Change,
    DevicePollRow,
    IncidentChange,
    LinkSample,
    MaintenanceWindow,
    PollerStatus,
    StateEntry,
    Subject,
    link_sample,
)
from monitor.store.sqlite import SqliteStore
from monitor.store.sqlite_file import SqliteFile
from monitor.values import Fault, IncidentState, LinkState, Quality, Severity, SubjectKind

T0 = 1_790_000_100.0
"""A multiple of 300 s."""
LINK = Subject(SubjectKind.LINK, "kut-zes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "samples.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(path, write=True)
    yield opened
    opened.close()


def state(at: float, state: LinkState, fault: Fault = Fault.NONE, reason: str = "") -> StateEntry:
    return StateEntry(LINK, at, state, fault, reason)


def change(kind: Change, at: float, **other: object) -> IncidentChange:
    values: dict[str, object] = {
        "severity": Severity.MAJOR,
        "summary": "kut-zes is down",
        "affected": (Subject(SubjectKind.DEVICE, "zes-rtr1"),),
        "what": kind.value,
    }
    return IncidentChange(kind, LINK, at, **{**values, **other})  # type: ignore[arg-type]


def every_10_s(link: str, values: list[float | None], start: float = T0) -> list[LinkSample]:
    return [
        link_sample(link, start + 10 * at, in_bps=value)
        if value is not None
        else LinkSample(link, start + 10 * at, Quality.RESET, 0.0)
        for at, value in enumerate(values)
    ]


def test_the_ledger_gives_what_was_in_force_at_the_start_and_what_followed(
    store: SqliteStore,
) -> None:
    entries = [
        state(T0, LinkState.UP),
        state(T0 + 100, LinkState.UNKNOWN, Fault.BLIND),
        state(T0 + 100, LinkState.DOWN, Fault.OWN, "cut"),
        state(T0 + 160, LinkState.UP),
    ]
    store.write(Batch(states=entries))
    found = store.ledger(LINK, T0 + 50, T0 + 160)
    assert [(e.at, e.state) for e in found] == [
        (T0, LinkState.UP),
        (T0 + 100, LinkState.UNKNOWN),
        (T0 + 100, LinkState.DOWN),
    ]
    assert store.current_states()[LINK].state is LinkState.UP
    assert [e.seq for e in store.states_after(2)] == [3, 4]
    assert store.last_seq() == 4
    assert store.ledger(LINK, T0 - 90, T0 - 10) == ()


def test_a_cause_has_one_open_incident_and_its_timeline(store: SqliteStore) -> None:
    store.write(Batch(incidents=[change(Change.OPEN, T0), change(Change.OPEN, T0 + 5)]))
    (incident,) = store.incidents([IncidentState.OPEN])
    assert incident.affected == (Subject(SubjectKind.DEVICE, "zes-rtr1"),)
    assert store.acknowledge(incident.id, T0 + 9, "nino") is not None
    store.note(incident.id, T0 + 10, "nino", "called the provider")
    store.write(Batch(incidents=[change(Change.UPDATE, T0 + 11, what="", affected=())]))
    store.write(Batch(incidents=[change(Change.CLOSE, T0 + 20)]))
    store.write(Batch(incidents=[change(Change.CLOSE, T0 + 21), change(Change.UPDATE, T0 + 22)]))
    closed = store.incident(incident.id)
    assert closed is not None
    assert closed.state is IncidentState.CLOSED
    assert closed.closed == T0 + 20
    assert [line.what for line in closed.timeline] == [
        "open",
        "open",
        "acknowledged",
        "called the provider",
        "close",
    ]
    assert closed.timeline[2].by == "nino"
    store.write(Batch(incidents=[change(Change.OPEN, T0 + 30)]))
    assert len(store.incidents()) == 2
    assert store.incidents(since=T0 + 25)[0].opened == T0 + 30
    assert len(store.incidents(since=T0 + 25)) == 1


def test_an_incident_that_is_not_there_is_none(store: SqliteStore) -> None:
    assert store.incident(7) is None
    assert store.acknowledge(7, T0, "nino") is None
    assert store.note(7, T0, "nino", "x") is None
    assert store.close_incident(7, T0, "nino", "x") is None


def test_a_maintenance_window_can_end_early(store: SqliteStore) -> None:
    made = store.add_window(MaintenanceWindow(0, LINK, T0, T0 + 100, "new optics", "nino"))
    assert store.windows(T0 + 50, T0 + 60) == (made,)
    ended = store.end_window(made.id, T0 + 40)
    assert ended is not None
    assert ended.end == T0 + 40
    assert store.windows(T0 + 50, T0 + 60) == ()
    assert store.end_window(99, T0) is None


def test_the_poller_and_the_devices_come_back(store: SqliteStore) -> None:
    status = PollerStatus(T0, T0 - 60, 10, 76, 75, 400, 1, 2, 3, (("zes-rtr1", 2.5),), 4, 5, 0.7)
    row = DevicePollRow("zes-rtr1", T0, 4000.5, 12.25)
    store.write(Batch(poller=status, devices=[row]))
    assert store.poller() == status
    assert store.device_polls() == {"zes-rtr1": row}


def test_a_batch_is_stored_whole_or_not_at_all(store: SqliteStore) -> None:
    good = link_sample("kut-zes", T0, in_bps=1.0)
    bad = LinkSample("kut-zes", T0 + 10, Quality.GOOD, 10.0, (1.0,))
    with pytest.raises(StoreError):
        store.write(Batch(samples=[good, bad], states=[state(T0, LinkState.UP)]))
    assert store.check().samples == 0
    assert store.last_seq() == 0


def test_a_reader_may_come_before_the_first_writer(path: Path) -> None:
    reader = SqliteStore.open(path, write=False)
    assert reader.last_samples() == {}
    assert reader.incidents() == ()
    assert reader.poller() is None
    assert reader.series("kut-zes", "in_bps", T0, T0 + 20, 10)[1].mean is None
    writer = SqliteStore.open(path, write=True)
    writer.write_samples([link_sample("kut-zes", T0, in_bps=5.0)])
    assert reader.last_samples()["kut-zes"].value("in_bps") == 5.0
    with pytest.raises(StoreError, match="reading only"):
        reader.write(Batch())
    writer.close()
    reader.close()


def write_for_a_while(path: Path, seconds: float) -> None:
    store = SqliteStore.open(path, write=True)
    began, at = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        store.write_samples(
            [link_sample(f"link-{n}", T0 + 10 * at, in_bps=float(at)) for n in range(50)]
        )
        at += 1
        if at % 30 == 0:
            store.compact(T0 + 10 * at)


def test_a_reader_process_beside_the_writer_sees_no_error_and_only_whole_batches(
    path: Path,
) -> None:
    SqliteStore.open(path, write=True).close()
    writer = multiprocessing.get_context("spawn").Process(
        target=write_for_a_while, args=(path, 2.0)
    )
    writer.start()
    reader, rounds = SqliteStore.open(path, write=False), 0
    while writer.is_alive():
        last = reader.last_samples()
        assert len({sample.at for sample in last.values()}) <= 1
        reader.series("link-7", "in_bps", T0, T0 + 6000, 300)
        rounds += 1
    writer.join(10)
    assert writer.exitcode == 0
    assert rounds > 10
    assert len(reader.last_samples()) == 50
    reader.close()


def test_a_writer_killed_at_any_moment_leaves_a_sound_file_with_all_it_had_stored(
    path: Path,
) -> None:
    code = (
        "import sys; from pathlib import Path; from monitor.store.sqlite import SqliteStore\n"
        "from monitor.store.base import link_sample\n"
        "store = SqliteStore.open(Path(sys.argv[1]), write=True)\n"
        "for at in range(100000):\n"
        "    store.write_samples([link_sample('kut-zes', 1000.0 + at, in_bps=1.0)])\n"
        "    print(at, flush=True)\n"
        "    at % 300 or store.compact(1000.0 + at)\n"
    )
    stored = 0
    for after in (1, 3, 200, 700):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                stored = max(stored, int(line) + 1)
                if int(line) >= after:
                    os.kill(writer.pid, signal.SIGKILL)
                    break
            for line in writer.stdout:
                stored = max(stored, int(line) + 1)
        report = SqliteStore.open(path, write=False).check()
        assert report.ok
        assert report.samples >= stored


def test_a_locked_file_is_an_error_that_says_so_and_nothing_is_lost(path: Path) -> None:
    store = SqliteStore.open(path, write=True, busy_ms=50)
    store.write_samples([link_sample("kut-zes", T0, in_bps=1.0)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match=r"locked.*another process holds it"):
        store.write_samples([link_sample("kut-zes", T0 + 10, in_bps=2.0)])
    assert store.last_samples()["kut-zes"].at == T0  # reading goes on
    other.rollback()
    other.close()
    store.write_samples([link_sample("kut-zes", T0 + 10, in_bps=2.0)])
    assert store.check().samples == 2


def test_a_file_that_is_no_database_is_named_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("these are the minutes of a meeting, not a database\n" * 40)
    before = path.read_bytes()
    for write in (True, False):
        with pytest.raises(StoreError, match=r"samples\.sqlite.*damaged.*Nothing was changed"):
            SqliteStore.open(path, write=write).last_samples()
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE invoices (number INTEGER)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another's"):
        SqliteStore.open(path, write=True)
    assert path.read_bytes() == before


def test_a_newer_programs_tables_are_left_alone(path: Path) -> None:
    SqliteStore.open(path, write=True).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.commit()
    newer.close()
    with pytest.raises(StoreError, match="found 99: a newer program"):
        SqliteStore.open(path, write=True)


def test_a_damaged_page_is_found_and_the_rest_is_still_read(path: Path) -> None:
    store = SqliteStore.open(path, write=True)
    for at in range(40):
        store.write_samples([link_sample(f"l{n}", T0 + at, in_bps=n * 1.5) for n in range(50)])
    store.close()
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 4096 * 2)
        file.write(b"\xa5" * 4096)
    store = SqliteStore.open(path, write=False)
    try:
        report = store.check()
        assert not report.ok
        assert report.findings
    except StoreError as error:
        assert "damaged" in str(error)  # noqa: PT017  (either is an answer)


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(StoreError, match="can't be made"):
        SqliteStore.open(blocked / "samples.sqlite", write=True)


def test_a_database_that_only_lets_itself_be_read_says_so(path: Path) -> None:
    store = SqliteStore.open(path, write=True)
    with store._file.transaction() as connection:  # the way root meets a read-only medium
        connection.execute("SELECT 1")
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="may not be written"):
        store.write_samples([link_sample("kut-zes", T0)])
    connection.execute("PRAGMA query_only = OFF")
    store.write_samples([link_sample("kut-zes", T0)])
    assert store.check().samples == 1


def test_a_full_disk_loses_nothing_that_was_stored(path: Path) -> None:
    store = SqliteStore.open(path, write=True)
    store.write_samples([link_sample("kut-zes", T0, in_bps=1.0)])
    with store._file.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    many = [link_sample(f"l{n}", T0 + 10, in_bps=2.0) for n in range(5000)]
    with pytest.raises(StoreError, match="disk is full"):
        store.write_samples(many)
    assert store.check().samples == 1
    connection.execute("PRAGMA max_page_count = 1000000")
    store.write_samples(many)
    assert store.check().samples == 5001


def test_a_backup_of_a_store_in_use_is_whole_and_overwrites_nothing(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.write_samples(every_10_s("kut-zes", [1.0] * 20))
    copy = tmp_path / "backup" / "copy.sqlite"
    store.backup(copy)
    assert SqliteStore.open(copy, write=False).check().samples == 20
    with pytest.raises(StoreError, match="there already"):
        store.backup(copy)


def test_a_missing_database_names_the_command_that_makes_one(path: Path) -> None:
    with pytest.raises(StoreError, match="imereti store init"):
        SqliteStore.open(path, write=False).check()


def test_a_metric_added_later_gets_its_column(path: Path) -> None:
    SqliteStore.open(path, write=True).close()
    older = sqlite3.connect(path)
    for table in ("tail", "samples", "rollup"):
        older.execute(f"ALTER TABLE {table} DROP COLUMN rtt_ms")
    older.execute("ALTER TABLE rollup DROP COLUMN rtt_ms_max")
    older.commit()
    older.close()
    store = SqliteStore.open(path, write=True)
    store.write_samples([link_sample("kut-zes", T0, rtt_ms=3.0)])
    store.compact(T0 + 600)
    assert store.series("kut-zes", "rtt_ms", T0, T0 + 300, 300)[0].mean == 3.0


CLOSED_UNDER_READERS = """
import sys, threading, time
from pathlib import Path
from inventory.errors import StoreError
from monitor.store import schema
from monitor.store.base import link_sample
from monitor.store.sqlite import SqliteStore
from monitor.store.sqlite_file import SqliteFile

is_empty = schema.is_empty
def slow_is_empty(connection):  # so that closing often meets a thread which is opening anew
    return all([is_empty(connection) for _ in range(300)])
schema.is_empty = slow_is_empty

path = Path(sys.argv[1])
writer = SqliteStore.open(path, write=True)
writer.write_samples([link_sample("a", 1e9 + at, in_bps=1.0) for at in range(2000)])
reader, stop, read = SqliteStore.open(path, write=False), threading.Event(), []

def follow():
    while not stop.is_set():
        read.append(len(reader.series("a", "in_bps", 1e9, 1e9 + 2000, 10)))

threads = [threading.Thread(target=follow) for _ in range(3)]
for each in threads:
    each.start()
for _ in range(60):
    before = len(read)
    reader.close()
    until = time.monotonic() + 20
    while len(read) == before and time.monotonic() < until:
        time.sleep(0.001)
stop.set()
for each in threads:
    each.join()
reader.close()
writer.close()
print(set(read))
"""


def test_a_store_can_be_closed_while_other_threads_read(path: Path) -> None:
    # In a process of its own: where it goes wrong, SQLite's C code ends the whole process.
    ended = subprocess.run(
        [sys.executable, "-c", CLOSED_UNDER_READERS, str(path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, "{200}\n"), ended.stderr


def test_closing_interrupts_what_takes_too_long(store: SqliteStore, path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    file, found = SqliteFile(path, write=False), []

    def read() -> None:
        try:
            file.rows(endless)
        except StoreError as error:
            found.append(str(error))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while thread.is_alive() and time.monotonic() < until:
        file.close()  # until the thread has opened its connection there is nothing to close
    assert ["interrupted" in text for text in found] == [True]


def test_a_reader_may_come_between_the_file_and_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "samples.sqlite"
    sqlite3.connect(path).execute("PRAGMA journal_mode = WAL").fetchall()
    assert path.stat().st_size
    reader = SqliteStore.open(path, write=False)
    assert reader.last_samples() == {}
    assert reader.poller() is None
    writer = SqliteStore.open(path, write=True)
    writer.write_samples([link_sample("kut-zes", 1000.0)])
    assert set(reader.last_samples()) == {"kut-zes"}
    reader.close()
    writer.close()
