"""A simulated SNMP agent: one datagram in, one datagram out.

A stand-in, and its limits: SNMPv2c with one community, read only, no traps, and only the objects
of `lab.mib`. What it does answer, it answers as RFC 3416 says, in GET, GETNEXT and GETBULK alike.
"""

from bisect import bisect_right
from functools import lru_cache

from lab import ber
from lab.ber import Oid
from lab.mib import COLUMNS, SYSTEM, Agent, Column, Moment, Scalar

MAX_MESSAGE_OCTETS = 4_000
"""gufo-snmp reads into a buffer of 4,080."""
MAX_VARBINDS = 300
"""More than fit a message: where the work on a greedy GETBULK stops."""
_HEADER_OCTETS = 40

_OBJECTS: tuple[Scalar | Column, ...] = tuple(
    sorted((*SYSTEM, *COLUMNS), key=lambda known: known.oid)
)
_STARTS = tuple(known.oid for known in _OBJECTS)

Slot = tuple[bytes, Scalar | Column | None, int, bytes]
"""Encoded name, object, ifIndex; without an object, the exception that stands for the value."""


def answer(agent: Agent, datagram: bytes, community: bytes, moment: Moment) -> bytes | None:
    """The reply to `datagram`, or None where a real agent keeps silent.

    That is: the device is off, the datagram is malformed, or the community is another.
    """
    if not agent.on:
        return None
    try:
        request = ber.read_request(datagram)
        if request.community != community:
            return None
        if request.pdu == ber.SET:
            return ber.response(
                request, request.varbinds, error_status=ber.NO_ACCESS, error_index=1
            )
        slots = _plan(
            request.pdu,
            len(agent.ports),
            request.non_repeaters,
            request.max_repetitions,
            request.varbinds,
        )
    except ValueError:
        return None
    room = MAX_MESSAGE_OCTETS - _HEADER_OCTETS - len(community)
    varbinds: list[bytes] = []
    for slot in slots:
        varbind = _varbind(agent, slot, moment)
        room -= len(varbind)
        if room < 0:
            if request.pdu == ber.GET_BULK:
                break
            return ber.response(request, b"", error_status=ber.TOO_BIG)
        varbinds.append(varbind)
    return ber.response(request, b"".join(varbinds))


def _varbind(agent: Agent, slot: Slot, moment: Moment) -> bytes:
    name, known, index, exception = slot
    if known is None:
        return ber.tlv(ber.SEQUENCE, name + exception)
    if isinstance(known, Scalar):
        return ber.tlv(ber.SEQUENCE, name + known.value(agent, moment))
    if not known.fixed:
        return ber.tlv(ber.SEQUENCE, name + known.value(agent, index, moment))
    varbind = agent.encoded.get(name)
    if varbind is None:
        varbind = ber.tlv(ber.SEQUENCE, name + known.value(agent, index, moment))
        agent.encoded[name] = varbind
    return varbind


@lru_cache(maxsize=4_096)
def _plan(
    pdu: int, rows: int, non_repeaters: int, max_repetitions: int, varbinds: bytes
) -> tuple[Slot, ...]:
    """What a request asks of any device with so many interfaces; pollers repeat theirs."""
    names = ber.read_names(varbinds)
    if pdu == ber.GET:
        return tuple(_exact(name, encoded, rows) for name, encoded in names)
    if pdu == ber.GET_NEXT:
        return tuple(_slot_after(name, encoded, rows) for name, encoded in names)
    once = max(0, non_repeaters)
    slots = [_slot_after(name, encoded, rows) for name, encoded in names[:once]]
    cursors = names[once:]
    for _ in range(max(0, max_repetitions)):
        if not cursors or len(slots) > MAX_VARBINDS:
            break
        found = [_slot_after(name, encoded, rows) for name, encoded in cursors]
        slots += found
        if all(known is None for _, known, _, _ in found):
            break
        cursors = [
            (name if known is None else _name(known, index), encoded)
            for (name, _), (encoded, known, index, _) in zip(cursors, found, strict=True)
        ]
    return tuple(slots)


def _exact(name: Oid, encoded: bytes, rows: int) -> Slot:
    at = bisect_right(_STARTS, name) - 1
    if at >= 0:
        known = _OBJECTS[at]
        if name == known.oid and isinstance(known, Scalar):
            return encoded, known, 0, b""
        if isinstance(known, Column) and name[:-1] == known.oid and 1 <= name[-1] <= rows:
            return encoded, known, name[-1], b""
        size = len(known.oid) - isinstance(known, Scalar)
        if name[:size] == known.oid[:size]:
            return encoded, None, 0, ber.NO_SUCH_INSTANCE
    return encoded, None, 0, ber.NO_SUCH_OBJECT


def _slot_after(name: Oid, encoded: bytes, rows: int) -> Slot:
    """The first instance after `name` in lexicographic order."""
    at = bisect_right(_STARTS, name) - 1
    known = _OBJECTS[at] if at >= 0 else None
    if isinstance(known, Column) and rows:
        index = 1
        if name[: len(known.oid)] == known.oid and len(name) > len(known.oid):
            index = name[len(known.oid)] + 1
        elif name[: len(known.oid)] != known.oid:
            index = rows + 1
        if index <= rows:
            return ber.oid(_name(known, max(index, 1))), known, max(index, 1), b""
    for following in _OBJECTS[at + 1 :]:
        if isinstance(following, Scalar):
            return ber.oid(following.oid), following, 0, b""
        if rows:
            return ber.oid(_name(following, 1)), following, 1, b""
    return encoded, None, 0, ber.END_OF_MIB_VIEW


def _name(known: Scalar | Column, index: int) -> Oid:
    return known.oid if isinstance(known, Scalar) else (*known.oid, index)
