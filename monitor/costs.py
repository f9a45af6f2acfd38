"""What polling takes on each site's lines: packets and bytes, told now and then."""

import asyncio
from collections.abc import Callable, Sequence

from monitor.clock import Clock
from monitor.snmp.base import Counters
from monitor.store.base import Latest
from monitor.values import LatestKind

TELL_S = 10.0
HEADERS = 28
"""Octets of IPv4 and UDP before a message (RFC 791, RFC 768)."""


class Costs:
    """Adds up what several clients counted."""

    def __init__(
        self, counters: Sequence[Counters], *, clock: Clock, tell: Callable[[Latest], None]
    ) -> None:
        self._counters, self._clock, self._tell = counters, clock, tell

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        while not await self._clock.wait(stop, TELL_S):
            document = by_site(self._counters)
            self._tell(Latest(LatestKind.COST, "all", self._clock.wall(), document))


def by_site(counters: Sequence[Counters]) -> dict[str, list[int]]:
    """Site -> packets and bytes sent, packets and bytes received; sites never asked are not there.

    Bytes are those of IPv4 packets; what a network in between takes to carry them is not known.
    """
    found: dict[str, list[int]] = {}
    for each in counters:
        for site, cost in each.costs.items():
            if not cost.sent:
                continue
            sums = found.setdefault(site, [0, 0, 0, 0])
            sums[0] += cost.sent
            sums[1] += cost.sent_octets + HEADERS * cost.sent
            sums[2] += cost.received
            sums[3] += cost.received_octets + HEADERS * cost.received
    return found
