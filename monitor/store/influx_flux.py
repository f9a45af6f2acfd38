"""Flux that sums samples up: 5-minute rows from samples, hourly rows from those.

A row holds of each metric what can be summed up further: `<metric>_area` (sum of value times the
milliseconds that it covers), `<metric>_weight` (the sum of these milliseconds, 0 where nothing is
known) and `<metric>_max`. The mean is area / weight. `n` is the number of samples, `covers` the
milliseconds of all. Rows stand at the start of their block; summing up again gives the same row.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.metrics import PROBE_SERIES, SERIES_METRICS
from monitor.values import RATED

MEASUREMENT = "link"
BLOCK_S, HOUR_S = 300, 3600
OFFSET = {BLOCK_S: "1m", HOUR_S: "5m"}
"""Samples of a block arrive for so long after its end."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Names of the three buckets."""

    raw: str

    @property
    def blocks(self) -> str:
        """5-minute rows."""
        return f"{self.raw}_5m"

    @property
    def hours(self) -> str:
        """Hourly rows."""
        return f"{self.raw}_1h"

    def of(self, block_s: int) -> str:
        """Where rows of `block_s` seconds are; 0: single samples."""
        return {0: self.raw, BLOCK_S: self.blocks, HOUR_S: self.hours}[block_s]


def task_name(buckets: Buckets, block_s: int) -> str:
    """What the task that fills a bucket is called."""
    return f"imereti {buckets.of(block_s)}"


def task_script(buckets: Buckets, block_s: int) -> str:
    """The Flux of the task that fills a bucket of rows with the block that is just over.

    What a run missed, and what came later, the monitor finds (influx_sums.py): to look at two
    would make good a failed run, and cost twice.
    """
    every = f"{block_s}s"
    name = task_name(buckets, block_s)
    return "\n".join(
        (
            'import "date"',
            'import "strings"',
            f"option task = {{name: {quoted(name)}, every: {every}, offset: {OFFSET[block_s]}}}",
            f"start = date.truncate(t: -{every}, unit: {every})",
            f"stop = date.truncate(t: now(), unit: {every})",
            *_sums(buckets, block_s),
        )
    )


def sums_script(buckets: Buckets, block_s: int, start_s: int, stop_s: int) -> str:
    """Flux that sums up [start_s, stop_s), Unix times that are multiples of `block_s`, now."""
    head = ('import "strings"', f"start = {instant(start_s)}", f"stop = {instant(stop_s)}")
    return "\n".join((*head, *_sums(buckets, block_s)))


def instant(at_s: int) -> str:
    """A Unix time as Flux takes it. A bare number would do, but not 0 or below."""
    return f"time(v: {at_s * 1_000_000_000})"


def quoted(text: str) -> str:
    """A Flux string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return f'"{escaped}"'


def _sums(buckets: Buckets, block_s: int) -> Iterator[str]:
    source = buckets.raw if block_s == BLOCK_S else buckets.blocks
    rules = _of_samples if block_s == BLOCK_S else _of_blocks
    zero = [f"{name}_area: 0.0, {name}_weight: 0.0, {name}_max: -1.0" for name in SERIES_METRICS]
    fields = [f"{name}_{what}" for name in SERIES_METRICS for what in ("area", "weight", "max")]
    yield f"""
rated = (r) => not exists r.quality or {_RATED}
from(bucket: {quoted(source)})
  |> range(start: start, stop: stop)
  |> filter(fn: (r) => r._measurement == "{MEASUREMENT}")
  |> drop(columns: ["_start", "_stop"])
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> filter(fn: (r) => exists r.covers)
  |> group(columns: ["_measurement", "link"])
  |> window(every: {block_s}s)
  |> reduce(
    identity: {{n: 0, covers: 0, {", ".join(zero)}}},
    fn: (r, accumulator) => {{
      a = accumulator
      weight = if r.covers > 0 then float(v: r.covers) else 1.0
      return {{
        {", ".join(rules())}
      }}
    }},
  )
  |> duplicate(column: "_start", as: "_time")
  |> to(
    bucket: {quoted(buckets.of(block_s))},
    tagColumns: ["link"],
    fieldFn: (r) => ({{{", ".join(f"{name}: r.{name}" for name in ("n", "covers", *fields))}}}),
  )
  |> keep(columns: ["_time", "link", "n"])"""


_RATED = " or ".join(f'r.quality == "{quality}"' for quality in sorted(RATED))


def _of_samples() -> Iterator[str]:
    """How one sample counts; influx_lines.py says what an absent field means."""
    yield "n: a.n + 1, covers: a.covers + r.covers"
    for name in SERIES_METRICS:
        there = f"exists r.{name}" if name in PROBE_SERIES else "rated(r: r)"
        none = f'exists r.null and strings.containsStr(v: r.null, substr: ",{name},")'
        known, value = f"{there} and not ({none})", f"(if exists r.{name} then r.{name} else 0.0)"
        yield f"{name}_area: if {known} then a.{name}_area + {value} * weight else a.{name}_area"
        yield f"{name}_weight: if {known} then a.{name}_weight + weight else a.{name}_weight"
        yield f"{name}_max: if {known} and {value} > a.{name}_max then {value} else a.{name}_max"


def _of_blocks() -> Iterator[str]:
    """How one 5-minute row counts in its hour."""
    yield "n: a.n + r.n, covers: a.covers + r.covers"
    for name in SERIES_METRICS:
        there = f"exists r.{name}_weight"  # not in rows that an older program summed up
        for what in ("area", "weight"):
            old, more = f"a.{name}_{what}", f"r.{name}_{what}"
            yield f"{name}_{what}: if {there} then {old} + {more} else {old}"
        old, more = f"a.{name}_max", f"r.{name}_max"
        yield f"{name}_max: if {there} and {more} > {old} then {more} else {old}"
