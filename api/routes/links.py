"""/api/v1/links: how every link is, what one is, and its past."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api import documents
from api.answers import Page, answer, page_of, rows
from api.problems import Problem
from api.routes.common import From, To, answers, known, period, step_seconds
from api.schemas import LinkNow, LinkWhole, Series
from api.series import SeriesReader
from api.showing import Showing
from inventory.model import Link, LinkRole
from monitor.metrics import SERIES_METRICS
from monitor.values import LinkState

MAX_POINTS = 3000
WANTED_POINTS = 360
NICE_STEPS_S = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 604800)

Many = Annotated[list[str], Query(description="Repeatable, or a comma list.")]


def router(showing: Showing) -> APIRouter:
    """Routes under /api/v1."""
    routes = APIRouter(tags=["links"])
    network, live = showing.network, showing.live
    reader = SeriesReader(showing.store, live)

    @routes.get("/links", responses=answers(list[LinkNow], 422))
    async def links(
        request: Request,
        *,
        page: Annotated[Page, Depends(page_of)],
        state: Many = [],  # noqa: B006  (FastAPI copies it)
        role: Many = [],  # noqa: B006
        site: Many = [],  # noqa: B006
        device: Many = [],  # noqa: B006
        provider: Many = [],  # noqa: B006
    ) -> Response:
        """How every link is now, in the order of ids."""
        if not request.url.query:
            headers = {"X-Total-Count": str(len(network.links))}
            etag = f'"{network.revision}-{live.sequence}"'
            return answer(request, live.links_json, headers=headers, etag=etag)
        states = known("state", state, list(LinkState))
        roles = known("role", role, list(LinkRole))
        sites = known("site", site, network.sites)
        devices = known("device", device, network.devices)
        providers = known("provider", provider, {link.provider for link in network.links.values()})

        def wanted(link: Link) -> bool:
            ends = {link.a.device, link.b.device}
            places = {network.devices[end].site for end in ends}
            return (
                (not states or live.now.links[link.id].state in states)
                and (not roles or link.role in roles)
                and (not sites or bool(places & sites))
                and (not devices or bool(ends & devices))
                and (not providers or link.provider in providers)
            )

        chosen = [link.id for link in network.links.values() if wanted(link)]
        return rows(request, page, [documents.link_now(live.now.links[link]) for link in chosen])

    @routes.get("/links/{link_id}", responses=answers(LinkWhole, 404))
    async def link(request: Request, link_id: str) -> Response:
        """One link: both ends, circuit, and how it is now."""
        one = _link(showing, link_id)
        document = documents.link_whole(one, live.now.links[one.id])
        return answer(request, documents.dumps(document))

    @routes.get("/links/{link_id}/series", responses=answers(Series, 404, 422, 503))
    async def series(
        request: Request,
        link_id: str,
        *,
        metric: Annotated[str, Query(description="One of " + ", ".join(SERIES_METRICS))],
        start: From = None,
        end: To = None,
        step: Annotated[
            str, Query(description="Bucket: seconds, or 30s, 5m, 1h, 1d; empty: chosen to fit.")
        ] = "",
    ) -> Response:
        """One metric over time; the last hour unless `from` says otherwise."""
        one = _link(showing, link_id)
        if metric not in SERIES_METRICS:
            expected = ", ".join(SERIES_METRICS)
            raise Problem(422, f"metric: expected one of {expected}, found {metric!r}")
        first, last = period(start, end, showing.clock(), 3600)
        step_s = step_seconds(step) if step else fitting_step(last - first)
        if (last - first) / step_s > MAX_POINTS:
            raise Problem(
                422, f"step: {step_s} s gives more than {MAX_POINTS} points; take a longer one"
            )
        return answer(request, await reader.read(one.id, metric, first, last, step_s))

    return routes


def fitting_step(duration_s: float) -> int:
    """The shortest round step that gives at most WANTED_POINTS buckets."""
    fitting = (step for step in NICE_STEPS_S if duration_s / step <= WANTED_POINTS)
    return next(fitting, NICE_STEPS_S[-1])


def _link(showing: Showing, link_id: str) -> Link:
    if link_id not in showing.network.links:
        raise Problem(404, f"there is no link {link_id!r} in the inventory")
    return showing.network.links[link_id]
