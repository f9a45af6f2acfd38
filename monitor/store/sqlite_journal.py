"""States, incidents and maintenance in SQLite."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from monitor.said import recalled, say, stored
from monitor.store.base import (
    Batch,
    Change,
    DevicePollRow,
    Incident,
    IncidentChange,
    MaintenanceWindow,
    PollerStatus,
    StateEntry,
    Subject,
    TimelineEntry,
)
from monitor.store.sqlite_file import Row, SqliteFile
from monitor.store.sqlite_sums import set_progress
from monitor.values import Fault, IncidentState, LinkState, Severity, SubjectKind

_ACKNOWLEDGED = say("acknowledged")
MONITOR = "monitor"
"""Who writes the lines of a timeline that no person wrote."""
_NUMBER = "journal"
"""Name of the mark that says which batch was the last."""
_ENTRY = "kind, subject, at, state, fault, reason, seq"
_INCIDENT = "id, kind, subject, state, severity, opened, closed, summary, affected"
_WINDOW = "id, kind, subject, start, end, reason, by"


class SqliteJournal:
    """Journal over a SqliteFile."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def current_states(self) -> Mapping[Subject, StateEntry]:
        """See Journal."""
        columns = f"{_prefixed('l', _ENTRY)}, c.since"
        sql = f"SELECT {columns} FROM current c JOIN ledger l ON l.seq = c.seq"  # noqa: S608
        return {entry.subject: entry for entry in map(_entry, self._file.rows(sql))}

    def ledger(self, subject: Subject, start: float, end: float) -> tuple[StateEntry, ...]:
        """See Journal."""
        who = (subject.kind, subject.id)
        before = self._file.rows(
            f"SELECT {_ENTRY} FROM ledger WHERE kind = ? AND subject = ? AND at <= ? "  # noqa: S608
            "ORDER BY at DESC, seq DESC LIMIT 1",
            (*who, _ms(start)),
        )
        within = self._file.rows(
            f"SELECT {_ENTRY} FROM ledger WHERE kind = ? AND subject = ? AND at > ? AND at < ? "  # noqa: S608
            "ORDER BY at, seq",
            (*who, _ms(start), _ms(end)),
        )
        return tuple(_entry(row) for row in (*before, *within))

    def states_after(self, seq: int, limit: int = 1000) -> tuple[StateEntry, ...]:
        """See Journal."""
        sql = f"SELECT {_ENTRY} FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
        return tuple(_entry(row) for row in self._file.rows(sql, (seq, limit)))

    def last_seq(self) -> int:
        """See Journal."""
        found = self._file.rows("SELECT max(seq) FROM ledger")
        return int(found[0][0] or 0) if found else 0

    def journal_number(self) -> int:
        """See Journal."""
        found = self._file.rows("SELECT value FROM progress WHERE name = ?", (_NUMBER,))
        return int(found[0][0]) if found else 0

    def device_polls(self) -> Mapping[str, DevicePollRow]:
        """See Journal."""
        rows = self._file.rows("SELECT device, at, uptime_s, rtt_ms FROM device_polls")
        return {row[0]: DevicePollRow(row[0], row[1] / 1000, row[2], row[3]) for row in rows}

    def incidents(
        self, states: Iterable[IncidentState] = (), since: float = 0.0, limit: int = 200
    ) -> tuple[Incident, ...]:
        """See Journal."""
        wanted = tuple(states) or tuple(IncidentState)
        marks = ", ".join("?" * len(wanted))
        rows = self._file.rows(
            f"SELECT {_INCIDENT} FROM incidents WHERE state IN ({marks}) "  # noqa: S608
            "AND (closed IS NULL OR closed >= ?) ORDER BY closed IS NOT NULL, CASE severity "
            "WHEN 'critical' THEN 0 WHEN 'major' THEN 1 ELSE 2 END, opened DESC, id DESC LIMIT ?",
            (*wanted, _ms(since), limit),
        )
        return tuple(self._incident(row) for row in rows)

    def incident(self, number: int) -> Incident | None:
        """See Journal."""
        rows = self._file.rows(f"SELECT {_INCIDENT} FROM incidents WHERE id = ?", (number,))  # noqa: S608
        return self._incident(rows[0]) if rows else None

    def acknowledge(self, number: int, at: float, by: str) -> Incident | None:
        """See Journal."""
        sql = "UPDATE incidents SET state = 'acknowledged' WHERE id = ? AND state = 'open'"
        return self._act(number, at, by, _ACKNOWLEDGED, sql, number)

    def note(self, number: int, at: float, by: str, text: str) -> Incident | None:
        """See Journal."""
        return self._act(number, at, by, text)

    def close_incident(self, number: int, at: float, by: str, what: str) -> Incident | None:
        """See Journal."""
        sql = "UPDATE incidents SET state = 'closed', closed = ? WHERE id = ? AND closed IS NULL"
        return self._act(number, at, by, what, sql, _ms(at), number)

    def windows(self, start: float, end: float) -> tuple[MaintenanceWindow, ...]:
        """See Journal."""
        sql = f"SELECT {_WINDOW} FROM windows WHERE start < ? AND end > ? ORDER BY start, id"  # noqa: S608
        return tuple(_window(row) for row in self._file.rows(sql, (_ms(end), _ms(start))))

    def add_window(self, window: MaintenanceWindow) -> MaintenanceWindow:
        """See Journal."""
        row = (
            window.subject.kind,
            window.subject.id,
            _ms(window.start),
            _ms(window.end),
            window.reason,
            window.by,
        )
        with self._file.transaction() as connection:
            number = connection.execute(
                "INSERT INTO windows (kind, subject, start, end, reason, by) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            ).lastrowid
        return _window((number, *row))

    def end_window(self, number: int, at: float) -> MaintenanceWindow | None:
        """See Journal."""
        with self._file.transaction() as connection:
            connection.execute(
                "UPDATE windows SET end = max(start, min(end, ?)) WHERE id = ?", (_ms(at), number)
            )
        rows = self._file.rows(f"SELECT {_WINDOW} FROM windows WHERE id = ?", (number,))  # noqa: S608
        return _window(rows[0]) if rows else None

    def poller(self) -> PollerStatus | None:
        """See Journal."""
        rows = self._file.rows("SELECT status FROM poller")
        if not rows:
            return None
        known = json.loads(rows[0][0])
        slow = tuple((device, seconds) for device, seconds in known.pop("slow"))
        return PollerStatus(**known, slow=slow)

    def _act(
        self, number: int, at: float, by: str, what: str, *change: str | float
    ) -> Incident | None:
        with self._file.transaction() as connection:
            if connection.execute("SELECT 1 FROM incidents WHERE id = ?", (number,)).fetchone():
                if change:
                    connection.execute(str(change[0]), change[1:])
                _add_line(connection, number, at, what, by)
        return self.incident(number)

    def _incident(self, row: Row) -> Incident:
        number, kind, subject, state, severity, opened, closed, summary, affected = row
        lines = self._file.rows(
            "SELECT at, what, by FROM timeline WHERE incident = ? ORDER BY id", (number,)
        )
        return Incident(
            id=number,
            cause=Subject(SubjectKind(kind), subject),
            state=IncidentState(state),
            severity=Severity(severity),
            opened=opened / 1000,
            closed=None if closed is None else closed / 1000,
            summary=recalled(summary),
            affected=tuple(Subject(SubjectKind(a), b) for a, b in json.loads(affected)),
            timeline=tuple(TimelineEntry(at / 1000, recalled(what), by) for at, what, by in lines),
        )


def write_journal(connection: sqlite3.Connection, batch: Batch) -> None:
    """Everything of a batch but its samples, inside a transaction."""
    if _is_new(connection, batch.number):
        insert_states(connection, batch.states)
        change_incidents(connection, batch.incidents)
    write_devices(connection, batch.devices)
    if batch.poller:
        write_poller(connection, batch.poller)


def _is_new(connection: sqlite3.Connection, number: int) -> bool:
    """Whether the batch of that number is not there yet; from now on it is."""
    if not number:
        return True
    sql = "SELECT value FROM progress WHERE name = ?"
    known = connection.execute(sql, (_NUMBER,)).fetchone()
    set_progress(connection, _NUMBER, number)
    return known is None or number > known[0]


def insert_states(connection: sqlite3.Connection, states: Sequence[StateEntry]) -> None:
    """Add to the ledger inside a transaction; what is there already is not added again."""
    for entry in states:
        kind, subject = entry.subject.kind, entry.subject.id
        row = (kind, subject, _ms(entry.at), entry.state, entry.fault, stored(entry.reason))
        last = connection.execute(
            "SELECT l.kind, l.subject, at, state, fault, reason, since FROM current c "
            "JOIN ledger l ON l.seq = c.seq WHERE c.kind = ? AND c.subject = ?",
            (kind, subject),
        ).fetchone()
        if last is not None and last[:6] == row:
            continue
        same = last is not None and last[3] == entry.state
        since = min(last[6], row[2]) if same else row[2]
        seq = connection.execute(
            "INSERT INTO ledger (kind, subject, at, state, fault, reason) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            row,
        ).lastrowid
        connection.execute(
            "INSERT OR REPLACE INTO current (kind, subject, seq, since) VALUES (?, ?, ?, ?)",
            (kind, subject, seq, since),
        )


def change_incidents(connection: sqlite3.Connection, changes: Sequence[IncidentChange]) -> None:
    """Carry out what the monitor says of incidents, inside a transaction."""
    for change in changes:
        cause = (change.cause.kind, change.cause.id)
        summary = stored(change.summary)
        affected = json.dumps([(each.kind, each.id) for each in change.affected])
        found = connection.execute(
            "SELECT id FROM incidents WHERE kind = ? AND subject = ? AND closed IS NULL", cause
        ).fetchone()
        if found is None and change.change is not Change.OPEN:
            continue
        if found is None:
            number = connection.execute(
                "INSERT INTO incidents (kind, subject, state, severity, opened, summary, affected) "
                "VALUES (?, ?, 'open', ?, ?, ?, ?)",
                (*cause, change.severity, _ms(change.at), summary, affected),
            ).lastrowid
        else:
            number = found[0]
            over = change.change is Change.CLOSE
            connection.execute(
                "UPDATE incidents SET severity = ?, summary = ?, affected = ?, "
                "state = CASE WHEN ? THEN 'closed' ELSE state END, closed = ? WHERE id = ?",
                (
                    change.severity,
                    summary,
                    affected,
                    over,
                    _ms(change.at) if over else None,
                    number,
                ),
            )
        if change.what:
            _add_line(connection, number, change.at, change.what, MONITOR)


def write_devices(connection: sqlite3.Connection, polls: Sequence[DevicePollRow]) -> None:
    """Replace the last poll of each device, inside a transaction."""
    connection.executemany(
        "INSERT OR REPLACE INTO device_polls VALUES (?, ?, ?, ?)",
        [(each.device, _ms(each.at), each.uptime_s, each.rtt_ms) for each in polls],
    )


def write_poller(connection: sqlite3.Connection, status: PollerStatus) -> None:
    """Replace what the poller says of itself, inside a transaction."""
    connection.execute("INSERT OR REPLACE INTO poller VALUES (1, ?)", (json.dumps(asdict(status)),))


def _add_line(
    connection: sqlite3.Connection, number: int | None, at: float, what: str, by: str
) -> None:
    connection.execute(
        "INSERT INTO timeline (incident, at, what, by) VALUES (?, ?, ?, ?)",
        (number, _ms(at), stored(what), by),
    )


def _entry(row: Row) -> StateEntry:
    kind, subject, at, state, fault, reason, seq, *since = row
    return StateEntry(
        Subject(SubjectKind(kind), subject),
        at / 1000,
        LinkState(state),
        Fault(fault),
        recalled(reason),
        seq,
        since[0] / 1000 if since else None,
    )


def _window(row: Row) -> MaintenanceWindow:
    number, kind, subject, start, end, reason, by = row
    who = Subject(SubjectKind(kind), subject)
    return MaintenanceWindow(number, who, start / 1000, end / 1000, reason, by)


def _ms(at: float) -> int:
    return round(at * 1000)


def _prefixed(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{name}" for name in columns.split(", "))
