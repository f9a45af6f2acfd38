"""Times as Flux writes and reads them."""

from datetime import datetime

EVER, FAR = "1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
"""Before and after everything."""


def unix(text: str) -> float:
    """Unix time of an RFC 3339 text with its zone, to the microsecond; ValueError."""
    return datetime.fromisoformat(text).timestamp()


def flux_time(at: float) -> str:
    """A Unix time to the millisecond, as an expression of Flux."""
    return f"time(v: {round(at * 1000) * 1_000_000})"
