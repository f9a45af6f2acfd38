"""RFC 9457: every error of the API is a problem document; a person gets a page instead."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.documents import dumps
from inventory.errors import ImeretiError, StoreError

MEDIA_TYPE = "application/problem+json"
ErrorPage = Callable[[Request, int, str], Response]


class Problem(HTTPException):
    """Raised by a route; `detail` tells a person what was expected and what was found."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)


def problem(
    request: Request,
    status: int,
    detail: str,
    headers: dict[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> Response:
    """The problem document of one failed request."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    if errors:
        document["errors"] = errors
    whole = {"Cache-Control": "no-store"} | dict(headers or {})
    return Response(dumps(document), status, whole, MEDIA_TYPE)


def install(app: FastAPI, page: ErrorPage) -> None:
    """Handle everything that a route can raise; `page` draws errors for browsers."""

    def answer(request: Request, status: int, detail: str, **more: Any) -> Response:
        api = request.url.path.startswith("/api/") or "html" not in request.headers.get(
            "accept", ""
        )
        return problem(request, status, detail, **more) if api else page(request, status, detail)

    async def raised(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  (what it is registered for)
        detail = error.detail
        if detail == HTTPStatus(error.status_code).phrase:
            detail = f"{request.method} {request.url.path}: {detail.lower()}"
        return answer(request, error.status_code, detail, headers=dict(error.headers or {}))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        errors = [
            {
                "where": ".".join(str(part) for part in item["loc"]),
                "message": f"{item['msg']}, found {item['input']!r}",
            }
            for item in error.errors()
        ]
        detail = "; ".join(f"{each['where']}: {each['message']}" for each in errors)
        return answer(request, 422, detail, errors=errors)

    async def away(request: Request, error: Exception) -> Response:
        return answer(request, 503, str(error), headers={"Retry-After": "5"})

    async def wrong(request: Request, error: Exception) -> Response:
        return answer(request, 500, str(error))

    async def crashed(request: Request, error: Exception) -> Response:
        structlog.get_logger("api").error(
            "request failed", path=request.url.path, error=repr(error), exc_info=error
        )
        return answer(request, 500, "an error in this program; its log has the details")

    app.add_exception_handler(HTTPException, raised)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(StoreError, away)
    app.add_exception_handler(ImeretiError, wrong)
    app.add_exception_handler(Exception, crashed)
