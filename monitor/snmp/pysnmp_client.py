"""pysnmp: the second, portable client. Some 100 times the CPU of the first; few at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

# The library publishes no types; none of its own leaves this file.
from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
from pysnmp.carrier.asyncio.dgram.udp import UdpAsyncioTransport  # type: ignore[import-untyped]
from pysnmp.error import PySnmpError  # type: ignore[import-untyped]
from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    usmAesCfb128Protocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMACSHAAuthProtocol,
)
from pysnmp.proto.errind import RequestTimedOut  # type: ignore[import-untyped]
from pysnmp.proto.rfc1905 import (  # type: ignore[import-untyped]
    EndOfMibView,
    NoSuchInstance,
    NoSuchObject,
)

from inventory.errors import SnmpError
from inventory.secrets import Secrets
from monitor.said import say
from monitor.snmp.base import Answer, Cost, Counters, Value, check_walk
from monitor.targets import Credentials, Target

T = TypeVar("T")
R = TypeVar("R")
AUTH_PROTOCOLS = {"sha": usmHMACSHAAuthProtocol, "sha256": usmHMAC192SHA256AuthProtocol}
IN_FLIGHT = 8
"""With 200 in flight the library reports live devices as timed out."""
WALK_REPETITIONS = 20
_ABSENT = (NoSuchObject, NoSuchInstance, EndOfMibView)


class _FromTheAsked(UdpAsyncioTransport):  # type: ignore[misc]
    """Takes datagrams only from the address that was asked; the library takes them from any."""

    cost: Cost

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._asked: set[tuple[str, int]] = set()

    def send_message(self, message: bytes, address: Any) -> None:
        """Remember who is asked."""
        self._asked.add((address[0], address[1]))
        self.cost.sent += 1
        self.cost.sent_octets += len(message)
        super().send_message(message, address)

    def datagram_received(self, datagram: bytes, address: Any) -> None:
        """Drop what comes from elsewhere."""
        if (address[0], address[1]) in self._asked:
            self.cost.received += 1
            self.cost.received_octets += len(datagram)
            super().datagram_received(datagram, address)


def _transport(cost: Cost) -> Any:
    """A kind of transport that counts there: the library makes its transports by itself."""
    counting = type("Counting", (_FromTheAsked,), {"cost": cost})
    return type("Transport", (UdpTransportTarget,), {"PROTO_TRANSPORT": counting})


class PysnmpClient:
    """Makes sessions of pysnmp."""

    def __init__(self, secrets: Secrets, timeout_s: float, retries: int) -> None:
        self.counters = Counters()
        self.timeout_s, self.retries = timeout_s, retries
        self.slots = asyncio.Semaphore(IN_FLIGHT)
        self._secrets = secrets
        self._sessions: list[PysnmpSession] = []

    def session(self, target: Target) -> "PysnmpSession":
        """A session with `target`; SecretError."""
        session = PysnmpSession(target, _access(target.credentials, self._secrets), self)
        self._sessions.append(session)
        return session

    async def close(self) -> None:
        """Stop every engine's timer and socket."""
        for session in self._sessions:
            session.close()


class PysnmpSession:
    """One device, with an engine of its own: a new one after a failure learns an SNMPv3 agent's
    boots and time anew, which the library does not do by itself after the agent restarted."""

    def __init__(self, target: Target, access: Any, client: PysnmpClient) -> None:
        self._target, self._access = target, access
        self._slots, self._counters = client.slots, client.counters
        self._timeout_s, self._retries = client.timeout_s, client.retries
        self._engine: Any = None
        self._transport = _transport(client.counters.cost(target.site))

    async def get(self, requests: Sequence[Sequence[str]]) -> list[Answer]:
        """See SnmpSession."""
        return [await self._attempts(self._get_once, oids) for oids in requests]

    async def walk(self, oid: str) -> list[tuple[str, Value]]:
        """See SnmpSession."""
        return await self._attempts(self._walk_once, oid)

    def close(self) -> None:
        """See SnmpSession."""
        if self._engine is not None:
            self._engine.close_dispatcher()
            self._engine = None

    async def _attempts(self, ask: Callable[[T], Awaitable[R]], what: T) -> R:
        problem: str = ""
        for _ in range(self._retries + 1):
            try:
                async with self._slots:
                    self._counters.requests += 1
                    answer = await ask(what)
            except TimeoutError:
                self._counters.timeouts += 1
                problem = say("snmp.timeout", seconds=f"{self._timeout_s:g}")
            except (PySnmpError, PyAsn1Error, ValueError, OSError) as error:
                self._counters.refused += 1
                problem = say("snmp.unusable", why=str(error) or type(error).__name__)
            else:
                self._counters.answers += 1
                return answer
            self.close()
        raise SnmpError(
            self._target.device,
            say(
                "snmp",
                address=self._target.address,
                port=self._target.port,
                problem=problem,
            ),
        )

    async def _get_once(self, oids: Sequence[str]) -> Answer:
        objects = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        rows = await self._ask(get_cmd, *objects)
        received = time.monotonic()
        if [oid for oid, _ in rows] != list(oids):
            raise ValueError("it answers for objects that nobody asked for")
        values = tuple(value for _, value in rows)
        return Answer(received, oids, values, None not in values)

    async def _walk_once(self, oid: str) -> list[tuple[str, Value]]:
        rows: list[tuple[str, Value]] = []
        last = oid
        while True:
            found = await self._ask(bulk_cmd, 0, WALK_REPETITIONS, ObjectType(ObjectIdentity(last)))
            for name, value in found:
                if not name.startswith(f"{oid}.") or value is None:
                    return rows
                check_walk(last, name, len(rows))
                rows.append((name, value))
                last = name
            if not found:
                return rows

    async def _ask(
        self, command: Callable[..., Awaitable[Any]], *arguments: Any
    ) -> list[tuple[str, Value | None]]:
        """(OID, value) as answered; None for what isn't there. TimeoutError, ValueError."""
        where = (self._target.address, self._target.port)
        self._engine = self._engine or SnmpEngine()
        transport = await self._transport.create(where, timeout=self._timeout_s, retries=0)
        # The library's own timer ticks every half second; ours is exact, and ends it in any case.
        async with asyncio.timeout(self._timeout_s):
            problem, status, _, binds = await command(
                self._engine, self._access, transport, ContextData(), *arguments, lookupMib=False
            )
        if isinstance(problem, RequestTimedOut):
            raise TimeoutError
        if problem or status:
            raise ValueError(str(problem or status.prettyPrint()))
        return [(str(name), _plain(value)) for name, value in binds]


def _plain(value: Any) -> Value | None:
    if isinstance(value, _ABSENT):
        return None
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())
    try:
        return int(value)
    except (TypeError, ValueError, PyAsn1Error):
        return None


def _access(credentials: Credentials, secrets: Secrets) -> Any:
    if credentials.version == "2c":
        return CommunityData(credentials.community, mpModel=1)  # noqa: S508 (simulated agents)
    return UsmUserData(
        credentials.user,
        secrets.get(credentials.auth_secret),
        secrets.get(credentials.priv_secret),
        authProtocol=AUTH_PROTOCOLS[credentials.auth_protocol],
        privProtocol=usmAesCfb128Protocol,
    )
