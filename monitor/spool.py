"""Samples that wait on disk for a store that is away."""

from collections.abc import Sequence

import orjson

from monitor.metrics import NO_VALUES, SERIES_INDEX, SERIES_METRICS
from monitor.segments import Segments
from monitor.store.base import LinkSample
from monitor.values import Quality


class Spool(Segments[LinkSample]):
    """Stores replace a sample that is there already, so one that is stored twice is there once."""

    what = "samples"
    head = f"imereti-spool 1 {','.join(SERIES_METRICS)}\n".encode()

    def encoded(self, rows: Sequence[LinkSample]) -> bytes:
        """See Segments."""
        return orjson.dumps(
            [
                (
                    each.link,
                    round(each.at * 1000),
                    each.quality,
                    round(each.covers_s * 1000),
                    each.values,
                )
                for each in rows
            ]
        )

    def decoded(self, text: bytes, head: bytes) -> list[LinkSample]:
        """See Segments. An older program may have had other metrics."""
        names = head.decode("ascii", "replace").strip().rpartition(" ")[2].split(",")
        places = [SERIES_INDEX.get(name) for name in names]
        found = []
        for link, at, quality, covers, values in orjson.loads(text):
            row = list(NO_VALUES)
            for place, value in zip(places, values, strict=False):
                if place is not None:
                    row[place] = value
            found.append(LinkSample(link, at / 1000, Quality(quality), covers / 1000, tuple(row)))
        return found
