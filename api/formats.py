"""Numbers and times as people read them. Pure. Unknown is a dash, never 0."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from api.texts import text

DASH = "–"
MINUTE, HOUR, DAY = 60, 3600, 86400


def megabits(bps: float | None) -> str:
    """Bits a second as Mb/s without the unit: three figures that matter."""
    if bps is None:
        return DASH
    value = bps / 1e6
    if value == 0:
        return "0"
    if value < 0.005:
        return "<0.01"
    for limit, digits in ((9.995, 2), (99.95, 1)):
        if value < limit:
            return f"{value:.{digits}f}"
    return f"{value:.0f}"


def bandwidth(bps: int, language: str) -> str:
    """A circuit's bandwidth with its unit: 100 Mb/s, 10 Gb/s."""
    for limit, unit in ((1e9, "gbps"), (1e6, "mbps"), (1e3, "kbps")):
        if bps >= limit:
            return f"{bps / limit:g} {text(f'unit.{unit}', language)}"
    return f"{bps:g} {text('unit.bps', language)}"


def percent(ratio: float | None, digits: int = 0) -> str:
    """A ratio as per cent, cut and not rounded up: 99.999 % never reads 100."""
    if ratio is None:
        return DASH
    scale = 10**digits
    return f"{int(ratio * 100 * scale + 1e-9) / scale:.{digits}f} %"


def duration(seconds: float | None, language: str) -> str:
    """A length of time in its largest unit: 40 s, 12 min, 5 h, 3 d."""
    if seconds is None:
        return DASH
    whole = max(0, int(seconds))
    for limit, unit in ((2 * DAY, "d"), (2 * HOUR, "h"), (2 * MINUTE, "m")):
        if whole >= limit:
            size = {"d": DAY, "h": HOUR, "m": MINUTE}[unit]
            return text(f"age.{unit}", language, n=whole // size)
    return text("age.s", language, n=whole)


def absolute(at: float | None) -> str:
    """A time for a tooltip: 2026-01-31 12:00:00 UTC."""
    if at is None:
        return ""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def local(at: float, timezone: str) -> str:
    """A time by the region's clock, for citizens: 2026-01-31 16:00."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")


def machine(at: float) -> str:
    """A time for the `datetime` attribute."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(value: float | None) -> str:
    """A small number: errors a second, milliseconds."""
    if value is None:
        return DASH
    if value == 0:
        return "0"
    return "<0.01" if abs(value) < 0.005 else f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"
