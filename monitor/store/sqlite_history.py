"""The past in SQLite, for copying it."""

from collections.abc import Iterable, Iterator

from monitor.metrics import SERIES_METRICS
from monitor.store.history import Span, SumRow
from monitor.store.schema import BLOCK_MS
from monitor.store.sqlite_file import SqliteFile
from monitor.store.sqlite_sums import set_progress, sum_hours

_SUMS = ", ".join(f"{name}, {name}_max" for name in SERIES_METRICS)
_MARKS = ", ".join("?" * (3 + 2 * len(SERIES_METRICS)))


class SqliteHistory:
    """History's part over a SqliteFile."""

    _file: SqliteFile
    _ids: dict[str, int]

    def sample_span(self) -> Span | None:
        """See History."""
        return self._span("samples", "tail")

    def count_samples(self, start: float, end: float) -> int:
        """See History."""
        return self._count("samples", start, end) + self._count("tail", start, end)

    def rows(self, start: float, end: float) -> Iterator[SumRow]:
        """See History."""
        sql = (
            f"SELECT link, ts, covers, {_SUMS} FROM series "  # noqa: S608
            "JOIN rollup ON series = id AND ts >= ? AND ts < ?"
        )
        for link, ts, covers, *sums in self._file.rows(sql, (_ms(start), _ms(end))):
            yield SumRow(link, ts / 1000, covers / 1000, tuple(sums[::2]), tuple(sums[1::2]))

    def write_rows(self, rows: Iterable[SumRow]) -> None:
        """See History."""
        known = list(rows)
        if not known:
            return
        first = min(_ms(row.at) for row in known)
        until = max(_ms(row.at) for row in known) + BLOCK_MS
        self.number(row.link for row in known)
        with self._file.transaction() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO rollup (series, ts, covers, {_SUMS}) VALUES ({_MARKS})",  # noqa: S608
                [
                    (
                        self._ids[row.link],
                        _ms(row.at),
                        _ms(row.covers_s),
                        *(x for pair in zip(row.means, row.maxima, strict=True) for x in pair),
                    )
                    for row in known
                ],
            )
            set_progress(connection, "rolled", until)
            set_progress(connection, "pruned", until)
            sum_hours(connection, first, until)

    def row_span(self) -> Span | None:
        """See History."""
        return self._span("rollup")

    def count_rows(self, start: float, end: float) -> int:
        """See History."""
        return self._count("rollup", start, end)

    def number(self, links: Iterable[str]) -> None:
        """Give each link a number, in a transaction of its own: a number is never taken back."""
        known = self._ids
        unknown = sorted({link for link in links if link not in known})
        if not unknown:
            return
        with self._file.transaction() as connection:
            names = [(link,) for link in unknown]
            connection.executemany("INSERT OR IGNORE INTO series (link) VALUES (?)", names)
            sql = "SELECT id FROM series WHERE link = ?"
            found = [connection.execute(sql, name).fetchone()[0] for name in names]
        # The callers' own strings are the keys: copies of fifty thousand would be 5 MB.
        known.update(zip(unknown, found, strict=True))

    def _span(self, *tables: str) -> Span | None:
        found = [
            row
            for table in tables
            for row in self._file.rows(f"SELECT min(ts), max(ts) FROM {table}")  # noqa: S608
            if row[0] is not None
        ]
        if not found:
            return None
        return Span(min(row[0] for row in found) / 1000, max(row[1] for row in found) / 1000)

    def _count(self, table: str, start: float, end: float) -> int:
        join = "series JOIN {} ON series = id AND" if table != "tail" else "{} WHERE"
        sql = f"SELECT count(*) FROM {join.format(table)} ts >= ? AND ts < ?"  # noqa: S608
        return int(self._file.rows(sql, (_ms(start), _ms(end)))[0][0])


def _ms(at: float) -> int:
    return round(at * 1000)
