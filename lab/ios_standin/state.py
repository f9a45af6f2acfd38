"""What a device keeps on disk, so that the process behind it may be killed and started again."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that waits for its confirmation."""

    file: str
    """Of the archive, with the configuration from before."""
    text: str
    user: str
    minutes: int
    armed_at: datetime
    due: datetime

    def until(self, minutes: int, due: datetime) -> "Pending":
        """The same with another deadline."""
        return replace(self, minutes=minutes, due=due)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a killed process would lose."""

    running: str
    startup: str
    files: Mapping[str, bytes]
    archived: tuple[str, ...]
    pending: Pending | None


class StateFile:
    """One JSON file a device."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, snapshot: Snapshot) -> None:
        """Replaces the file in one step; OSError when the disk refuses."""
        pending = snapshot.pending
        document = {
            "running": snapshot.running,
            "startup": snapshot.startup,
            "files": {n: base64.b64encode(c).decode() for n, c in snapshot.files.items()},
            "archived": list(snapshot.archived),
            "pending": None
            if pending is None
            else {
                "file": pending.file,
                "text": pending.text,
                "user": pending.user,
                "minutes": pending.minutes,
                "armed_at": pending.armed_at.isoformat(),
                "due": pending.due.isoformat(),
            },
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(document), encoding="utf-8")
        new.replace(self._path)

    def read(self) -> Snapshot | None:
        """The snapshot; None when there is none yet."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        found = document["pending"]
        times = {} if found is None else {k: datetime.fromisoformat(found[k]) for k in _TIMES}
        return Snapshot(
            document["running"],
            document["startup"],
            {name: base64.b64decode(text) for name, text in document["files"].items()},
            tuple(document["archived"]),
            None if found is None else Pending(**{**found, **times}),
        )


_TIMES = ("armed_at", "due")
