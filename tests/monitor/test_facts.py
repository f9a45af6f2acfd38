"""CPU, memory, OSPF and BGP: of a real snmpd, and of tables that say what a router would."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from inventory.errors import ImeretiError
from inventory.model import Device
from inventory.secrets import Secrets
from inventory.settings import PollSettings
from monitor.clock import SystemClock
from monitor.facts import Facts
from monitor.metrics import IF_NAME
from monitor.routing import ESTABLISHED, FULL, UNHEARD, Routing, expected_routing, shown, troubles
from monitor.routing_mib import (
    BGP_PATHS,
    BGP_PEERS,
    BGP_VERSION,
    OSPF3_NEIGHBOURS,
    OSPF3_STATUS,
    OSPF_NEIGHBOURS,
    OSPF_STATUS,
)
from monitor.routing_spoken import AskDevice, Spoken, completed, is_lacking
from monitor.said import told
from monitor.snmp.open import open_client
from monitor.store.base import Latest
from monitor.targets import Credentials, targets
from monitor.values import LinkState
from tests.monitor.agent import OCTETS, Agent, Typed, parse, serving
from tests.monitor.networks import V2C, default_network, on_loopback
from tests.monitor.snmpd import COMMUNITY, running_snmpd
from tests.monitor.test_probes import until
from tests.monitor.test_watch import running

BORDER = "tbi-edge1"
INTEGER = 0x02


async def read(
    device: str,
    platform: str,
    port: int,
    credentials: Credentials,
    *,
    seconds_s: float = 1.0,
    ask_device: AskDevice | None = None,
    enough: Callable[[Mapping[str, object]], bool] = bool,
) -> tuple[dict[str, object], list[Mapping[str, str]]]:
    """What is told of one device, and what its routing lacks, read after read."""
    whole = default_network()
    there = replace(whole.devices[device], platform=platform)
    network = replace(whole, devices={**whole.devices, device: there})
    settings = PollSettings(facts_interval_s=seconds_s)
    rows: list[Latest] = []
    lacking: list[Mapping[str, str]] = []
    facts = Facts(
        network, targets(on_loopback(whole, {device: port}), credentials),
        open_client(settings, Secrets({}, "nowhere")), settings, clock=SystemClock(),
        take=lambda _, found: lacking.append(found), tell=rows.append,
        ask_device=ask_device,
    )  # fmt: skip
    stop = asyncio.Event()
    asking = asyncio.create_task(facts.run(stop))
    facts.ask_now(device)
    await until(lambda: bool(rows) and bool(lacking) and enough(rows[-1].document), 30)
    stop.set()
    await asking
    return dict(rows[-1].document), lacking


async def test_a_real_agent_tells_its_cpu_and_memory_and_no_routing(tmp_path: Path) -> None:
    with running_snmpd(tmp_path) as agent:
        found, lacking = await read(
            "zes-rtr1", "frr", agent.port, Credentials("2c", community=COMMUNITY)
        )
    assert isinstance(found["memory"], float)
    assert 0 < found["memory"] < 1
    assert found["cpu"] is None or (isinstance(found["cpu"], float) and 0 <= found["cpu"] <= 1)
    # it serves no OSPF-MIB and no BGP4-MIB: that is no fault
    assert found["adjacencies"] is None
    assert found["sessions"] == []
    assert not any(lacking[-1].values())


def table(neighbours: dict[str, int], peers: dict[str, int]) -> dict[str, int]:
    found = {OSPF_STATUS: 1, BGP_VERSION: 128, f"{BGP_PATHS}.10.200.0.0.16.192.0.2.2": 2,
             f"{BGP_PATHS}.10.201.0.0.16.192.0.2.2": 2}  # fmt: skip
    found |= {f"{OSPF_NEIGHBOURS}.{address}.0": state for address, state in neighbours.items()}
    found |= {f"{BGP_PEERS}.{address}": state for address, state in peers.items()}
    return found


async def test_what_a_router_says_is_held_against_the_model() -> None:
    expected = expected_routing(default_network())[BORDER]
    agent = Agent({})
    whole = table(
        dict.fromkeys(expected.neighbours, FULL), dict.fromkeys(expected.peers, ESTABLISHED)
    )
    agent.table = {parse(oid): Typed(INTEGER, value) for oid, value in whole.items()}
    async with serving(agent):
        found, lacking = await read(BORDER, "frr", agent.port, V2C)
    assert found["adjacencies"] == found["expected_adjacencies"] == len(expected.neighbours) > 1
    sessions = found["sessions"]
    assert isinstance(sessions, list)
    external = next(each for each in sessions if each["peer"] == "central-government")
    assert external == {"peer": "central-government", "address": "192.0.2.2",
                        "state": "established", "prefixes": 2}  # fmt: skip
    assert not any(lacking[-1].values())


async def test_cisco_columns_are_read_for_cisco_ios() -> None:
    agent = Agent({})
    values = {
        "1.3.6.1.4.1.9.9.109.1.1.1.1.7.1": 23, "1.3.6.1.4.1.9.9.48.1.1.1.5.1": 300,
        "1.3.6.1.4.1.9.9.48.1.1.1.6.1": 100, "1.3.6.1.4.1.9.9.13.1.3.1.3.1": 31,
        "1.3.6.1.4.1.9.9.13.1.3.1.3.2": 44, "1.3.6.1.2.1.1.3.0": 5,
    }  # fmt: skip
    agent.table = {parse(oid): Typed(INTEGER, value) for oid, value in values.items()}
    async with serving(agent):
        found, _ = await read("zes-rtr1", "cisco_ios", agent.port, V2C)
    assert (found["cpu"], found["memory"], found["temperature_c"]) == (0.23, 0.75, 44)


def test_a_link_that_lacks_its_adjacency_is_degraded_and_says_so_in_both_languages() -> None:
    world = running()
    expected = expected_routing(world.network)["zes-rtr1"]
    states = dict.fromkeys(expected.neighbours, FULL)
    address = next(a for a, each in expected.neighbours.items() if each.link == "kut-zes")
    lost = troubles("zes-rtr1", expected, replace(UNHEARD, neighbours={**states, address: 3}))
    world.watch.take_routing("zes-rtr1", lost)
    world.tick()
    entry = [each for each in world.states if each.subject.id == "kut-zes"][-1]
    assert entry.state is LinkState.DEGRADED
    neighbour = expected.neighbours[address].device
    assert entry.reason == (
        f"zes-rtr1: OSPF adjacency with {neighbour} - expected full, found init"
    )
    assert told(entry.reason, "ka").startswith(f"zes-rtr1: OSPF მეზობლობა ({neighbour})")
    del states[address]
    gone = troubles("zes-rtr1", expected, replace(UNHEARD, neighbours=states))
    assert gone["kut-zes"].endswith("found -")
    world.watch.take_routing("zes-rtr1", {})  # it fell silent: that is no evidence
    world.tick()
    assert [each for each in world.states if each.subject.id == "kut-zes"][-1].state is LinkState.UP


def test_an_external_session_degrades_its_link_and_an_internal_one_is_shown() -> None:
    expected = expected_routing(default_network())[BORDER]
    found = replace(UNHEARD, peers={"192.0.2.2": 3}, prefixes={})
    lacking = troubles(BORDER, expected, found)
    assert list(lacking) == [f"{BORDER}:GigabitEthernet0/0/2"]
    assert "BGP session with central-government - expected established, found active" in str(
        list(lacking.values())
    )
    document = shown(expected, found)
    sessions = document["sessions"]
    assert isinstance(sessions, list)
    inside = {each["peer"]: each["state"] for each in sessions if each["state"] == "-"}
    assert inside.keys() == set(default_network().region.bgp.speakers)
    first, *others = [IPv4Address(each["address"]) for each in sessions]
    assert str(first) == "192.0.2.2"  # what leaves the network stands first, then by number
    assert others == sorted(others)


async def test_ospfv3_neighbours_are_known_by_interface_and_router_id() -> None:
    whole = default_network()
    expected = expected_routing(whole)[BORDER]
    found = {OSPF3_STATUS: 1, OSPF_STATUS: 1}
    names: dict[str, bytes] = {}
    for number, (if_name, router) in enumerate(expected.keys6, 7):
        arcs = int.from_bytes(bytes(int(part) for part in router.split(".")), "big")
        found[f"{OSPF3_NEIGHBOURS}.{number}.0.{arcs}"] = FULL if number > 7 else 3
        names[f"{IF_NAME}.{number}"] = if_name.encode()
    agent = Agent({})
    agent.table = {parse(oid): Typed(INTEGER, value) for oid, value in found.items()}
    agent.table |= {parse(oid): Typed(OCTETS, name) for oid, name in names.items()}
    async with serving(agent):
        document, _ = await read(BORDER, "frr", agent.port, V2C)
    assert document["expected_adjacencies6"] == len(expected.keys6) > 1
    assert document["adjacencies6"] == len(expected.keys6) - 1
    neighbours = document["neighbours"]
    assert isinstance(neighbours, list)
    assert sorted(each["state6"] for each in neighbours) == sorted(
        ["init", *["full"] * (len(expected.keys6) - 1)]
    )
    routing = replace(UNHEARD, neighbours6={expected.keys6[0]: 3})
    lacking = troubles(BORDER, expected, routing)
    first = next(iter(expected.neighbours.values()))
    assert lacking[first.link] == (
        f"{BORDER}: OSPFv3 adjacency with {first.device} - expected full, found init"
    )


async def test_garbage_in_the_place_of_an_index_is_passed_over() -> None:
    agent = Agent({})
    found = {OSPF3_STATUS: 1, f"{OSPF3_NEIGHBOURS}.1": FULL, f"{OSPF3_NEIGHBOURS}.1.2.3.4": FULL,
             f"{IF_NAME}.9": 4}  # fmt: skip
    agent.table = {parse(oid): Typed(INTEGER, value) for oid, value in found.items()}
    async with serving(agent):
        document, _ = await read(BORDER, "frr", agent.port, V2C)
    assert document["adjacencies6"] == 0


def spoken(sound: str = "Full") -> Spoken:
    """What BORDER says of itself when all is well, in FRRouting's spelling."""
    expected = expected_routing(default_network())[BORDER]
    words = {each.interface: "Full" for each in expected.neighbours.values()}
    words[next(iter(words))] = sound
    peers = (*expected.peers, *expected.peers6)
    return Spoken(words, dict(words), dict.fromkeys(peers, ("Established", 7)))


async def asked_through(
    ask: AskDevice, enough: Callable[[Mapping[str, object]], bool], *, seconds_s: float = 1.0
) -> tuple[dict[str, object], list[Mapping[str, str]]]:
    """What is told of BORDER, whose agent tells no routing."""
    agent = Agent({parse("1.3.6.1.2.1.1.3.0"): Typed(INTEGER, 5)})
    async with serving(agent):
        return await read(
            BORDER, "frr", agent.port, V2C, seconds_s=seconds_s, ask_device=ask, enough=enough
        )


def knows_ospf(found: Mapping[str, object]) -> bool:
    return found["adjacencies"] is not None


async def test_what_no_mib_tells_is_asked_of_the_device_itself() -> None:
    asked: list[str] = []

    def ask(device: Device) -> Spoken:
        asked.append(device.name)
        return spoken()

    expected = expected_routing(default_network())[BORDER]
    document, lacking = await asked_through(ask, knows_ospf)
    assert asked == [BORDER]
    assert document["adjacencies"] == document["adjacencies6"] == len(expected.neighbours)
    sessions = document["sessions"]
    assert isinstance(sessions, list)
    assert {(each["state"], each["prefixes"]) for each in sessions} == {("established", 7)}
    outside = [each["address"] for each in sessions if each["peer"] == "central-government"]
    assert outside == [each["address"] for each in sessions[:2]] == ["192.0.2.2", "2001:db8:0:1::2"]
    assert not any(lacking[-1].values())


async def test_a_device_is_believed_that_it_lacks_something_when_it_says_so_twice() -> None:
    words = iter(("Init", "Full"))
    document, lacking = await asked_through(lambda _: spoken(next(words)), knows_ospf)
    assert document["adjacencies"] == document["expected_adjacencies"]
    assert not any(any(each.values()) for each in lacking)


async def test_a_device_that_could_not_be_asked_is_asked_once_more_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("monitor.routing_through.AGAIN_S", 0.5)
    asked: list[float] = []

    def ask(_: Device) -> Spoken:
        asked.append(time.monotonic())
        if len(asked) < 2:
            raise ImeretiError("it does not answer")
        return spoken()

    document, _ = await asked_through(ask, knows_ospf, seconds_s=0.1)
    assert document["adjacencies"] == document["expected_adjacencies"]
    first, second = asked
    assert second - first >= 0.5  # and not the two minutes that lie between two answers


async def test_a_device_that_refuses_is_not_asked_more_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("monitor.routing_through.AGAIN_S", 0.2)
    asked: list[str] = []

    def ask(device: Device) -> Spoken:
        asked.append(device.name)
        raise ImeretiError("wrong password")

    rows = iter(range(1000))
    await asked_through(ask, lambda _: next(rows) > 100, seconds_s=0.1)  # looks of 0.02 s
    assert asked == [BORDER, BORDER]


async def test_a_device_that_can_not_be_asked_holds_nothing_up() -> None:
    started, over = threading.Event(), threading.Event()

    def hang(_: Device) -> Spoken:
        started.set()
        over.wait(30)
        raise ImeretiError("too late")

    began = time.monotonic()
    document, _ = await asked_through(hang, lambda _: started.is_set())
    over.set()
    assert time.monotonic() - began < 10
    assert document["adjacencies"] is None
    assert document["sessions"] == []


def test_spellings_of_states_are_those_of_the_mibs() -> None:
    expected = expected_routing(default_network())[BORDER]
    address, first = next(iter(expected.neighbours.items()))
    for word, number in (
        ("Full", 8), ("FULL", 8), ("2-Way", 4), ("Twoway", 4), ("2WAY", 4), ("ExStart", 5),
        ("Exstart", 5), ("EXCHANGE", 6), ("Down", 1), ("Sleeping", 0),
    ):  # fmt: skip
        said = Spoken({first.interface: word}, None, {"192.0.2.2": ("Idle (Admin)", 0)})
        found = completed(expected, UNHEARD, said)
        assert found.neighbours is not None
        assert found.neighbours[address] == number
        assert found.neighbours6 is None
        assert found.peers == {"192.0.2.2": 1}
    assert is_lacking(expected, UNHEARD)
    known = Routing({}, {}, {}, {}, {"192.0.2.2": 3})
    assert not is_lacking(expected, known)
    whole = completed(expected, known, spoken())
    assert whole.prefixes is not None
    assert whole.prefixes["192.0.2.2"] == 3  # what the agent counted stands
    assert replace(whole, prefixes=known.prefixes) == known


def test_an_external_session_over_ipv6_is_missed_when_the_device_says_so() -> None:
    expected = expected_routing(default_network())[BORDER]
    (address,) = expected.peers6
    by_mib = Routing({}, {}, dict.fromkeys(expected.peers, ESTABLISHED), None, {})
    assert is_lacking(expected, by_mib)
    said = Spoken(None, None, {address: ("Active", 0)})
    found = completed(expected, by_mib, said)
    lacking = troubles(BORDER, expected, found)
    assert lacking[f"{BORDER}:GigabitEthernet0/0/2"] == (
        f"{BORDER}: BGP session over IPv6 with central-government - expected established, "
        "found active"
    )
    sessions = shown(expected, found)["sessions"]
    assert isinstance(sessions, list)
    assert {"peer": "central-government", "address": address, "state": "active",
            "prefixes": 0} in sessions  # fmt: skip
