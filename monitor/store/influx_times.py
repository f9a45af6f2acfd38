"""Times as Flux writes and reads them."""

from calendar import timegm
from time import strptime

EVER, FAR = "1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
"""Before and after everything."""


def unix(text: str) -> float:
    """Unix time of an RFC 3339 text in UTC, to the microsecond; ValueError."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = timegm(strptime(whole, "%Y-%m-%dT%H:%M:%S"))
    return seconds + (int(fraction[:6].ljust(6, "0")) / 1e6 if fraction else 0)


def flux_time(at: float) -> str:
    """A Unix time to the millisecond, as an expression of Flux."""
    return f"time(v: {round(at * 1000) * 1_000_000})"
