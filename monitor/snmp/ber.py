"""BER as SNMP uses it (ISO/IEC 8825-1, RFC 3416, RFC 3417 8): definite lengths, short tags.

Readers take a message and bounds in it, and raise ValueError for whatever is not well formed.
"""

from monitor.snmp.base import Value

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
COUNTER32, GAUGE32, TICKS, COUNTER64 = 0x41, 0x42, 0x43, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB = 0x80, 0x81, 0x82
GET, RESPONSE, GET_BULK, REPORT = 0xA0, 0xA2, 0xA5, 0xA8

UNSIGNED_OCTETS = {COUNTER32: 4, GAUGE32: 4, TICKS: 4, COUNTER64: 8}
"""Tag -> octets of its largest value, without the zero that keeps the sign bit clear."""
LONGEST_INTEGER = 8
LARGEST_ARC = 2**32 - 1
LONGEST_OID = 128


def length(size: int) -> bytes:
    """The length of a body of `size` octets."""
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, body."""
    return bytes((tag,)) + length(len(body)) + body


def integer(value: int) -> bytes:
    """An INTEGER in as few octets as can be."""
    return tlv(
        INTEGER, value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True)
    )


def encode_oid(text: str) -> bytes:
    """1.3.6.1 with tag and length; ValueError for what is no OID."""
    first, second, *rest = (int(arc) for arc in text.split("."))
    if not 0 <= first <= 2 or (second > 39 and first < 2):
        raise ValueError(f"{text} is no OID")
    body = bytearray()
    for arc in (first * 40 + second, *rest):
        if not 0 <= arc <= LARGEST_ARC:
            raise ValueError(f"{text} is no OID")
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        body += bytes(reversed(groups))
    return tlv(OID, bytes(body))


def decode_oid(body: bytes) -> str:
    """The body of an OID as 1.3.6.1."""
    if not body or body[-1] & 0x80:
        raise ValueError("an OID that does not end")
    arcs: list[int] = []
    arc = 0
    for octet in body:
        if octet == 0x80 and not arc:
            raise ValueError("an OID with an arc that begins with nothing")
        arc = arc << 7 | octet & 0x7F
        if arc > LARGEST_ARC:
            raise ValueError("an OID with an arc of more than 32 bits")
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    if len(arcs) >= LONGEST_OID:
        raise ValueError("an OID of more than 128 arcs")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def element(message: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, begin and end of the body of the element at `at`; it ends at `end` or before."""
    if at + 2 > end:
        raise ValueError("it is cut off")
    size, begin = message[at + 1], at + 2
    if size >= 0x80:
        octets = size & 0x7F
        if not 0 < octets <= 4:
            raise ValueError("a length that SNMP does not use")
        begin += octets
        size = int.from_bytes(message[at + 2 : begin], "big")
    if begin + size > end:
        raise ValueError("it is cut off")
    return message[at], begin, begin + size


def expect(message: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Begin and end of the body of the element at `at`, which has to be of `tag`."""
    found, begin, stop = element(message, at, end)
    if found != tag:
        raise ValueError(f"expected tag {tag:#04x}, found {found:#04x}")
    return begin, stop


def read_integer(message: bytes, at: int, end: int) -> tuple[int, int]:
    """The INTEGER at `at`, and where the next element begins."""
    begin, stop = expect(message, at, end, INTEGER)
    return _signed(message, begin, stop), stop


def read_octets(message: bytes, at: int, end: int) -> tuple[bytes, int]:
    """The OCTET STRING at `at`, and where the next element begins."""
    begin, stop = expect(message, at, end, OCTETS)
    return message[begin:stop], stop


def value_of(message: bytes, tag: int, begin: int, stop: int) -> Value | None:
    """The value of `tag` between `begin` and `stop`; None for a type that nothing here uses.

    A counter or gauge is unsigned: some agents leave out the zero in front of a set top bit.
    """
    if tag == OCTETS:
        return message[begin:stop]
    if tag == INTEGER:
        return _signed(message, begin, stop)
    octets = UNSIGNED_OCTETS.get(tag)
    if octets is None:
        return None
    size = stop - begin
    if not size or size > octets + 1 or (size > octets and message[begin]):
        raise ValueError("a number of more bits than its type has")
    return int.from_bytes(message[begin:stop], "big")


def _signed(message: bytes, begin: int, stop: int) -> int:
    if not begin < stop <= begin + LONGEST_INTEGER:
        raise ValueError("an integer of no octets or too many")
    return int.from_bytes(message[begin:stop], "big", signed=True)
