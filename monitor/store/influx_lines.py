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

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from math import isfinite
from typing import NamedTuple
from zlib import crc32

import orjson

from monitor.metrics import NO_VALUES, PROBE_SERIES, SERIES_INDEX, SERIES_METRICS
from monitor.store.base import LinkSample
from monitor.store.influx_flux import MEASUREMENT
from monitor.values import RATED, Quality

FULL_EVERY_S = 300
_PROBES = frozenset(SERIES_INDEX[name] for name in PROBE_SERIES)
_KEYS = tuple(f",{name}=" for name in SERIES_METRICS)


_Kinds = tuple[float | None, ...]
"""Of each metric: None where it is not known, 0 where it is 0, and 1."""


class _Said(NamedTuple):
    """A link's last line."""

    at: float
    turn: int
    """Which 300 s the last full line was in."""
    kinds: _Kinds
    steady: str
    """The fields of a line that follows it with the same kinds; empty when not made yet."""


class Lines:
    """Makes lines, and remembers of each link what its last one said."""

    def __init__(self) -> None:
        self._last: dict[str, _Said] = {}
        self._heads: dict[str, tuple[str, int]] = {}
        """Link -> how its lines begin, and its own moment of the 300 s."""

    def forget(self) -> None:
        """A write failed: what is in the database is not known, so the next lines are full."""
        self._last.clear()

    def lines(self, samples: Sequence[LinkSample]) -> list[str]:
        """A line each; they count as written.

        Their numbers become text in one call, and the lines in another: half as dear as one by one.
        """
        numbers = _numbers(samples)
        if b"null" in numbers:  # not a number, or infinite
            samples = [_known(each) for each in samples]
            numbers = _numbers(samples)
        forms = "\n".join(map(self._form, samples))
        texts = numbers[1:-1].decode().split(",") if len(numbers) > 2 else ()
        return (forms % tuple(texts)).split("\n") if samples else []

    def _form(self, sample: LinkSample) -> str:
        """The line, with %s where a number belongs."""
        link, at, quality, covers_s, values = sample
        head, moment = self._heads.get(link) or self._head(link)
        turn = int(at + moment) // FULL_EVERY_S
        kinds = tuple([value and 1 for value in values])
        before = self._last.get(link)
        if before is None or before.at >= at or before.turn != turn:
            fields, steady = _fields(quality, kinds, None), ""
        elif quality is Quality.GOOD and before.kinds == kinds:
            fields = steady = before.steady or _fields(quality, kinds, kinds)
        else:
            fields, steady = _fields(quality, kinds, before.kinds), ""
        if before is None or before.at < at:
            self._last[link] = _Said(at, turn, kinds, steady)
        return f"{head}{round(covers_s * 1000)}i{fields} {round(at * 1000)}"

    def _head(self, link: str) -> tuple[str, int]:
        head = f"{head_of(link)}covers=".replace("%", "%%")
        found = self._heads[link] = (head, crc32(link.encode()) % FULL_EVERY_S)
        return found


def head_of(link: str) -> str:
    """How each line of a link begins."""
    return f"{MEASUREMENT},link={link.translate(_ESCAPES)} "


_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\n"})


def _numbers(samples: Iterable[LinkSample]) -> bytes:
    """Everything that is not 0, as JSON."""
    values = chain.from_iterable(each.values for each in samples)
    return orjson.dumps(list(filter(None, values)))


def _known(sample: LinkSample) -> LinkSample:
    """Without what is no finite number."""
    values = (value if value is None or isfinite(value) else None for value in sample.values)
    return sample._replace(values=tuple(values))


@lru_cache(4096)
def _fields(quality: Quality, kinds: _Kinds, shown: _Kinds | None) -> str:
    """The fields behind `covers`, %s for each number. `shown` is of the line before; None: all."""
    parts: list[str] = []
    nulls: list[str] = []
    rated, full = quality in RATED, shown is None
    for place, kind in enumerate(kinds):
        if kind is None:
            if full or (rated and place not in _PROBES):
                nulls.append(SERIES_METRICS[place])
        elif kind:
            parts.append(f"{_KEYS[place]}%s")
        elif shown is None or shown[place] or place in _PROBES or not rated:
            parts.append(f"{_KEYS[place]}0.0")
    if full or quality is not Quality.GOOD:
        parts.append(f',quality="{quality}"')
    if nulls or full:
        parts.append(f',null=",{",".join(nulls)},"')
    return "".join(parts)


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
    return [line for each in samples for line in Lines().lines([each])]
