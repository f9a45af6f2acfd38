"""What may pass to the slow decoder of traps: the cheap questions first, everything else counted.

Taking a trap apart costs a hundred times what these do, so nothing is taken apart that is not from
a device of the model, authentic, new, and within what one device may send. RFC 3414 3.2 (digest,
time window); RFC 3584 (community).
"""

import hmac
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from monitor.snmp.ber import SEQUENCE, expect, read_integer, read_octets
from monitor.snmp.usm import DIGEST_OCTETS, HASHES, TIME_WINDOW_S, User, localized_key
from monitor.snmp.usm_header import AUTH, PRIV, REPORTABLE, Header, read_header

EACH_PS, EACH_BURST = 20.0, 100.0
"""Of one device: a second in the long run, and at once."""
ASKS_PS, ASKS_BURST = 10.0, 20.0
"""Questions for our engine, which an inform begins with and nobody can sign: of all together."""
REPEATED_S = 10.0
"""The same octets from the same device within so much are the same trap."""
REMEMBERED = 4096
"""Messages, and engines, that are remembered at most."""


class Refused(StrEnum):
    """Why a datagram was dropped; each is counted by its name."""

    UNKNOWN_SENDER = "unknown_sender"
    MALFORMED = "malformed"
    UNAUTHENTIC = "unauthentic"
    OLD = "old"
    """A message of before, sent again by somebody."""
    REPEATED = "repeated"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may send: a user of version 3, a community of version 2c, or either."""

    user: User | None = None
    community: bytes = b""
    """Empty: no version 2c."""


class Bucket:
    """`rate_ps` a second in the long run, `burst` at once."""

    __slots__ = ("_at", "_burst", "_left", "_rate_ps")

    def __init__(self, rate_ps: float, burst: float) -> None:
        self._rate_ps, self._burst = rate_ps, burst
        self._left, self._at = burst, 0.0

    def take(self, now: float) -> bool:
        """Whether there is one more."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate_ps)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Gate:
    """Admits or refuses datagrams; remembers a bounded number of things."""

    def __init__(
        self,
        senders: Mapping[str, str],
        access: Access,
        engine_id: bytes,
        monotonic: Callable[[], float],
    ) -> None:
        """`senders`: address -> device. `engine_id`: ours, which informs are signed for."""
        self.counts: Counter[str] = Counter()
        self._senders, self._access, self._engine_id = senders, access, engine_id
        self._monotonic = monotonic
        self._buckets = {device: Bucket(EACH_PS, EACH_BURST) for device in senders.values()}
        self._asks = Bucket(ASKS_PS, ASKS_BURST)
        self._seen: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()
        """Digest of a message -> when it came, and what it was answered."""
        self._keys: OrderedDict[bytes, bytes] = OrderedDict()
        self._times: OrderedDict[bytes, tuple[int, int, float]] = OrderedDict()
        """Engine -> its boots and time, and our time when that was learned."""

    def admit(self, message: bytes, address: str) -> str | None:
        """The device that sent it, when it may pass; else None, and the reason is counted."""
        device = self._senders.get(address)
        if device is None:
            self._refuse(Refused.UNKNOWN_SENDER)
            return None
        now = self._monotonic()
        if self._repeated(message, device, now):
            self._refuse(Refused.REPEATED)
            return None
        try:
            signed = self._authentic(message, now)
        except ValueError:
            self._refuse(Refused.MALFORMED)
            return None
        if isinstance(signed, Refused):
            self._refuse(signed)
            return None
        bucket = self._buckets[device] if signed else self._asks
        if not bucket.take(now):
            self._refuse(Refused.LIMITED)
            return None
        if signed:
            _remember(self._seen, _digest(message, device), (now, b""))
        return device

    def answered(self, message: bytes, device: str, answer: bytes) -> None:
        """An inform that passed was acknowledged so; a repeated one is again."""
        key = _digest(message, device)
        if key in self._seen:
            self._seen[key] = (self._seen[key][0], answer)

    def answer_again(self, message: bytes, address: str) -> bytes:
        """What a repeated inform was answered; empty for a trap."""
        found = self._seen.get(_digest(message, self._senders.get(address, "")))
        return found[1] if found else b""

    def engine_of(self, message: bytes) -> bytes:
        """The engine that an admitted message of version 3 names; empty for version 2c."""
        try:
            return read_header(message).engine_id
        except ValueError:
            return b""

    def _refuse(self, why: Refused) -> None:
        self.counts[why] += 1

    def _repeated(self, message: bytes, device: str, now: float) -> bool:
        found = self._seen.get(_digest(message, device))
        return found is not None and now - found[0] <= REPEATED_S

    def _authentic(self, message: bytes, now: float) -> Refused | bool:
        """True when it is signed; False when it only asks for our engine. ValueError."""
        at, end = expect(message, 0, len(message), SEQUENCE)
        version, at = read_integer(message, at, end)
        if version == 1:
            community, _ = read_octets(message, at, end)
            known = self._access.community
            good = bool(known) and hmac.compare_digest(community, known)
            return True if good else Refused.UNAUTHENTIC
        header = read_header(message)
        if header.flags & AUTH:
            return self._signed(message, header, now) or True
        asks = not header.engine_id and header.flags & REPORTABLE and self._access.user
        return False if asks else Refused.UNAUTHENTIC

    def _signed(self, message: bytes, header: Header, now: float) -> Refused | None:
        user = self._access.user
        if user is None or header.user != user.name:
            return Refused.UNAUTHENTIC
        size, at = DIGEST_OCTETS[user.auth_protocol], header.digest_at
        if len(header.digest) != size:
            return Refused.UNAUTHENTIC
        key = self._keys.get(header.engine_id)
        if key is None:
            key = localized_key(user.auth_protocol, user.auth_key, header.engine_id)
        blank = message[:at] + bytes(size) + message[at + size :]
        digest = hmac.digest(key, blank, HASHES[user.auth_protocol])[:size]
        if not hmac.compare_digest(digest, header.digest):
            return Refused.UNAUTHENTIC
        _remember(self._keys, header.engine_id, key)
        if header.engine_id == self._engine_id:
            return None  # the decoder judges its time, and tells it what ours is
        return self._in_time(header, now) if header.flags & PRIV else Refused.UNAUTHENTIC

    def _in_time(self, header: Header, now: float) -> Refused | None:
        """RFC 3414 3.2 7 b: an engine's time goes forward, within the window."""
        boots, time_s, learned = self._times.get(header.engine_id, (0, 0, now))
        if header.boots < boots:
            return Refused.OLD
        if header.boots == boots and header.time_s < time_s + (now - learned) - TIME_WINDOW_S:
            return Refused.OLD
        if (header.boots, header.time_s) > (boots, time_s):
            _remember(self._times, header.engine_id, (header.boots, header.time_s, now))
        return None


def _digest(message: bytes, device: str) -> bytes:
    return blake2b(message, digest_size=16, key=device.encode()[:64]).digest()


def _remember(where: OrderedDict[bytes, Any], key: bytes, value: Any) -> None:
    where[key] = value
    where.move_to_end(key)
    if len(where) > REMEMBERED:
        where.popitem(last=False)
