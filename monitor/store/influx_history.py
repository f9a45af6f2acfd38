"""The past in InfluxDB, for copying it."""

from collections.abc import Iterable, Iterator

from monitor.metrics import SERIES_METRICS
from monitor.store.history import Span, SumRow
from monitor.store.influx_flux import MEASUREMENT, Buckets, quoted
from monitor.store.influx_http import InfluxServer
from monitor.store.influx_rows import row_line, sum_of, total_of
from monitor.store.influx_sums import Sums
from monitor.store.influx_times import EVER, FAR, flux_time, unix
from monitor.store.totals import BLOCK_S

LINES = 2000
"""Rows of sums in one request; each has thirty fields."""


class InfluxHistory:
    """History's part over a server's buckets."""

    _server: InfluxServer
    _sums: Sums
    buckets: Buckets

    def sample_span(self) -> Span | None:
        """See History."""
        return self._span(0, "covers")

    def count_samples(self, start: float, end: float) -> int:
        """See History."""
        return self._count(0, "covers", start, end)

    def rows(self, start: float, end: float) -> Iterator[SumRow]:
        """See History."""
        flux = f"""{self._read(BLOCK_S, flux_time(start), flux_time(end))}
          |> drop(columns: ["_start", "_stop", "_measurement"])
          |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
          |> filter(fn: (r) => exists r.covers)"""
        for row in self._server.rows(flux):
            sums = [_mean(row, name) for name in SERIES_METRICS]
            means, maxima = zip(*sums, strict=True)
            covers_s = int(row["covers"]) / 1000
            yield SumRow(row["link"], unix(row["_time"]), covers_s, means, maxima)

    def write_rows(self, rows: Iterable[SumRow]) -> None:
        """See History."""
        lines: list[str] = []
        hours = set[int]()
        for row in rows:
            lines.append(row_line(total_of(row), full=True))
            hours.add(int(row.at) // 3600 * 3600)
        for at in range(0, len(lines), LINES):
            self._server.write(self.buckets.blocks, lines[at : at + LINES])
        self._sums.hours_again(hours)

    def row_span(self) -> Span | None:
        """See History."""
        return self._span(BLOCK_S, "n")

    def count_rows(self, start: float, end: float) -> int:
        """See History."""
        return self._count(BLOCK_S, "n", start, end)

    def _read(self, block_s: int, start: str, stop: str, where: str = "") -> str:
        """Flux: what is in a bucket."""
        return (
            f"from(bucket: {quoted(self.buckets.of(block_s))}) |> range(start: {start}, "
            f'stop: {stop}) |> filter(fn: (r) => r._measurement == "{MEASUREMENT}"{where})'
        )

    def _span(self, block_s: int, field: str) -> Span | None:
        flux = f"""data = {self._read(block_s, EVER, FAR, f' and r._field == "{field}"')}
          data |> first() |> group() |> min(column: "_time") |> yield(name: "first")
          data |> last() |> group() |> max(column: "_time") |> yield(name: "last")"""
        found = {row["result"]: unix(row["_time"]) for row in self._server.rows(flux)}
        return Span(found["first"], found["last"]) if found else None

    def _count(self, block_s: int, field: str, start: float, end: float) -> int:
        if round(start * 1000) >= round(end * 1000):
            return 0  # Flux takes an empty span for a mistake
        where = f' and r._field == "{field}"'
        flux = f"""{self._read(block_s, flux_time(start), flux_time(end), where)}
          |> count() |> group() |> sum()"""
        return sum(int(row["_value"]) for row in self._server.rows(flux))


def _mean(row: dict[str, str], name: str) -> tuple[float | None, float | None]:
    area, weight, top = sum_of(row, name)
    return (area / weight, top) if weight else (None, None)
