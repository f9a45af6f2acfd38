"""What devices tell, services and the monitor's own counts: in the API, on pages, in /metrics."""

import json

from tests.api.conftest import World
from tests.api.filling import fill_notes


async def test_a_device_tells_its_health_and_what_it_told_before(world: World) -> None:
    fill_notes(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    device = (await world.client.get("/api/v1/devices/zes-rtr1")).json()
    assert (device["cpu"], device["memory"], device["temperature_c"]) == (0.07, 0.41, 38.0)
    assert (device["adjacencies"], device["expected_adjacencies"]) == (1, 2)
    silent = (await world.client.get("/api/v1/devices/kut-core1")).json()
    assert (silent["cpu"], silent["adjacencies"], silent["sessions"]) == (None, None, [])
    told = (await world.client.get("/api/v1/devices/zes-rtr1/events")).json()
    assert [each["source"] for each in told] == ["syslog", "trap"]  # newest first
    assert told[1]["text"] == "linkDown: Gi0/0/0, ifOperStatus down"
    world.clock.now += 3600  # nobody asked for an hour: what was told is not known any more
    await world.live.refresh()
    assert (await world.client.get("/api/v1/devices/zes-rtr1")).json()["cpu"] is None


async def test_services_are_listed_and_turn_unknown_when_nobody_asks_them(world: World) -> None:
    fill_notes(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    services = {one["id"]: one for one in (await world.client.get("/api/v1/services")).json()}
    assert services["website"]["state"] == "down"
    assert services["website"]["reason"] == "HTTP status - expected 200, found 503"
    assert services["inmis"]["certificate_days"] == 71.5
    down = (await world.client.get("/api/v1/services?state=down")).json()
    assert [one["id"] for one in down] == ["website"]
    world.clock.now += 3600
    await world.live.refresh()
    for one in (await world.client.get("/api/v1/services")).json():
        assert (one["state"], one["took_ms"], one["certificate_days"]) == ("unknown", None, None)


async def test_pages_show_them_in_both_languages(world: World) -> None:
    fill_notes(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    page = (await world.client.get("/services?lang=ka")).text
    assert "HTTP სტატუსი – უნდა იყოს 200, არის 503" in page
    assert 'data-key="service-website" data-state="down"' in page
    site = (await world.client.get("/sites/zes?lang=en")).text
    assert "linkDown: Gi0/0/0, ifOperStatus down" in site
    assert "1/2" in site
    link = (await world.client.get("/links/kut-zes?lang=ka")).text
    assert "ospfNbrStateChange: 10.254.0.13, down" in link
    assert "ტრაპები და ჟურნალი" in link


async def test_metrics_count_what_was_heard_and_pinged(world: World) -> None:
    fill_notes(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    lines = (await world.client.get("/metrics")).text.splitlines()
    for wanted in (
        "imereti_traps_received_total 3.0",
        "imereti_syslog_received_total 1.0",
        "imereti_probes_sent_total 900.0",
        "imereti_probe_targets 240.0",
        'imereti_device_cpu_ratio{device="zes-rtr1"} 0.07',
        'imereti_service_state{service="website",state="down"} 1.0',
    ):
        assert wanted in lines


async def test_a_service_that_changes_is_told_to_whoever_follows(world: World) -> None:
    await world.live.refresh()
    events = world.live.events(None)
    await anext(events)  # the snapshot
    fill_notes(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    event = await anext(events)
    assert event.name == "services"
    told = {one["id"]: one["state"] for one in json.loads(event.text)}
    assert told == {"inmis": "up", "resolver": "up", "website": "down"}
