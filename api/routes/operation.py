"""/healthz, /readyz, /metrics: for the machines that look after this one."""

from fastapi import APIRouter, Request, Response

from api import documents, metrics
from api.answers import JSON
from api.problems import problem
from api.routes.common import answers
from api.schemas import Alive, Readiness
from api.showing import Showing

NO_STORE = {"Cache-Control": "no-store"}


def router(showing: Showing, version: str) -> APIRouter:
    """Routes at the root."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/healthz", responses=answers(Alive))
    async def healthz() -> Response:
        """The process lives."""
        return Response(documents.dumps({"ok": True, "version": version}), 200, NO_STORE, JSON)

    @routes.get("/readyz", responses=answers(Readiness, 503))
    async def readyz(request: Request) -> Response:
        """The store can be read and the last poll is fresh; 503 says which is not."""
        await showing.live.refresh()
        now = showing.live.now
        if not now.health.ok:
            return problem(request, 503, now.health.reason, {"Retry-After": "5"})
        return Response(documents.dumps(documents.readiness(now)), 200, NO_STORE, JSON)

    @routes.get(
        "/metrics",
        responses=answers(None, **{"text/plain": {"schema": {"type": "string"}}}),
        response_class=Response,
    )
    async def prometheus() -> Response:
        """What is known now, for Prometheus."""
        return Response(metrics.exposition(showing), 200, NO_STORE, metrics.CONTENT_TYPE)

    return routes
