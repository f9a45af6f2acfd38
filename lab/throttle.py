"""While a whole network comes up its routers reckon their ways seldom, not with each neighbour.

OSPF's own throttle is made for one change in a network that runs. When a hundred routers meet at
once, each reckoned its ways 18 to 48 times, most of them for a network that was another one 50 ms
later, and so late came the hellos that were still to be heard. What is written here is what every
router was told by its configuration, but for a time that ends with the last ping.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import vty

A_PAIR_MS = 0.15
"""Each of n routers would reckon with each of n that comes: 0.14 s for 31 of them, where a longer
wait is time lost, 1.5 s for 100."""
RELEASE_S, AGAIN_S = 5.0, 0.2
DAEMONS = {"router ospf": "ospfd", "router ospf6": "ospf6d"}
LINE = "timers throttle spf "


@dataclass(frozen=True, slots=True)
class Throttles:
    """Of one router."""

    run: Path
    """Where its daemons' sockets are."""
    modelled: Mapping[str, str]
    """Block of the configuration -> its own line."""


def modelled(text: str) -> dict[str, str]:
    """The blocks of a configuration that have a throttle, and its line."""
    found, block = {}, ""
    for line in text.splitlines():
        if not line.startswith(" "):
            block = line
        elif block in DAEMONS and line.strip().startswith(LINE):
            found[block] = line.strip()
    return found


def hold(routers: Iterable[Throttles]) -> None:
    """Let all reckon after a time that suits so many.

    One that does not answer goes on as its configuration says: that only takes longer.
    """
    routers = tuple(routers)
    wait_ms = round(A_PAIR_MS * len(routers) ** 2)
    for its in routers:
        for block in its.modelled:
            _told(its.run, block, f"{LINE}{wait_ms} {wait_ms} {wait_ms}")


def release(routers: Iterable[Throttles], within_s: float = RELEASE_S) -> None:
    """Give all the throttles of their configurations. What a router does not have after that time
    is found when its configuration is compared with the rendered one."""
    waiting = [(its.run, *each) for its in routers for each in its.modelled.items()]
    deadline = time.monotonic() + within_s
    while waiting := [each for each in waiting if not _told(*each)]:
        if time.monotonic() > deadline:
            return
        time.sleep(AGAIN_S)


def _told(run: Path, block: str, line: str) -> bool:
    """Whether the daemon was told; False when it does not answer."""
    try:
        try:
            vty.configure(run, DAEMONS[block], (block, line))
        except ValueError:  # as it did at its start
            vty.configure(run, DAEMONS[block], (block, f"no {LINE.strip()}"))
    except OSError:
        return False
    return True
