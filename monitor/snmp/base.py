"""The seam: ask one device for exact OIDs, or walk one column. Every wait is bounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from monitor.targets import Target

Value = int | bytes
"""Integers, counters, gauges and ticks are int; strings are bytes. Nothing else is used."""

MAX_VARBINDS = 56
"""In one request: gufo-snmp has 4,080 octets for an answer, and a WAN path about 1,400."""
MAX_WALK_ROWS = 20_000
"""A walk that yields more is cut off with an error: no device here has so many interfaces."""


class Answer(NamedTuple):
    """The answer to one request."""

    received: float
    """time.monotonic() when it came."""
    values: Mapping[str, Value]
    """By the OIDs that were asked for. What the device has not is left out."""


@dataclass(slots=True)
class Counters:
    """What a client did since it was made."""

    requests: int = 0
    answers: int = 0
    timeouts: int = 0
    refused: int = 0
    """Answers that were malformed, not authentic, or to a question that nobody asked."""


class SnmpSession(Protocol):
    """The conversation with one device. Not for use by two tasks at once."""

    async def get(self, requests: Sequence[Sequence[str]]) -> list[Answer]:
        """One answer a request (each at most MAX_VARBINDS OIDs), in order.

        SnmpError when one of them got no usable answer in `timeout_s` and all its retries.
        """

    async def walk(self, oid: str) -> list[tuple[str, Value]]:
        """The column under `oid` in its order; SnmpError as above or when it never ends."""

    def close(self) -> None:
        """Let go of the socket. The session may be used again: it opens another."""


class SnmpClient(Protocol):
    """Makes sessions; owns what they share."""

    counters: Counters

    def session(self, target: Target) -> SnmpSession:
        """A session with `target`; nothing is sent yet. SecretError when a secret is missing."""

    async def close(self) -> None:
        """Let go of everything."""


def check_walk(last: str, name: str, rows: int) -> None:
    """ValueError when a walk does not come to its end by itself (RFC 3416 4.2.3)."""
    if [int(arc) for arc in name.split(".")] <= [int(arc) for arc in last.split(".")]:
        raise ValueError("its rows don't ascend")
    if rows >= MAX_WALK_ROWS:
        raise ValueError(f"a column of more than {MAX_WALK_ROWS} rows")
