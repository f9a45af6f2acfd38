"""One suite for every client behind the seam: a real snmpd, then an agent that misbehaves."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from inventory.errors import SecretError, SnmpError
from inventory.secrets import Secrets
from inventory.settings import PollSettings
from monitor.metrics import IF_NAME, SYS_UP_TIME
from monitor.snmp.base import Answer, SnmpClient, SnmpSession
from monitor.snmp.open import open_client
from monitor.targets import Credentials, Target
from tests.monitor.agent import (
    COUNTER64,
    OCTETS,
    TICKS,
    Agent,
    Mischief,
    Request,
    Typed,
    encode_response,
    parse,
    serving,
    tlv,
)
from tests.monitor.snmpd import AUTH, COMMUNITY, PRIV, USER, Snmpd, running_snmpd

HC_IN = "1.3.6.1.2.1.31.1.1.1.6"
SECRETS = Secrets({"AUTH": AUTH, "PRIV": PRIV, "WRONG": "not-the-passphrase"}, "the tests")
ENGINES = ("gufo", "pysnmp", "native")
TIMEOUT_S = 0.4
"""Where silence is expected."""
PATIENT_S = 5.0
"""Where an answer is: the machine may be busy."""
TRIES = 20

TABLE = {
    parse(SYS_UP_TIME): Typed(TICKS, 123_456),
    parse(f"{IF_NAME}.1"): Typed(OCTETS, b"Gi0/1"),
    parse(f"{IF_NAME}.2"): Typed(OCTETS, b"Gi0/2"),
    parse(f"{HC_IN}.1"): Typed(COUNTER64, 2**64 - 5),
}


def client_of(engine: str, timeout_s: float = TIMEOUT_S, retries: int = 0) -> SnmpClient:
    # a name that is none is for open_client to refuse
    settings = PollSettings(engine=engine, timeout_s=timeout_s, retries=retries)  # type: ignore[arg-type]
    return open_client(settings, SECRETS)


def target_of(port: int, credentials: Credentials) -> Target:
    return Target("zes-rtr1", "127.0.0.1", port, credentials, ())


def v2c(community: str = COMMUNITY) -> Credentials:
    return Credentials("2c", community=community)


def v3(auth: str, auth_secret: str = "AUTH") -> Credentials:  # noqa: S107 (a name)
    return Credentials(
        "3",
        user=USER,
        auth_protocol=auth,
        auth_secret=auth_secret,
        priv_protocol="aes128",
        priv_secret="PRIV",
    )


@pytest.fixture(scope="module", params=["sha", "sha256"])
def snmpd(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Snmpd]:
    auth = {"sha": "SHA", "sha256": "SHA-256"}[request.param]
    with running_snmpd(tmp_path_factory.mktemp(request.param), auth) as agent:
        yield agent


@pytest.fixture(params=ENGINES)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[SnmpClient]:
    made = client_of(request.param)
    yield made
    await made.close()


@pytest.fixture(params=ENGINES)
async def patient(request: pytest.FixtureRequest) -> AsyncIterator[SnmpClient]:
    made = client_of(request.param, PATIENT_S)
    yield made
    await made.close()


async def answer_to(session: SnmpSession, *oids: str) -> Answer:
    """To a question that is answered, if not at once: after what it was told before, a device of
    version 3 has to be learned anew, and the machine may be busy."""
    for _ in range(TRIES):
        try:
            (answer,) = await session.get([oids])
        except SnmpError:
            continue
        return answer
    raise AssertionError(f"no answer in {TRIES} polls")


def credentials_of(version: str, agent: Snmpd) -> Credentials:
    return v2c() if version == "2c" else v3("sha" if agent.auth == "SHA" else "sha256")


@pytest.mark.parametrize("version", ["2c", "3"])
async def test_it_reads_exact_objects_of_a_real_agent(
    patient: SnmpClient, snmpd: Snmpd, version: str
) -> None:
    session = patient.session(target_of(snmpd.port, credentials_of(version, snmpd)))
    answers = await session.get([(SYS_UP_TIME, f"{IF_NAME}.1"), (f"{HC_IN}.1",)])
    uptime = answers[0].found[SYS_UP_TIME]
    assert isinstance(uptime, int)
    assert 0 < uptime < 60_000
    assert answers[0].found[f"{IF_NAME}.1"] == b"lo"
    assert isinstance(answers[1].found[f"{HC_IN}.1"], int)
    assert answers[0].received <= answers[1].received <= time.monotonic()


@pytest.mark.parametrize("version", ["2c", "3"])
async def test_it_leaves_out_what_a_real_agent_has_not(
    patient: SnmpClient, snmpd: Snmpd, version: str
) -> None:
    session = patient.session(target_of(snmpd.port, credentials_of(version, snmpd)))
    missing = f"{HC_IN}.99999"
    (answer,) = await session.get([(missing, SYS_UP_TIME)])
    assert set(answer.found) == {SYS_UP_TIME}


@pytest.mark.parametrize("version", ["2c", "3"])
async def test_it_walks_a_column_of_a_real_agent(
    patient: SnmpClient, snmpd: Snmpd, version: str
) -> None:
    session = patient.session(target_of(snmpd.port, credentials_of(version, snmpd)))
    rows = await session.walk(IF_NAME)
    assert (f"{IF_NAME}.1", b"lo") in rows
    assert all(name.startswith(f"{IF_NAME}.") for name, _ in rows)


@pytest.mark.parametrize("version", ["2c", "3"])
async def test_it_goes_on_after_the_agent_restarted(
    client: SnmpClient, tmp_path: Path, version: str
) -> None:
    with running_snmpd(tmp_path / "agent") as agent:
        session = client.session(target_of(agent.port, credentials_of(version, agent)))
        await answer_to(session, SYS_UP_TIME)
        agent.stop()
        with pytest.raises(SnmpError, match=r"zes-rtr1: SNMP at .* port"):
            await session.get([(SYS_UP_TIME,)])
        agent.start()
        answer = await answer_to(session, SYS_UP_TIME)
        assert SYS_UP_TIME in answer.found


async def test_a_wrong_passphrase_is_an_error_and_no_value(
    client: SnmpClient, snmpd: Snmpd
) -> None:
    auth = "sha" if snmpd.auth == "SHA" else "sha256"
    session = client.session(target_of(snmpd.port, v3(auth, "WRONG")))
    with pytest.raises(SnmpError):
        await session.get([(SYS_UP_TIME,)])


async def test_a_missing_secret_is_named(client: SnmpClient) -> None:
    with pytest.raises(SecretError, match="NOWHERE"):
        client.session(target_of(161, v3("sha", "NOWHERE")))


async def test_a_port_where_nobody_listens_is_an_error_within_the_timeout(
    client: SnmpClient,
) -> None:
    session = client.session(target_of(9, v2c()))
    began = time.monotonic()
    with pytest.raises(SnmpError):
        await session.get([(SYS_UP_TIME,)])
    assert time.monotonic() - began < 10


def silent(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    """Never answers."""


def garbage(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    agent.transport.sendto(b"\x30\x82garbage", addr)


def truncated(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    agent.transport.sendto(answer[:-3], addr)


def empty(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    agent.transport.sendto(b"", addr)


def other_request(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    binds = [(parse(SYS_UP_TIME), Typed(TICKS, 999))]
    agent.transport.sendto(encode_response(b"public", request.request_id + 1, binds), addr)


def other_objects(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    binds = [(parse("1.3.6.1.2.1.1.9.0"), Typed(TICKS, 999))]
    agent.transport.sendto(encode_response(b"public", request.request_id, binds), addr)


def other_community(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    binds = [(parse(SYS_UP_TIME), Typed(TICKS, 999))]
    agent.transport.sendto(encode_response(b"other", request.request_id, binds), addr)


def huge(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    binds = [(parse(SYS_UP_TIME), Typed(TICKS, 999))] * 2500
    agent.transport.sendto(encode_response(b"public", request.request_id, binds), addr)


def random_octets(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    agent.transport.sendto(bytes(range(256)) * 2, addr)


def nested(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    body = b""
    for _ in range(400):
        body = tlv(0x30, body)
    agent.transport.sendto(body, addr)


def from_elsewhere(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
    """The right answer, but not from the address that was asked."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.sendto(answer, addr)


NO_ANSWER: tuple[Mischief, ...] = (
    silent,
    garbage,
    truncated,
    empty,
    other_request,
    other_objects,
    other_community,
    huge,
    random_octets,
    nested,
    from_elsewhere,
)


def named(mischief: Callable[..., None]) -> str:
    return mischief.__name__


@pytest.mark.parametrize("mischief", NO_ANSWER, ids=named)
async def test_a_hostile_answer_is_an_error_within_the_timeout_and_never_a_value(
    client: SnmpClient, mischief: Mischief
) -> None:
    async with serving(Agent(TABLE, mischief=mischief)) as agent:
        session = client.session(target_of(agent.port, v2c("public")))
        began = time.monotonic()
        with pytest.raises(SnmpError, match="zes-rtr1"):
            await session.get([(SYS_UP_TIME,)])
        assert time.monotonic() - began < 10
        assert client.counters.timeouts + client.counters.refused >= 1
        agent.mischief = None
        answer = await answer_to(session, SYS_UP_TIME)
        assert answer.found == {SYS_UP_TIME: 123_456}


async def test_the_right_answer_after_a_wrong_one_is_taken(patient: SnmpClient) -> None:
    def both(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        other_request(agent, request, answer, addr)
        agent.transport.sendto(answer, addr)

    async with serving(Agent(TABLE, mischief=both)) as agent:
        session = patient.session(target_of(agent.port, v2c("public")))
        (answer,) = await session.get([(SYS_UP_TIME, f"{HC_IN}.1")])
        assert answer.found == {SYS_UP_TIME: 123_456, f"{HC_IN}.1": 2**64 - 5}


async def test_an_answer_that_comes_twice_is_taken_once(patient: SnmpClient) -> None:
    def twice(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        agent.transport.sendto(answer, addr)
        agent.transport.sendto(answer, addr)

    async with serving(Agent(TABLE, mischief=twice)) as agent:
        session = patient.session(target_of(agent.port, v2c("public")))
        first, second = await session.get([(SYS_UP_TIME,), (f"{HC_IN}.1",)])
        assert first.found == {SYS_UP_TIME: 123_456}
        assert second.found == {f"{HC_IN}.1": 2**64 - 5}


async def test_an_answer_that_comes_late_is_not_taken_for_the_next(client: SnmpClient) -> None:
    held: list[tuple[bytes, tuple[str, int]]] = []

    def late(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        for message, sender in held:
            agent.transport.sendto(message, sender)
        if held:
            agent.transport.sendto(answer, addr)
        held.append((answer, addr))

    async with serving(Agent(TABLE, mischief=late)) as agent:
        session = client.session(target_of(agent.port, v2c("public")))
        with pytest.raises(SnmpError):
            await session.get([(SYS_UP_TIME,)])
        answer = await answer_to(session, f"{HC_IN}.1")
        assert answer.found == {f"{HC_IN}.1": 2**64 - 5}


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_lost_request_is_sent_again(engine: str) -> None:
    def deaf_once(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        if agent.requests > 1:
            agent.transport.sendto(answer, addr)

    client = client_of(engine, timeout_s=1.0, retries=1)
    async with serving(Agent(TABLE, mischief=deaf_once)) as agent:
        session = client.session(target_of(agent.port, v2c("public")))
        (answer,) = await session.get([(SYS_UP_TIME,)])
        assert answer.found == {SYS_UP_TIME: 123_456}
        assert client.counters.timeouts == 1
    await client.close()


async def test_a_walk_that_never_ends_is_cut_off(patient: SnmpClient) -> None:
    def endless(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        binds = [(parse(f"{IF_NAME}.1"), Typed(OCTETS, b"again"))]
        agent.transport.sendto(encode_response(b"public", request.request_id, binds), addr)

    async with serving(Agent(TABLE, mischief=endless)) as agent:
        session = patient.session(target_of(agent.port, v2c("public")))
        try:
            async with asyncio.timeout(30):
                rows = await session.walk(IF_NAME)
        except SnmpError:
            return
        assert rows == [(f"{IF_NAME}.1", b"again")]
