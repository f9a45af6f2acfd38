"""Series as JSON, kept until the next poll: a hundred viewers of one graph cost one read."""

import asyncio
from collections import OrderedDict
from math import ceil, floor

from api import documents
from api.live import Live
from monitor.store.base import Store

KEPT = 256


class SeriesReader:
    """Reads the store's series. One instance a server."""

    def __init__(self, store: Store, live: Live) -> None:
        self._store = store
        self._live = live
        self._kept: OrderedDict[tuple[str, str, int, int, int], bytes] = OrderedDict()
        self._poll: float | None = None

    async def read(self, link: str, metric: str, start: float, end: float, step_s: int) -> bytes:
        """The document of a series whose buckets hold [start, end); StoreError.

        Periods that fall into the same buckets are the same question. A new poll forgets all.
        """
        last_poll = self._live.now.health.last_poll
        if last_poll != self._poll:
            self._kept.clear()
            self._poll = last_poll
        first, last = floor(start / step_s), ceil(end / step_s)
        key = (link, metric, first, last, step_s)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = await asyncio.to_thread(
            self._store.series,
            link,
            metric,
            float(first * step_s),
            float(last * step_s),
            float(step_s),
        )
        body = documents.dumps(documents.series(link, metric, step_s, found))
        if last_poll == self._poll and self._live.now.health.store == "ok":
            self._kept[key] = body
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return body
