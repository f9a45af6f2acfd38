"""What is asked, encoded once, and the reading of what comes back. Pure.

A text is `SEQUENCE { A, B, PDU }`: in version 2c the message, with its version and community as
head; in version 3 the decrypted scoped PDU, with the context's engine and name as head.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, cast

from monitor.snmp.base import Answer, Value
from monitor.snmp.ber import (
    COUNTER64,
    END_OF_MIB,
    GET,
    GET_BULK,
    NULL,
    OID,
    RESPONSE,
    SEQUENCE,
    UNSIGNED_OCTETS,
    decode_oid,
    element,
    encode_oid,
    expect,
    integer,
    length,
    read_integer,
    tlv,
    value_of,
)
from monitor.snmp.layout import Field, Layout, Sharing, Values

_ANSWER: Callable[[tuple[object, ...]], Answer] = partial(tuple.__new__, Answer)
"""From its fields, without a call of Python's."""
RELEARN_MISSES = 8
"""An answer that never looks like the one before is laid out anew only at every such miss."""
MAX_SHARED = 100_000
ERRORS = ("noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess")
"""Of RFC 3416 3, as far as a reader of objects can meet them."""


class Bind(NamedTuple):
    """Where a variable binding's name and value stand in a text."""

    name_begin: int
    name_end: int
    tag: int
    begin: int
    end: int


class Pdu(NamedTuple):
    """A PDU that was taken apart."""

    kind: int
    number: int
    number_end: int
    error: int
    binds: list[Bind]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The device heard the request and said no."""

    problem: str
    again: bool = False
    """Whether the same, sent at once, can do better."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request without its id and its head; devices of one layout share it."""

    kind: int
    names: tuple[str, ...]
    oids: tuple[bytes, ...]
    """Bodies of the names' encodings."""
    tail: bytes
    """All that follows the request id."""
    most: int
    """An answer holds no more objects."""


@dataclass(slots=True)
class Questions:
    """Makes questions; equal ones are one object, and so is what devices' answers share."""

    sharing: Sharing = field(default_factory=Sharing)
    _made: dict[tuple[str, ...], Question] = field(default_factory=dict)
    _oids: dict[str, bytes] = field(default_factory=dict)

    def get(self, names: tuple[str, ...]) -> Question:
        """Ask for exactly `names`."""
        question = self._made.get(names)
        if question is None:
            if len(self._oids) > MAX_SHARED:  # ifIndexes have moved for years: begin anew
                self._oids.clear()
                self._made.clear()
            encoded = [self._oid(name) for name in names]
            bodies = tuple(each[2:] for each in encoded)
            question = Question(GET, names, bodies, _tail(encoded), len(names))
            self._made[names] = question
        return question

    def bulk(self, name: str, repetitions: int) -> Question:
        """Ask for `repetitions` rows after `name`."""
        encoded = encode_oid(name)
        tail = _tail([encoded], repetitions)
        return Question(GET_BULK, (name,), (encoded[2:],), tail, repetitions)

    def _oid(self, name: str) -> bytes:
        encoded = self._oids.get(name)
        if encoded is None:
            encoded = self._oids[name] = encode_oid(name)
            if encoded[1] >= 0x80:
                raise ValueError(f"{name} is too long an OID")
        return encoded


def _tail(oids: Sequence[bytes], repetitions: int = 0) -> bytes:
    """error-status and error-index, or non-repeaters and max-repetitions; then the names."""
    binds = b"".join(tlv(SEQUENCE, oid + bytes((NULL, 0))) for oid in oids)
    return integer(0) + integer(repetitions) + tlv(SEQUENCE, binds)


@dataclass(slots=True)
class Asked:
    """A question put to one device again and again, and what its answers look like."""

    question: Question
    sharing: Sharing
    whole: bool = False
    """Whether the last answer held all that was asked for."""
    _head: bytes = b""
    _prefix: bytes = b""
    _layout: Layout | None = None
    """What its last answer looked like, and the next one probably will."""
    _moving: frozenset[int] = frozenset()
    """Places of the numbers that are expected to change: the device's clock in front, 64-bit
    counters, and what was seen to."""
    _hit: bool = False
    """Whether an answer looked like it."""
    _misses: int = 0

    def text(self, head: bytes, number: bytes) -> bytes:
        """The request: of a template only the id, four octets, is new."""
        if self._head != head:
            tail = self.question.tail
            pdu = 6 + len(tail)
            pdu_head = bytes((self.question.kind,)) + length(pdu) + b"\x02\x04"
            size = len(head) + len(pdu_head) - 2 + pdu
            prefix = bytes((SEQUENCE,)) + length(size) + head + pdu_head
            self._prefix = self.sharing.one(prefix)
            self._head, self._layout = head, None
        return self._prefix + number + self.question.tail

    def read(self, text: bytes, head: bytes, number: bytes, received: float) -> Answer | Refusal:
        """What an answer, read at `received`, holds: values, None where the device has none; of a
        bulk question pairs of name and value, None where nothing here uses the type.

        Every name has to be the one that was asked for. ValueError when it is no such answer.
        """
        laid, names = self._layout, self.question.names
        if laid is not None and (numbers := laid.read(text, number)) is not None:
            self._hit = True
            return _ANSWER((received, names, (), self.whole, laid, numbers))
        pdu = self._pdu(text, head, number)
        if isinstance(pdu, Refusal):
            return pdu
        if self.question.kind == GET_BULK:
            values = cast("Values", tuple(_rows(text, pdu).items()))
        else:
            values = self._values(text, pdu)
            self._learn(text, pdu, values)
        return Answer(received, names, values, self.whole)

    def _pdu(self, text: bytes, head: bytes, number: bytes) -> Pdu | Refusal:
        pdu = read_pdu(text, head, RESPONSE, self.question.most)
        if pdu.number != int.from_bytes(number, "big"):
            raise ValueError("it answers another request")
        if pdu.error:
            name = ERRORS[pdu.error] if 0 < pdu.error < len(ERRORS) else f"error {pdu.error}"
            return Refusal(f"the device says {name}")
        return pdu

    def _values(self, text: bytes, pdu: Pdu) -> Values:
        if len(pdu.binds) != len(self.question.oids):
            raise ValueError("it answers for more or fewer objects than were asked for")
        found = []
        for oid, bind in zip(self.question.oids, pdu.binds, strict=True):
            if text[bind.name_begin : bind.name_end] != oid:
                raise ValueError("it answers for objects that nobody asked for")
            found.append(value_of(text, bind.tag, bind.begin, bind.end))
        return tuple(found)

    def _learn(self, text: bytes, pdu: Pdu, values: Values) -> None:
        """Note what moved, and lay the answer out when that is likely to help with the next."""
        self.whole = None not in values
        self._misses += 1
        numbers = {place for place, bind in enumerate(pdu.binds) if bind.tag in UNSIGNED_OCTETS}
        moving = self._moving
        if self._layout:
            moving |= self._layout.moved(values) & numbers
        else:  # a guess, which later answers add to
            moving |= {at for at, bind in enumerate(pdu.binds) if bind.tag == COUNTER64}
            moving |= {at for at in numbers if at == 0}
        grown = moving != self._moving or self._layout is None
        if not grown and not self._hit and self._misses % RELEARN_MISSES != 1:
            return
        self._moving, self._hit = self.sharing.one(moving), False
        fields = []
        for place in sorted(moving & numbers):
            bind = pdu.binds[place]
            # The zero in front of the longest numbers stays part of the layout.
            begin = max(bind.begin, bind.end - UNSIGNED_OCTETS[bind.tag])
            fields.append(Field(place, begin, bind.end))
        number_at = pdu.number_end - 4
        if text[number_at - 2 : number_at] == b"\x02\x04":
            self._layout = Layout.of(text, number_at, fields, values, self.sharing)


def read_pdu(text: bytes, head: bytes, kind: int, most_binds: int) -> Pdu:
    """The PDU of a text, which has to begin with `head` and be of `kind`. ValueError."""
    begin, end = expect(text, 0, len(text), SEQUENCE)
    if end != len(text):
        raise ValueError("something stands behind it")
    if not text.startswith(head, begin):
        raise ValueError("it is of another version, community or context")
    pdu, stop = expect(text, begin + len(head), end, kind)
    if stop != end:
        raise ValueError("something stands behind it")
    number, number_end = read_integer(text, pdu, end)
    error, at = read_integer(text, number_end, end)
    _, at = read_integer(text, at, end)
    at, stop = expect(text, at, end, SEQUENCE)
    if stop != end:
        raise ValueError("something stands behind it")
    return Pdu(kind, number, number_end, error, _binds(text, at, end, most_binds))


def _binds(text: bytes, at: int, end: int, most: int) -> list[Bind]:
    found: list[Bind] = []
    while at < end:
        if len(found) == most:
            raise ValueError("it answers for more objects than were asked for")
        begin, stop = expect(text, at, end, SEQUENCE)
        name_begin, name_end = expect(text, begin, stop, OID)
        tag, value_begin, value_end = element(text, name_end, stop)
        if value_end != stop:
            raise ValueError("something stands behind a value")
        found.append(Bind(name_begin, name_end, tag, value_begin, value_end))
        at = stop
    return found


def _rows(text: bytes, pdu: Pdu) -> dict[str, Value | None]:
    rows: dict[str, Value | None] = {}
    for bind in pdu.binds:
        if bind.tag == END_OF_MIB:
            break
        name = decode_oid(text[bind.name_begin : bind.name_end])
        if name in rows:
            raise ValueError("its rows don't ascend")
        rows[name] = value_of(text, bind.tag, bind.begin, bind.end)
    return rows


def number_of(message: bytes) -> bytes:
    """The four octets where a message of version 2c has its request id and one of version 3 its
    message id, when it has the form of ours. ValueError, IndexError.

    This only finds who asked: what is there is read, and refused, by whoever that is.
    """
    at = message[1] - 0x7E if message[1] >= 0x80 else 2
    version = message[at : at + 3]
    at += 4
    if version == _VERSION_2C:
        at += 2 + message[at]  # the community; then the PDU's tag and length
        at += message[at] - 0x7F if message[at] >= 0x80 else 1
    elif version == _VERSION_3:
        at += message[at] - 0x7F if message[at] >= 0x80 else 1
    else:
        raise ValueError("a version that nobody asked in")
    if message[at : at + 2] != b"\x02\x04":
        raise ValueError("an id that nobody has sent")
    return message[at + 2 : at + 6]


_VERSION_2C, _VERSION_3 = b"\x02\x01\x01", b"\x02\x01\x03"
