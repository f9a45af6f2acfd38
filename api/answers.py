"""Answers of the read endpoints: ETag, 304, paging."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Query, Request, Response
from starlette.datastructures import URL

from api.documents import dumps

JSON = "application/json"
MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted."""

    limit: int
    offset: int


async def page_of(
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Rows at most.")] = MAX_PAGE,
    offset: Annotated[int, Query(ge=0, description="Rows to skip.")] = 0,
) -> Page:
    """Dependency: the query's paging."""
    return Page(limit, offset)


def etag_of(body: bytes) -> str:
    """A strong validator of these bytes."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def answer(
    request: Request,
    body: bytes,
    media_type: str = JSON,
    headers: dict[str, str] | None = None,
    etag: str = "",
) -> Response:
    """The body, or 304 when the client has it already."""
    tag = etag or etag_of(body)
    whole = {"ETag": tag, "Cache-Control": "no-cache"} | (headers or {})
    known = request.headers.get("if-none-match", "")
    if known and (known.strip() == "*" or tag in (part.strip() for part in known.split(","))):
        return Response(status_code=304, headers=whole)
    return Response(body, 200, whole, media_type)


def rows(request: Request, page: Page, documents: Sequence[Any]) -> Response:
    """One page of a list; the total and the neighbours stand in headers (RFC 8288)."""
    part = documents[page.offset : page.offset + page.limit]
    headers = {"X-Total-Count": str(len(documents))}
    links = []
    if page.offset + page.limit < len(documents):
        links.append(_neighbour(request.url, page.limit, page.offset + page.limit, "next"))
    if page.offset:
        links.append(_neighbour(request.url, page.limit, max(0, page.offset - page.limit), "prev"))
    if links:
        headers["Link"] = ", ".join(links)
    return answer(request, dumps(part), headers=headers)


def _neighbour(url: URL, limit: int, offset: int, relation: str) -> str:
    target = url.include_query_params(limit=limit, offset=offset)
    return f'<{target.path}?{target.query}>; rel="{relation}"'
