"""What devices tell, services and the monitor's own counts: in the API, on pages, in /metrics."""

import json
import re

from tests.api.conftest import World
from tests.api.filling import fill_notes, sample


async def test_a_device_tells_its_health_and_what_it_told_before(world: World) -> None:
    fill_notes(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    device = (await world.client.get("/api/v1/devices/zes-rtr1")).json()
    assert (device["cpu"], device["memory"], device["temperature_c"]) == (0.07, 0.41, 38.0)
    assert (device["adjacencies"], device["expected_adjacencies"]) == (1, 2)
    assert (device["adjacencies6"], device["expected_adjacencies6"]) == (2, 2)
    assert device["neighbours"][1] == {
        "neighbour": "kut-core2", "link": "kut-zes", "state": "init", "state6": "full",
    }  # fmt: skip
    border = (await world.client.get("/api/v1/devices/tbi-edge1")).json()
    assert [each["prefixes"] for each in border["sessions"]] == [2, None]
    assert border["neighbours"] == []
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
    assert (services["inmis"]["expected_status"], services["inmis"]["answer"]) == (200, None)
    assert (services["resolver"]["query"], services["resolver"]["answer"]) == (
        "inmis.imereti.example", "10.50.1.80",
    )  # fmt: skip
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
    website = re.search(r'data-key="service-website" data-state="down".*?</tr>', page)
    assert website
    assert ">503<" in website[0]
    assert ">9<" in website[0]  # days
    site = (await world.client.get("/sites/zes?lang=en")).text
    assert "linkDown: Gi0/0/0, ifOperStatus down" in site
    assert 'data-key="service-' not in site
    hub = (await world.client.get("/sites/kut?lang=ka")).text
    assert set(re.findall(r'data-key="service-(\w+)" data-state="(\w+)"', hub)) == {
        ("inmis", "up"), ("resolver", "up"),
    }  # fmt: skip
    assert "1/2" in site
    lost = re.search(r'data-key="routing-zes-rtr1-kut-zes" data-state="degraded".*?</tr>', site)
    assert lost
    assert ">init<" in lost[0]
    assert 'data-key="routing-zes-rtr1-kha-zes" data-state="up"' in site
    border = (await world.client.get("/sites/tbi?lang=ka")).text
    assert "მარშრუტიზაცია" in border
    assert 'data-key="routing-tbi-edge1-192.0.2.2" data-state="up"' in border
    assert 'data-key="routing-tbi-edge1-10.255.0.1" data-state="degraded"' in border
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
        'imereti_device_ospfv3_adjacencies{device="zes-rtr1"} 2.0',
        'imereti_bgp_session_established{device="tbi-edge1",peer="central-government"} 1.0',
        'imereti_bgp_session_established{device="tbi-edge1",peer="kut-core1"} 0.0',
        'imereti_bgp_prefixes{device="tbi-edge1",peer="central-government"} 2.0',
        'imereti_site_rtt_milliseconds{site="zes"} 4.21',
        'imereti_service_state{service="website",state="down"} 1.0',
        'imereti_site_snmp_packets_total{site="zes",way="sent"} 120.0',
        'imereti_site_snmp_packets_total{site="zes",way="received"} 118.0',
        'imereti_site_snmp_bytes_total{site="zes",way="sent"} 24000.0',
        'imereti_site_snmp_bytes_total{site="zes",way="received"} 150000.0',
    ):
        assert wanted in lines
    assert not any(
        line.startswith("imereti_bgp_prefixes") and "kut-core1" in line for line in lines
    )


async def test_pings_of_a_site_and_of_its_links_are_told(world: World) -> None:
    fill_notes(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    sites = {one["id"]: one for one in (await world.client.get("/api/v1/sites")).json()}
    zes = sites["zes"]
    assert (zes["loss"], zes["rtt_ms"], zes["jitter_ms"]) == (0.05, 4.21, 0.37)
    assert (sites["kho"]["loss"], sites["kho"]["rtt_ms"]) == (None, None)
    for language, words in (
        ("en", ("Pings", "the site itself")),
        ("ka", ("პინგი", "თავად ობიექტი")),
    ):
        page = (await world.client.get(f"/sites/zes?lang={language}")).text
        assert all(each in page for each in words)
        itself = re.search(r'<tr data-key="ping-">(.*?)</tr>', page)
        assert itself
        assert re.findall(r'<td class="n">(.*?)</td>', itself[1]) == ["5.0 %", "4.21", "0.37"]
        link = sample(world.network.links["kut-zes"], world.clock.now)
        far = re.search(r'<tr data-key="ping-kut-zes">(.*?)</tr>', page)
        assert far
        assert "zes-rtr1" in far[1]  # it is further from the NOC than kut-core2
        assert f">{link.value('jitter_ms'):.2f}<" in far[1]
    world.clock.now += 3600
    await world.live.refresh()
    assert (await world.client.get("/api/v1/sites")).json()[0]["rtt_ms"] is None
    assert "ping-" not in (await world.client.get("/sites/zes")).text  # nobody pings any more


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
