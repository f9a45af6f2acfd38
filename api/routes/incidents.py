"""/api/v1/incidents, /maintenance, /reports: what people work with."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api import documents, reports
from api.answers import MAX_PAGE, Page, answer, page_of, rows
from api.availability import month_start
from api.now import WINDOW_AHEAD_S
from api.problems import Problem
from api.routes.common import From, To, answers, known, period
from api.schemas import AvailabilityReport, IncidentShape, WindowShape
from api.showing import Showing
from monitor.values import IncidentState

Many = Annotated[list[str], Query(description="Repeatable, or a comma list.")]
LARGEST_ID = 2**63 - 1
TEXT_CSV = {"text/csv": {"schema": {"type": "string"}}}


def router(showing: Showing) -> APIRouter:
    """Routes under /api/v1."""
    routes = APIRouter()
    store = showing.store

    @routes.get(
        "/incidents",
        tags=["incidents"],
        responses=answers(list[IncidentShape], 422, 503),
    )
    async def incidents(
        request: Request,
        page: Annotated[Page, Depends(page_of)],
        state: Many = [],  # noqa: B006  (FastAPI copies it)
        start: From = None,
    ) -> Response:
        """Worst and newest first; `from` leaves out those that were closed before it."""
        states = [IncidentState(each) for each in known("state", state, list(IncidentState))]
        since = start.timestamp() if start else 0.0
        found = await asyncio.to_thread(store.incidents, states, since, MAX_PAGE)
        return rows(request, page, [documents.incident(one) for one in found])

    @routes.get(
        "/incidents/{number}",
        tags=["incidents"],
        responses=answers(IncidentShape, 404, 422, 503),
    )
    async def incident(
        request: Request, number: Annotated[int, Path(ge=0, le=LARGEST_ID)]
    ) -> Response:
        """One incident with its timeline."""
        found = await asyncio.to_thread(store.incident, number)
        if found is None:
            raise Problem(404, f"there is no incident {number}")
        return answer(request, documents.dumps(documents.incident(found)))

    @routes.get(
        "/maintenance",
        tags=["maintenance"],
        responses=answers(list[WindowShape], 422, 503),
    )
    async def maintenance(
        request: Request,
        page: Annotated[Page, Depends(page_of)],
        start: From = None,
        end: To = None,
    ) -> Response:
        """Windows that overlap the period: from now, a week ahead, unless it is given."""
        now = showing.clock()
        first = start.timestamp() if start else now
        last = end.timestamp() if end else max(first, now) + WINDOW_AHEAD_S
        if first >= last:
            raise Problem(422, "from: expected a time before `to`")
        found = await asyncio.to_thread(store.windows, first, last)
        return rows(request, page, [documents.window(one) for one in found])

    @routes.get(
        "/reports/availability",
        tags=["reports"],
        responses=answers(
            AvailabilityReport, 422, 503, **{"text/csv": {"schema": {"type": "string"}}}
        ),
    )
    async def availability(
        request: Request,
        start: From = None,
        end: To = None,
        by: Annotated[
            Literal["site", "link", "provider"], Query(description="What a row is.")
        ] = "site",
        form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    ) -> Response:
        """Availability against target; this month unless the period is given."""
        now = showing.clock()
        month = now - month_start(now, showing.network.region.timezone)
        first, last = period(start, end, now, month)
        table = await asyncio.to_thread(
            reports.availability, store, showing.network, by, first, last
        )
        if form == "csv":
            headers = {"Content-Disposition": f'attachment; filename="availability-{by}.csv"'}
            body = reports.as_csv(table).encode()
            return answer(request, body, "text/csv; charset=utf-8", headers)
        return answer(request, documents.dumps(reports.document(by, first, last, table)))

    return routes
