"""Names of interfaces: Cisco's long form, IF-MIB's ifName, and Linux's.

    GigabitEthernet0/0/1.10   Gi0/0/1.10   ge0-0-1.10
    Loopback0                 Lo0          lo
    Vlan50                    Vl50         vlan50

A Linux name has no '/' and at most 15 characters (IFNAMSIZ). A name that is Linux's already stays.
"""

import re

CISCO = "cisco_ios"
LOOPBACK = {CISCO: "Loopback0"}
"""Name of the loopback by platform; `lo` on the others, which are Linux."""

_FORMS = {
    # long form: (IF-MIB ifName, Linux)
    "FastEthernet": ("Fa", "fa"),
    "GigabitEthernet": ("Gi", "ge"),
    "TwoGigabitEthernet": ("Tw", "tw"),
    "FiveGigabitEthernet": ("Fi", "fi"),
    "TenGigabitEthernet": ("Te", "te"),
    "TwentyFiveGigE": ("Twe", "twe"),
    "FortyGigabitEthernet": ("Fo", "fo"),
    "HundredGigE": ("Hu", "hu"),
    "Port-channel": ("Po", "po"),
    "Loopback": ("Lo", "lo"),
    "Tunnel": ("Tu", "tu"),
    "Vlan": ("Vl", "vlan"),
}
TYPES = tuple(_FORMS)
LONGEST_PORT = 10
"""Of IFNAMSIZ's 15 characters `.4094` needs five: what is left for the port's own name."""
_SPLIT = re.compile(r"([A-Za-z][A-Za-z-]*?)(\d[\d/.]*)")
_DIGITS = re.compile(r"(\d+)")


def loopback(platform: str) -> str:
    """Name of the loopback on `platform`."""
    return LOOPBACK.get(platform, "lo")


def svi(platform: str, vlan: int) -> str:
    """Name of the routed interface of a VLAN on a switch of `platform`."""
    return f"Vlan{vlan}" if platform == CISCO else f"vlan{vlan}"


def to_if_name(name: str) -> str:
    """IF-MIB ifName (RFC 2863) that the device's agent shows for `name`."""
    return _convert(name, 0)


def to_linux(name: str) -> str:
    """The Linux interface that stands for `name`."""
    return "lo" if name == "Loopback0" else _convert(name, 1).replace("/", "-")


def on_platform(name: str, platform: str) -> str:
    """`name` as `platform` spells it."""
    return name if platform == CISCO else to_linux(name)


def natural_key(name: str) -> tuple[object, ...]:
    """Sorts loopbacks first, and Gi0/0/2 before Gi0/0/10."""
    parts = _DIGITS.split(name)
    numbers = tuple(int(part) for part in parts[1::2])
    return (not name.lower().startswith("lo"), parts[0], numbers, parts[2::2])


def expand(ports: str) -> tuple[str, ...]:
    """`GigabitEthernet1/0/1..24` -> its 24 names; a name without a range is itself.

    ValueError when the range runs backwards.
    """
    head, dots, last = ports.partition("..")
    if not dots:
        return (ports,)
    found = re.fullmatch(r"(.*?)(\d+)", head)
    if not found or not last.isdigit() or int(last) < int(found[2]):
        raise ValueError(f"expected a range such as GigabitEthernet1/0/1..24, found {ports!r}")
    return tuple(f"{found[1]}{number}" for number in range(int(found[2]), int(last) + 1))


def _convert(name: str, form: int) -> str:
    found = _SPLIT.fullmatch(name)
    if not found or found[1] not in _FORMS:
        return name
    return _FORMS[found[1]][form] + found[2]
