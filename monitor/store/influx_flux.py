"""The tasks in Flux: 5-minute rows where the monitor did not write them, hourly rows from those.

influx_rows.py says what a row holds. The monitor sees every sample and writes the rows of five
minutes; the task for them looks whether it did, and sums up what is missing, as long as that is not
too much for Flux. Hours are sums and maxima of fields, which InfluxDB's engine does by itself.
Rows stand at the start of their block; summing up again gives the same row.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.metrics import PROBE_SERIES, SERIES_METRICS
from monitor.store.totals import BLOCK_S
from monitor.values import RATED

MEASUREMENT = "link"
HOUR_S = 3600
OFFSET = {BLOCK_S: "4m", HOUR_S: "10m"}
"""So long after its end a block is looked at. The monitor's rows are there by then."""
MOST_SAMPLES = 30_000
"""That Flux sums up in one run: more than half a minute of a core. More waits for the monitor."""


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

    What a run missed, and what came later, the monitor finds (influx_sums.py).
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
            _sums(buckets, block_s),
        )
    )


def sums_script(buckets: Buckets, block_s: int, start_s: int, stop_s: int) -> str:
    """Flux that sums up [start_s, stop_s), Unix times that are multiples of `block_s`, now."""
    head = ('import "strings"', f"start = {instant(start_s)}", f"stop = {instant(stop_s)}")
    return "\n".join((*head, _sums(buckets, block_s)))


def instant(at_s: int) -> str:
    """A Unix time as Flux takes it. A bare number would do, but not 0 or below."""
    return f"time(v: {at_s * 1_000_000_000})"


def quoted(text: str) -> str:
    """A Flux string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return f'"{escaped}"'


def _sums(buckets: Buckets, block_s: int) -> str:
    return _blocks(buckets) if block_s == BLOCK_S else _hours(buckets)


def _hours(buckets: Buckets) -> str:
    """Hours from rows of five minutes, by what the engine can do: it looks at no row by itself.

    A field at a time: Flux takes three times as long for all of them together.
    """
    sums = ["n", "covers", *(f"{name}_{what}" for name in SERIES_METRICS for what in _SUMMED)]
    fields = [(field, "sum") for field in sums]
    fields += [(f"{name}_max", "max") for name in SERIES_METRICS]
    made = "\n".join(
        f"""rows(field: "{field}")
  |> aggregateWindow(every: 1h, fn: {function}, createEmpty: false, timeSrc: "_start")
  |> to(bucket: {quoted(buckets.hours)})
  |> filter(fn: (r) => r._field == "n")
  |> yield(name: "{field}")"""
        for field, function in fields
    )
    return f"""rows = (field) => from(bucket: {quoted(buckets.blocks)})
  |> range(start: start, stop: stop)
  |> filter(fn: (r) => r._measurement == "{MEASUREMENT}" and r._field == field)
{made}"""


_SUMMED = ("area", "weight")


def _blocks(buckets: Buckets) -> str:
    zero = [f"{name}_area: 0.0, {name}_weight: 0.0, {name}_max: -1.0" for name in SERIES_METRICS]
    fields = [f"{name}_{what}" for name in SERIES_METRICS for what in ("area", "weight", "max")]
    total = f"""  |> range(start: start, stop: stop)
  |> filter(fn: (r) => r._measurement == "{MEASUREMENT}" and r._field =="""
    return f"""
rated = (r) => not exists r.quality or {_RATED}
samples = from(bucket: {quoted(buckets.raw)})
{total} "covers")
  |> group()
  |> count()
  |> findColumn(fn: (key) => true, column: "_value")
summed = from(bucket: {quoted(buckets.blocks)})
{total} "n")
  |> group()
  |> sum()
  |> findColumn(fn: (key) => true, column: "_value")
done = length(arr: summed) > 0 and length(arr: samples) > 0 and summed[0] == samples[0]
skip = length(arr: samples) == 0 or done or samples[0] > {MOST_SAMPLES}
from(bucket: {quoted(buckets.raw)})
  |> range(start: if skip then time(v: 0) else start, stop: if skip then time(v: 1) else stop)
  |> filter(fn: (r) => r._measurement == "{MEASUREMENT}")
  |> drop(columns: ["_start", "_stop"])
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> filter(fn: (r) => exists r.covers)
  |> group(columns: ["_measurement", "link"])
  |> window(every: {BLOCK_S}s)
  |> reduce(
    identity: {{n: 0, covers: 0, {", ".join(zero)}}},
    fn: (r, accumulator) => {{
      a = accumulator
      weight = if r.covers > 0 then float(v: r.covers) else 1.0
      return {{
        {", ".join(_of_samples())}
      }}
    }},
  )
  |> duplicate(column: "_start", as: "_time")
  |> to(
    bucket: {quoted(buckets.blocks)},
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
