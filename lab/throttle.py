"""While a whole network comes up its routers reckon their ways seldom, not with each neighbour.

OSPF's own throttle is made for one change in a network that runs. When a hundred routers meet at
once, each reckoned its ways 18 to 48 times, most of them for a network that was another one 50 ms
later, and so late came the hellos that were still to be heard. What is written here is what every
router was told by its configuration, but for a time that ends with the last ping.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import LabError
from lab import vty

A_PAIR_MS = 0.15
"""Each of n routers would reckon with each of n that comes: 0.14 s for 31 of them, where a longer
wait is time lost, 1.5 s for 100."""
RELEASE_S, AGAIN_S = 30.0, 0.2
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


def hold(routers: Mapping[str, Throttles]) -> None:
    """Let all reckon after a time that suits so many; LabError names one that refuses.

    One that is too busy to answer goes on as its configuration says: that only takes longer.
    """
    wait_ms = round(A_PAIR_MS * len(routers) ** 2)
    for node, its in routers.items():
        with suppress(OSError):
            _tell(node, its, dict.fromkeys(its.modelled, f"{LINE}{wait_ms} {wait_ms} {wait_ms}"))


def release(routers: Mapping[str, Throttles], within_s: float = RELEASE_S) -> None:
    """Give all the throttles of their configurations; LabError names one that can't be told."""
    deadline = time.monotonic() + within_s
    for node, its in routers.items():
        while True:
            try:
                _tell(node, its, its.modelled)
                break
            except OSError as error:  # busy: it has to hear it all the same
                if time.monotonic() > deadline:
                    problem = error.strerror or error
                    raise LabError(f"{node}: OSPF does not answer its vty: {problem}.") from None
                time.sleep(AGAIN_S)


def _tell(node: str, its: Throttles, lines: Mapping[str, str]) -> None:
    for block, line in lines.items():
        try:
            vty.configure(its.run, DAEMONS[block], (block, line))
        except ValueError as error:
            raise LabError(f"{node}: expected {line!r} to be taken, found: {error}") from None
