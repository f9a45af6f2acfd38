"""How far sums reach in SQLite, and summing up by the hour."""

import sqlite3

from monitor.metrics import SERIES_METRICS
from monitor.store.schema import HOUR_MS

WEIGHT = "max(covers, 1)"
"""A sample without rates (a probe beside a reset counter) weighs a millisecond, not nothing."""


def sum_hours(connection: sqlite3.Connection, since: int, until: int) -> None:
    """Sum up, from `rollup`, the hours that [since, until) touches and that are over."""
    known = connection.execute("SELECT value FROM progress WHERE name = 'hours'").fetchone()
    if known is None:  # an older program's file: all of its past
        since = connection.execute("SELECT min(ts) FROM rollup").fetchone()[0] or since
    else:
        since = min(since, known[0])
    first, last = since // HOUR_MS * HOUR_MS, until // HOUR_MS * HOUR_MS
    if first >= last:
        return
    names = ", ".join(f"{name}, {name}_max" for name in SERIES_METRICS)
    sums = ", ".join(
        f"sum({name} * {WEIGHT}) / sum(CASE WHEN {name} IS NOT NULL THEN {WEIGHT} END), "
        f"max({name}_max)"
        for name in SERIES_METRICS
    )
    connection.execute(
        f"INSERT OR REPLACE INTO hourly (series, ts, covers, {names}) "  # noqa: S608
        f"SELECT id, ts / ? * ?, sum(covers), {sums} FROM series "
        "JOIN rollup ON rollup.series = id AND ts >= ? AND ts < ? GROUP BY 1, 2",
        (HOUR_MS, HOUR_MS, first, last),
    )
    set_progress(connection, "hours", last)


def set_progress(connection: sqlite3.Connection, name: str, value: int) -> None:
    """Move a mark forward, never back."""
    connection.execute(
        "INSERT INTO progress VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
        (name, value),
    )
