"""What is asked of a device, and what its answers hold. Pure; no rate is made here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, cast

from monitor.metrics import COLUMN, INTERFACE_METRICS, SYS_UP_TIME, Kind
from monitor.snmp.base import MAX_VARBINDS, Answer, Value
from monitor.targets import ExpectedInterface

TOP32, TOP64 = 2**32 - 1, 2**64 - 1
OCTETS = COLUMN["ifHCInOctets"]
WIDTH = len(INTERFACE_METRICS)
_NUMBERS = INTERFACE_METRICS[1:]
"""All but ifName, which stands first."""
_TOPS = tuple(TOP64 if metric.kind is Kind.COUNTER64 else TOP32 for metric in _NUMBERS)
_narrow = itemgetter(*(at for at, top in enumerate(_TOPS) if top == TOP32))
_ONLY_INT = {int}
PER_REQUEST = max(1, (MAX_VARBINDS - 1) // WIDTH)
"""Interfaces in one request, beside the device's clock."""


class Reading(NamedTuple):
    """One interface at one moment, raw."""

    received: float
    """time.monotonic() of the answer."""
    uptime_cs: int
    """sysUpTime of the same answer: the device's own clock at the reading, 1/100 s."""
    if_index: int
    wide: bool
    """Whether the octet and packet counters are the 64-bit ones."""
    values: tuple[int | None, ...]
    """In the order of INTERFACE_METRICS; None for what the device has not (and for ifName)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interface stands in its device's agent today."""

    interface: int
    """Its place in Target.interfaces."""
    if_name: bytes
    if_index: int
    wide: bool
    oids: tuple[str, ...]
    """In the order of INTERFACE_METRICS."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests of one poll: whole interfaces, each with the device's clock beside it."""

    requests: tuple[tuple[str, ...], ...]
    places: tuple[tuple[Place, ...], ...]
    """For each request the interfaces that it asks for."""
    names: tuple[bytes, ...]
    """ifName of each of them."""
    complete: bool
    """Whether it asks for all expected interfaces, in their order, with 64-bit counters."""


class Decoded(NamedTuple):
    """What one poll's answers hold."""

    uptime_cs: int
    """Of the last answer."""
    readings: dict[int, Reading]
    """By place in Target.interfaces."""
    lost: tuple[int, ...]
    """Interfaces whose ifIndex now names another, or none."""
    narrow: tuple[int, ...]
    """Interfaces without 64-bit counters that were asked for them."""


def place(position: int, expected: ExpectedInterface, if_index: int, *, wide: bool = True) -> Place:
    """Where to read `expected`."""
    return _place(position, expected.if_name, if_index, wide)


@lru_cache(maxsize=4096)
def oids_of(if_index: int, wide: bool) -> tuple[str, ...]:
    """Shared by all devices: thousands of them number their interfaces alike."""
    return tuple(
        f"{metric.oid if wide or not metric.narrow else metric.narrow}.{if_index}"
        for metric in INTERFACE_METRICS
    )


@lru_cache(maxsize=65_536)
def _place(position: int, if_name: str, if_index: int, wide: bool) -> Place:
    return Place(position, if_name.encode(), if_index, wide, oids_of(if_index, wide))


def plan(places: Sequence[Place], expected: int | None = None) -> Plan:
    """Requests for `places`, of `expected` interfaces; a device without any is still asked for its
    sysUpTime. Devices that number their interfaces alike share it."""
    return _plan(tuple(places), expected)


@lru_cache(maxsize=16_384)
def _plan(places: tuple[Place, ...], expected: int | None) -> Plan:
    groups = tuple(
        tuple(places[at : at + PER_REQUEST]) for at in range(0, len(places), PER_REQUEST)
    )
    in_order = [each.interface for each in places] == list(range(expected or len(places)))
    complete = bool(places) and in_order and all(each.wide for each in places)
    return Plan(
        tuple(map(_request, (tuple(each.oids for each in group) for group in groups or ((),)))),
        groups or ((),),
        tuple(each.if_name for each in places),
        complete,
    )


@lru_cache(maxsize=4096)
def _request(oids: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Of an answer's values the first is the device's clock, then come whole interfaces."""
    return (SYS_UP_TIME, *(oid for each in oids for oid in each))


def decode(asked: Plan, answers: Sequence[Answer]) -> Decoded:
    """The readings in `answers`; ValueError when one lacks the device's clock."""
    readings: dict[int, Reading] = {}
    lost: list[int] = []
    narrow: list[int] = []
    uptime = 0
    for places, answer in zip(asked.places, answers, strict=True):
        uptime = _uptime(answer.values[0])
        for at, each in enumerate(places):
            begin = 1 + at * WIDTH
            name, *raw = answer.values[begin : begin + WIDTH]
            if name != each.if_name:
                lost.append(each.interface)
                continue
            found = numbers(raw)
            if each.wide and found[OCTETS] is None:
                narrow.append(each.interface)
            readings[each.interface] = Reading(
                answer.received, uptime, each.if_index, each.wide, found
            )
    return Decoded(uptime, readings, tuple(lost), tuple(narrow))


def numbers(raw: Sequence[Value | None]) -> tuple[int | None, ...]:
    """A reading's values from those of all columns but ifName, for which it has None.

    So it has for what is no number, or more than its kind can be.
    """
    if set(map(type, raw)) == _ONLY_INT:  # nearly always: then the bounds are checked all at once
        whole = cast("Sequence[int]", raw)
        if min(whole) >= 0 and max(_narrow(whole)) <= TOP32 and max(whole) <= TOP64:
            return (None, *whole)
    return (
        None,
        *(
            value if type(value) is int and 0 <= value <= top else None
            for value, top in zip(raw, _TOPS, strict=True)
        ),
    )


def _uptime(uptime: Value | None) -> int:
    if type(uptime) is not int or not 0 <= uptime <= TOP32:
        raise ValueError("an answer without sysUpTime")
    return uptime


def if_indexes(rows: Sequence[tuple[str, Value]]) -> dict[bytes, int]:
    """ifName -> ifIndex from a walk of ifName; of two interfaces of one name the lower index."""
    found: dict[bytes, int] = {}
    for oid, value in rows:
        if isinstance(value, bytes):
            found.setdefault(value, int(oid.rsplit(".", 1)[1]))
    return found
