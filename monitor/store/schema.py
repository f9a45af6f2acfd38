"""Tables of the SQLite store.

Samples are written by time and read by link, and one key can't serve both: with (link, time) every
cycle touches a page of every link (425 MB a cycle at 48,000 series), with (time, link) reading one
link means reading all. So they arrive in `tail`, keyed by time, and a block of five minutes at a
time moves on to `samples`, keyed by link, and is summed up in `rollup`, and hour by hour in
`hourly`.
"""

import sqlite3

from monitor.metrics import SERIES_METRICS

APPLICATION_ID = 0x496D7265
"""Tells our files from other databases: "Imre"."""
VERSION = 1
BLOCK_MS = 300_000
"""A row of `rollup` sums up so much."""
HOUR_MS = 3_600_000
"""A row of `hourly` sums up so much."""

_VALUES = ", ".join(f"{name} REAL" for name in SERIES_METRICS)
_ROLLED = ", ".join(f"{name} REAL, {name}_max REAL" for name in SERIES_METRICS)

TABLES = f"""
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, link TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS tail (
  ts INTEGER NOT NULL, series INTEGER NOT NULL, quality TEXT NOT NULL, covers INTEGER NOT NULL,
  {_VALUES}, PRIMARY KEY (ts, series)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS samples (
  series INTEGER NOT NULL, ts INTEGER NOT NULL, quality TEXT NOT NULL, covers INTEGER NOT NULL,
  {_VALUES}, PRIMARY KEY (series, ts)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rollup (
  series INTEGER NOT NULL, ts INTEGER NOT NULL, covers INTEGER NOT NULL,
  {_ROLLED}, PRIMARY KEY (series, ts)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hourly (
  series INTEGER NOT NULL, ts INTEGER NOT NULL, covers INTEGER NOT NULL,
  {_ROLLED}, PRIMARY KEY (series, ts)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS ledger (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL,
  at INTEGER NOT NULL, state TEXT NOT NULL, fault TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_by_subject ON ledger (kind, subject, at, seq);
CREATE TABLE IF NOT EXISTS current (
  kind TEXT NOT NULL, subject TEXT NOT NULL, seq INTEGER NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY (kind, subject)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_polls (
  device TEXT PRIMARY KEY, at INTEGER NOT NULL, uptime_s REAL, rtt_ms REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incidents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL,
  state TEXT NOT NULL, severity TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER,
  summary TEXT NOT NULL, affected TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_incident_a_cause
  ON incidents (kind, subject) WHERE closed IS NULL;
CREATE TABLE IF NOT EXISTS timeline (
  id INTEGER PRIMARY KEY AUTOINCREMENT, incident INTEGER NOT NULL, at INTEGER NOT NULL,
  what TEXT NOT NULL, by TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS timeline_by_incident ON timeline (incident, id);
CREATE TABLE IF NOT EXISTS windows (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL,
  start INTEGER NOT NULL, end INTEGER NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, at INTEGER NOT NULL,
  source TEXT NOT NULL, severity INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_device ON events (device, id);
CREATE TABLE IF NOT EXISTS latest (
  kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS poller (id INTEGER PRIMARY KEY CHECK (id = 1), status TEXT NOT NULL);
"""


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether nobody has made anything in it yet. sqlite3.Error."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0)


def make(connection: sqlite3.Connection) -> None:
    """Make what is missing: all tables, or a column for a new metric. sqlite3.Error."""
    # At once: a reader finds all of it or nothing, and so does who comes after a kill.
    connection.executescript(
        f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; {TABLES}"
        f"PRAGMA user_version = {VERSION}; COMMIT;"
    )
    for table in ("tail", "samples", "rollup", "hourly"):
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        suffixes = ("", "_max") if table in {"rollup", "hourly"} else ("",)
        for column in (f"{name}{suffix}" for name in SERIES_METRICS for suffix in suffixes):
            if column not in there:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} REAL")
