"""The seam: ask one device for exact OIDs, or walk one column. Every wait is bounded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from inventory.errors import SnmpError
from monitor.targets import Target

Value = int | bytes
"""Integers, counters, gauges and ticks are int; strings are bytes. Nothing else is used."""

MAX_VARBINDS = 56
"""In one request: gufo-snmp has 4,080 octets for an answer, and a WAN path about 1,400."""
MAX_WALK_ROWS = 20_000
"""A walk that yields more is cut off with an error: no device here has so many interfaces."""


class Laid(Protocol):
    """What all answers of one look have in common: some values, and the places of the others."""

    places: tuple[int, ...]
    """Of the values in common, in order; numbers stand at all others."""

    def values(self, numbers: tuple[int, ...]) -> tuple[Value | None, ...]:
        """All values of the answer that has these numbers, in order."""


class Answer(NamedTuple):
    """The answer to one request."""

    received: float
    """time.monotonic() when it was read."""
    names: Sequence[str]
    """The OIDs that were asked for."""
    given: tuple[Value | None, ...]
    """See `values`; empty where `laid` tells them."""
    whole: bool
    """Whether the device has all of it."""
    laid: Laid | None = None
    """What it looks like, if one before looked the same; and what it then has of its own."""
    numbers: tuple[int, ...] = ()

    @property
    def values(self) -> tuple[Value | None, ...]:
        """One for each of `names`; None for what the device has not."""
        return self.given if self.laid is None else self.laid.values(self.numbers)

    @property
    def found(self) -> dict[str, Value]:
        """OID -> value of what the device has."""
        pairs = zip(self.names, self.values, strict=True)
        return {name: value for name, value in pairs if value is not None}


def answer_of(received: float, names: Sequence[str], found: Mapping[str, Value]) -> Answer:
    """An answer from values by OID."""
    values = tuple(map(found.get, names))
    return Answer(received, names, values, None not in values)


Answered = Callable[[list[Answer] | SnmpError], None]
"""Called once: with an answer to each request, or with what went wrong."""


@dataclass(slots=True)
class Cost:
    """What asking the devices of one site took, since the client was made: UDP datagrams, retries
    and the discovery of SNMPv3 among them, and the octets in these."""

    sent: int = 0
    sent_octets: int = 0
    received: int = 0
    received_octets: int = 0


@dataclass(slots=True)
class Counters:
    """What a client did since it was made."""

    requests: int = 0
    answers: int = 0
    timeouts: int = 0
    refused: int = 0
    """Answers that were malformed, not authentic, or to a question that nobody asked."""
    costs: dict[str, Cost] = field(default_factory=dict)
    """By site; nothing is counted with gufo-snmp, which does not show its datagrams."""

    def cost(self, site: str) -> Cost:
        """Where to count what `site` costs."""
        return self.costs.setdefault(site, Cost())


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


@runtime_checkable
class CallingSession(SnmpSession, Protocol):
    """A session that calls back: a poll then needs no task, no timer and no wake-up of its own."""

    def ask(self, requests: Sequence[Sequence[str]], done: Answered, deadline_s: float) -> None:
        """As `get`, but `done` is called, within `deadline_s`; never after `close`."""


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
