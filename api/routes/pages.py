"""Pages of what is: /, /links/{id}, /sites/{code}."""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import documents, reports, views
from api.availability import month_start
from api.history import RANGES, LinkHistory, first_range, link_history, path_to_core
from api.layout import MAN
from api.pages import Pages
from api.problems import Problem
from api.showing import Showing
from api.texts import text
from monitor.probes_plan import probe_plan
from monitor.store.base import DeviceEvent
from monitor.values import LinkState

MONTHS_SHOWN = 13
CLOSED_SHOWN_S = 30 * 86400
EVENTS_SHOWN = 20
NO_FACTS = {"cpu": None, "memory": None, "temperature_c": None, "adjacencies": None}
"""Of a device that told nothing of itself lately."""
MONTH_PATTERN = r"^(19|20)\d\d-(0[1-9]|1[0-2])$"
GRAPHS = (
    ("traffic", "in_bps out_bps", "unit.mbps"),
    ("errors", "in_errors_ps out_errors_ps", "unit.per_s"),
    ("discards", "in_discards_ps out_discards_ps", "unit.per_s"),
    ("rtt", "rtt_ms", "unit.ms"),
    ("jitter", "jitter_ms", "unit.ms"),
    ("loss", "loss", ""),
)


def router(showing: Showing, pages: Pages) -> APIRouter:
    """Routes at the root; none of them is part of the API's document."""
    routes = APIRouter(include_in_schema=False)
    network, live = showing.network, showing.live
    far_ends = {each.link: each.device for each in probe_plan(network).links}

    @routes.get("/")
    async def now(request: Request, state: str = "") -> Response:
        return pages.draw(request, "now.html", "now", **_now_values(showing, pages, request, state))

    @routes.get("/links/{link_id}")
    async def link(
        request: Request,
        link_id: str,
        period: Annotated[str, Query(alias="range")] = "",
    ) -> Response:
        if link_id not in network.links:
            raise Problem(404, f"there is no link {link_id!r} in the inventory")
        end = showing.clock()
        chosen = period
        if chosen not in RANGES:
            chosen = await asyncio.to_thread(first_range, showing.store, link_id, end)
        start = end - RANGES[chosen]
        month = month_start(end, network.region.timezone)
        history = await asyncio.to_thread(link_history, showing.store, link_id, start, end, month)
        language = pages.language(request)
        return pages.draw(
            request, "link.html", "link",
            link=network.links[link_id], status=live.now.links[link_id], range=chosen,
            ranges=RANGES, start=start, end=end, segments=history.segments, month=history.month,
            numbers=history.numbers, marks=_marks(history),
            events=await _told(showing, (network.links[link_id].a.device,
                                         network.links[link_id].b.device)),
            graphs=[(n, m, text(u, language) if u else "%") for n, m, u in GRAPHS],
        )  # fmt: skip

    @routes.get("/sites/{code}")
    async def site(request: Request, code: str) -> Response:
        if code not in network.sites:
            raise Problem(404, f"there is no site {code!r} in the inventory")
        one, end = network.sites[code], showing.clock()
        month = await asyncio.to_thread(
            reports.site_shares, showing.store, network, one,
            month_start(end, network.region.timezone), end,
        )  # fmt: skip
        states = {device: status.state for device, status in live.now.devices.items()}
        touching = [link for link in network.links if documents.touches(network, link, code)]
        return pages.draw(
            request, "site.html", "site",
            site=one, state=documents.site_state(one, network, states), month=month,
            devices=[(network.devices[n], live.now.devices[n]) for n in one.devices],
            rows=views.rows_of(touching, network, live.now),
            path=path_to_core(network, one, live.now),
            states={link: status.state for link, status in live.now.links.items()},
            pings=views.ping_rows(code, touching, far_ends, live.now),
            routing=views.routing_rows(one.devices, live.now),
            services=views.service_rows(network, live.now, code),
            facts=live.now.facts, no_facts=NO_FACTS, events=await _told(showing, one.devices),
        )  # fmt: skip

    return routes


async def _told(showing: Showing, devices: Iterable[str]) -> tuple[DeviceEvent, ...]:
    """The last traps and log lines of these devices; StoreError is a page of its own."""
    return await asyncio.to_thread(showing.store.events, tuple(devices), EVENTS_SHOWN)


def _now_values(showing: Showing, pages: Pages, request: Request, state: str) -> dict[str, Any]:
    network, now = showing.network, showing.live.now
    layout = pages.layout(pages.language(request))
    return {
        "counts": views.counts(now),
        "total": len(network.links),
        "devices": len(network.devices),
        "answering": sum(each.state is LinkState.UP for each in now.devices.values()),
        "only": state if state in set(LinkState) else "",
        "incidents": now.incidents,
        "loose": views.loose(network, now),
        "hits_shown": views.HITS_SHOWN,
        "loose_shown": views.LOOSE_SHOWN,
        "columns": views.columns(network, now),
        "layout": layout,
        "inset_top": MAN.top,
        "wires": views.wire_views(layout, now),
        "discs": views.disc_views(layout, network, now),
    }


def _marks(history: LinkHistory) -> list[list[Any]]:
    """[start, end, state] of every span that was not simply up, for the graphs."""
    return [
        [round(part.start), round(part.end), str(part.state)]
        for part in history.segments
        if part.state is not LinkState.UP
    ]
