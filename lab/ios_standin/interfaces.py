"""Interface names as IOS takes, stores, shortens and orders them."""

import re

_TYPES = (
    # (full name, shortest abbreviation, ifName prefix, place in the running configuration, kind)
    ("Loopback", "lo", "Lo", 0, "virtual"),
    ("Tunnel", "tu", "Tu", 1, "virtual"),
    ("Port-channel", "po", "Po", 2, "virtual"),
    ("FastEthernet", "fa", "Fa", 3, "physical"),
    ("GigabitEthernet", "gi", "Gi", 4, "physical"),
    ("TenGigabitEthernet", "te", "Te", 5, "physical"),
    ("TwentyFiveGigE", "twe", "Twe", 6, "physical"),
    ("FortyGigabitEthernet", "fo", "Fo", 7, "physical"),
    ("HundredGigE", "hu", "Hu", 8, "physical"),
    ("Vlan", "vl", "Vl", 9, "virtual"),
    ("Null", "nu", "Nu", 10, "virtual"),
)
_SPELLING = re.compile(r"([A-Za-z-]+)\s*(\d+(?:/\d+)*(?:\.\d+)?)")


def _split(name: str) -> tuple[tuple[str, str, str, int, str], str] | None:
    found = _SPELLING.fullmatch(name)
    if not found:
        return None
    typed = found[1].lower()
    for row in _TYPES:
        if row[0].lower().startswith(typed) and typed.startswith(row[1]):
            return row, found[2]
    return None


def full_name(name: str) -> str | None:
    """`gi0/0/1` as `GigabitEthernet0/0/1`; None when it names no interface."""
    split = _split(name)
    return None if split is None else split[0][0] + split[1]


def short_name(name: str) -> str:
    """`GigabitEthernet0/0/1` as `Gi0/0/1`, the ifName of IF-MIB; other text as it is."""
    split = _split(name)
    return name if split is None else split[0][2] + split[1]


def is_physical(name: str) -> bool:
    """Whether the hardware has it, so that configuration can neither add nor remove it."""
    split = _split(name)
    return split is not None and split[0][4] == "physical" and "." not in split[1]


def parent(name: str) -> str | None:
    """The port under a subinterface; None for anything else."""
    port, dot, _ = name.partition(".")
    return port if dot else None


def order_key(name: str) -> tuple[int, tuple[int, ...]]:
    """Sorts interfaces the way the running configuration shows them."""
    split = _split(name)
    if split is None:
        return len(_TYPES), ()
    return split[0][3], tuple(int(number) for number in re.findall(r"\d+", split[1]))
