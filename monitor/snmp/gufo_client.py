"""gufo-snmp: the reference. A session is a socket, and one request is in flight on it.

The library's own coroutine registers with the event loop and makes a timer at every request, which
costs more than the request itself; here that is done once a poll, and the answer to one request
sends the next. The sockets, the codec and SNMPv3 are the library's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from gufo.snmp import Aes128Key, BaseAuthKey, Sha1Key, Sha256Key, SnmpVersion, User
from gufo.snmp import SnmpError as GufoError
from gufo.snmp.aio import SnmpSession as Gufo

from inventory.errors import SnmpError
from inventory.secrets import Secrets
from monitor.said import say
from monitor.snmp.base import Answer, Counters, Value, answer_of, check_walk
from monitor.targets import Credentials, Target

R = TypeVar("R")
AUTH_KEYS: dict[str, type[BaseAuthKey]] = {"sha": Sha1Key, "sha256": Sha256Key}
WALK_REPETITIONS = 20
RESYNC_S = 120.0
"""SNMPv3 agents refuse what is more than 150 s off (RFC 3414): an idle session asks anew."""
REFUSED = (GufoError, ValueError, OSError, RuntimeError)
"""What the library raises for an answer that is none."""


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
        answers: list[Answer] = []

        async def the_rest(session: Gufo) -> None:
            """Go on after the last answer; what came before a failure is not asked twice."""
            before = len(answers)
            try:
                await _Exchange(session, requests, answers, self._timeout_s).run()
            finally:
                self._counters.answers += len(answers) - before
                self._counters.requests += len(answers) - before + (len(answers) < len(requests))

        while len(answers) < len(requests):
            before = len(answers)
            try:
                await self._attempts(the_rest)
            except SnmpError:
                if len(answers) == before:
                    raise  # each request has its own retries: only one that got nowhere ends it
        return answers

    async def walk(self, oid: str) -> list[tuple[str, Value]]:
        """See SnmpSession."""

        async def walk(session: Gufo) -> list[tuple[str, Value]]:
            rows: list[tuple[str, Value]] = []
            last = oid
            async for name, value in session.getbulk(oid, max_repetitions=WALK_REPETITIONS):
                check_walk(last, name, len(rows))
                last = name
                if isinstance(value, int | bytes):
                    rows.append((name, value))
            return rows

        return await self._attempts(walk)

    def close(self) -> None:
        """See SnmpSession."""
        self._session = None

    async def _attempts(self, ask: Callable[[Gufo], Awaitable[R]]) -> R:
        problem: str = ""
        for _ in range(self._retries + 1):
            try:
                answer = await ask(await self._ready())
            except TimeoutError:
                self._counters.timeouts += 1
                problem = say("snmp.timeout", seconds=f"{self._timeout_s:g}")
            except REFUSED as error:
                self._counters.refused += 1
                problem = say("snmp.unusable", why=str(error) or type(error).__name__)
            else:
                self._used_at = time.monotonic()
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


class _Exchange:
    """Requests one after another on one socket, driven by its becoming readable."""

    def __init__(
        self,
        session: Gufo,
        requests: Sequence[Sequence[str]],
        answers: list[Answer],
        timeout_s: float,
    ) -> None:
        # The library offers no public way to its socket; its version is pinned for that.
        self._socket, self._fd = session._sock, session._fd
        self._requests, self._answers, self._timeout_s = requests, answers, timeout_s
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._sent_at = 0.0

    async def run(self) -> None:
        """Until every request has its answer. TimeoutError, or one of REFUSED."""
        self._loop.add_reader(self._fd, self._readable)
        timer = self._loop.call_later(self._timeout_s, self._expire)
        self._timer = timer
        try:
            self._send()
            await self._done
        finally:
            self._timer.cancel()
            self._loop.remove_reader(self._fd)

    def _send(self) -> None:
        self._sent_at = self._loop.time()
        # A full buffer of this machine is as good as a request lost on the way: it is sent again.
        with suppress(BlockingIOError):
            self._socket.send_get_many(list(self._requests[len(self._answers)]))

    def _readable(self) -> None:
        if self._done.done():
            return
        try:
            values = self._socket.recv_get_many()
            received = time.monotonic()
            names = self._requests[len(self._answers)]
            if not values.keys() <= set(names):
                raise ValueError("it answers for objects that nobody asked for")
            self._answers.append(answer_of(received, names, values))  # type: ignore[arg-type]
            if len(self._answers) < len(self._requests):
                self._send()
            else:
                self._done.set_result(None)
        except BlockingIOError:
            return  # what came was no answer to this request
        except REFUSED as error:
            self._done.set_exception(error)

    def _expire(self) -> None:
        """One timer serves all requests: it looks when the last one was sent."""
        if self._done.done():
            return
        left_s = self._sent_at + self._timeout_s - self._loop.time()
        if left_s > 0.001:
            self._timer = self._loop.call_later(left_s, self._expire)
        else:
            self._done.set_exception(TimeoutError())


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
