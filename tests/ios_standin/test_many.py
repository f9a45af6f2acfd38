"""A region of devices in one process costs little."""

import asyncio

import asyncssh

from lab.ios_standin import IosStandin, serve
from tests.ios_standin.conftest import ROUTER

DEVICES = 76
AT_ONCE = 20


async def ask(port: int, gate: asyncio.Semaphore) -> str:
    async with (
        gate,
        asyncssh.connect(
            "127.0.0.1", port, username="admin", password="admin", known_hosts=None, config=None
        ) as connection,
    ):
        return str((await connection.run("show running-config | include hostname")).stdout)


async def test_a_whole_region_answers_from_one_event_loop() -> None:
    names = [f"r{number}" for number in range(DEVICES)]
    devices = [IosStandin(name, ROUTER.replace("zes-rtr1", name)) for name in names]
    async with asyncio.timeout(60), serve(devices) as ports:
        gate = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(ask(ports[name], gate) for name in names))
        assert [answer.strip() for answer in answers] == [f"hostname {name}" for name in names]
        assert not [device.name for device in devices if device.connections]


async def test_a_device_serves_several_sessions_and_none_hinders_another() -> None:
    device = IosStandin("r1", ROUTER)
    async with asyncio.timeout(30), serve([device]) as ports:
        gate = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(ask(ports["r1"], gate) for _ in range(10)))
        assert {answer.strip() for answer in answers} == {"hostname zes-rtr1"}
