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
from cryptography.hazmat.primitives.ciphers.modes import ECB

from monitor.snmp.ber import INTEGER, OCTETS, REPORT, SEQUENCE, expect, integer, read_octets, tlv
from monitor.snmp.questions import Refusal
from monitor.snmp.usm_header import (
    AUTH,
    LARGEST_BOOTS,
    PRIV,
    REPORTABLE,
    SALT_OCTETS,
    USM_MODEL,
    Header,
    Seen,
    read_header,
    report_of,
)

HASHES: dict[str, Callable[..., Any]] = {"sha": sha1, "sha256": sha256}
DIGEST_OCTETS = {"sha": 12, "sha256": 24}
"""Of the digest's octets so many are sent."""
PASSPHRASE_OCTETS = 1_048_576
"""A passphrase is repeated to this length before it is hashed (RFC 3414 A.2)."""
KEY_OCTETS = BLOCK_OCTETS = 16
TIME_WINDOW_S = 150
ENGINE_ID_OCTETS = range(5, 33)
MAX_SIZE = 65_507
_BEHIND_NUMBER = {
    flags: integer(MAX_SIZE) + tlv(OCTETS, bytes((flags,))) + integer(USM_MODEL)
    for flags in (REPORTABLE, AUTH | PRIV | REPORTABLE)
}
_BEFORE_NUMBER = (
    integer(3) + bytes((SEQUENCE, 6 + len(_BEHIND_NUMBER[REPORTABLE]))) + bytes((INTEGER, 4))
)
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


class UsmPeer:
    """One agent as its user sees it: wraps what is asked, opens what is answered."""

    plain = False

    def __init__(self, user: User, monotonic: Callable[[], float]) -> None:
        self.head = b""
        """What stands before the PDU in a text; changes with the engine."""
        self._user, self._monotonic = user, monotonic
        self._salt = secrets.randbits(64)
        self._blank = bytes(DIGEST_OCTETS[user.auth_protocol])
        self._user_part = (
            tlv(OCTETS, user.name) + tlv(OCTETS, self._blank) + bytes((OCTETS, SALT_OCTETS))
        )
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
        self._seen: Seen | None = None
        self._set_head()

    def wrap(self, text: bytes, number: bytes) -> bytes:
        """The message that carries `text`: encrypted and signed, or plain when it discovers."""
        if not self.ready:
            nobody = tlv(OCTETS, b"") + integer(0) + integer(0) + 3 * tlv(OCTETS, b"")
            return self._message(REPORTABLE, number, nobody, text)
        time_s = self._time_now()
        self._salt = (self._salt + 1) & (2**64 - 1)
        salt = self._salt.to_bytes(SALT_OCTETS, "big")
        vector = CFB(self._vector(self._boots, time_s, salt))
        # A stream: all is out after update, there is nothing to finalize.
        secret = tlv(OCTETS, Cipher(self._aes, vector).encryptor().update(text))
        times = integer(self._boots) + integer(time_s)
        security = b"".join((self._engine_part, times, self._user_part, salt))
        message = self._message(AUTH | PRIV | REPORTABLE, number, security, secret)
        # Behind the digest stand the salt with its tag and length, and the secret.
        end = len(message) - len(secret) - 2 - SALT_OCTETS
        return message[: end - len(self._blank)] + self._digest(message) + message[end:]

    def open(self, message: bytes) -> bytes | Refusal | None:
        """The text in an answer; None when it told the engine that was asked for. ValueError when
        it is malformed, not authentic, too old or not as secret as what was asked."""
        header = (self._seen and self._seen.read(message)) or read_header(message)
        if not self.ready:
            self._discovered(message, header)
            return None
        if not header.flags & AUTH:
            return Refusal(REPORTS.get(report_of(message, header.scoped_at), "a report"))
        self._authenticate(message, header)
        self._note_time(header)
        if not header.flags & PRIV:
            return self._refusal(report_of(message, header.scoped_at))
        if self._seen is None or self._seen.header.boots != header.boots:
            self._seen = Seen.of(message, header)
        text = self._decrypted(message, header)
        begin, _ = expect(text, 0, len(text), SEQUENCE)
        if text.startswith(self.head + bytes((REPORT,)), begin):
            return self._refusal(report_of(text, 0))
        return text

    def _refusal(self, report: str) -> Refusal:
        return Refusal(REPORTS.get(report, "a report"), again=report == NOT_IN_TIME)

    def _discovered(self, message: bytes, header: Header) -> None:
        if header.flags & AUTH or report_of(message, header.scoped_at) != UNKNOWN_ENGINE:
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
        self._aes = AES(localized_key(protocol, user.priv_key, header.engine_id)[:KEY_OCTETS])
        self._blocks = Cipher(self._aes, ECB()).encryptor()  # noqa: S305 (a part of CFB)

    def _authenticate(self, message: bytes, header: Header) -> None:
        if header.engine_id != self._engine_id or header.user != self._user.name:
            raise ValueError("it is of another engine or user")
        at, size = header.digest_at, len(self._blank)
        if len(header.digest) != size:
            raise ValueError("it is not authentic")
        blank = message[:at] + self._blank + message[at + size :]
        if not hmac.compare_digest(self._digest(blank), header.digest):
            raise ValueError("it is not authentic")

    def _note_time(self, header: Header) -> None:
        """RFC 3414 3.2 7 b: an authentic time goes forward only, and within the window."""
        now = (header.boots, header.time_s)
        if not self._believed or now > (self._boots, self._latest_s):
            self._boots, self._time_s = now
            self._latest_s, self._believed = header.time_s, True
            self._learned_at = self._monotonic()
        old = header.boots < self._boots or header.time_s < self._time_now() - TIME_WINDOW_S
        if old or header.boots == LARGEST_BOOTS:
            raise ValueError("it is too old")

    def _decrypted(self, message: bytes, header: Header) -> bytes:
        if len(header.salt) != SALT_OCTETS:
            raise ValueError("it has no sound salt")
        secret, end = read_octets(message, header.scoped_at, len(message))
        if end != len(message):
            raise ValueError("something stands behind it")
        vector = self._vector(header.boots, header.time_s, header.salt)
        # CFB adds to each block the encryption of the one before: all at once, with one cipher.
        before = vector + secret[: (len(secret) - 1) // BLOCK_OCTETS * BLOCK_OCTETS]
        stream = self._blocks.update(before)[: len(secret)]
        number = int.from_bytes(secret, "big") ^ int.from_bytes(stream, "big")
        text = number.to_bytes(len(secret), "big")
        _, end = expect(text, 0, len(text), SEQUENCE)
        return text[:end]  # some agents fill up to whole blocks

    def _message(self, flags: int, number: bytes, security: bytes, scoped: bytes) -> bytes:
        security = tlv(OCTETS, tlv(SEQUENCE, security))
        return tlv(
            SEQUENCE, b"".join((_BEFORE_NUMBER, number, _BEHIND_NUMBER[flags], security, scoped))
        )

    def _digest(self, message: bytes) -> bytes:
        signing = self._hmac.copy()
        signing.update(message)
        digest: bytes = signing.digest()
        return digest[: len(self._blank)]

    def _time_now(self) -> int:
        return self._time_s + int(self._monotonic() - self._learned_at)

    def _set_head(self) -> None:
        self._engine_part = tlv(OCTETS, self._engine_id)
        self.head = self._engine_part + tlv(OCTETS, b"")

    @staticmethod
    def _vector(boots: int, time_s: int, salt: bytes) -> bytes:
        return boots.to_bytes(4, "big") + time_s.to_bytes(4, "big") + salt
