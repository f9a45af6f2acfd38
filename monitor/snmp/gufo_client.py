"""gufo-snmp: the default client. A session is a socket, and one request is in flight on it."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from gufo.snmp import (
    Aes128Key,
    BaseAuthKey,
    Sha1Key,
    Sha256Key,
    SnmpVersion,
    User,
)
from gufo.snmp import SnmpError as GufoError
from gufo.snmp.aio import SnmpSession as Gufo

from inventory.errors import SnmpError
from inventory.secrets import Secrets
from monitor.snmp.base import Answer, Counters, Value, check_walk
from monitor.targets import Credentials, Target

T = TypeVar("T")
R = TypeVar("R")
AUTH_KEYS: dict[str, type[BaseAuthKey]] = {"sha": Sha1Key, "sha256": Sha256Key}
WALK_REPETITIONS = 20
RESYNC_S = 120.0
"""SNMPv3 agents refuse what is more than 150 s off (RFC 3414): an idle session asks anew."""


class GufoClient:
    """Makes sessions of gufo-snmp."""

    def __init__(self, secrets: Secrets, timeout_s: float, retries: int) -> None:
        self.counters = Counters()
        self._secrets, self._timeout_s, self._retries = secrets, timeout_s, retries

    def session(self, target: Target) -> "GufoSession":
        """A session with `target`; SecretError."""
        user = gufo_user(target.credentials, self._secrets)
        return GufoSession(target, user, self._timeout_s, self._retries, self.counters)

    async def close(self) -> None:
        """Nothing is shared."""


class GufoSession:
    """One device. A socket that saw a timeout or garbage is thrown away: a late answer to an old
    request then meets a closed port, and SNMPv3 learns the engine's boots and time anew."""

    def __init__(
        self, target: Target, user: User | None, timeout_s: float, retries: int, counters: Counters
    ) -> None:
        self._target, self._user, self._counters = target, user, counters
        self._timeout_s, self._retries = timeout_s, retries
        self._session: Gufo | None = None
        self._used_at = 0.0

    async def get(self, requests: Sequence[Sequence[str]]) -> list[Answer]:
        """See SnmpSession."""
        return [await self._attempts(self._get_once, oids) for oids in requests]

    async def walk(self, oid: str) -> list[tuple[str, Value]]:
        """See SnmpSession."""
        return await self._attempts(self._walk_once, oid)

    def close(self) -> None:
        """See SnmpSession."""
        self._session = None

    async def _attempts(self, ask: Callable[[Gufo, T], Awaitable[R]], what: T) -> R:
        problem = ""
        for _ in range(self._retries + 1):
            try:
                session = await self._ready()
                self._counters.requests += 1
                answer = await ask(session, what)
            except TimeoutError:
                self._counters.timeouts += 1
                problem = f"no answer within {self._timeout_s:g} s"
            except (GufoError, ValueError, OSError, RuntimeError) as error:
                self._counters.refused += 1
                problem = f"no usable answer: {str(error) or type(error).__name__}"
            else:
                self._counters.answers += 1
                self._used_at = time.monotonic()
                return answer
            self.close()
        raise SnmpError(
            self._target.device,
            f"SNMP at {self._target.address} port {self._target.port}: {problem}.",
        )

    async def _ready(self) -> Gufo:
        fresh = self._user is None or time.monotonic() - self._used_at < RESYNC_S
        if self._session is not None and fresh:
            return self._session
        community = self._target.credentials.community
        self._session = Gufo(
            self._target.address,
            self._target.port,
            community=community,
            user=self._user,
            version=SnmpVersion.v2c if self._user is None else SnmpVersion.v3,
            timeout=self._timeout_s,
        )
        await self._session.refresh()
        return self._session

    async def _get_once(self, session: Gufo, oids: Sequence[str]) -> Answer:
        values: dict[str, Any] = await session.get_many(oids)
        received = time.monotonic()
        if not values.keys() <= set(oids):
            raise ValueError("it answers for objects that nobody asked for")
        return Answer(received, values)

    async def _walk_once(self, session: Gufo, oid: str) -> list[tuple[str, Value]]:
        rows: list[tuple[str, Value]] = []
        last = oid
        async for name, value in session.getbulk(oid, max_repetitions=WALK_REPETITIONS):
            check_walk(last, name, len(rows))
            last = name
            if isinstance(value, int | bytes):
                rows.append((name, value))
        return rows


def gufo_user(credentials: Credentials, secrets: Secrets) -> User | None:
    """The library's user of version 3, None for version 2c; SecretError."""
    if credentials.version == "2c":
        return None
    return User(
        credentials.user,
        auth_key=AUTH_KEYS[credentials.auth_protocol](
            secrets.get(credentials.auth_secret).encode()
        ),
        priv_key=Aes128Key(secrets.get(credentials.priv_secret).encode()),
    )
