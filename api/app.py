"""The application: routes, errors, headers and the task that follows the store."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.staticfiles import StaticFiles

from api import problems
from api.answers import answer
from api.documents import dumps
from api.headers import SecurityHeaders
from api.live import Live
from api.pages import Pages
from api.routes import incidents, inventory, links, operation, pages, pages_past, stream, told
from api.showing import Showing
from inventory.model import Network
from inventory.settings import Settings
from monitor.store.base import Store


class _Static(StaticFiles):
    """Files that a browser asks about each time: a new release shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, or 304."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


STATIC = Path(__file__).parent / "static"
API = "/api/v1"
DESCRIPTION = """
The state of the network and its past. Times are RFC 3339 in UTC, rates bits a second, ratios 0 to
1; what is not known is null. Lists take `limit` and `offset`, say the total in `X-Total-Count` and
the neighbouring pages in `Link`. Answers carry an `ETag`. Errors are RFC 9457 problem documents.
"""


def create_app(
    settings: Settings,
    network: Network,
    store: Store,
    clock: Callable[[], float] = time.time,
) -> FastAPI:
    """The API and the dashboard over one network and one store, which it only reads."""
    live = Live(settings, network, store, clock)
    showing = Showing(settings, network, store, live, clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await live.refresh()
        task = asyncio.create_task(live.run(), name="follow the store")
        yield
        live.close()
        await task

    release = version("imereti")
    app = FastAPI(
        title="Imereti network toolkit",
        version=release,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    app.state.live = live
    drawn = Pages(showing)
    problems.install(app, drawn.error)
    app.add_middleware(SecurityHeaders)
    app.include_router(operation.router(showing, release))
    for module in (inventory, told, links, incidents, stream):
        app.include_router(module.router(showing), prefix=API)
    for screens in (pages, pages_past):
        app.include_router(screens.router(showing, drawn))
    app.mount("/static", _Static(directory=STATIC), name="static")

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        return answer(request, dumps(openapi_document(app)))

    return app


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1, with errors under their real media type."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
    )
    for path in document["paths"].values():
        for operation_ in path.values():
            for status, response in operation_["responses"].items():
                content = response.get("content", {})
                if status >= "400" and "application/json" in content:
                    content[problems.MEDIA_TYPE] = content.pop("application/json")
    app.openapi_schema = document
    return document
