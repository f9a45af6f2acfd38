"""A small SNMPv2c agent on UDP loopback that can be told to misbehave.

Its BER is its own (ISO/IEC 8825-1, RFC 3416), so that no codec under test checks itself.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, cast

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
COUNTER32, GAUGE32, TICKS, COUNTER64 = 0x41, 0x42, 0x43, 0x46
NO_SUCH_INSTANCE, END_OF_MIB = 0x81, 0x82
GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5

Oid = tuple[int, ...]


class Typed(NamedTuple):
    """A value with its tag."""

    tag: int
    value: int | bytes


def parse(text: str) -> Oid:
    """1.3.6 -> (1, 3, 6)."""
    return tuple(int(part) for part in text.split("."))


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, body."""
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def encode_oid(oid: Oid) -> bytes:
    """An OID with tag and length."""
    body = bytearray([oid[0] * 40 + oid[1]])
    for arc in oid[2:]:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        body += bytes(reversed(groups))
    return tlv(OID, bytes(body))


def encode_value(value: Typed) -> bytes:
    """A value with tag and length."""
    if isinstance(value.value, bytes):
        return tlv(value.tag, value.value)
    if value.tag in (NULL, NO_SUCH_INSTANCE, END_OF_MIB):
        return tlv(value.tag, b"")
    size = value.value.bit_length() // 8 + 1
    return tlv(value.tag, value.value.to_bytes(size, "big", signed=True))


def read(message: bytes, at: int) -> tuple[int, int, int]:
    """Tag, begin and end of the body of the element at `at`."""
    tag, length, begin = message[at], message[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(message[begin : begin + count], "big")
        begin += count
    return tag, begin, begin + length


def children(message: bytes, begin: int, end: int) -> list[tuple[int, int, int]]:
    """Elements between `begin` and `end`."""
    found = []
    while begin < end:
        found.append(read(message, begin))
        begin = found[-1][2]
    return found


def decode_oid(body: bytes) -> Oid:
    """The arcs of an OID's body."""
    arcs, arc = [body[0] // 40, body[0] % 40], 0
    for octet in body[1:]:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    return tuple(arcs)


class Request(NamedTuple):
    """What was asked."""

    kind: int
    community: bytes
    request_id: int
    repetitions: int
    oids: tuple[Oid, ...]


def decode_request(message: bytes) -> Request:
    """A v2c request."""
    _, begin, end = read(message, 0)
    _, community, pdu = children(message, begin, end)
    fields = children(message, pdu[1], pdu[2])
    numbers = [int.from_bytes(message[b:e], "big", signed=True) for _, b, e in fields[:3]]
    oids = []
    for _, b, e in children(message, fields[3][1], fields[3][2]):
        name = children(message, b, e)[0]
        oids.append(decode_oid(message[name[1] : name[2]]))
    return Request(
        pdu[0], message[community[1] : community[2]], numbers[0], numbers[2], tuple(oids)
    )


def encode_response(
    community: bytes, request_id: int, binds: list[tuple[Oid, Typed]], error: int = 0
) -> bytes:
    """A v2c response."""
    listed = b"".join(tlv(SEQUENCE, encode_oid(oid) + encode_value(value)) for oid, value in binds)
    head = b"".join(encode_value(Typed(INTEGER, number)) for number in (request_id, error, 0))
    pdu = tlv(RESPONSE, head + tlv(SEQUENCE, listed))
    return tlv(SEQUENCE, encode_value(Typed(INTEGER, 1)) + tlv(OCTETS, community) + pdu)


Mischief = Callable[["Agent", Request, bytes, tuple[str, int]], None]


@dataclass
class Agent(asyncio.DatagramProtocol):
    """Serves `table`; `mischief` sends the answers instead when there is one."""

    table: dict[Oid, Typed]
    community: bytes = b"public"
    mischief: Mischief | None = None
    port: int = 0
    requests: int = 0
    transport: asyncio.DatagramTransport = field(init=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer, or whatever `mischief` makes of it."""
        request = decode_request(data)
        self.requests += 1
        if request.community != self.community:
            return
        answer = encode_response(self.community, request.request_id, self.binds(request))
        if self.mischief:
            self.mischief(self, request, answer, addr)
        else:
            self.transport.sendto(answer, addr)

    def binds(self, request: Request) -> list[tuple[Oid, Typed]]:
        """What the answer holds."""
        if request.kind == GET:
            missing = Typed(NO_SUCH_INSTANCE, 0)
            return [(oid, self.table.get(oid, missing)) for oid in request.oids]
        ordered = sorted(self.table)
        start = bisect_right(ordered, request.oids[0])
        count = request.repetitions if request.kind == GET_BULK else 1
        found = [(oid, self.table[oid]) for oid in ordered[start : start + count]]
        return found or [(request.oids[0], Typed(END_OF_MIB, 0))]


@asynccontextmanager
async def serving(agent: Agent) -> AsyncIterator[Agent]:
    """The agent on a free port of 127.0.0.1."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: agent, local_addr=("127.0.0.1", agent.port)
    )
    agent.port = transport.get_extra_info("sockname")[1]
    try:
        yield agent
    finally:
        transport.close()
