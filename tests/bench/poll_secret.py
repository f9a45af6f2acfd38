"""The agents of poll_agents in SNMPv3 authPriv (SHA-256, AES-128): one engine for all of them."""

import time

from monitor.snmp.ber import (
    COUNTER32,
    OCTETS,
    REPORT,
    SEQUENCE,
    element,
    encode_oid,
    expect,
    integer,
    tlv,
)
from monitor.snmp.questions import number_of
from monitor.snmp.usm import MAX_SIZE, UNKNOWN_ENGINE, User, UsmPeer, passphrase_key
from monitor.snmp.usm_header import USM_MODEL, read_header
from tests.bench.poll_agents import AUTH, PRIV, USER, Served

ENGINE_ID = b"\x80\x00\x1f\x88\x04bench"


class SecretServed:
    """Answers what a UsmPeer asks. Its own end is one, too: keys and messages are the same."""

    def __init__(self) -> None:
        keys = (passphrase_key("sha256", AUTH.encode()), passphrase_key("sha256", PRIV.encode()))
        self._born = time.monotonic()
        self._peer = UsmPeer(User(USER.encode(), "sha256", *keys), time.monotonic)
        self._peer.open(self._report(b"\x40\0\0\0"))
        self._served = Served()

    def answer(self, message: bytes) -> bytes:
        """The answer to `message`; ValueError for what is no authentic request."""
        number = number_of(message)
        if not read_header(message).engine_id:
            return self._report(number)
        text = self._peer.open(message)
        assert isinstance(text, bytes)
        begin, end = expect(text, 0, len(text), SEQUENCE)
        _, _, at = element(text, begin, end)
        _, _, at = element(text, at, end)
        # The same PDU in version 2c, answered as there, and its PDU taken out again.
        plain = tlv(SEQUENCE, integer(1) + tlv(OCTETS, b"public") + text[at:end])
        answered = self._served.answer(plain)
        inside, stop = expect(answered, 0, len(answered), SEQUENCE)
        _, _, community_end = element(answered, inside + 3, stop)
        pdu = answered[community_end:stop]
        return self._peer.wrap(tlv(SEQUENCE, self._peer.head + pdu), number)

    def _report(self, number: bytes) -> bytes:
        bind = tlv(SEQUENCE, encode_oid(UNKNOWN_ENGINE) + tlv(COUNTER32, b"\1"))
        pdu = tlv(REPORT, integer(0) * 3 + tlv(SEQUENCE, bind))
        scoped = tlv(SEQUENCE, tlv(OCTETS, ENGINE_ID) + tlv(OCTETS, b"") + pdu)
        times = integer(1) + integer(1 + int(time.monotonic() - self._born))
        security = tlv(SEQUENCE, tlv(OCTETS, ENGINE_ID) + times + 3 * tlv(OCTETS, b""))
        about = b"\x02\x04" + number + integer(MAX_SIZE) + tlv(OCTETS, b"\0") + integer(USM_MODEL)
        return tlv(SEQUENCE, integer(3) + tlv(SEQUENCE, about) + tlv(OCTETS, security) + scoped)
