"""One SQLite file, shared by threads and processes; its errors in words."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from inventory.errors import StoreError
from monitor.said import known, say
from monitor.store import schema

BUSY_MS = 2000
"""How long a writer waits for another before it says that the file is locked."""
CLOSE_S = 2.0
"""How long closing waits for a statement under way, and again after interrupting it."""
MAPPED_OCTETS = 2**30
"""Of a file, at most."""
Row = Sequence[Any]


class _Connection:
    """A thread's connection and who may use it: to close it under a reader ends the process."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._lock = threading.RLock()
        self._users = 0
        """The thread's own, one within the other; counted by who has the lock."""
        self._open = True

    @contextmanager
    def used(self) -> Iterator[sqlite3.Connection | None]:
        """Keep it from being closed meanwhile; None when it is closed, or about to be."""
        with self._lock:
            if not self._open and not self._users:
                yield None
                return
            self._users += 1
            try:
                yield self.connection
            finally:
                self._users -= 1

    def close(self) -> None:
        """Wait until nobody uses it; what can't be waited for or interrupted is left open."""
        self._open = False  # else a thread that reads on and on would rarely let go of it
        if not self._lock.acquire(timeout=CLOSE_S):
            self.connection.interrupt()
            if not self._lock.acquire(timeout=CLOSE_S):
                return
        try:
            self.connection.close()
        finally:
            self._lock.release()


class SqliteFile:
    """Connections to one file, one a thread. A reader may come before the file is there."""

    def __init__(self, path: Path, *, write: bool, busy_ms: int = BUSY_MS) -> None:
        self.path, self.write, self._busy_ms = path, write, busy_ms
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all: list[_Connection] = []
        if write:
            self._make()

    def rows(self, sql: str, parameters: Row = ()) -> list[Row]:
        """Read; nothing when there is no file yet. StoreError."""
        with self.errors("read"), self._connection() as connection:
            return [] if connection is None else connection.execute(sql, parameters).fetchall()

    def columns(self, sql: str, parameters: Row = ()) -> list[tuple[Any, ...]]:
        """As `rows`, for a hundred thousand of them: column by column, and read where the system
        has it, which is a sixth quicker; nothing when there is no row. StoreError.

        Mapped only meanwhile: what a bad disk can't give is then no error but the process's end.
        """
        with self.errors("read"), self._connection() as connection:
            if connection is None:
                return []
            connection.execute(f"PRAGMA mmap_size = {MAPPED_OCTETS}")
            try:
                cursor = connection.execute(sql, parameters)
                found = list(chain.from_iterable(cursor))  # zip would keep a tuple of each row
                width = len(cursor.description)
                return [tuple(found[at::width]) for at in range(width)] if found else []
            finally:
                connection.execute("PRAGMA mmap_size = 0")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. StoreError; what was there before stays."""
        if not self.write:
            raise StoreError(f"{self.path}: opened for reading only.")
        with self.errors("write"), self._connection() as connection:
            assert connection is not None  # noqa: S101  (a writer made the file)
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled back by itself
                    connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Close every thread's connection, each when nobody uses it. Who comes later opens anew."""
        with self._lock:
            opened, self._all = self._all, []
        for each in opened:
            each.close()

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        """Turn what SQLite raises into a StoreError that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(explain(self.path, doing, error)) from error

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection | None]:
        """This thread's, kept from being closed meanwhile; None when there is no file."""
        while True:
            found: _Connection | None = getattr(self._local, "opened", None)
            if found is None:
                if not self.write and not self.path.exists():
                    yield None
                    return
                found = self._local.opened = self._open()
                if found is None:
                    yield None
                    return
            with found.used() as connection:
                if connection is not None:
                    yield connection
                    return
            self._local.opened = None  # it was closed in between

    def _open(self) -> _Connection | None:
        """A new one, which `close` finds once nothing runs on it; None when it has no tables."""
        connection = self._connect()
        try:
            empty = not self.write and schema.is_empty(connection)
        except sqlite3.Error:
            connection.close()
            raise
        if empty:
            connection.close()  # somebody is about to make them
            return None
        opened = _Connection(connection)
        with self._lock:
            self._all.append(opened)
        return opened

    def _connect(self) -> sqlite3.Connection:
        mode = "rw" if self.write else "ro"
        uri = f"{self.path.resolve().as_uri()}?mode={mode}"
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            connection.execute(f"PRAGMA busy_timeout = {self._busy_ms}")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._check_ours(connection)
        except (sqlite3.Error, StoreError):
            connection.close()
            raise
        return connection

    def _check_ours(self, connection: sqlite3.Connection) -> None:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if owner != schema.APPLICATION_ID and not schema.is_empty(connection):
            raise StoreError(say("sqlite.foreign", path=str(self.path)))
        if version > schema.VERSION:
            raise StoreError(
                say("sqlite.newer", path=str(self.path), known=schema.VERSION, found=version)
            )

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path.parent}: can't be made: {error.strerror}.") from None
        with self.errors("open"):
            if self.path.exists() and self.path.stat().st_size:
                self._connect().close()  # never touch what is not ours
            fresh = sqlite3.connect(self.path, isolation_level=None)
            try:
                fresh.execute(f"PRAGMA busy_timeout = {self._busy_ms}")
                fresh.execute("PRAGMA journal_mode = WAL")
                schema.make(fresh)
            finally:
                fresh.close()


def explain(path: Path, doing: str, error: sqlite3.Error) -> str:
    """What happened to `path` and what a person does about it."""
    reason = str(error)
    if "locked" in reason or "busy" in reason:
        what = say("sqlite.locked")
    elif "readonly" in reason or "read-only" in reason:
        what = say("sqlite.readonly")
    elif "malformed" in reason or "not a database" in reason:
        what = say("sqlite.damaged")
    elif "full" in reason:
        what = say("sqlite.full")
    elif "unable to open" in reason:
        what = say("sqlite.unopened")
    else:
        what = say("sqlite.other")
    return say(
        "sqlite",
        path=str(path),
        doing=known(doing, f"doing.{doing}"),
        reason=known(reason, reason),
        what=what,
    )
