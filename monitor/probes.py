"""Pings links and sites all the time, and hands what comes of it to the judgement of links."""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from inventory.model import Network
from inventory.settings import ProbeSettings
from monitor.clock import Clock
from monitor.probes_icmp import OpenSocket, Pinger, Stats, ping_socket
from monitor.probes_plan import LinkProbe, probe_plan
from monitor.store.base import Latest
from monitor.values import LatestKind

TELL_S, KEEP_S = 2.0, 10.0
"""How often links are judged by pings, and how often what sites and counts are is kept."""
TELLABLE = 0.04
"""Loss up to the near end beyond which chance alone makes the far end's look worse or better."""
JUDGED = 40
"""A link is judged by so many pings at least: then what a change of routes costs, two of them, is
not more than the 5 % that degrade it."""


class LinkPings(NamedTuple):
    """What pings say of one link; None where nothing is known."""

    loss: float | None
    """On the way from the NOC to the far end."""
    rtt_ms: float | None
    jitter_ms: float | None
    own_loss: float | None
    """What of it is lost beyond the near end; None where that can't be told."""


NOTHING = LinkPings(None, None, None, None)


class Prober:
    """Pings of one network. `links` is renewed every TELL_S."""

    def __init__(
        self,
        network: Network,
        settings: ProbeSettings,
        open_socket: OpenSocket,
        *,
        clock: Clock,
        broken: Callable[[], frozenset[str]],
        take: Callable[[Mapping[str, LinkPings]], None],
        tell: Callable[[Latest], None],
    ) -> None:
        """`broken`: links that don't carry now; what is lost then says nothing of them later."""
        self._plan, self._clock = probe_plan(network), clock
        self._broken, self._take, self._tell = broken, take, tell
        self._were_broken: frozenset[str] = frozenset()
        self._keep_at = 0.0
        self._settings, self._open_socket = settings, open_socket

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; at once when nothing can be pinged."""
        opened = ping_socket(self._open_socket) if self._settings.enable else None
        if opened is None:
            return
        pinger = Pinger(self._plan.addresses, self._settings.interval_s, opened, self._clock)
        pinging = asyncio.create_task(pinger.run(stop))
        try:
            while not await self._clock.wait(stop, TELL_S):
                self._report(pinger)
        finally:
            await pinging

    def _report(self, pinger: Pinger) -> None:
        broken = self._broken()
        for one in self._plan.links:
            if one.link in broken or one.link in self._were_broken:
                pinger.forget(one.far)
        self._were_broken = broken
        stats = {address: pinger.stats(address) for address in self._plan.addresses}
        # Nobody at all answers: more likely we are cut off than everybody.
        blind = all(each is None or each.loss == 1 for each in stats.values())
        self._take({} if blind else {one.link: judged(one, stats) for one in self._plan.links})
        at, now = self._clock.wall(), self._clock.monotonic()
        if now < self._keep_at:
            return
        self._keep_at = now + KEEP_S
        for site, addresses in () if blind else self._plan.sites:
            known = [found for each in addresses if (found := stats[each])]
            best = min(known, key=lambda each: (each.loss, each.rtt_ms or 0.0), default=None)
            if best:
                self._tell(Latest(LatestKind.SITE, site, at, best._asdict()))
        lost = sum(each.loss == 1 for each in stats.values() if each)
        counts = {"probes_sent": pinger.sent, "probes_answered": pinger.answered,
                  "probe_targets": len(stats), "probe_targets_lost": lost}  # fmt: skip
        self._tell(Latest(LatestKind.PROBER, "all", at, counts))


def judged(one: LinkProbe, stats: Mapping[str, Stats | None]) -> LinkPings:
    """What the pings of both its ends say of a link."""
    far, near = stats[one.far], stats[one.near] if one.near else None
    if far is None:
        return NOTHING
    before = near.loss if near else 0.0
    enough = min(each.pings for each in (far, near) if each) >= JUDGED
    own = max(0.0, far.loss - before) if enough and before <= TELLABLE else None
    return LinkPings(far.loss, far.rtt_ms, far.jitter_ms, own)
