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
MOST, GROWS = 0.75, 8
"""When so many of a round were answered, the next is so many times as large."""
FEW, SHRINKS = 0.25, 2
"""When fewer than so many were, it is so many times smaller."""


def await_answers(prober: Prober, probes: Iterable[Probe], until: float) -> tuple[Probe, ...]:
    """Ping until each was answered once, or until a moment of the monotonic clock; those left."""
    waiting = deque(_spread(probes))
    size = FEWEST
    while waiting and time.monotonic() < until:
        asked = [waiting.popleft() for _ in range(min(size, len(waiting)))]
        answered = prober.ping(asked, WAIT_S)
        waiting += (probe for probe in asked if probe not in answered)
        if len(answered) >= MOST * len(asked):
            size *= GROWS
        elif len(answered) < FEW * len(asked):
            size = max(FEWEST, size // SHRINKS)
    return tuple(waiting)


def _spread(probes: Iterable[Probe]) -> list[Probe]:
    """In an order in which any few of them tell of the whole network, the same each time."""
    found = list(probes)
    random.Random(0).shuffle(found)  # noqa: S311  (nothing secret)
    return found
