"""As much BER (X.690) and SNMP message syntax (RFC 1901, RFC 3416) as a simulated agent needs.

A stand-in's codec, with limits: SNMPv2c only, definite lengths, one-byte tags. Whatever does not
fit raises ValueError, and an agent drops such a datagram, as RFC 3416 section 4.2 wants.
"""

from dataclasses import dataclass

INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
COUNTER32 = 0x41
GAUGE32 = 0x42
TIME_TICKS = 0x43
COUNTER64 = 0x46

NULL_VALUE = b"\x05\x00"
NO_SUCH_OBJECT = b"\x80\x00"
NO_SUCH_INSTANCE = b"\x81\x00"
END_OF_MIB_VIEW = b"\x82\x00"

GET = 0xA0
GET_NEXT = 0xA1
RESPONSE = 0xA2
SET = 0xA3
GET_BULK = 0xA5

TOO_BIG = 1
GEN_ERR = 5
NO_ACCESS = 6

VERSION_2C = 1
MAX_SUBIDENTIFIER = 2**32 - 1

Oid = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One decoded request; `request_id` stays encoded, since it is only sent back."""

    community: bytes
    pdu: int
    request_id: bytes
    """The whole INTEGER, tag and length included."""
    non_repeaters: int
    """error-status in a PDU that is not a GetBulk."""
    max_repetitions: int
    varbinds: bytes
    """Contents of the variable-bindings SEQUENCE."""


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length and `body`."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A signed INTEGER, or one of the unsigned types, which are encoded alike."""
    magnitude = value if value >= 0 else ~value
    body = value.to_bytes((magnitude.bit_length() >> 3) + 1, "big", signed=True)
    return bytes((tag, len(body))) + body


def octets(value: str | bytes) -> bytes:
    """An OCTET STRING; text goes in as UTF-8."""
    return tlv(OCTET_STRING, value.encode() if isinstance(value, str) else value)


def oid(value: Oid) -> bytes:
    """An OBJECT IDENTIFIER of two or more numbers."""
    body = bytearray(_base128(40 * value[0] + value[1]))
    for number in value[2:]:
        body += _base128(number)
    return tlv(OBJECT_IDENTIFIER, bytes(body))


def _base128(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | (number & 0x7F))
    return bytes(reversed(digits))


def read(data: bytes, at: int, tag: int | None = None) -> tuple[int, int, int]:
    """(tag, start of contents, end of contents) of the element at `at`.

    ValueError when it is cut short, or not of the wanted `tag`.
    """
    if at + 2 > len(data):
        raise ValueError(f"cut short at byte {at}")
    found, size, start = data[at], data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or start + count > len(data):
            raise ValueError(f"length of unusable form at byte {at + 1}")
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    if tag is not None and found != tag:
        raise ValueError(f"expected tag {tag:#04x} at byte {at}, found {found:#04x}")
    if start + size > len(data):
        raise ValueError(f"element at byte {at} runs over the end")
    return found, start, start + size


def read_integer(data: bytes, at: int) -> tuple[int, int]:
    """(value, end) of the INTEGER at `at`."""
    _, start, end = read(data, at, INTEGER)
    if start == end:
        raise ValueError(f"INTEGER without contents at byte {at}")
    return int.from_bytes(data[start:end], "big", signed=True), end


def read_oid(data: bytes, at: int) -> tuple[Oid, int]:
    """(value, end) of the OBJECT IDENTIFIER at `at`."""
    _, start, end = read(data, at, OBJECT_IDENTIFIER)
    numbers: list[int] = []
    number = 0
    for byte in data[start:end]:
        number = number << 7 | byte & 0x7F
        if number > MAX_SUBIDENTIFIER:
            raise ValueError(f"number beyond 32 bits in the OBJECT IDENTIFIER at byte {at}")
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if not numbers or data[end - 1] & 0x80:
        raise ValueError(f"OBJECT IDENTIFIER cut short at byte {at}")
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:]), end


def read_request(datagram: bytes) -> Request:
    """Decode a v2c request; ValueError for anything else."""
    _, at, end = read(datagram, 0, SEQUENCE)
    if end != len(datagram):
        raise ValueError("bytes after the message")
    version, at = read_integer(datagram, at)
    if version != VERSION_2C:
        raise ValueError(f"version {version} is not v2c")
    _, start, at = read(datagram, at, OCTET_STRING)
    community = datagram[start:at]
    pdu, at, _ = read(datagram, at)
    if pdu not in {GET, GET_NEXT, GET_BULK, SET}:
        raise ValueError(f"PDU {pdu:#04x} is no request")
    _, after_id = read_integer(datagram, at)
    request_id = datagram[at:after_id]
    non_repeaters, at = read_integer(datagram, after_id)
    max_repetitions, at = read_integer(datagram, at)
    _, start, end = read(datagram, at, SEQUENCE)
    return Request(community, pdu, request_id, non_repeaters, max_repetitions, datagram[start:end])


def read_names(varbinds: bytes) -> list[tuple[Oid, bytes]]:
    """The asked OIDs, each as numbers and as it was encoded; ValueError when malformed."""
    names: list[tuple[Oid, bytes]] = []
    at = 0
    while at < len(varbinds):
        _, start, end = read(varbinds, at, SEQUENCE)
        name, after = read_oid(varbinds, start)
        names.append((name, varbinds[start:after]))
        at = end
    return names


def response(
    request: Request, varbinds: bytes, *, error_status: int = 0, error_index: int = 0
) -> bytes:
    """The datagram that answers `request` with encoded `varbinds`."""
    fields = request.request_id + integer(error_status) + integer(error_index)
    pdu = tlv(RESPONSE, fields + tlv(SEQUENCE, varbinds))
    return tlv(SEQUENCE, integer(VERSION_2C) + octets(request.community) + pdu)
