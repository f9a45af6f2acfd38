"""The live stream: a snapshot, then what changed; resumed where it broke; no queues."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.live import MAX_CLIENTS, RING_EVENTS, Event
from monitor.values import LinkState
from tests.api.conftest import World
from tests.api.filling import fill_poll, fill_trouble, turn

PATIENCE_S = 20.0


async def upcoming(events: AsyncIterator[Event]) -> tuple[str, Any]:
    event = await asyncio.wait_for(anext(events), PATIENCE_S)
    return event.name, json.loads(event.text)


async def ids_until(events: AsyncIterator[Event], name: str) -> str:
    while True:
        event = await asyncio.wait_for(anext(events), PATIENCE_S)
        if event.name == name:
            return event.id


async def test_a_new_client_gets_everything_first(world: World) -> None:
    name, whole = await upcoming(world.live.events(None))
    assert name == "snapshot"
    assert len(whole["links"]) == 91
    assert len(whole["devices"]) == 76
    assert whole["health"]["ok"] is True


async def test_only_what_changed_is_told(world: World) -> None:
    events = world.live.events(None)
    await upcoming(events)
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN, "ifOperStatus down")
    await world.live.refresh()
    name, changed = await upcoming(events)
    assert name == "links"
    assert [(one["id"], one["state"]) for one in changed] == [("kut-zes", "down")]


async def test_incidents_and_maintenance_are_told_when_they_come(world: World) -> None:
    events = world.live.events(None)
    await upcoming(events)
    fill_trouble(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    told = {(await upcoming(events))[0] for _ in range(4)}
    assert told == {"links", "devices", "incidents", "maintenance"}


async def test_a_client_goes_on_after_the_last_event_that_it_saw(world: World) -> None:
    events = world.live.events(None)
    await upcoming(events)
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN)
    await world.live.refresh()
    seen = await ids_until(events, "links")
    turn(world.writer, "kut-ter", world.clock.now, LinkState.DOWN)
    await world.live.refresh()
    name, changed = await upcoming(world.live.events(seen))
    assert name == "links"
    assert [one["id"] for one in changed] == ["kut-ter"]


@pytest.mark.parametrize("last_id", ["", "0-0", "nonsense", "1c-99999999", "é-1"])
async def test_an_id_that_is_not_remembered_gets_a_snapshot(world: World, last_id: str) -> None:
    name, _ = await upcoming(world.live.events(last_id))
    assert name == "snapshot"


async def test_a_client_that_fell_behind_gets_a_snapshot_and_no_queue_grows(world: World) -> None:
    slow = world.live.events(None)
    await upcoming(slow)
    for number in range(RING_EVENTS + 5):
        state = LinkState.DOWN if number % 2 else LinkState.UP
        turn(world.writer, "kut-zes", world.clock.now + number / 1000, state)
        await world.live.refresh()
    name, _ = await upcoming(slow)
    assert name == "snapshot"


async def test_all_clients_are_told_and_leave_nothing_behind(world: World) -> None:
    clients = [world.live.events(None) for _ in range(20)]
    for client in clients:
        await upcoming(client)
    assert world.live.clients == 20
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN)
    await world.live.refresh()
    for client in clients:
        assert (await upcoming(client))[0] == "links"
        await client.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert world.live.clients == 0


async def test_a_stale_network_is_told_once_and_not_every_second(world: World) -> None:
    events = world.live.events(None)
    await upcoming(events)
    world.clock.now += 60
    await world.live.refresh()
    told = [(await upcoming(events))[0] for _ in range(3)]
    assert told == ["links", "devices", "health"]
    before = world.live.sequence
    world.clock.now += 1
    await world.live.refresh()
    assert world.live.sequence == before


async def test_a_poll_is_told_with_its_numbers(world: World) -> None:
    events = world.live.events(None)
    await upcoming(events)
    world.clock.now += 10
    fill_poll(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    name, changed = await upcoming(events)
    assert name == "links"
    assert len(changed) == 91


async def test_streams_end_when_the_server_stops(world: World) -> None:
    events = world.live.events(None)
    await upcoming(events)
    world.live.close()
    with pytest.raises(StopAsyncIteration):
        await upcoming(events)


async def test_one_client_too_many_is_told_so(world: World) -> None:
    world.live.clients = MAX_CLIENTS
    answer = await world.client.get("/api/v1/events")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    world.live.clients = 0
