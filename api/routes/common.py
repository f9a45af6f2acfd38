"""What the routes of /api/v1 share: problem shapes for the document, periods, filters."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime

from api.problems import Problem
from api.schemas import ProblemShape

RFC3339 = "RFC 3339 with an offset, `2026-01-31T12:00:00Z`."
From = Annotated[AwareDatetime | None, Query(alias="from", description=f"Start, {RFC3339}")]
To = Annotated[AwareDatetime | None, Query(alias="to", description=f"End, {RFC3339}")]
EARLIEST = 0.0
LATEST = 253_402_300_799.0
STEP = re.compile(r"^(\d{1,8})(s|m|h|d)?$")
STEP_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def answers(model: Any, *statuses: int, **media: Any) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: its shape, and the errors that it may answer with.

    `model` None: not JSON; `media` is then its content by media type.
    """
    words = {404: "No such thing", 422: "A wrong parameter", 503: "Not available now"}
    good: dict[str, Any] = {"model": model} if model else {}
    if media:
        good["content"] = media
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": ProblemShape, "description": words[status]} for status in statuses
    }
    return {200: good} | errors


def period(
    start: datetime | None, end: datetime | None, now: float, default_s: float
) -> tuple[float, float]:
    """Unix seconds of from and to; the last `default_s` seconds when they are not given."""
    last = end.timestamp() if end else now
    first = start.timestamp() if start else last - default_s
    if not EARLIEST <= first < last <= LATEST:
        raise Problem(422, "from: expected a time after 1970 and before `to`")
    return first, last


def step_seconds(text: str) -> int:
    """`300`, `300s`, `5m`, `1h`, `1d` as seconds; Problem."""
    match = STEP.match(text)
    seconds = int(match[1]) * STEP_UNITS[match[2] or "s"] if match else 0
    if seconds < 1:
        raise Problem(422, f"step: expected seconds or 30s, 5m, 1h, 1d, found {text!r}")
    return seconds


def split(values: Iterable[str]) -> set[str]:
    """`?state=down&state=unknown` and `?state=down,unknown` are the same."""
    return {part for value in values for part in value.split(",") if part}


def known(name: str, wanted: Iterable[str], possible: Collection[str]) -> set[str]:
    """The filter's values; a Problem names the first that nothing can have."""
    values = split(wanted)
    for value in sorted(values - set(possible)):
        listed = ", ".join(sorted(possible)[:12])
        raise Problem(422, f"{name}: expected one of {listed}, found {value!r}")
    return values
