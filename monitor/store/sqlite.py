"""The embedded store: one SQLite file in WAL mode, a writer and any number of readers."""

import shutil
import sqlite3
from pathlib import Path

from inventory.errors import StoreError
from monitor.store.base import Batch, StoreReport
from monitor.store.sqlite_file import BUSY_MS, SqliteFile, explain
from monitor.store.sqlite_journal import SqliteJournal, write_journal
from monitor.store.sqlite_notes import SqliteNotes
from monitor.store.sqlite_samples import SqliteSamples

FINDINGS = 20
"""`store check` names so many damages and no more."""


class SqliteStore(SqliteSamples, SqliteJournal, SqliteNotes):
    """Store over one file: samples and journal share it, so a batch is one transaction."""

    apart = False

    def __init__(self, file: SqliteFile) -> None:
        SqliteSamples.__init__(self, file)
        self.path = file.path

    @classmethod
    def open(cls, path: Path, *, write: bool, busy_ms: int = BUSY_MS) -> "SqliteStore":
        """Open `path`; a writer makes it when it isn't there. StoreError."""
        return cls(SqliteFile(path, write=write, busy_ms=busy_ms))

    def write(self, batch: Batch) -> None:
        """See Store."""
        self.know(batch.samples)
        with self._file.transaction() as connection:
            self.insert(connection, batch.samples)
            write_journal(connection, batch)

    def check(self) -> StoreReport:
        """See Store. Reads every page: about a second a gigabyte."""
        if not self.path.exists():
            raise StoreError(f"{self.path}: there is no database yet. Run: imereti store init")
        rows = self._file.rows(f"PRAGMA integrity_check({FINDINGS})")
        findings = tuple(str(row[0]) for row in rows if row[0] != "ok")
        count, oldest, newest = 0, None, None
        if not findings:
            for table in ("samples", "tail"):
                sql = f"SELECT count(*), min(ts), max(ts) FROM {table}"  # noqa: S608
                number, first, last = self._file.rows(sql)[0]
                count += number
                if number:
                    oldest = min(oldest or first, first)
                    newest = max(newest or last, last)
        return StoreReport(
            ok=not findings,
            samples=count,
            oldest=oldest / 1000 if oldest else None,
            newest=newest / 1000 if newest else None,
            size_bytes=self.path.stat().st_size,
            findings=findings,
        )

    def backup(self, to: Path) -> None:
        """Copy the whole database to a new file while it is in use. StoreError."""
        if to.exists():
            raise StoreError(f"{to}: is there already. Name a new file.")
        if not self.path.exists():
            raise StoreError(f"{self.path}: there is no database yet. Run: imereti store init")
        part = to.with_name(f"{to.name}.part")
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            source = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
            target = sqlite3.connect(part)
            try:
                source.backup(target)
            finally:
                target.close()
                source.close()
            shutil.move(part, to)
        except sqlite3.Error as error:
            part.unlink(missing_ok=True)
            raise StoreError(explain(self.path, "back up", error)) from error
        except OSError as error:
            raise StoreError(f"{to}: can't be written: {error.strerror}.") from None

    def close(self) -> None:
        """See SampleStore."""
        self._file.close()
