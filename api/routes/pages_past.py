"""Pages for people at work and for citizens: /incidents, /reports, /public."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response

from api import documents, reports, views
from api.pages import Pages
from api.problems import Problem
from api.routes.incidents import LARGEST_ID
from api.showing import Showing
from inventory.model import Site, SiteRole
from monitor.values import IncidentState, LinkState

MONTHS_SHOWN = 13
CLOSED_SHOWN_S = 30 * 86400
MONTH_PATTERN = r"^((19[7-9]|20\d)\d-(0[1-9]|1[0-2]))?$"


def router(showing: Showing, pages: Pages) -> APIRouter:
    """Routes at the root; none of them is part of the API's document."""
    routes = APIRouter(include_in_schema=False)
    network, live = showing.network, showing.live

    @routes.get("/incidents")
    async def incidents(request: Request) -> Response:
        since = showing.clock() - CLOSED_SHOWN_S
        closed = await asyncio.to_thread(
            showing.store.incidents, [IncidentState.CLOSED], since, 200
        )
        return pages.draw(
            request, "incidents.html", "incidents", incidents=live.now.incidents, closed=closed
        )

    @routes.get("/services")
    async def services(request: Request) -> Response:
        asked = views.service_rows(network, live.now)
        return pages.draw(request, "services.html", "services", services=asked)

    @routes.get("/incidents/{number}")
    async def incident(
        request: Request, number: Annotated[int, Path(ge=0, le=LARGEST_ID)]
    ) -> Response:
        one = await asyncio.to_thread(showing.store.incident, number)
        if one is None:
            raise Problem(404, f"there is no incident {number}")
        return pages.draw(request, "incident.html", "incidents", one=one)

    @routes.get("/reports")
    async def report(
        request: Request,
        by: Literal["site", "link", "provider"] = "site",
        month: Annotated[str, Query(pattern=MONTH_PATTERN)] = "",
    ) -> Response:
        zone = ZoneInfo(network.region.timezone)
        months = _months(showing.clock(), zone)
        chosen = month or months[0]
        start, end = _month_bounds(chosen, zone, showing.clock())
        rows = await asyncio.to_thread(reports.availability, showing.store, network, by, start, end)
        period = urlencode(
            {"from": documents.timestamp(start) or "", "to": documents.timestamp(end) or ""}
        )
        return pages.draw(
            request, "reports.html", "reports",
            by=by, month=chosen, months=months, rows=rows, period=period,
        )  # fmt: skip

    @routes.get("/public")
    async def public(request: Request) -> Response:
        return pages.draw(request, "public.html", "public", **_public_values(showing))

    return routes


def _months(at: float, zone: ZoneInfo) -> list[str]:
    here = datetime.fromtimestamp(at, UTC).astimezone(zone)
    count = here.year * 12 + here.month - 1
    return [f"{m // 12}-{m % 12 + 1:02}" for m in range(count, count - MONTHS_SHOWN, -1)]


def _month_bounds(month: str, zone: ZoneInfo, at: float) -> tuple[float, float]:
    year, number = (int(part) for part in month.split("-"))
    start = datetime(year, number, 1, tzinfo=zone)
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    end = min(after.timestamp(), at)
    if start.timestamp() >= end:
        raise Problem(422, f"month: expected one that has begun, found {month}")
    return start.timestamp(), end


def _public_values(showing: Showing) -> dict[str, Any]:
    network, now = showing.network, showing.live.now
    devices = {device: status.state for device, status in now.devices.items()}

    def places(role: SiteRole) -> list[tuple[Site, LinkState]]:
        return [
            (site, documents.site_state(site, network, devices))
            for site in network.sites.values()
            if site.role is role
        ]

    districts, schools = places(SiteRole.DISTRICT), places(SiteRole.SCHOOL)
    states = [state for _, state in (*districts, *schools)]
    return {
        "districts": districts,
        "schools": schools,
        "overall": documents.worst(states),
        "down": states.count(LinkState.DOWN),
        "unknown": states.count(LinkState.UNKNOWN),
        "planned": states.count(LinkState.MAINTENANCE),
        "last_poll": now.health.last_poll,
    }
