"""What /api/v1/links says: the contract's keys, filters, paging, validators, and the unknown."""

import math
from datetime import datetime
from typing import Any

import pytest

from api.routes.links import fitting_step
from monitor.values import LinkState
from tests.api.conftest import World
from tests.api.filling import fill_poll, sample, turn

KEYS = {
    "id", "state", "since", "as_of", "in_bps", "out_bps", "in_utilisation", "out_utilisation",
    "in_errors_ps", "out_errors_ps", "loss", "rtt_ms", "jitter_ms", "reason", "quality",
}  # fmt: skip


async def links(world: World, query: str = "") -> list[dict[str, Any]]:
    answer = await world.client.get(f"/api/v1/links{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_every_link_of_the_model_is_there_with_the_contracts_keys(world: World) -> None:
    found = await links(world)
    assert [one["id"] for one in found] == list(world.network.links)
    assert all(set(one) == KEYS for one in found)


async def test_rates_are_those_of_the_last_sample(world: World) -> None:
    link = world.network.links["kut-zes"]
    one = next(one for one in await links(world) if one["id"] == link.id)
    wanted = sample(link, world.clock.now)
    assert one["in_bps"] == wanted.value("in_bps")
    assert one["out_utilisation"] == pytest.approx(one["out_bps"] / link.bandwidth_bps)
    assert datetime.fromisoformat(one["as_of"]).timestamp() == world.clock.now
    assert one["as_of"].endswith("Z")


async def test_a_link_without_a_reading_has_nulls_and_never_zeros(world: World) -> None:
    world.clock.now += 10
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN, "ifOperStatus down")
    fill_poll(world.writer, world.network, world.clock.now, frozenset({"kut-zes"}))
    await world.live.refresh()
    one = next(one for one in await links(world) if one["id"] == "kut-zes")
    assert one["state"] == "down"
    assert one["reason"] == "ifOperStatus down"
    numbers = [one[key] for key in KEYS if key.endswith(("_bps", "_utilisation", "_ps"))]
    assert numbers == [None] * 6
    assert (one["loss"], one["rtt_ms"]) == (None, None)


async def test_everything_turns_unknown_by_itself_when_nobody_polls(world: World) -> None:
    world.clock.now += world.settings.alarms.stale_after_s + 1
    await world.live.refresh()
    found = await links(world)
    assert {one["state"] for one in found} == {"unknown"}
    assert {one["in_bps"] for one in found} == {None}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=down", {"kut-zes"}),
        ("?state=down,degraded", {"kut-zes", "zes-sch"}),
        ("?state=down&state=degraded", {"kut-zes", "zes-sch"}),
        ("?role=tbilisi-backup", {"kut-tbi-2"}),
        ("?device=zes-rtr1&role=wan-primary", {"kut-zes", "zes-kha"}),
        ("?site=zes-sch", {"zes-sch", "zes-sch-acc"}),
    ],
)
async def test_filters_choose_by_state_and_place(
    world: World, query: str, expected: set[str]
) -> None:
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN)
    turn(world.writer, "zes-sch", world.clock.now, LinkState.DEGRADED)
    await world.live.refresh()
    assert {one["id"] for one in await links(world, query)} == expected


@pytest.mark.parametrize("query", ["?state=gone", "?site=nowhere", "?limit=0", "?offset=-1"])
async def test_a_filter_that_nothing_can_match_is_refused(world: World, query: str) -> None:
    answer = await world.client.get(f"/api/v1/links{query}")
    assert answer.status_code == 422
    name = query.removeprefix("?").split("=")[0]
    assert name in answer.json()["detail"]


async def test_pages_lead_through_all_links_once(world: World) -> None:
    seen: list[str] = []
    address: str | None = "/api/v1/links?limit=20"
    while address:
        answer = await world.client.get(address)
        assert answer.headers["x-total-count"] == "91"
        seen += [one["id"] for one in answer.json()]
        following = answer.links.get("next")
        address = following["url"] if following else None
    assert seen == list(world.network.links)


@pytest.mark.parametrize(
    "path", ["/api/v1/links", "/api/v1/links/kut-zes", "/api/v1/topology", "/"]
)
async def test_an_unchanged_answer_is_not_sent_again(world: World, path: str) -> None:
    first = await world.client.get(path)
    known = {"If-None-Match": first.headers["etag"]}
    again = await world.client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN)
    await world.live.refresh()
    changed = await world.client.get(path, headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_one_link_says_what_it_is_and_how_it_is(world: World) -> None:
    answer = await world.client.get("/api/v1/links/kut-zes")
    one = answer.json()
    link = world.network.links["kut-zes"]
    assert one["a"]["device"] == link.a.device
    assert one["a"]["address"] == str(link.a.ipv4)
    assert one["bandwidth_bps"] == link.bandwidth_bps
    assert one["state"] == "up"


async def test_a_series_is_what_was_stored_with_gaps_as_null(world: World) -> None:
    answer = await world.client.get(
        "/api/v1/links/kut-zes/series?metric=out_bps&from=2027-01-15T07:00:00Z"
        "&to=2027-01-15T08:00:00Z&step=10m"
    )
    series = answer.json()
    assert series["step_s"] == 600
    assert len(series["at"]) == len(series["mean"]) == len(series["maximum"]) == 6
    link = world.network.links["kut-zes"]
    stored = sample(link, world.clock.now - 3600, 600).value("out_bps")
    assert any(mean is not None and math.isclose(mean, stored or 0) for mean in series["mean"])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?metric=volts",
        "?metric=in_bps&step=fast",
        "?metric=in_bps&step=0",
        "?metric=in_bps&step=1&from=2020-01-01T00:00:00Z",
        "?metric=in_bps&from=yesterday",
        "?metric=in_bps&from=2027-01-15T08:00:00",
        "?metric=in_bps&from=2028-01-01T00:00:00Z",
    ],
)
async def test_a_series_that_cannot_be_is_refused_with_the_reason(world: World, query: str) -> None:
    answer = await world.client.get(f"/api/v1/links/kut-zes/series{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize("duration_s", [1, 3600, 86400, 7 * 86400, 31 * 86400, 366 * 86400])
def test_the_step_that_is_chosen_fits_a_graph(duration_s: int) -> None:
    assert duration_s / fitting_step(duration_s) <= 360


async def test_metrics_leave_out_what_is_not_known(world: World) -> None:
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN)
    fill_poll(world.writer, world.network, world.clock.now + 1, frozenset({"kut-zes"}))
    world.clock.now += 1
    await world.live.refresh()
    page = (await world.client.get("/metrics")).text
    assert 'imereti_link_state{link="kut-zes",state="down"} 1.0' in page
    assert 'imereti_link_receive_bits_per_second{link="zes-kha"}' in page
    assert 'imereti_link_receive_bits_per_second{link="kut-zes"}' not in page
