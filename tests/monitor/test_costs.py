"""What polling a site costs: counted by the engine, held against a wire in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from inventory.errors import SnmpError
from monitor.clock import SystemClock
from monitor.costs import HEADERS, Costs, by_site
from monitor.metrics import IF_NAME, SYS_UP_TIME
from monitor.snmp.base import Counters
from monitor.store.base import Latest
from monitor.values import LatestKind
from tests.monitor.agent import Agent, serving
from tests.monitor.snmpd import running_snmpd
from tests.monitor.test_both_snmp_clients import (
    PATIENT_S,
    TABLE,
    client_of,
    credentials_of,
    target_of,
    v2c,
)
from tests.monitor.test_probes import until

ADDRESS = "127.0.0.1"


@dataclass
class Wire(asyncio.DatagramProtocol):
    """Carries datagrams between whoever asks and an agent, and counts them."""

    agent_port: int
    lossy: bool = False
    counted: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    """As `by_site` has it."""
    transport: asyncio.DatagramTransport = field(init=False)
    asker: tuple[str, int] = field(default=("", 0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = addr[1] == self.agent_port
        self.counted[2 if answer else 0] += 1
        self.counted[3 if answer else 1] += len(data) + HEADERS
        if answer:
            self.transport.sendto(data, self.asker)
        elif not self.lossy:
            self.asker = addr
            self.transport.sendto(data, (ADDRESS, self.agent_port))


@asynccontextmanager
async def wire_to(agent_port: int, *, lossy: bool = False) -> AsyncIterator[tuple[int, Wire]]:
    loop = asyncio.get_running_loop()
    transport, wire = await loop.create_datagram_endpoint(
        lambda: Wire(agent_port, lossy), local_addr=(ADDRESS, 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1], wire
    finally:
        transport.close()


@pytest.mark.parametrize("version", ["2c", "3"])
@pytest.mark.parametrize("engine", ["native", "pysnmp"])
async def test_every_packet_and_byte_of_a_site_is_counted(
    engine: str, version: str, tmp_path: Path
) -> None:
    with running_snmpd(tmp_path) as agent:
        async with wire_to(agent.port) as (port, wire):
            client = client_of(engine, PATIENT_S)
            target = replace(target_of(port, credentials_of(version, agent)), site="zes")
            session = client.session(target)
            await session.get([(SYS_UP_TIME,), (f"{IF_NAME}.1", f"{IF_NAME}.2")])
            assert await session.walk(IF_NAME)
            found = by_site([client.counters])
            await client.close()
    assert found == {"zes": wire.counted}
    assert wire.counted[2] >= 3


async def test_what_gets_no_answer_costs_too() -> None:
    async with serving(Agent(TABLE)) as agent, wire_to(agent.port, lossy=True) as (port, wire):
        client = client_of("native", 0.1, retries=2)
        session = client.session(replace(target_of(port, v2c("public")), site="zes"))
        with pytest.raises(SnmpError):
            await session.get([(SYS_UP_TIME,)])
        found = by_site([client.counters])
        await client.close()
    assert found == {"zes": wire.counted}
    assert wire.counted[0] == 3
    assert wire.counted[2] == 0


async def test_several_clients_add_up_and_who_was_never_asked_is_not_there() -> None:
    polls, facts = Counters(), Counters()
    for counters, packets in ((polls, 5), (facts, 1)):
        cost = counters.cost("zes")
        cost.sent, cost.sent_octets, cost.received, cost.received_octets = packets, 100, packets, 10
    polls.cost("kho")
    rows: list[Latest] = []
    costs = Costs((polls, facts), clock=_Hasty(), tell=rows.append)
    stop = asyncio.Event()
    running = asyncio.create_task(costs.run(stop))
    await until(lambda: bool(rows), 10)
    stop.set()
    await running
    assert (rows[0].kind, rows[0].id) == (LatestKind.COST, "all")
    assert rows[0].document == {"zes": [6, 200 + 6 * HEADERS, 6, 20 + 6 * HEADERS]}


class _Hasty(SystemClock):
    """Its seconds are short."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        return await super().wait(event, seconds / 1000)
