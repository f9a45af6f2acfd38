"""What waits on disk for a store that is away: bounded, in order, sound at any moment.

A folder of segments. Each is text: a line that says what it holds, then one line a batch, its
CRC-32 and its number of rows in front. Lines are only ever added; a line that was cut off by a
kill or a full disk has no valid CRC and is passed over. What is read is forgotten only by `done`:
a process that dies between storing and forgetting reads it again, so storing a row twice must do
no harm.
"""

import fcntl
import os
import threading
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import IO, ClassVar, Generic, NamedTuple, TypeVar

import structlog

from inventory.errors import StoreError

SEGMENTS = 16
"""The limit is divided into so many segments: what must go, goes a segment at a time."""
SMALLEST_SEGMENT = 4096
Row = TypeVar("Row")

log = structlog.get_logger("monitor")


class Taken(NamedTuple, Generic[Row]):
    """The oldest rows that wait, and how far they reach."""

    rows: list[Row]
    segment: int
    end: int
    """Offset in the segment after the last of them."""


class Segments(ABC, Generic[Row]):
    """One folder, held by one process. All calls are safe from several threads."""

    what: ClassVar[str]
    """What its rows are called: also how its files end."""
    head: ClassVar[bytes]
    """First line of a segment."""

    @abstractmethod
    def encoded(self, rows: Sequence[Row]) -> bytes:
        """Rows as text without a line end."""

    @abstractmethod
    def decoded(self, text: bytes, head: bytes) -> list[Row]:
        """And back, under the first line of their segment. ValueError when they are not ours."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Open or make `folder`; StoreError when it can't be used or another process has it."""
        self.folder, self._limit = folder, limit_bytes
        self._segment_bytes = max(SMALLEST_SEGMENT, limit_bytes // SEGMENTS)
        self._lock = threading.Lock()
        self._held = _hold(folder)
        self._counts: dict[int, int] = {}
        """Segment -> rows in it that wait."""
        self._sizes: dict[int, int] = {}
        self._read = (0, 0)
        """Segment and offset up to which everything is stored."""
        self.dropped = 0
        """Rows that were given up since this was opened, as the spool was full."""
        self._load()

    @property
    def waiting(self) -> int:
        """Rows in it."""
        return sum(self._counts.values())

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        return sum(self._sizes.values())

    def append(self, rows: Sequence[Row]) -> None:
        """Put rows behind what waits; they survive a kill and a power cut from then on.

        Gives up the oldest segments where the limit asks for it. StoreError when the disk takes
        nothing: the spool is then as it was.
        """
        body = b"%d %s" % (len(rows), self.encoded(rows))
        line = b"%08x %s\n" % (zlib.crc32(body), body)
        with self._lock:
            self._make_room(len(line))
            segment = self._current()
            path = self._path(segment)
            before = self._sizes.get(segment, 0)
            try:
                _add(path, line if before else self.head + line, before)
            except OSError as error:
                if not before:
                    path.unlink(missing_ok=True)
                raise StoreError(
                    f"{path}: {self.what} can't be put aside: {error.strerror}. "
                    "They stay in memory. Free some space, or name another folder in `store.spool`."
                ) from None
            self._sizes[segment] = path.stat().st_size
            self._counts[segment] = self._counts.get(segment, 0) + len(rows)

    def take(self, limit: int) -> Taken[Row] | None:
        """The oldest rows, some `limit` of them, which stay until `done`; None when none wait.

        StoreError when the disk can't be read.
        """
        with self._lock:
            for segment in sorted(self._counts):
                start = self._read[1] if segment == self._read[0] else 0
                found = self._take_from(segment, start, limit)
                if found.rows:
                    return found
                self._forget(segment)
        return None

    def done(self, taken: Taken[Row]) -> None:
        """`taken` is stored: forget it."""
        with self._lock:
            if taken.segment not in self._counts:
                return  # it was given up meanwhile
            left = self._counts[taken.segment] - len(taken.rows)
            if left <= 0:
                self._forget(taken.segment)
                return
            self._counts[taken.segment] = left
            self._read = (taken.segment, taken.end)
            self._note(f"{taken.segment} {taken.end}\n")

    def close(self) -> None:
        """Let go of the folder; what waits stays in it."""
        self._held.close()

    def _load(self) -> None:
        try:
            mark = (self.folder / "read").read_text(encoding="ascii").split()
            self._read = (int(mark[0]), int(mark[1]))
        except (OSError, ValueError, IndexError):
            pass  # nothing was stored since the oldest segment was begun, or it is stored again
        for path in sorted(self.folder.glob(f"*.{self.what}")):
            segment = int(path.stem) if path.stem.isdigit() else 0
            start = self._read[1] if segment == self._read[0] else 0
            count, sound = _count(path, start)
            self._counts[segment], self._sizes[segment] = count, sound
            if sound < path.stat().st_size:  # a kill in the middle of a line: it was never promised
                os.truncate(path, sound)
            if not count:
                self._forget(segment)

    def _take_from(self, segment: int, start: int, limit: int) -> Taken[Row]:
        path, found = self._path(segment), list[Row]()
        try:
            with path.open("rb") as file:
                head = file.readline()
                file.seek(max(start, file.tell()))
                while len(found) < limit and (line := file.readline()):
                    try:
                        found += self._rows(line, head)
                    except ValueError:
                        log.error("spool_damaged", file=str(path), offset=file.tell() - len(line))  # noqa: TRY400
                return Taken(found, segment, file.tell())
        except OSError as error:
            raise StoreError(f"{path}: can't be read: {error.strerror}.") from None

    def _rows(self, line: bytes, head: bytes) -> list[Row]:
        body = _body(line)
        if body is None:
            raise ValueError("damaged or cut off")
        return self.decoded(body.partition(b" ")[2], head)

    def _make_room(self, wanted: int) -> None:
        while self._sizes and self.size_bytes + wanted + len(self.head) > self._limit:
            oldest = min(self._sizes)
            gone = self._counts.get(oldest, 0)
            self.dropped += gone
            log.error("spool_full", limit_bytes=self._limit, what=self.what, dropped=gone)
            self._forget(oldest)

    def _current(self) -> int:
        """The segment that takes the next line: the newest, or a new one when that is full."""
        if not self._sizes:
            return max(self._read[0] + 1, 1)
        newest = max(self._sizes)
        return newest + 1 if self._sizes[newest] >= self._segment_bytes else newest

    def _forget(self, segment: int) -> None:
        self._counts.pop(segment, None)
        self._sizes.pop(segment, None)
        self._read = max(self._read, (segment, 0))
        self._path(segment).unlink(missing_ok=True)
        if not self._counts:
            (self.folder / "read").unlink(missing_ok=True)

    def _note(self, mark: str) -> None:
        """Remember how far it was read. Where that fails, what is stored is only stored again."""
        fresh = self.folder / "read.new"
        try:
            fresh.write_text(mark, encoding="ascii")
            fresh.replace(self.folder / "read")
        except OSError as error:
            log.warning("spool_mark_failed", file=str(fresh), problem=error.strerror)

    def _path(self, segment: int) -> Path:
        return self.folder / f"{segment:012d}.{self.what}"


def _hold(folder: Path) -> IO[str]:
    """The folder's lock, as long as the file that is returned is open."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{folder}: can't be used for what waits: {error.strerror}. "
            "Give this user the right to write it, or set `store.spool`."
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise StoreError(
            f"{folder}: another monitor keeps here what waits. "
            "Stop it first, or name another folder in `store.spool`."
        ) from None
    return file


def _add(path: Path, data: bytes, before: int) -> None:
    """Add to a file and to its medium; OSError, and the file then is as long as `before`."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fdatasync(file)
        except OSError:
            os.ftruncate(file, before)
            raise
    finally:
        os.close(file)
    if not before:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _body(line: bytes) -> bytes | None:
    """What stands behind a CRC that fits; None when the line is damaged or cut off."""
    crc, _, body = line.partition(b" ")
    if not line.endswith(b"\n") or crc != b"%08x" % zlib.crc32(body[:-1]):
        return None
    return body[:-1]


def _count(path: Path, start: int) -> tuple[int, int]:
    """Rows behind `start`, and how far the file is whole: a last line without end is not."""
    count = whole = 0
    with path.open("rb") as file:
        whole = len(file.readline())
        file.seek(max(start, whole))
        whole = file.tell()
        for line in file:
            body = _body(line)
            count += int(body.partition(b" ")[0]) if body else 0
            whole += len(line) if line.endswith(b"\n") else 0
    return count, whole
