"""The audit log: one JSON line a step, only ever appended to, each line sealing the one before.

A line's `hash` is the sha256 of the line without it, and `previous` is the hash of the line
before, so that a changed, removed or inserted line shows. Beside the log stands `<log>.head` with
the number and hash of the last line, which shows a cut tail. A writer that dies in mid-line leaves
a torn tail; the next writer removes it and says so in a line of its own.
"""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nornir_tasks.errors import RecordError

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of one change."""

    number: int
    """1 for the first line of the log."""
    at: str
    """RFC 3339, UTC."""
    who: str
    change: str
    """Id of the apply (or rollback, run) that the step belongs to."""
    step: str
    """start, commit, checks, confirm, revert, end, ..."""
    device: str
    """Empty for a step of the whole change."""
    revision: str
    """Of the model: git commit of the inventory and its content hash."""
    result: str
    """begun, done, failed, ..."""
    detail: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Appends to and reads from one file."""

    path: Path
    who: str
    mask: Callable[[str], str]
    """Hides the values of secrets in whatever is written."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def append(
        self,
        step: str,
        result: str,
        *,
        change: str = "",
        device: str = "",
        revision: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Write one line and bring it to the disk before returning; RecordError when it can't."""
        fields = {
            "at": self.now().astimezone(UTC).isoformat(timespec="milliseconds"),
            "who": self.who,
            "change": change,
            "step": step,
            "device": device,
            "revision": revision,
            "result": result,
            "detail": _masked(dict(detail or {}), self.mask),
        }
        try:
            with _exclusive(self.path) as log:
                return _write(self.path, log, fields)
        except OSError as error:
            raise RecordError(
                f"{self.path}: the audit log can't be written ({error.strerror}). "
                f"Nothing is applied that is not recorded: make room or mend the file, then repeat."
            ) from None

    def entries(self) -> Iterator[Entry]:
        """Every whole line, oldest first; RecordError at a line that is not one of ours."""
        yield from read_entries(self.path)


def read_entries(path: Path) -> Iterator[Entry]:
    """Every whole line of the log at `path`, oldest first; none when there is no such file."""
    try:
        with path.open("rb") as log:
            for number, line in enumerate(log, 1):
                if not line.endswith(b"\n"):
                    return
                yield _entry(path, number, line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise RecordError(f"{path}: the audit log can't be read: {error.strerror}.") from None


def verify_chain(path: Path) -> tuple[str, ...]:
    """What is wrong with the log, one sentence each; empty when every line seals the one before."""
    problems: list[str] = []
    previous, number = GENESIS, 0
    head = _head(path)
    try:
        for number, entry in enumerate(read_entries(path), 1):
            if entry.number != number:
                problems.append(f"{path}:{number}: expected line {number}, found {entry.number}.")
            if entry.previous != previous:
                problems.append(f"{path}:{number}: does not seal the line before it.")
            if _sealed(entry) != entry.hash:
                problems.append(f"{path}:{number}: was changed after it was written.")
            if head and head[0] == number and head[1] != entry.hash:
                problems.append(f"{path}:{number}: is not the line that was written last.")
            previous = entry.hash
    except RecordError as error:
        problems.append(str(error))
    if head and number < head[0] and not problems:
        problems.append(f"{path}: expected {head[0]} lines, found {number}: the tail was removed.")
    return tuple(problems)


def _write(path: Path, log: int, fields: Mapping[str, Any]) -> Entry:
    size, last, torn = _tail(path, log)
    if torn:
        os.ftruncate(log, size)
        note = {**fields, "step": "mend", "result": "done", "device": "", "change": ""}
        note["detail"] = {"torn_bytes": torn}
        last = _append(path, log, size, last, note)
        size = os.fstat(log).st_size
    return _append(path, log, size, last, fields)


def _append(
    path: Path, log: int, size: int, last: Entry | None, fields: Mapping[str, Any]
) -> Entry:
    number, previous = (last.number + 1, last.hash) if last else (1, GENESIS)
    unsealed = Entry(number=number, previous=previous, hash="", **fields)
    entry = Entry(**{**asdict(unsealed), "hash": _sealed(unsealed)})
    line = (json.dumps(asdict(entry), ensure_ascii=False, sort_keys=True) + "\n").encode()
    try:
        written = os.pwrite(log, line, size)
        os.fsync(log)
    except OSError:
        with suppress(OSError):
            os.ftruncate(log, size)
        raise
    if written != len(line):
        os.ftruncate(log, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    _write_head(path, entry)
    return entry


def _tail(path: Path, log: int) -> tuple[int, Entry | None, int]:
    """Size of the whole lines, the last of them, and how many torn bytes follow."""
    end = os.fstat(log).st_size
    block, start = b"", end
    while start > 0 and block.rstrip(b"\n").count(b"\n") < 2:
        step = min(65536, start)
        start -= step
        block = os.pread(log, step, start) + block
    whole = block[: block.rfind(b"\n") + 1]
    torn = len(block) - len(whole)
    if not whole:
        return end - torn, None, torn
    return end - torn, _entry(path, 0, whole.splitlines()[-1]), torn


def _entry(path: Path, number: int, line: bytes) -> Entry:
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError):
        where = f"{path}:{number}" if number else f"{path}: its last line"
        raise RecordError(f"{where}: is not a line of the audit log.") from None


def _sealed(entry: Entry) -> str:
    content = {key: value for key, value in asdict(entry).items() if key != "hash"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {str(key): _masked(inner, mask) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner, mask) for inner in value]
    return value


@contextmanager
def _exclusive(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(log, fcntl.LOCK_EX)
        yield log
    finally:
        os.close(log)


def _head_path(path: Path) -> Path:
    return path.with_name(path.name + ".head")


def _write_head(path: Path, entry: Entry) -> None:
    fresh = path.with_name(path.name + ".head.new")
    fresh.write_text(f"{entry.number} {entry.hash}\n", encoding="ascii")
    fresh.replace(_head_path(path))


def _head(path: Path) -> tuple[int, str] | None:
    try:
        number, sealed = _head_path(path).read_text(encoding="ascii").split()
        return int(number), sealed
    except (OSError, ValueError):
        return None
