"""The header of an SNMPv3 message with user-based security (RFC 3412 6, RFC 3414 2.4). Pure."""

from struct import Struct
from typing import NamedTuple

from monitor.snmp.ber import (
    OCTETS,
    REPORT,
    SEQUENCE,
    decode_oid,
    element,
    expect,
    integer,
    read_integer,
    read_octets,
)
from monitor.snmp.questions import read_pdu

SALT_OCTETS = 8
LARGEST_BOOTS = 2**31 - 1
AUTH, PRIV, REPORTABLE = 1, 2, 4
USM_MODEL = 3


class Header(NamedTuple):
    """A message of version 3, taken apart as far as it is not secret."""

    flags: int
    engine_id: bytes
    boots: int
    time_s: int
    time_end: int
    user: bytes
    digest: bytes
    digest_at: int
    salt: bytes
    scoped_at: int


class Seen(NamedTuple):
    """An authentic message's header: the next one of the agent nearly always has the same form."""

    form: Struct
    """By turns fixed and changing: id, time, digest, salt."""
    fixed: tuple[bytes, ...]
    header: Header
    begin: int
    """Of what follows the message's own tag and length."""

    @classmethod
    def of(cls, message: bytes, header: Header) -> "Seen | None":
        """That of `message`; None for one of another form than agents use."""
        begin, _ = expect(message, 0, len(message), SEQUENCE)
        about = message[begin : begin + 7]
        if about[:4] + about[5:] != b"\x02\x01\x03\x30\x02\x04" or len(header.salt) != SALT_OCTETS:
            return None
        time_octets = len(integer(header.time_s)) - 2
        gap = header.digest_at - header.time_end
        form = Struct(
            f"7s4s{header.time_end - time_octets - begin - 11}s{time_octets}s{gap}s"
            f"{len(header.digest)}s2s{SALT_OCTETS}s"
        )
        if begin + form.size != header.scoped_at:
            return None
        return cls(form, form.unpack_from(message, begin)[::2], header, begin)

    def read(self, message: bytes) -> Header | None:
        """The header of `message`; None when it has another form."""
        begin, end = expect(message, 0, len(message), SEQUENCE)
        if end != len(message) or end - begin < self.form.size:
            return None
        parts = self.form.unpack_from(message, begin)
        time_s = int.from_bytes(parts[3], "big", signed=True)
        if parts[::2] != self.fixed or time_s < 0:
            return None
        shift, seen = begin - self.begin, self.header
        return Header(
            seen.flags,
            seen.engine_id,
            seen.boots,
            time_s,
            seen.time_end + shift,
            seen.user,
            parts[5],
            seen.digest_at + shift,
            parts[7],
            seen.scoped_at + shift,
        )


def read_header(message: bytes) -> Header:
    at, end = expect(message, 0, len(message), SEQUENCE)
    if end != len(message):
        raise ValueError("something stands behind it")
    version, at = read_integer(message, at, end)
    about, about_end = expect(message, at, end, SEQUENCE)
    _, about = read_integer(message, about, about_end)
    _, about = read_integer(message, about, about_end)
    flags, about = read_octets(message, about, about_end)
    model, _ = read_integer(message, about, about_end)
    if version != 3 or model != USM_MODEL or len(flags) != 1 or flags[0] & 3 == PRIV:
        raise ValueError("it is of another version or security model")
    at, scoped_at = expect(message, about_end, end, OCTETS)
    at, stop = expect(message, at, scoped_at, SEQUENCE)
    engine_id, at = read_octets(message, at, stop)
    boots, at = read_integer(message, at, stop)
    time_s, time_end = read_integer(message, at, stop)
    if not (0 <= boots <= LARGEST_BOOTS and 0 <= time_s <= LARGEST_BOOTS):
        raise ValueError("its engine has no sound time")
    user, at = read_octets(message, time_end, stop)
    digest_at, digest_end = expect(message, at, stop, OCTETS)
    salt, at = read_octets(message, digest_end, stop)
    if at != stop or stop != scoped_at:
        raise ValueError("something stands behind its security parameters")
    digest = message[digest_at:digest_end]
    return Header(
        flags[0], engine_id, boots, time_s, time_end, user, digest, digest_at, salt, scoped_at
    )


def report_of(message: bytes, scoped_at: int) -> str:
    """The object that a report names; `scoped_at` is where its plain scoped PDU begins."""
    begin, end = expect(message, scoped_at, len(message), SEQUENCE)
    if end != len(message):
        raise ValueError("something stands behind it")
    _, _, context_end = element(message, begin, end)
    _, _, pdu_at = element(message, context_end, end)
    pdu = read_pdu(message[scoped_at:], message[begin:pdu_at], REPORT, 1)
    if not pdu.binds:
        raise ValueError("a report about nothing")
    name = pdu.binds[0]
    return decode_oid(message[scoped_at + name.name_begin : scoped_at + name.name_end])
