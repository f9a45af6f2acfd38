"""Wait until a network that comes up answers all pings, at little cost to those it waits for."""

import random
import time
from collections import deque
from collections.abc import Iterable

from lab.reach import Probe, Prober

FEWEST = 128
"""Pings of a round while most lead nowhere. To ask for all of them took a core of the machine's
two, in a region of 100 routers, from the routers that were to find the ways."""
WAIT_S = 0.15
GROWS, SHRINKS = 0.75, 0.25
"""When so many of a round were answered the next is twice as large, when so few half as large."""


def await_answers(prober: Prober, probes: Iterable[Probe], until: float) -> tuple[Probe, ...]:
    """Ping until each was answered once, or until a moment of the monotonic clock; those left."""
    waiting = deque(_spread(probes))
    size = FEWEST
    while waiting and time.monotonic() < until:
        asked = [waiting.popleft() for _ in range(min(size, len(waiting)))]
        answered = prober.ping(asked, WAIT_S)
        waiting += (probe for probe in asked if probe not in answered)
        if len(answered) >= GROWS * len(asked):
            size *= 8
        elif len(answered) < SHRINKS * len(asked):
            size = max(FEWEST, size // 2)
    return tuple(waiting)


def _spread(probes: Iterable[Probe]) -> list[Probe]:
    """In an order in which any few of them tell of the whole network, the same each time."""
    found = list(probes)
    random.Random(0).shuffle(found)  # noqa: S311  (nothing secret)
    return found
