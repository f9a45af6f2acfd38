"""What people write for a quantity, and what it is: `100M` bits a second, `1-4,7` ports."""

import re
from typing import Any

_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BANDWIDTH = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:bit/s|bps|b)?", re.IGNORECASE)
_PORTS = re.compile(r"\d+(-\d+)?(\s*,\s*\d+(-\d+)?)*")


def parse_bandwidth(value: Any) -> int:
    """`100M`, `1.5G`, `64k`, 100000000 -> bits a second. ValueError says what was expected."""
    found = _BANDWIDTH.fullmatch(str(value).strip()) if isinstance(value, str | int) else None
    bps = round(float(found[1]) * _FACTORS[found[2].upper()]) if found else 0
    if bps <= 0 or isinstance(value, bool):
        raise ValueError("expected a bandwidth such as 100M or 10G")
    return bps


def format_bandwidth(bps: int) -> str:
    """100000000 -> `100M`; the form that `parse_bandwidth` reads."""
    for unit, factor in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if bps >= factor:
            return f"{bps / factor:g}{unit}"
    return str(bps)


def parse_ports(value: Any) -> tuple[int, ...]:
    """`1-4,7` or 7 -> (1, 2, 3, 4, 7). ValueError says what was expected."""
    text = str(value).strip()
    if isinstance(value, bool) or not isinstance(value, str | int) or not _PORTS.fullmatch(text):
        raise ValueError("expected port numbers such as 1-12 or 1-4,7")
    ports: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        ports.extend(range(int(first), int(last or first) + 1))
    if not ports or 0 in ports or len(set(ports)) != len(ports):
        raise ValueError("expected ports counted from 1, each once, in ascending ranges")
    return tuple(sorted(ports))
