"""/api/v1/events: what changes, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.live import MAX_CLIENTS
from api.problems import Problem
from api.routes.common import answers
from api.showing import Showing

SEND_TIMEOUT_S = 20.0
RETRY_MS = 2000

DESCRIPTION = """
Events are `snapshot` (first, unless `Last-Event-ID` names an event that is still remembered),
`links`, `devices`, `incidents`, `maintenance`, `health` (what changed, with `id`), and `tick` at
least every 5 seconds, so that silence means a broken stream.
"""


def router(showing: Showing) -> APIRouter:
    """Routes under /api/v1."""
    routes = APIRouter(tags=["events"])
    live = showing.live

    async def messages(last_id: str | None) -> AsyncIterator[ServerSentEvent]:
        async for event in live.events(last_id):
            yield ServerSentEvent(event.text, event=event.name, id=event.id or None, retry=RETRY_MS)

    @routes.get(
        "/events",
        response_class=EventSourceResponse,
        responses=answers(None, 503, **{"text/event-stream": {"schema": {"type": "string"}}}),
        description=DESCRIPTION,
    )
    async def events(
        last_event_id: Annotated[str | None, Header(description="Resume after this one.")] = None,
    ) -> Response:
        if live.clients >= MAX_CLIENTS:
            raise Problem(
                503, f"{MAX_CLIENTS} clients are on the stream already", {"Retry-After": "10"}
            )
        return EventSourceResponse(
            messages(last_event_id),
            send_timeout=SEND_TIMEOUT_S,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes
