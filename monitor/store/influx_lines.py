"""A sample as a line of InfluxDB's line protocol, and back.

`link,link=<id> covers=<ms>i,<metric>=<value>,... <Unix time in ms>`, a line a sample. What costs
the database is fields, so a line has those that tell something:

- `covers` always: a sample is there where it is;
- a metric that is not 0, or was not 0 in the link's line before (then its 0 is written);
- `quality` where it is not `good`;
- `null` where a metric is not known although the sample is rated: `,in_errors_ps,out_errors_ps,`.

An absent counter is thus 0 in a rated sample and not known in any other; an absent probe is not
known. Each line can be read without its neighbours. Once in 300 s, each link at its own moment, a
line is full: quality, null and every known metric, zeros too. So is one that may replace another,
since the database keeps a field that the new line leaves out.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from zlib import crc32

from monitor.metrics import NO_VALUES, PROBE_SERIES, SERIES_INDEX, SERIES_METRICS
from monitor.store.base import LinkSample
from monitor.store.influx_flux import MEASUREMENT
from monitor.values import RATED, Quality

FULL_EVERY_S = 300
_PROBES = frozenset(SERIES_INDEX[name] for name in PROBE_SERIES)
_KEYS = tuple(f",{name}=" for name in SERIES_METRICS)


class Lines:
    """Makes lines, and remembers of each link what its last one said."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, int, frozenset[int]]] = {}
        """Link -> time, which 300 s the last full line was in, metrics that were not 0."""
        self._heads: dict[str, tuple[str, int]] = {}
        """Link -> how its lines begin, and its own moment of the 300 s."""
        self._replaced: list[float] = []

    def forget(self) -> None:
        """A write failed: what is in the database is not known, so the next lines are full."""
        self._last.clear()

    def replaced(self) -> list[float]:
        """Times of samples that may have replaced others, since the last call."""
        found, self._replaced = self._replaced, []
        return found

    def line(self, sample: LinkSample) -> str:
        """One line; each call counts as written."""
        link, at = sample.link, sample.at
        head = self._heads.get(link)
        if head is None:
            moment = crc32(link.encode()) % FULL_EVERY_S
            head = self._heads[link] = (f"{head_of(link)}covers=", moment)
        turn = int(at + head[1]) // FULL_EVERY_S
        before = self._last.get(link)
        full = before is None or before[1] != turn or at <= before[0]
        shown = _NOTHING if before is None or full else before[2]
        fields, other = _fields(sample, shown, full=full)
        if before is not None and at <= before[0]:
            self._replaced.append(at)
        else:
            self._last[link] = (at, turn, other)
        return f"{head[0]}{round(sample.covers_s * 1000)}i{fields} {round(at * 1000)}"


def head_of(link: str) -> str:
    """How each line of a link begins."""
    return f"{MEASUREMENT},link={link.translate(_ESCAPES)} "


_NOTHING: frozenset[int] = frozenset()
_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\n"})


def _fields(sample: LinkSample, shown: frozenset[int], *, full: bool) -> tuple[str, frozenset[int]]:
    """The fields behind `covers`, and which metrics are not 0 in them."""
    parts: list[str] = []
    other: list[int] = []
    nulls: list[str] = []
    rated = sample.quality in RATED
    for place, value in enumerate(sample.values):
        if value is None or not isfinite(value):
            if full or (rated and place not in _PROBES):
                nulls.append(SERIES_METRICS[place])
        elif value:
            parts.append(f"{_KEYS[place]}{float(value)!r}")
            other.append(place)
        elif full or place in shown or place in _PROBES or not rated:
            parts.append(f"{_KEYS[place]}0.0")
    if full or sample.quality is not Quality.GOOD:
        parts.append(f',quality="{sample.quality}"')
    if nulls or full:
        parts.append(f',null=",{",".join(nulls)},"')
    return "".join(parts), frozenset(other)


def sample_of(link: str, at: float, fields: Mapping[str, str]) -> LinkSample:
    """The sample of one line, from the text of its fields; ValueError when they are not ours."""
    quality = Quality(fields.get("quality") or Quality.GOOD)
    rated = quality in RATED
    nulls = fields.get("null", "")
    row = list(NO_VALUES)
    for place, name in enumerate(SERIES_METRICS):
        if nulls and f",{name}," in nulls:
            continue
        text = fields.get(name)
        if text:
            row[place] = float(text)
        elif rated and place not in _PROBES:
            row[place] = 0.0
    return LinkSample(link, at, quality, int(fields["covers"]) / 1000, tuple(row))


def full_lines(samples: Sequence[LinkSample]) -> list[str]:
    """Lines as they would be without leaving anything out: what the short ones are measured by."""
    lines = Lines()
    found = []
    for sample in samples:
        lines.forget()
        found.append(lines.line(sample))
    return found
