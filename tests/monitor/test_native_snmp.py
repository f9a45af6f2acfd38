"""Our own engine: held against gufo-snmp on real agents, and against thousands of bad answers."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from copy import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.errors import SnmpError
from monitor.metrics import IF_NAME, INTERFACE_METRICS, SYS_UP_TIME
from monitor.snmp import ber, one_socket
from monitor.snmp.base import Answer, SnmpSession, Value
from monitor.snmp.native_client import NativeClient
from monitor.snmp.peers import CommunityPeer
from monitor.snmp.questions import Asked, Questions, Refusal, number_of
from monitor.snmp.usm import User, UsmPeer, localized_key, passphrase_key
from tests.monitor.agent import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    NO_SUCH_INSTANCE,
    OCTETS,
    TICKS,
    Agent,
    Request,
    Typed,
    children,
    decode_oid,
    encode_oid,
    encode_response,
    parse,
    read,
    serving,
    tlv,
)
from tests.monitor.snmpd import AUTH, PRIV, USER, Snmpd, running_snmpd
from tests.monitor.test_both_snmp_clients import client_of, target_of, v2c, v3

SYSTEM = "1.3.6.1.2.1.1"
COLUMNS = (*(metric.oid for metric in INTERFACE_METRICS), "1.3.6.1.2.1.2.2.1.5")
MISSING = f"{SYSTEM}.99.0"


@pytest.fixture(scope="module", params=["SHA", "SHA-256"])
def snmpd(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Snmpd]:
    with running_snmpd(tmp_path_factory.mktemp(request.param), request.param) as agent:
        yield agent


@asynccontextmanager
async def native(timeout_s: float) -> AsyncIterator[NativeClient]:
    """A client without retries."""
    client = client_of("native", timeout_s)
    assert isinstance(client, NativeClient)
    try:
        yield client
    finally:
        await client.close()


def auth_of(agent: Snmpd) -> str:
    return "sha" if agent.auth == "SHA" else "sha256"


async def everything(session: SnmpSession) -> dict[str, Value]:
    """Every object that a poll can ask a real agent for, and some more."""
    names = [SYS_UP_TIME, MISSING, f"{SYSTEM}.1.0", f"{SYSTEM}.5.0", f"{SYSTEM}.7.0"]
    indexes = [name.rsplit(".", 1)[1] for name, _ in await session.walk(IF_NAME)]
    names += [f"{column}.{index}" for column in COLUMNS for index in indexes[:20]]
    requests = tuple(tuple(names[at : at + 50]) for at in range(0, len(names), 50))
    found: dict[str, Value] = {}
    for answer in await session.get(requests):
        found.update(answer.found)
    return found


@pytest.mark.parametrize("version", ["2c", "3"])
async def test_every_value_of_a_real_agent_is_what_gufo_reads(snmpd: Snmpd, version: str) -> None:
    target = target_of(snmpd.port, v2c() if version == "2c" else v3(auth_of(snmpd)))
    gufo, ours = client_of("gufo", 2), client_of("native", 2)
    reference, session = gufo.session(target), ours.session(target)
    for _ in range(3):  # the first answer is taken apart, the next ones are recognised
        before = await everything(reference)
        found = await everything(session)
        after = await everything(reference)
        assert found.keys() == before.keys() == after.keys()
        assert MISSING not in found
        assert len(found) > len(COLUMNS)
        for name, value in found.items():
            first, last = before[name], after[name]
            assert type(value) is type(first)
            if first == last:
                assert value == first, name
            else:
                assert isinstance(value, int)
                assert isinstance(first, int)
                assert isinstance(last, int)
                assert first <= value <= last, name
    for column in (IF_NAME, "1.3.6.1.2.1.2.2.1.3", "1.3.6.1.2.1.2.2.1.6", f"{SYSTEM}.9.1.3"):
        assert await session.walk(column) == await reference.walk(column)
    await gufo.close()
    await ours.close()


# Answers of a made-up device: every type, small and largest values, and one that isn't there.
TABLE = {
    SYS_UP_TIME: Typed(TICKS, 2**32 - 1),
    f"{IF_NAME}.1": Typed(OCTETS, b"Gi0/0/1"),
    "1.3.6.1.2.1.2.2.1.8.1": Typed(INTEGER, -2),
    "1.3.6.1.2.1.31.1.1.1.6.1": Typed(COUNTER64, 2**64 - 1),
    "1.3.6.1.2.1.31.1.1.1.10.1": Typed(COUNTER64, 77),
    "1.3.6.1.2.1.2.2.1.14.1": Typed(COUNTER32, 40_000),
    "1.3.6.1.2.1.31.1.1.1.15.4294967295": Typed(GAUGE32, 1000),
    MISSING: Typed(NO_SUCH_INSTANCE, 0),
}
SMALLER = {
    name: Typed(typed.tag, typed.value - 1) if isinstance(typed.value, int) else typed
    for name, typed in TABLE.items()
}


def values_in(table: Mapping[str, Typed]) -> dict[str, Value]:
    return {name: typed.value for name, typed in table.items() if typed.tag != NO_SUCH_INSTANCE}


TRUE_VALUES = values_in(TABLE)
NUMBER = 0x4111_2233
OCTETS_OF_NUMBER = NUMBER.to_bytes(4, "big")
ANSWER = encode_response(b"tests", NUMBER, [(parse(name), typed) for name, typed in TABLE.items()])
HEAD = CommunityPeer("tests").head


def asked_before(*, learned: bool) -> Asked:
    """The question to that device; `learned`: it has answered once."""
    questions = Questions()
    asked = Asked(questions.get(tuple(TABLE)), questions.sharing)
    asked.text(HEAD, OCTETS_OF_NUMBER)
    if learned:
        # Its numbers were seen to move, so the next answer like these is recognised.
        for table in (SMALLER, TABLE):
            message = encode_response(b"tests", NUMBER, [(parse(n), v) for n, v in table.items()])
            assert named(asked.read(message, HEAD, OCTETS_OF_NUMBER, 0.0)) == values_in(table)
    return asked


def named(read: Answer | Refusal) -> dict[str, Value]:
    """Values by name, of what is there."""
    assert not isinstance(read, Refusal)
    values = read.values
    return {name: value for name, value in zip(TABLE, values, strict=True) if value is not None}


def read_or_refuse(
    asked: Asked, message: bytes, head: bytes = HEAD
) -> Mapping[str, Value] | Refusal | None:
    """None when it is refused."""
    try:
        read = asked.read(message, head, OCTETS_OF_NUMBER, 0.0)
    except ValueError:
        return None
    return read if isinstance(read, Refusal) else named(read)


def oracle(message: bytes) -> dict[str, Value] | None:
    """What the tests' own decoder finds in an answer to this very request; None: not an answer."""
    try:
        _, begin, end = read(message, 0)
        version, community, pdu = children(message, begin, end)
        number, error, _, binds = children(message, pdu[1], pdu[2])
        if message[community[1] : community[2]] != b"tests" or pdu[0] != 0xA2:
            return None
        if message[version[1] : version[2]] != b"\1" or any(message[error[1] : error[2]]):
            return None
        if message[number[1] : number[2]] != OCTETS_OF_NUMBER:
            return None
        rows = [children(message, b, e) for _, b, e in children(message, binds[1], binds[2])]
        if [decode_oid(message[row[0][1] : row[0][2]]) for row in rows] != list(map(parse, TABLE)):
            return None
        return {
            name: value
            for name, row in zip(TABLE, rows, strict=True)
            if (value := plain(row[1][0], message[row[1][1] : row[1][2]])) is not None
        }
    except (IndexError, ValueError):
        return None


def plain(tag: int, body: bytes) -> Value | None:
    if tag == OCTETS:
        return body
    if tag == INTEGER:
        return int.from_bytes(body, "big", signed=True)
    return int.from_bytes(body, "big") if tag in {COUNTER32, GAUGE32, TICKS, COUNTER64} else None


@st.composite
def mutilated(draw: st.DrawFn, message: bytes) -> bytes:
    """`message` with octets changed, taken out, put in, doubled or cut off."""
    made = bytearray(message)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(made) - 1)))
        size = draw(st.integers(1, 8))
        kind = draw(st.sampled_from(["bit", "octets", "cut", "out", "in", "double"]))
        if kind == "bit" and made:
            made[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "octets":
            made[at : at + size] = draw(st.binary(min_size=size, max_size=size))
        elif kind == "cut":
            del made[at:]
        elif kind == "out":
            del made[at : at + size]
        else:
            middle = (
                bytes(made[at : at + size]) if kind == "double" else draw(st.binary(max_size=8))
            )
            made[at:at] = middle
    return bytes(made)


MANY = settings(
    max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@MANY
@given(mutilated(ANSWER) | st.binary(max_size=200))
def test_a_mutilated_answer_is_refused_or_read_as_it_stands(message: bytes) -> None:
    fresh = read_or_refuse(asked_before(learned=False), message)
    learned = read_or_refuse(asked_before(learned=True), message)
    assert fresh == learned
    if isinstance(fresh, dict):
        assert fresh == oracle(message)
        for name, value in fresh.items():
            assert type(value) in {int, bytes}, name
    try:
        number = number_of(message)
    except (ValueError, IndexError):
        return  # it would not have come so far
    assert number == OCTETS_OF_NUMBER or not isinstance(fresh, dict)


numbers = st.integers(0, 2**64 - 1) | st.integers(0, 300)


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.tuples(numbers, st.integers(-(2**31), 2**31 - 1)), min_size=1, max_size=20))
def test_an_answer_that_is_recognised_reads_like_one_that_is_taken_apart(
    history: list[tuple[int, int]],
) -> None:
    asked = asked_before(learned=True)
    for counter, state in history:
        table = {
            **TABLE,
            SYS_UP_TIME: Typed(TICKS, counter % 2**32),
            "1.3.6.1.2.1.31.1.1.1.6.1": Typed(COUNTER64, counter),
            "1.3.6.1.2.1.2.2.1.8.1": Typed(INTEGER, state),
        }
        for _ in range(2):
            binds = [(parse(name), typed) for name, typed in table.items()]
            message = encode_response(b"tests", NUMBER, binds)
            expected = {name: table[name].value for name in TRUE_VALUES}
            assert named(asked.read(message, HEAD, OCTETS_OF_NUMBER, 0.0)) == expected


@pytest.mark.parametrize(
    ("tag", "body"),
    [
        (COUNTER64, bytes(10)),
        (COUNTER64, b"\1" + bytes(8)),
        (COUNTER32, b"\1" + bytes(4)),
        (TICKS, b""),
        (INTEGER, b""),
        (INTEGER, bytes(9)),
    ],
    ids=["ten octets", "2**64", "2**32", "no ticks", "no integer", "nine octets"],
)
def test_a_number_of_more_bits_than_its_type_has_is_refused(tag: int, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"number|integer"):
        ber.value_of(body, tag, 0, len(body))


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.integers(0, 2),
    st.integers(0, 39),
    st.lists(st.integers(0, 2**32 - 1), max_size=30),
)
def test_oids_are_written_and_read_as_the_tests_own_codec_does(
    first: int, second: int, rest: list[int]
) -> None:
    arcs = (first, second, *rest)
    text = ".".join(map(str, arcs))
    encoded = ber.encode_oid(text)
    assert encoded == encode_oid(arcs)
    _, begin, end = ber.element(encoded, 0, len(encoded))
    assert ber.decode_oid(encoded[begin:end]) == text


async def test_thousands_of_bad_datagrams_are_counted_and_the_right_answer_is_found() -> None:
    chance = random.Random(6)
    rounds, each = 15, 100
    sent = 0

    def bad(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        nonlocal sent
        errors_at = answer.index(request.request_id.to_bytes(4, "big")) + 4
        # An error's number may be any, and so may the value: to change those is no harm done.
        places = [*range(1, errors_at), *range(errors_at + 6, len(answer) - 3)]
        for _ in range(each):
            made = bytearray(answer)
            at = chance.choice(places)
            made[at] ^= 1 << chance.randrange(8)
            message = (bytes(made), answer[:at], chance.randbytes(at))[chance.randrange(3)]
            agent.transport.sendto(message, addr)
            sent += 1
        agent.transport.sendto(answer, addr)

    table = {parse(SYS_UP_TIME): Typed(TICKS, 77)}
    async with native(5) as client, serving(Agent(table, mischief=bad)) as agent:
        session = client.session(target_of(agent.port, v2c("public")))
        for _ in range(rounds):
            (answer,) = await session.get([(SYS_UP_TIME,)])
            assert answer.found == {SYS_UP_TIME: 77}
    assert sent == rounds * each
    assert client.counters.refused == sent
    assert client.counters.answers == rounds


async def test_late_and_double_answers_are_counted_and_dropped() -> None:
    def twice(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        agent.transport.sendto(answer, addr)
        agent.transport.sendto(answer, addr)

    table = {parse(SYS_UP_TIME): Typed(TICKS, 5)}
    async with native(2) as client, serving(Agent(table, mischief=twice)) as agent:
        session = client.session(target_of(agent.port, v2c("public")))
        for _ in range(4):
            (answer,) = await session.get([(SYS_UP_TIME,)])
            assert answer.found == {SYS_UP_TIME: 5}
    assert client.counters.answers == 4
    assert client.counters.refused >= 3  # the last one's double may still be on its way
    assert client.counters.timeouts == 0


async def test_silent_devices_cost_no_other_an_answer() -> None:
    def silent(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        """Never answers."""

    table = {parse(SYS_UP_TIME): Typed(TICKS, 5)}
    async with (
        native(2) as client,
        serving(Agent(table)) as alive,
        serving(Agent(table, mischief=silent)) as dead,
    ):
        requests = ((SYS_UP_TIME,), (SYS_UP_TIME, MISSING))
        ports = [dead.port if number % 10 == 0 else alive.port for number in range(100)]
        sessions = [client.session(target_of(port, v2c("public"))) for port in ports]
        done = await asyncio.gather(
            *(session.get(requests) for session in sessions), return_exceptions=True
        )
    for port, result in zip(ports, done, strict=True):
        if port == dead.port:
            assert isinstance(result, SnmpError)
        else:
            assert isinstance(result, list)
            assert [answer.found for answer in result] == [{SYS_UP_TIME: 5}, {SYS_UP_TIME: 5}]
    assert client.counters.timeouts == 2 * 10
    assert client.counters.refused == 0


async def test_a_device_that_says_an_error_is_an_error_at_once() -> None:
    def too_big(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        agent.transport.sendto(encode_response(b"public", request.request_id, [], 1), addr)

    async with native(30) as client, serving(Agent({}, mischief=too_big)) as agent:
        session = client.session(target_of(agent.port, v2c("public")))
        with pytest.raises(SnmpError, match="tooBig"):
            await asyncio.wait_for(session.get([(SYS_UP_TIME,)]), 5)


async def test_a_poll_that_is_cut_off_leaves_nothing_behind() -> None:
    async with native(30) as client:
        session = client.session(target_of(9, v2c()))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await session.get([(SYS_UP_TIME,)])
        assert client.socket.waiting == 0


def test_keys_are_those_of_the_standard() -> None:
    """RFC 3414 A.3.2."""
    engine = bytes(11) + b"\2"
    key = passphrase_key("sha", b"maplesyrup")
    assert key.hex() == "9fb5cc0381497b3793528939ff788d5d79145211"
    assert localized_key("sha", key, engine).hex() == "6695febc9288e36282235fc7151f128497b38f3f"


class Hands:
    """A clock that is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def authentic_answer(agent: Snmpd, clock: Hands) -> tuple[UsmPeer, Asked, bytes]:
    """A real agent's answer of version 3, not yet opened."""
    protocol = auth_of(agent)
    keys = (passphrase_key(protocol, AUTH.encode()), passphrase_key(protocol, PRIV.encode()))
    peer = UsmPeer(User(USER.encode(), protocol, *keys), clock)
    questions = Questions()
    asked = Asked(questions.get((SYS_UP_TIME, f"{SYSTEM}.5.0")), questions.sharing)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(5)
        wire.connect(("127.0.0.1", agent.port))
        wire.send(peer.wrap(asked.text(peer.head, OCTETS_OF_NUMBER), OCTETS_OF_NUMBER))
        assert peer.open(wire.recv(65_535)) is None
        assert peer.ready
        wire.send(peer.wrap(asked.text(peer.head, OCTETS_OF_NUMBER), OCTETS_OF_NUMBER))
        return peer, asked, wire.recv(65_535)


def test_no_mutilated_answer_of_version_3_is_ever_opened(snmpd: Snmpd) -> None:
    peer, asked, message = authentic_answer(snmpd, Hands())
    learned = copy(peer)  # has opened an answer of this form
    assert isinstance(learned.open(message), bytes)

    @MANY
    @given(mutilated(message) | st.binary(max_size=200))
    def refused(made: bytes) -> None:
        for each in (peer, learned):
            try:
                text = each.open(made)
            except ValueError:
                continue
            assert isinstance(text, Refusal) or made == message

    refused()
    text = peer.open(message)
    assert isinstance(text, bytes)
    answer = asked.read(text, peer.head, OCTETS_OF_NUMBER, 0.0)
    assert isinstance(answer, Answer)
    uptime, name = answer.values
    assert isinstance(uptime, int)
    assert isinstance(name, bytes)


def test_an_authentic_answer_that_is_replayed_later_is_too_old(snmpd: Snmpd) -> None:
    clock = Hands()
    peer, _, message = authentic_answer(snmpd, clock)
    assert isinstance(peer.open(message), bytes)
    clock.now += 149
    assert isinstance(peer.open(message), bytes)
    clock.now += 3
    with pytest.raises(ValueError, match="too old"):
        peer.open(message)


@MANY
@given(data=st.data())
def test_whatever_is_decrypted_is_read_or_refused(data: st.DataObject) -> None:
    """An agent that has the keys can still send nonsense."""
    head = tlv(OCTETS, b"\x80\0\x1f\x88\4engine") + tlv(OCTETS, b"")
    plain_answer = tlv(0x30, head + ANSWER[ANSWER.index(b"tests") + 5 :])
    questions = Questions()
    asked = Asked(questions.get(tuple(TABLE)), questions.sharing)
    asked.text(head, OCTETS_OF_NUMBER)
    assert named(asked.read(plain_answer, head, OCTETS_OF_NUMBER, 0.0)) == TRUE_VALUES
    values = read_or_refuse(asked, data.draw(mutilated(plain_answer)), head)
    assert values is None or isinstance(values, dict | Refusal)


async def test_more_requests_than_the_kernel_has_room_for_wait_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(one_socket, "RECEIVE_OCTETS", 16_384)  # room for eight answers
    under_way = most_under_way = 0

    def slowly(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        nonlocal under_way, most_under_way
        under_way += 1
        most_under_way = max(most_under_way, under_way)

        def send() -> None:
            nonlocal under_way
            under_way -= 1
            agent.transport.sendto(answer, addr)

        asyncio.get_running_loop().call_later(0.02, send)

    def silent(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        """Never answers: what it leaves open must not hold the others up for good."""

    table = {parse(SYS_UP_TIME): Typed(TICKS, 5)}
    async with (
        native(20) as client,
        serving(Agent(table, mischief=slowly)) as alive,
        serving(Agent(table, mischief=silent)) as dead,
    ):
        sessions = [client.session(target_of(alive.port, v2c("public"))) for _ in range(60)]
        deaf = [client.session(target_of(dead.port, v2c("public"))) for _ in range(6)]
        waiting = [asyncio.create_task(each.get(((SYS_UP_TIME,),))) for each in deaf]
        requests = ((SYS_UP_TIME,), (SYS_UP_TIME, MISSING))
        answers = await asyncio.gather(*(each.get(requests) for each in sessions))
        assert all(len(each) == 2 for each in answers)
        assert client.counters.timeouts == 0
        assert 0 < most_under_way <= 16_384 * 2 // one_socket.ANSWER_OCTETS
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
