"""Our own engine: every device on one UDP socket, SNMPv2c and v3 authPriv, IPv4.

A device's requests are sent at once; what is not answered in time is sent again under a new id,
so that nothing that comes late, twice or from elsewhere is ever taken for an answer.
"""

import asyncio
import heapq
import time
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address
from typing import cast

from inventory.errors import SnmpError
from inventory.secrets import Secrets
from monitor.clock import FOREVER_S
from monitor.said import say
from monitor.snmp.base import Answer, Answered, Counters, Value, check_walk
from monitor.snmp.exchange import Exchange
from monitor.snmp.one_socket import OneSocket
from monitor.snmp.peers import CommunityPeer, Peer
from monitor.snmp.questions import Asked, Questions
from monitor.targets import Credentials, Target

WALK_REPETITIONS = 20


class NativeClient:
    """Makes sessions; owns the socket and what their requests share."""

    def __init__(self, secrets: Secrets, timeout_s: float, retries: int) -> None:
        self.counters = Counters()
        self.timeout_s, self.retries = timeout_s, retries
        self.socket = OneSocket(self.counters, self._expire)
        self.questions = Questions()
        self.discover = self.asked(())
        """Never asked, for those who need no discovery."""
        self._secrets = secrets
        self._keys: dict[tuple[str, str], bytes] = {}
        self._community_peers: dict[str, CommunityPeer] = {}
        self._waits: list[tuple[float, int, Exchange]] = []
        self._turn = 0

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

    def asked(self, names: tuple[str, ...]) -> Asked:
        """A question for `names`, to be put to one device."""
        return Asked(self.questions.get(names), self.questions.sharing)

    async def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def wake_at(self, moment: float, exchange: Exchange) -> None:
        """Call its `expire` at `moment` of the monotonic clock, or a little later."""
        self._turn += 1
        heapq.heappush(self._waits, (moment, self._turn, exchange))

    def _expire(self, now: float) -> bool:
        """Give each its due; whether any is left."""
        waits = self._waits
        while waits and (waits[0][0] <= now or waits[0][2].over):
            _, _, exchange = heapq.heappop(waits)
            exchange.expire(now)
        return bool(waits)

    def _peer(self, credentials: Credentials) -> Peer:
        if credentials.version == "2c":
            return self._community_peers.setdefault(
                credentials.community, CommunityPeer(credentials.community)
            )
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

    __slots__ = (
        "_asked", "_discover", "_exchange", "_requests", "_target", "address", "client", "cost",
        "peer",
    )  # fmt: skip

    def __init__(self, target: Target, peer: Peer, client: NativeClient) -> None:
        self.peer, self.client = peer, client
        self.address = (target.address, target.port)
        self.cost = client.counters.cost(target.site)
        self._target = target
        self._requests: Sequence[Sequence[str]] = ()
        self._asked: list[Asked] = []
        self._discover = client.discover if peer.plain else client.asked(())
        self._exchange: Exchange | None = None

    def ask(self, requests: Sequence[Sequence[str]], done: Answered, deadline_s: float) -> None:
        """See CallingSession."""
        if requests is not self._requests:
            self._asked = [self.client.asked(tuple(names)) for names in requests]
            # What can change under our hands is not remembered.
            self._requests = requests if isinstance(requests, tuple) else ()
        self._begin(self._asked, done, deadline_s)

    async def get(self, requests: Sequence[Sequence[str]]) -> list[Answer]:
        """See SnmpSession."""
        answered: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self.ask(requests, _settling(answered), FOREVER_S)
        return await self._until(answered)

    async def walk(self, oid: str) -> list[tuple[str, Value]]:
        """See SnmpSession."""
        rows: list[tuple[str, Value]] = []
        last, seen = oid, 0
        questions = self.client.questions
        while True:
            question = questions.bulk(last, WALK_REPETITIONS)
            answered: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
            self._begin([Asked(question, questions.sharing)], _settling(answered), FOREVER_S)
            (answer,) = await self._until(answered)
            for name, value in cast("tuple[tuple[str, Value | None], ...]", answer.values):
                if not name.startswith(f"{oid}."):
                    return rows
                try:
                    check_walk(last, name, seen)
                except ValueError as error:
                    raise self.error(say("snmp.unusable", why=str(error))) from None
                last, seen = name, seen + 1
                if value is not None:
                    rows.append((name, value))
            if not answer.values:
                return rows

    def close(self) -> None:
        """See SnmpSession: an SNMPv3 agent's boots and time are learned anew."""
        self._abandon()
        self.peer.forget()

    def ended(self, exchange: Exchange) -> None:
        """It has its answers: between two polls there is none."""
        if self._exchange is exchange:
            self._exchange = None

    def error(self, problem: str) -> SnmpError:
        """What a caller is told."""
        address, port = self.address
        said = say("snmp", address=address, port=port, problem=problem)
        return SnmpError(self._target.device, said)

    def _begin(self, asked: list[Asked], done: Answered, deadline_s: float) -> None:
        self._abandon()
        self._exchange = Exchange(self, asked, self._discover, done, deadline_s)
        self._exchange.begin()

    async def _until(self, answered: "asyncio.Future[list[Answer]]") -> list[Answer]:
        try:
            return await answered
        finally:
            self._abandon()

    def _abandon(self) -> None:
        if self._exchange is not None:
            self._exchange.abandon()
            self._exchange = None


def _settling(answered: "asyncio.Future[list[Answer]]") -> Answered:
    def done(result: list[Answer] | SnmpError) -> None:
        if answered.done():
            return
        if isinstance(result, SnmpError):
            answered.set_exception(result)
        else:
            answered.set_result(result)

    return done
