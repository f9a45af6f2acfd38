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
from functools import lru_cache
from math import inf, isfinite
from zlib import crc32

import orjson

from monitor.metrics import NO_VALUES, PROBE_SERIES, SERIES_INDEX, SERIES_METRICS
from monitor.store.base import LinkSample
from monitor.store.influx_flux import MEASUREMENT
from monitor.store.kinds import Kinds, kinds_of
from monitor.values import RATED, Quality

FULL_EVERY_S = 300
_PROBES = frozenset(SERIES_INDEX[name] for name in PROBE_SERIES)
_KEYS = tuple(f",{name}=" for name in SERIES_METRICS)


class _Link:
    """A link's last line, and what makes one like it. Mutable: made once."""

    __slots__ = ("at", "form", "head", "kinds", "moment", "until")

    def __init__(self, name: str) -> None:
        self.head = head_of(name).replace("%", "%%") + "covers=%si"
        self.moment = crc32(name.encode()) % FULL_EVERY_S
        """Its own of the 300 s."""
        self.at = self.until = -inf
        """When the last line was, and when a full one is due."""
        self.kinds: Kinds | None = None
        self.form = ""
        """A good line of the same kinds, %s for each number."""

    def say(self, at: float, kinds: Kinds) -> None:
        """Its last line is of `at` now."""
        self.at = at
        self.until = ((at + self.moment) // FULL_EVERY_S + 1) * FULL_EVERY_S - self.moment
        if kinds is not self.kinds:
            self.kinds = kinds
            self.form = self.head + _fields(Quality.GOOD, kinds.of, kinds.of) + " %s"


class Lines:
    """Makes lines, and remembers of each link what its last one said."""

    def __init__(self) -> None:
        self._links: dict[str, _Link] = {}

    def forget(self) -> None:
        """A write failed: what is in the database is not known, so the next lines are full."""
        self._links.clear()

    def lines(self, samples: Sequence[LinkSample]) -> list[str]:
        """A line each; they count as written.

        A line like the link's last one has its form. The numbers of all become text in one call.
        """
        forms: list[str] = []
        numbers: list[float] = []
        links = self._links
        for sample in samples:
            name, at, quality, covers_s, values = sample
            link = links.get(name)
            if (
                link is not None
                and quality is Quality.GOOD
                and link.at < at < link.until
                and link.kinds is not None
                and (picked := link.kinds.fit(values)) is not None
            ):
                form, link.at = link.form, at
            else:
                form, picked = self._form(sample), tuple(filter(None, values))
            forms.append(form)
            numbers += (round(covers_s * 1000), *picked, round(at * 1000))
        text = orjson.dumps(numbers).decode()
        if "null" in text:  # not a number, or infinite; all are full, as they count as written
            return self.lines([_known(each) for each in samples])
        return ("\n".join(forms) % tuple(text[1:-1].split(","))).split("\n") if samples else []

    def _form(self, sample: LinkSample) -> str:
        """Of a line unlike the one before: with what changed, or full."""
        kinds = kinds_of(sample.values)
        link = self._links.get(sample.link)
        if link is None:
            link = self._links[sample.link] = _Link(sample.link)
        shown = link.kinds.of if link.kinds and link.at < sample.at < link.until else None
        if link.at < sample.at:
            link.say(sample.at, kinds)
        return link.head + _fields(sample.quality, kinds.of, shown) + " %s"


def head_of(link: str) -> str:
    """How each line of a link begins."""
    return f"{MEASUREMENT},link={link.translate(_ESCAPES)} "


_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\n"})


def _known(sample: LinkSample) -> LinkSample:
    """Without what is no finite number."""
    values = (value if value is None or isfinite(value) else None for value in sample.values)
    return sample._replace(values=tuple(values))


@lru_cache(4096)
def _fields(
    quality: Quality, kinds: Sequence[float | None], shown: Sequence[float | None] | None
) -> str:
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
