"""CPU, memory, OSPF and BGP: of a real snmpd, and of tables that say what a router would."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from inventory.secrets import Secrets
from inventory.settings import PollSettings
from monitor.clock import SystemClock
from monitor.facts import BGP_PATHS, BGP_PEERS, BGP_VERSION, OSPF_NEIGHBOURS, OSPF_STATUS, Facts
from monitor.routing import ESTABLISHED, FULL, Routing, expected_routing, shown, troubles
from monitor.said import told
from monitor.snmp.open import open_client
from monitor.store.base import Latest
from monitor.targets import Credentials, targets
from monitor.values import LinkState
from tests.monitor.agent import Agent, Typed, parse, serving
from tests.monitor.networks import V2C, default_network, on_loopback
from tests.monitor.snmpd import COMMUNITY, running_snmpd
from tests.monitor.test_probes import until
from tests.monitor.test_watch import running

BORDER = "tbi-edge1"
INTEGER = 0x02


async def read(
    device: str, platform: str, port: int, credentials: Credentials, seconds_s: float = 1.0
) -> tuple[dict[str, object], list[Mapping[str, str]]]:
    """What is told of one device, and what its routing lacks, read after read."""
    whole = default_network()
    network = on_loopback(whole, {device: port})
    devices = dict(network.devices)
    devices[device] = replace(devices[device], platform=platform)
    network = replace(network, devices=devices, links=whole.links)
    settings = PollSettings(facts_interval_s=seconds_s)
    rows: list[Latest] = []
    lacking: list[Mapping[str, str]] = []
    facts = Facts(
        network, targets(on_loopback(whole, {device: port}), credentials),
        open_client(settings, Secrets({}, "nowhere")), settings, clock=SystemClock(),
        take=lambda _, found: lacking.append(found), tell=rows.append,
    )  # fmt: skip
    stop = asyncio.Event()
    asking = asyncio.create_task(facts.run(stop))
    facts.ask_now(device)
    await until(lambda: bool(rows) and bool(lacking), 30)
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
    address = next(a for a, (_, link) in expected.neighbours.items() if link == "kut-zes")
    lost = troubles("zes-rtr1", expected, Routing({**states, address: 3}, None, {}))
    world.watch.take_routing("zes-rtr1", lost)
    world.tick()
    entry = [each for each in world.states if each.subject.id == "kut-zes"][-1]
    assert entry.state is LinkState.DEGRADED
    neighbour = expected.neighbours[address][0]
    assert entry.reason == (
        f"zes-rtr1: OSPF adjacency with {neighbour} - expected full, found init"
    )
    assert told(entry.reason, "ka").startswith(f"zes-rtr1: OSPF მეზობლობა ({neighbour})")
    del states[address]
    gone = troubles("zes-rtr1", expected, Routing(states, None, {}))
    assert gone["kut-zes"].endswith("found -")
    world.watch.take_routing("zes-rtr1", {})  # it fell silent: that is no evidence
    world.tick()
    assert [each for each in world.states if each.subject.id == "kut-zes"][-1].state is LinkState.UP


def test_an_external_session_degrades_its_link_and_an_internal_one_is_shown() -> None:
    expected = expected_routing(default_network())[BORDER]
    found = Routing(None, {"192.0.2.2": 3}, {})
    lacking = troubles(BORDER, expected, found)
    assert list(lacking) == [f"{BORDER}:GigabitEthernet0/0/2"]
    assert "BGP session with central-government - expected established, found active" in str(
        list(lacking.values())
    )
    document = shown(expected, found)
    sessions = document["sessions"]
    assert isinstance(sessions, list)
    assert {each["peer"]: each["state"] for each in sessions if each["peer"].startswith("kut")} == {
        "kut-core1": "-", "kut-core2": "-", "kut-edge1": "-",
    }  # fmt: skip
