"""Our own engine: every device on one UDP socket, SNMPv2c and v3 authPriv, IPv4.

A device's requests are sent at once; what is not answered in time is sent again under a new id,
so that nothing that comes late, twice or from elsewhere is ever taken for an answer.
"""

import asyncio
import time
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address
from typing import Protocol, cast

from inventory.errors import SnmpError
from inventory.secrets import Secrets
from monitor.said import say
from monitor.snmp.base import Answer, Counters, Value, check_walk
from monitor.snmp.ber import OCTETS, integer, tlv
from monitor.snmp.one_socket import OneSocket
from monitor.snmp.questions import Asked, Questions, Refusal
from monitor.targets import Credentials, Target

WALK_REPETITIONS = 20
RESENDS = 2
"""A device may say so often that it has another time before an attempt is given up."""


class Peer(Protocol):
    """How one device is spoken to."""

    head: bytes
    """What stands before the PDU in a text."""

    @property
    def ready(self) -> bool:
        """Whether it can be asked; else it has to be discovered first."""

    def forget(self) -> None:
        """Discover it anew."""

    def wrap(self, text: bytes, number: bytes) -> bytes:
        """The message that carries `text`."""

    def open(self, message: bytes) -> bytes | Refusal | None:
        """The text in a message, None when it only told of the device. ValueError."""


class CommunityPeer:
    """Version 2c: the message is the text."""

    ready = True

    def __init__(self, community: str) -> None:
        self.head = integer(1) + tlv(OCTETS, community.encode())

    def forget(self) -> None:
        """There is nothing to discover."""

    def wrap(self, text: bytes, number: bytes) -> bytes:  # noqa: ARG002 (version 3 needs it)
        """See Peer."""
        return text

    def open(self, message: bytes) -> bytes:
        """See Peer."""
        return message


class NativeClient:
    """Makes sessions; owns the socket and what their requests share."""

    def __init__(self, secrets: Secrets, timeout_s: float, retries: int) -> None:
        self.counters = Counters()
        self.timeout_s, self.retries = timeout_s, retries
        self.socket = OneSocket(self.counters)
        self.questions = Questions()
        self._secrets = secrets
        self._keys: dict[tuple[str, str], bytes] = {}

    def session(self, target: Target) -> "NativeSession":
        """A session with `target`; SecretError, and SnmpError for what is no IPv4 address."""
        try:
            IPv4Address(target.address)
        except AddressValueError:
            raise SnmpError(
                target.device,
                f"management address {target.address} - expected IPv4, which is all that "
                "`poll.engine: native` speaks.",
            ) from None
        return NativeSession(target, self._peer(target.credentials), self)

    async def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def _peer(self, credentials: Credentials) -> Peer:
        if credentials.version == "2c":
            return CommunityPeer(credentials.community)
        from monitor.snmp.usm import User, UsmPeer  # noqa: PLC0415 (loads cryptography)

        protocol = credentials.auth_protocol
        auth_key = self._key(protocol, credentials.auth_secret)
        priv_key = self._key(protocol, credentials.priv_secret)
        user = User(credentials.user.encode(), protocol, auth_key, priv_key)
        return UsmPeer(user, time.monotonic)

    def _key(self, protocol: str, secret: str) -> bytes:
        """A million octets are hashed for each: once for all devices of one user."""
        from monitor.snmp.usm import passphrase_key  # noqa: PLC0415

        key = self._keys.get((protocol, secret))
        if key is None:
            key = passphrase_key(protocol, self._secrets.get(secret).encode())
            self._keys[protocol, secret] = key
        return key


class NativeSession:
    """One device; it holds no socket."""

    def __init__(self, target: Target, peer: Peer, client: NativeClient) -> None:
        self.peer, self.client = peer, client
        self.address = (target.address, target.port)
        self._target = target
        self._requests: Sequence[Sequence[str]] = ()
        self._asked: list[Asked] = []
        self._discover = Asked(client.questions.get(()), client.questions.sharing)

    async def get(self, requests: Sequence[Sequence[str]]) -> list[Answer]:
        """See SnmpSession."""
        if requests is not self._requests:
            questions = self.client.questions
            self._asked = [
                Asked(questions.get(tuple(names)), questions.sharing) for names in requests
            ]
            # What can change under our hands is not remembered.
            self._requests = requests if isinstance(requests, tuple) else ()
        return await self._ask(self._asked)

    async def walk(self, oid: str) -> list[tuple[str, Value]]:
        """See SnmpSession."""
        rows: list[tuple[str, Value]] = []
        last, seen = oid, 0
        questions = self.client.questions
        while True:
            question = questions.bulk(last, WALK_REPETITIONS)
            (answer,) = await self._ask([Asked(question, questions.sharing)])
            for name, value in cast("dict[str, Value | None]", answer.values).items():
                if not name.startswith(f"{oid}."):
                    return rows
                try:
                    check_walk(last, name, seen)
                except ValueError as error:
                    raise self._error(f"no usable answer: {error}") from None
                last, seen = name, seen + 1
                if value is not None:
                    rows.append((name, value))
            if not answer.values:
                return rows

    def close(self) -> None:
        """See SnmpSession: an SNMPv3 agent's boots and time are learned anew."""
        self.peer.forget()

    async def _ask(self, asked: list[Asked]) -> list[Answer]:
        answers: list[Answer | None] = [None] * len(asked)
        problem = ""
        for _ in range(self.client.retries + 1):
            if not self.peer.ready:
                problem = await Attempt(self, [self._discover], [None]).run()
            if self.peer.ready:
                problem = await Attempt(self, asked, answers).run()
                if not problem:
                    return cast("list[Answer]", answers)
            self.peer.forget()
        raise self._error(problem)

    def _error(self, problem: str) -> SnmpError:
        address, port = self.address
        said = say("snmp", address=address, port=port, problem=problem)
        return SnmpError(self._target.device, said)


class Attempt:
    """Sends what has no answer yet and waits for it, `timeout_s` at most."""

    def __init__(
        self, session: NativeSession, asked: list[Asked], answers: list[Answer | None]
    ) -> None:
        self.address = session.address
        self._peer, self._socket = session.peer, session.client.socket
        self._counters, self._timeout_s = session.client.counters, session.client.timeout_s
        self._asked, self._answers = asked, answers
        self._open: dict[int, int] = {}
        """Request id -> its place among `asked`."""
        self._resends = RESENDS * len(asked)
        self._heard = ""
        """What was wrong with what came instead of an answer."""
        self._done: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> str:
        """Fill in the answers; what went wrong, empty when nothing did."""
        timer = self._done.get_loop().call_later(self._timeout_s, self._expire)
        try:
            for place, answer in enumerate(self._answers):
                if answer is None:
                    self._send(place)
            if not self._open:
                return ""
            return await self._done
        except OSError as error:
            return say("snmp.unsent", why=str(error.strerror or error))
        finally:
            timer.cancel()
            for number in self._open:
                self._socket.forget(number)

    def take(self, number: int, message: bytes, received: float) -> None:
        """See Waiting. What is wrong is counted and dropped: the right answer may yet come."""
        place = self._open[number]
        octets = number.to_bytes(4, "big")
        try:
            text = self._peer.open(message)
            if isinstance(text, bytes):
                values = self._asked[place].read(text, self._peer.head, octets)
            else:
                values = text or {}
        except ValueError as error:
            self._counters.refused += 1
            self._heard = str(error)
            return
        self._socket.forget(number)
        del self._open[number]
        if isinstance(values, Refusal):
            self._refused(values, place)
            return
        self._counters.answers += 1
        self._answers[place] = Answer(received, cast("dict[str, Value]", values))
        if not self._open:
            self._end("")

    def _refused(self, refusal: Refusal, place: int) -> None:
        self._counters.refused += 1
        if refusal.again and self._resends:
            self._resends -= 1
            try:
                self._send(place)
            except OSError:  # as if it were lost
                self._heard = refusal.problem
        else:
            self._end(say("snmp.unusable", why=refusal.problem))

    def _send(self, place: int) -> None:
        number = self._socket.next_number()
        octets = number.to_bytes(4, "big")
        message = self._peer.wrap(self._asked[place].text(self._peer.head, octets), octets)
        self._open[number] = place
        self._socket.send(number, message, self)

    def _expire(self) -> None:
        self._socket.empty()  # it may be there, and only we are late
        if not self._done.done():
            self._counters.timeouts += len(self._open)
            silent = say("snmp.timeout", seconds=f"{self._timeout_s:g}")
            self._end(say("snmp.unusable", why=self._heard) if self._heard else silent)

    def _end(self, problem: str) -> None:
        if not self._done.done():
            self._done.set_result(problem)
