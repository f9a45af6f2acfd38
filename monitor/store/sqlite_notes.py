"""What devices told, and the latest of what is known beside states and samples, in SQLite."""

import json
from collections.abc import Iterable, Mapping, Sequence

from monitor.store.base import KEPT_EVENTS, DeviceEvent, Latest
from monitor.store.sqlite_file import SqliteFile
from monitor.values import EventSource, LatestKind


class SqliteNotes:
    """The journal's part over a SqliteFile. A file of an older program has none of it yet."""

    _file: SqliteFile

    def add_events(self, events: Sequence[DeviceEvent]) -> None:
        """See Journal."""
        rows = [
            (each.device, round(each.at * 1000), each.source, each.severity, each.text)
            for each in events
        ]
        with self._file.transaction() as connection:
            connection.executemany(
                "INSERT INTO events (device, at, source, severity, text) VALUES (?, ?, ?, ?, ?)",
                rows,
            )
            connection.executemany(
                "DELETE FROM events WHERE device = ? AND id <= (SELECT id FROM events "
                "WHERE device = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                [(device, device, KEPT_EVENTS) for device in {each.device for each in events}],
            )

    def events(self, devices: Iterable[str], limit: int = 50) -> tuple[DeviceEvent, ...]:
        """See Journal."""
        wanted = tuple(devices)
        if not wanted or not self._has("events"):
            return ()
        marks = ", ".join("?" * len(wanted))
        rows = self._file.rows(
            f"SELECT device, at, source, severity, text FROM events WHERE device IN ({marks}) "  # noqa: S608
            "ORDER BY id DESC LIMIT ?",
            (*wanted, limit),
        )
        return tuple(
            DeviceEvent(device, at / 1000, EventSource(source), severity, text)
            for device, at, source, severity, text in rows
        )

    def put_latest(self, rows: Sequence[Latest]) -> None:
        """See Journal."""
        with self._file.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?)",
                [
                    (row.kind, row.id, round(row.at * 1000), json.dumps(dict(row.document)))
                    for row in rows
                ],
            )

    def latest(self, kind: LatestKind) -> Mapping[str, Latest]:
        """See Journal."""
        if not self._has("latest"):
            return {}
        rows = self._file.rows("SELECT id, at, document FROM latest WHERE kind = ?", (kind,))
        return {row[0]: Latest(kind, row[0], row[1] / 1000, json.loads(row[2])) for row in rows}

    def _has(self, table: str) -> bool:
        sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return bool(self._file.rows(sql, (table,)))
