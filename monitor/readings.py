"""What is asked of a device, and what its answers hold. Pure; no rate is made here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, cast

from monitor.metrics import COLUMN, INTERFACE_METRICS, SYS_UP_TIME, Kind
from monitor.snmp.base import MAX_VARBINDS, Answer, Value
from monitor.targets import ExpectedInterface

TOP32, TOP64 = 2**32 - 1, 2**64 - 1
OCTETS = COLUMN["ifHCInOctets"]
_NUMBERS = INTERFACE_METRICS[1:]
"""All but ifName, which stands first."""
_TOPS = tuple(TOP64 if metric.kind is Kind.COUNTER64 else TOP32 for metric in _NUMBERS)
_narrow = itemgetter(*(at for at, top in enumerate(_TOPS) if top == TOP32))
_ONLY_INT = {int}
_PER_REQUEST = max(1, (MAX_VARBINDS - 1) // len(INTERFACE_METRICS))


Picker = Callable[[Mapping[str, Value]], tuple[Value, ...]]


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
    pick: Picker
    """Takes all of them out of an answer at once; KeyError when one is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests of one poll: whole interfaces, each with the device's clock beside it."""

    requests: tuple[tuple[str, ...], ...]
    places: tuple[tuple[Place, ...], ...]
    """For each request the interfaces that it asks for."""


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
    oids, pick = _oids(if_index, wide)
    return Place(position, expected.if_name.encode(), if_index, wide, oids, pick)


@lru_cache(maxsize=4096)
def _oids(if_index: int, wide: bool) -> tuple[tuple[str, ...], Picker]:
    """Shared by all devices: thousands of them number their interfaces alike."""
    oids = tuple(
        f"{metric.oid if wide or not metric.narrow else metric.narrow}.{if_index}"
        for metric in INTERFACE_METRICS
    )
    return oids, itemgetter(*oids)


def plan(places: Sequence[Place]) -> Plan:
    """Requests for `places`; a device without any is still asked for its sysUpTime."""
    groups = [tuple(places[at : at + _PER_REQUEST]) for at in range(0, len(places), _PER_REQUEST)]
    requests = tuple(
        (SYS_UP_TIME, *(oid for each in group for oid in each.oids)) for group in groups or [()]
    )
    return Plan(requests, tuple(groups) or ((),))


def decode(asked: Plan, answers: Sequence[Answer]) -> Decoded:
    """The readings in `answers`; ValueError when one lacks the device's clock."""
    readings: dict[int, Reading] = {}
    lost: list[int] = []
    narrow: list[int] = []
    uptime = 0
    for places, (received, values) in zip(asked.places, answers, strict=True):
        uptime = _uptime(values)
        for each in places:
            name, *raw = _picked(each, values)
            if name != each.if_name:
                lost.append(each.interface)
                continue
            numbers = _numbers(raw)
            if each.wide and numbers[OCTETS] is None:
                narrow.append(each.interface)
            readings[each.interface] = Reading(received, uptime, each.if_index, each.wide, numbers)
    return Decoded(uptime, readings, tuple(lost), tuple(narrow))


def _picked(each: Place, values: Mapping[str, Value]) -> Sequence[Value | None]:
    try:
        return each.pick(values)
    except KeyError:
        return [values.get(oid) for oid in each.oids]


def _numbers(raw: list[Value | None]) -> tuple[int | None, ...]:
    """A value for each of INTERFACE_METRICS; None for the name, and for what is no such number."""
    if set(map(type, raw)) == _ONLY_INT:  # nearly always: then the bounds are checked all at once
        numbers = cast("list[int]", raw)
        if min(numbers) >= 0 and max(_narrow(numbers)) <= TOP32 and max(numbers) <= TOP64:
            return (None, *numbers)
    return (
        None,
        *(
            value if type(value) is int and 0 <= value <= top else None
            for value, top in zip(raw, _TOPS, strict=True)
        ),
    )


def _uptime(values: Mapping[str, Value]) -> int:
    uptime = values.get(SYS_UP_TIME)
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
