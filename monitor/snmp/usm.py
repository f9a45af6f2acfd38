"""SNMPv3's user-based security (RFC 3414; SHA-256: RFC 7860; AES-128: RFC 3826), asking side.

Only authPriv is spoken. What an agent's engine is called and what time it has are learned from a
report; its time is believed once a message with it was authentic.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1, sha256
from typing import Any

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

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
    tlv,
)
from monitor.snmp.questions import Refusal, read_pdu

HASHES: dict[str, Callable[..., Any]] = {"sha": sha1, "sha256": sha256}
DIGEST_OCTETS = {"sha": 12, "sha256": 24}
"""Of the digest's octets so many are sent."""
PASSPHRASE_OCTETS = 1_048_576
"""A passphrase is repeated to this length before it is hashed (RFC 3414 A.2)."""
KEY_OCTETS = 16
TIME_WINDOW_S = 150
LARGEST_BOOTS = 2**31 - 1
ENGINE_ID_OCTETS = range(5, 33)
AUTH, PRIV, REPORTABLE = 1, 2, 4
USM_MODEL = 3
MAX_SIZE = 65_507
_USM_STATS = "1.3.6.1.6.3.15.1.1."
NOT_IN_TIME, UNKNOWN_ENGINE = f"{_USM_STATS}2.0", f"{_USM_STATS}4.0"
REPORTS = {
    f"{_USM_STATS}1.0": "it does not speak authPriv with this user",
    NOT_IN_TIME: "it has another time",
    f"{_USM_STATS}3.0": "it does not know the user",
    UNKNOWN_ENGINE: "its engine has another id now",
    f"{_USM_STATS}5.0": "it has another authentication passphrase or protocol",
    f"{_USM_STATS}6.0": "it has another privacy passphrase or protocol",
}


@dataclass(frozen=True, slots=True)
class User:
    """Who asks; `auth_key` and `priv_key` are those of passphrases, of no engine yet."""

    name: bytes
    auth_protocol: str
    """sha or sha256."""
    auth_key: bytes
    priv_key: bytes


def passphrase_key(protocol: str, passphrase: bytes) -> bytes:
    """The key Ku of a passphrase (RFC 3414 A.2), which is not empty."""
    repeated = passphrase * (PASSPHRASE_OCTETS // len(passphrase) + 1)
    digest: bytes = HASHES[protocol](repeated[:PASSPHRASE_OCTETS]).digest()
    return digest


def localized_key(protocol: str, key: bytes, engine_id: bytes) -> bytes:
    """The key Kul for one engine (RFC 3414 2.6)."""
    digest: bytes = HASHES[protocol](key + engine_id + key).digest()
    return digest


@dataclass(frozen=True, slots=True)
class _Header:
    """A message of version 3, taken apart as far as it is not secret."""

    flags: int
    engine_id: bytes
    boots: int
    time_s: int
    user: bytes
    digest: bytes
    digest_at: int
    salt: bytes
    scoped_at: int


class UsmPeer:
    """One agent as its user sees it: wraps what is asked, opens what is answered."""

    def __init__(self, user: User, monotonic: Callable[[], float]) -> None:
        self.head = b""
        """What stands before the PDU in a text; changes with the engine."""
        self._user, self._monotonic = user, monotonic
        self._salt = secrets.randbits(64)
        self.forget()

    @property
    def ready(self) -> bool:
        """Whether the engine is known; else the next message sent asks for it."""
        return bool(self._engine_id)

    def forget(self) -> None:
        """Learn the engine, its boots and its time anew."""
        self._engine_id = b""
        self._boots = self._time_s = 0
        self._learned_at = 0.0
        self._latest_s = 0
        """The latest of the engine's own times in an authentic message."""
        self._believed = False
        """Whether boots and time are from an authentic message."""
        self._set_head()

    def wrap(self, text: bytes, number: bytes) -> bytes:
        """The message that carries `text`: encrypted and signed, or plain when it discovers."""
        if not self.ready:
            nobody = tlv(OCTETS, b"") + integer(0) + integer(0) + 3 * tlv(OCTETS, b"")
            return self._message(REPORTABLE, number, nobody, text)
        time_s = self._time_now()
        self._salt = (self._salt + 1) & (2**64 - 1)
        salt = self._salt.to_bytes(8, "big")
        vector = self._vector(self._boots, time_s, salt)
        encryptor = Cipher(AES(self._aes_key), CFB(vector)).encryptor()
        secret = tlv(OCTETS, encryptor.update(text) + encryptor.finalize())
        blank = bytes(DIGEST_OCTETS[self._user.auth_protocol])
        security = (
            tlv(OCTETS, self._engine_id)
            + integer(self._boots)
            + integer(time_s)
            + tlv(OCTETS, self._user.name)
            + tlv(OCTETS, blank)
            + tlv(OCTETS, salt)
        )
        message = self._message(AUTH | PRIV | REPORTABLE, number, security, secret)
        # Behind the digest stand the salt with its tag and length, and the secret.
        at = len(message) - len(secret) - 2 - len(salt) - len(blank)
        return message[:at] + self._digest(message) + message[at + len(blank) :]

    def open(self, message: bytes) -> bytes | Refusal | None:
        """The text in an answer; None when it told the engine that was asked for. ValueError when
        it is malformed, not authentic, too old or not as secret as what was asked."""
        header = _read_header(message)
        if not self.ready:
            self._discovered(message, header)
            return None
        if not header.flags & AUTH:
            return Refusal(REPORTS.get(_report(message, header.scoped_at), "a report"))
        self._authenticate(message, header)
        self._note_time(header)
        if not header.flags & PRIV:
            return self._refusal(_report(message, header.scoped_at))
        text = self._decrypted(message, header)
        begin, _ = expect(text, 0, len(text), SEQUENCE)
        if text.startswith(self.head + bytes((REPORT,)), begin):
            return self._refusal(_report(text, 0))
        return text

    def _refusal(self, report: str) -> Refusal:
        return Refusal(REPORTS.get(report, "a report"), again=report == NOT_IN_TIME)

    def _discovered(self, message: bytes, header: _Header) -> None:
        if header.flags & AUTH or _report(message, header.scoped_at) != UNKNOWN_ENGINE:
            raise ValueError("it does not tell its engine")
        if len(header.engine_id) not in ENGINE_ID_OCTETS:
            raise ValueError("its engine has no sound id")
        self._engine_id = header.engine_id
        self._boots, self._time_s = header.boots, header.time_s
        self._learned_at = self._monotonic()
        self._set_head()
        protocol, user = self._user.auth_protocol, self._user
        auth_key = localized_key(protocol, user.auth_key, header.engine_id)
        self._hmac = hmac.new(auth_key, digestmod=HASHES[protocol])
        self._aes_key = localized_key(protocol, user.priv_key, header.engine_id)[:KEY_OCTETS]

    def _authenticate(self, message: bytes, header: _Header) -> None:
        if header.engine_id != self._engine_id or header.user != self._user.name:
            raise ValueError("it is of another engine or user")
        size = DIGEST_OCTETS[self._user.auth_protocol]
        if len(header.digest) != size:
            raise ValueError("it is not authentic")
        at = header.digest_at
        blank = message[:at] + bytes(size) + message[at + size :]
        if not hmac.compare_digest(self._digest(blank), header.digest):
            raise ValueError("it is not authentic")

    def _note_time(self, header: _Header) -> None:
        """RFC 3414 3.2 7 b: an authentic time goes forward only, and within the window."""
        now = (header.boots, header.time_s)
        if not self._believed or now > (self._boots, self._latest_s):
            self._boots, self._time_s = now
            self._latest_s, self._believed = header.time_s, True
            self._learned_at = self._monotonic()
        old = header.boots < self._boots or header.time_s < self._time_now() - TIME_WINDOW_S
        if old or header.boots == LARGEST_BOOTS:
            raise ValueError("it is too old")

    def _decrypted(self, message: bytes, header: _Header) -> bytes:
        if len(header.salt) != 8:
            raise ValueError("it has no sound salt")
        secret, end = read_octets(message, header.scoped_at, len(message))
        if end != len(message):
            raise ValueError("something stands behind it")
        vector = self._vector(header.boots, header.time_s, header.salt)
        decryptor = Cipher(AES(self._aes_key), CFB(vector)).decryptor()
        text = decryptor.update(secret) + decryptor.finalize()
        _, end = expect(text, 0, len(text), SEQUENCE)
        return text[:end]  # some agents fill up to whole blocks

    def _message(self, flags: int, number: bytes, security: bytes, scoped: bytes) -> bytes:
        about = b"\x02\x04" + number + integer(MAX_SIZE) + tlv(OCTETS, bytes((flags,)))
        return tlv(
            SEQUENCE,
            integer(3)
            + tlv(SEQUENCE, about + integer(USM_MODEL))
            + tlv(OCTETS, tlv(SEQUENCE, security))
            + scoped,
        )

    def _digest(self, message: bytes) -> bytes:
        signing = self._hmac.copy()
        signing.update(message)
        return signing.digest()[: DIGEST_OCTETS[self._user.auth_protocol]]

    def _time_now(self) -> int:
        return self._time_s + int(self._monotonic() - self._learned_at)

    def _set_head(self) -> None:
        self.head = tlv(OCTETS, self._engine_id) + tlv(OCTETS, b"")

    @staticmethod
    def _vector(boots: int, time_s: int, salt: bytes) -> bytes:
        return boots.to_bytes(4, "big") + time_s.to_bytes(4, "big") + salt


def _read_header(message: bytes) -> _Header:
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
    time_s, at = read_integer(message, at, stop)
    if not (0 <= boots <= LARGEST_BOOTS and 0 <= time_s <= LARGEST_BOOTS):
        raise ValueError("its engine has no sound time")
    user, at = read_octets(message, at, stop)
    digest_at, digest_end = expect(message, at, stop, OCTETS)
    salt, at = read_octets(message, digest_end, stop)
    if at != stop or stop != scoped_at:
        raise ValueError("something stands behind its security parameters")
    digest = message[digest_at:digest_end]
    return _Header(flags[0], engine_id, boots, time_s, user, digest, digest_at, salt, scoped_at)


def _report(message: bytes, scoped_at: int) -> str:
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
