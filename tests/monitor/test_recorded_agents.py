"""Devices as real ones were recorded, played on: their indexes, clocks, speeds and counters.

Indexes, sysUpTime and speeds are those of a Catalyst 2960X stack (IOS 15.0), a Catalyst 9300
(IOS XE 16.6) and a 3Com SuperStack 3 4200, whose octets and packets are recorded ones, too. What
comes after that moment, the Catalysts' counters, and the 4200's ifNames are ours.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from inventory.settings import AlarmSettings
from monitor.agent import DeviceAgent
from monitor.links import Links
from monitor.metrics import INTERFACE_METRICS, SYS_UP_TIME, Kind
from monitor.store.base import LinkSample
from monitor.targets import Credentials, ExpectedInterface, Target
from monitor.values import Quality
from tests.monitor.agent import OCTETS, TICKS, Agent, Oid, Typed, parse, serving
from tests.monitor.networks import TAGS
from tests.monitor.test_both_snmp_clients import PATIENT_S, client_of

INTERVAL_S = 10.0
TOP32 = 2**32


@dataclass
class Port:
    """One interface as it was recorded."""

    name: str
    index: int
    speed_mbps: int
    oper: int = 1
    octets: int = 0
    packets: int = 0
    bps: int = 0
    """What it carries from then on."""


@dataclass
class Recorded:
    """A device; `live` lets time pass."""

    uptime_cs: int
    ports: list[Port]
    others: tuple[tuple[str, int], ...] = ()
    """Interfaces that nobody expects: name and index."""
    wide: bool = True
    now: float = 5000.0
    discontinuity: dict[str, int] = field(default_factory=dict)

    def live(self, seconds: float = INTERVAL_S) -> None:
        self.now += seconds
        self.uptime_cs = (self.uptime_cs + round(seconds * 100)) % TOP32
        for port in self.ports:
            port.octets += round(port.bps / 8 * seconds)
            port.packets += round(port.bps / 8 / 500 * seconds)

    def table(self) -> dict[Oid, Typed]:
        found = {parse(SYS_UP_TIME): Typed(TICKS, self.uptime_cs)}
        name_oid = INTERFACE_METRICS[0].oid
        for name, index in self.others:
            found[parse(f"{name_oid}.{index}")] = Typed(OCTETS, name.encode())
        for port in self.ports:
            values: dict[str, int | bytes] = {
                "ifName": port.name.encode(),
                "ifAdminStatus": 1,
                "ifOperStatus": port.oper,
                "ifHighSpeed": port.speed_mbps,
                "ifCounterDiscontinuityTime": self.discontinuity.get(port.name, 0),
                "ifHCInOctets": port.octets,
                "ifHCOutOctets": port.octets // 3,
                "ifHCInUcastPkts": port.packets,
                "ifHCOutUcastPkts": port.packets // 2,
            }
            for metric in INTERFACE_METRICS:
                value = values.get(metric.object, 0)
                if metric.narrow and isinstance(value, int):
                    narrow = parse(f"{metric.narrow}.{port.index}")
                    found[narrow] = Typed(TAGS[Kind.COUNTER32], value % TOP32)
                    if not self.wide:
                        continue
                found[parse(f"{metric.oid}.{port.index}")] = Typed(TAGS[metric.kind], value)
        return found


def catalyst_2960x() -> Recorded:
    """A stack of three: an interface's index tells its member."""
    ports = [
        Port("Gi1/0/1", 10101, 1000, bps=40_000_000, octets=2**40 + 7, packets=2**31),
        Port("Gi2/0/1", 10601, 1000, bps=900_000_000, octets=2**44, packets=2**33),
        Port("Gi3/0/1", 11101, 100, oper=2),
    ]
    others = (("Vl1", 1), ("Vl99", 99), ("Po1", 5001), ("StackPort1", 5179), ("Nu0", 14001))
    return Recorded(718_475_737, ports, others)


def catalyst_9300() -> Recorded:
    """Just started: 2 h 23 min."""
    ports = [
        Port("Gi0/0", 1, 1000, bps=8_000, octets=70_722),
        Port("Gi1/0/1", 8, 1000, bps=300_000_000),
        Port("Te1/1/1", 60, 10_000, bps=6_000_000_000, octets=2**36),
    ]
    return Recorded(862_114, ports, (("Nu0", 2), ("StackPort1", 70), ("Vl1", 73)))


def superstack_4200() -> Recorded:
    """Counters of 32 bits, ports of 100 Mb/s."""
    ports = [
        Port("1/7", 107, 100, oper=2, octets=212_608_157, packets=2_352_559),
        Port("1/23", 123, 100, oper=2, octets=282_561_783, packets=1_794_174),
        Port("1/24", 124, 100, octets=1_007_385_976, packets=23_214_006, bps=80_000_000),
    ]
    return Recorded(130_010_261, ports, (("Console", 198), ("Management", 199)), wide=False)


@dataclass
class Playing:
    """The device on the wire, and the monitor that follows it."""

    device: Recorded
    server: Agent
    agent: DeviceAgent
    links: Links

    async def poll(self, seconds: float = INTERVAL_S) -> dict[str, LinkSample]:
        self.device.live(seconds)
        self.server.table = self.device.table()
        poll = await self.agent.poll()
        assert poll.answered, poll.problem
        return {sample.link: sample for sample in self.links.fold(poll)}


@asynccontextmanager
async def playing(device: Recorded, engine: str = "native") -> AsyncIterator[Playing]:
    async with serving(Agent(device.table())) as server:
        interfaces = tuple(
            ExpectedInterface(port.name, port.name, port.name, "a", port.speed_mbps * 10**6)
            for port in device.ports
        )
        target = Target(
            "zes-sw1", "127.0.0.1", server.port, Credentials("2c", "public"), interfaces
        )
        client = client_of(engine, PATIENT_S)
        # Replayed at once: the monitor's clock is the recording's.
        agent = DeviceAgent(target, _Replayed(client.session(target), device), lambda: device.now)  # type: ignore[arg-type]
        try:
            yield Playing(device, server, agent, Links((target,), AlarmSettings(), INTERVAL_S))
        finally:
            await client.close()


class _Replayed:
    """A session whose answers came at the recording's time."""

    def __init__(self, session: object, device: Recorded) -> None:
        self._session, self._device = session, device

    async def get(self, requests: object) -> list[object]:
        answers = await self._session.get(requests)  # type: ignore[attr-defined]
        return [answer._replace(received=self._device.now) for answer in answers]

    async def walk(self, oid: str) -> object:
        return await self._session.walk(oid)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._session.close()  # type: ignore[attr-defined]


DEVICES = {
    "2960X": catalyst_2960x, "9300": catalyst_9300, "4200": superstack_4200,
}  # fmt: skip


@pytest.mark.parametrize("engine", ["native", "gufo"])
@pytest.mark.parametrize("name", DEVICES)
async def test_every_port_tells_what_it_carries(name: str, engine: str) -> None:
    async with playing(DEVICES[name](), engine) as played:
        assert {each.quality for each in (await played.poll()).values()} == {Quality.FIRST}
        for _ in range(4):
            samples = await played.poll()
            for port in played.device.ports:
                sample = samples[port.name]
                assert sample.quality is Quality.GOOD
                assert sample.value("in_bps") == pytest.approx(port.bps, rel=1e-6)


async def test_a_32_bit_counter_passes_its_top_and_no_octet_is_lost() -> None:
    async with playing(superstack_4200()) as played:
        port = played.device.ports[2]
        await played.poll()
        told, began, qualities = 0.0, port.octets, []
        while port.octets < TOP32 + 10**9:
            sample = (await played.poll())[port.name]
            qualities.append(sample.quality)
            told += (sample.value("in_bps") or 0) / 8 * sample.covers_s
        assert told == pytest.approx(port.octets - began)
        assert qualities.count(Quality.WRAP) == 1
        assert set(qualities) == {Quality.GOOD, Quality.WRAP}


async def test_a_reload_makes_no_spike_and_its_renumbered_ports_are_found() -> None:
    async with playing(catalyst_2960x()) as played:
        await played.poll()
        await played.poll()
        device = played.device
        device.uptime_cs = 100
        for port, index in zip(device.ports, (10101, 10501, 10601), strict=True):
            port.index, port.octets, port.packets = index, 0, 0  # member 2 is now numbered anew
        samples = await played.poll()
        assert all(sample.value("in_bps") is None for sample in samples.values())
        assert {each.quality for each in samples.values()} <= {Quality.RESET, Quality.RENUMBERED}
        samples = await played.poll()
        assert samples["Gi2/0/1"].quality is Quality.GOOD
        assert samples["Gi2/0/1"].value("in_bps") == pytest.approx(900_000_000)


async def test_cleared_counters_and_a_clock_past_497_days_are_told_apart() -> None:
    async with playing(catalyst_9300()) as played:
        device = played.device
        await played.poll()
        device.ports[1].octets = 5
        device.discontinuity["Gi1/0/1"] = device.uptime_cs
        samples = await played.poll()
        assert samples["Gi1/0/1"].quality is Quality.DISCONTINUITY
        assert samples["Te1/1/1"].quality is Quality.GOOD
        device.uptime_cs = TOP32 - 1500
        samples = await played.poll()
        assert {each.quality for each in samples.values()} == {Quality.CLOCK_STEP}
        samples = await played.poll()  # its clock passes its top: 64-bit counters go on
        assert device.uptime_cs < 2000
        assert {each.quality for each in samples.values()} == {Quality.GOOD}
