"""A device over many polls: found by ifName, followed through restarts and renumbering."""

from collections.abc import AsyncIterator

import pytest

from inventory.secrets import Secrets
from monitor.agent import LOOK_AGAIN_POLLS, DeviceAgent
from monitor.metrics import COLUMN
from monitor.readings import Reading
from monitor.snmp.gufo_client import GufoClient
from tests.monitor.agent import Agent, Request, serving
from tests.monitor.networks import Router, default_network, on_loopback, target_of

IN = COLUMN["ifHCInOctets"]
LINKS = ["kut-zes", "zes-sch", "zes-acc"]


class Bench:
    """A DeviceAgent that polls a Router on loopback."""

    def __init__(self, server: Agent, router: Router, agent: DeviceAgent) -> None:
        self.server, self.router, self.agent = server, router, agent

    async def poll(self) -> dict[str, Reading | None]:
        self.server.table = self.router.table()
        poll = await self.agent.poll()
        assert poll.answered, poll.problem
        names = [expected.link for expected in self.router.target.interfaces]
        return dict(zip(names, poll.readings, strict=True))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with serving(Agent({})) as server:
        network = on_loopback(default_network(), {"zes-rtr1": server.port})
        target = target_of(default_network(), "zes-rtr1")
        target = type(target)(
            target.device, "127.0.0.1", server.port, target.credentials, target.interfaces
        )
        assert network.devices["zes-rtr1"].snmp_port == server.port
        client = GufoClient(Secrets({}, "nowhere"), 0.5, 0)
        router = Router(target, octets={"kut-zes": 111, "zes-acc": 222})
        yield Bench(server, router, DeviceAgent(target, client.session(target)))


async def test_each_interface_is_read_by_its_name(bench: Bench) -> None:
    found = await bench.poll()
    assert len(found) == 6
    kut, acc = found["kut-zes"], found["zes-acc"]
    assert kut is not None
    assert acc is not None
    assert (kut.values[IN], acc.values[IN]) == (111, 222)
    assert kut.uptime_cs == 100_000


async def test_the_column_of_names_is_walked_once_and_not_at_every_poll(bench: Bench) -> None:
    await bench.poll()
    before = bench.server.requests
    for _ in range(3):
        await bench.poll()
    assert bench.server.requests - before == 3 * 2  # six interfaces of 13 columns: two requests


async def test_a_renumbered_interface_is_found_again_in_the_same_poll(bench: Bench) -> None:
    before = (await bench.poll())["kut-zes"]
    bench.router.first_index = 40
    bench.router.octets["kut-zes"] = 999
    after = (await bench.poll())["kut-zes"]
    assert before is not None
    assert after is not None
    assert after.values[IN] == 999
    assert after.if_index == before.if_index + 39


async def test_two_interfaces_that_changed_places_are_never_mistaken(bench: Bench) -> None:
    await bench.poll()
    bench.router.target = type(bench.router.target)(
        "zes-rtr1", "127.0.0.1", 1, bench.router.target.credentials,
        tuple(reversed(bench.router.target.interfaces)),
    )  # fmt: skip
    poll = await bench.poll()
    bench.router.target = bench.agent.target
    bench.router.first_index = 1
    named = dict(zip([i.link for i in bench.agent.target.interfaces], poll.values(), strict=True))
    assert named["kut-zes"] is not None
    assert named["kut-zes"].values[IN] == 111
    assert named["zes-acc"] is not None
    assert named["zes-acc"].values[IN] == 222


async def test_a_device_without_64_bit_counters_is_read_with_32_bits(bench: Bench) -> None:
    bench.router.without = frozenset({"ifHCInOctets", "ifHCOutOctets", "ifHCInUcastPkts"})
    bench.router.octets["kut-zes"] = 2**32 + 7
    found = (await bench.poll())["kut-zes"]
    assert found is not None
    assert found.values[IN] == 7
    assert not found.wide


async def test_an_interface_that_is_not_there_is_none_and_looked_for_after_a_while(
    bench: Bench,
) -> None:
    whole = bench.router.target
    bench.router.target = type(whole)(
        whole.device, whole.address, whole.port, whole.credentials, whole.interfaces[:-1]
    )
    missing = whole.interfaces[-1].link

    async def poll() -> Reading | None:
        bench.server.table = bench.router.table()
        readings = (await bench.agent.poll()).readings
        return readings[-1]

    assert await poll() is None
    bench.router.target = whole
    polls = 0
    while await poll() is None:
        polls += 1
        assert polls <= LOOK_AGAIN_POLLS, f"{missing} was not looked for again"
    assert polls > 1  # and not at every poll


async def test_an_interface_that_comes_with_a_restart_is_found_at_the_next_poll(
    bench: Bench,
) -> None:
    whole = bench.router.target
    bench.router.target = type(whole)(
        whole.device, whole.address, whole.port, whole.credentials, whole.interfaces[:-1]
    )
    bench.server.table = bench.router.table()
    assert (await bench.agent.poll()).readings[-1] is None
    bench.router.target, bench.router.uptime_cs = whole, 50
    bench.server.table = bench.router.table()
    await bench.agent.poll()
    assert (await bench.agent.poll()).readings[-1] is not None


async def test_an_answer_without_the_devices_clock_is_no_answer(bench: Bench) -> None:
    await bench.poll()
    bench.server.table = {
        oid: value
        for oid, value in bench.router.table().items()
        if oid[:9] != (1, 3, 6, 1, 2, 1, 1, 3, 0)
    }
    poll = await bench.agent.poll()
    assert not poll.answered
    assert "without sysUpTime" in poll.problem
    assert set(poll.readings) == {None}


async def test_a_silent_device_is_a_result_and_no_exception(bench: Bench) -> None:
    def silent(agent: Agent, request: Request, answer: bytes, addr: tuple[str, int]) -> None:
        """Never answers."""

    bench.server.mischief = silent
    poll = await bench.agent.poll()
    assert not poll.answered
    assert poll.problem.startswith("SNMP at 127.0.0.1 port")
    bench.server.mischief = None
    assert (await bench.poll())["kut-zes"] is not None
