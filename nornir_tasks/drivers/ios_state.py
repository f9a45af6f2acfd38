"""IOS's operational output as values. Pure: text in, state out."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from inventory.model import Device
from nornir_tasks.session import BgpSession

_BRIEF = re.compile(r"^(\S+)\s+\S+\s+(?:YES|NO)\s+\S+\s+(.+?)\s+(up|down)\s*$", re.MULTILINE)
_OSPF = re.compile(r"^[\d.]+\s+\d+\s+(\w+)/.*\s(\S+)\s*$", re.MULTILINE)
_ROW = re.compile(r"^\s*(\S*)\s+4\s+\d+\s+\d+\s+(\d+)\s+\d+\s+\d+\s+\d+\s+\S+\s+(\S.*?)\s*$")
_PREFIX = re.compile(
    r"^ ?[*rsS](?=[ >im])[ >im]*([0-9A-F][0-9A-F:.]*(?:/\d+)?)(?:\s|$)", re.MULTILINE
)
"""A row begins with its status; the next hop of a long prefix stands on a line without one."""


def refused(text: str) -> bool:
    """Whether IOS did not know the command."""
    return "% Invalid input" in text or "% Incomplete" in text or "% Ambiguous" in text


def interfaces(text: str) -> dict[str, bool]:
    """`show ip interface brief` -> whether each is up."""
    return {
        name: status.strip() == "up" and protocol == "up"
        for name, status, protocol in _BRIEF.findall(text)
    }


def adjacencies(text: str, device: Device) -> dict[str, str]:
    """`show ip ospf neighbor` -> state by interface."""
    names = full_names(device)
    return {
        names.get(interface, interface): state.capitalize()
        for state, interface in _OSPF.findall(text)
    }


def adjacencies6(text: str, device: Device) -> dict[str, str]:
    """`show ospfv3 neighbor` -> state by interface, of what OSPFv3 does for IPv6.

    A process may carry IPv4 too; each address family has a table under its own heading.
    """
    tables = re.split(r"(?m)^\s*OSPFv3 \d+ address-family (\w+)", text)
    families = zip(tables[1::2], tables[2::2], strict=True)
    return adjacencies("\n".join(table for family, table in families if family == "ipv6"), device)


def bfd(text: str, device: Device) -> dict[tuple[str, int], bool]:
    """`show bfd neighbors` -> whether the sessions of each family are up, by interface."""
    names = full_names(device)
    found: dict[tuple[str, int], bool] = {}
    version = 4  # older software has one table, without a heading
    for line in text.splitlines():
        words = line.split()
        if words[1:] == ["Sessions"]:
            version = 6 if words[0] == "IPv6" else 4
        elif len(words) >= 4 and words[-1] in names:
            key = names[words[-1]], version
            found[key] = found.get(key, True) and words[-2].casefold() == "up"
    return found


def sessions(text: str) -> dict[IPv4Address | IPv6Address, BgpSession]:
    """`show bgp all summary`; a long address stands on a line of its own before its row."""
    found: dict[IPv4Address | IPv6Address, BgpSession] = {}
    waiting = ""
    for line in text.splitlines():
        row = _ROW.match(line)
        if row is None:
            waiting = line.strip()
            continue
        try:
            peer = ip_address((row[1] or waiting).lstrip("*"))
        except ValueError:
            continue
        up = row[3].isdigit()
        before = found.get(peer)
        received = (int(row[3]) if up else 0) + (before.received if before else 0)
        state = "Established" if up else row[3]
        found[peer] = BgpSession(up and (before is None or before.established), state, received, 0)
    return found


def advertised(text: str) -> tuple[str, ...]:
    """`show bgp ipv4|ipv6 unicast neighbors PEER advertised-routes` -> prefixes with lengths."""
    return tuple(sorted({_with_length(prefix) for prefix in _PREFIX.findall(text)}))


def _with_length(prefix: str) -> str:
    """IOS leaves the length away where it is that of the address's class (RFC 791, 3.2)."""
    if "/" in prefix or ":" in prefix:
        return prefix.casefold()
    first = int(prefix.split(".", maxsplit=1)[0])
    length = 0 if prefix == "0.0.0.0" else 8 if first < 128 else 16 if first < 192 else 24  # noqa: S104
    return f"{prefix}/{length}"


def full_names(device: Device) -> Mapping[str, str]:
    """Every spelling of an interface -> its name in the model."""
    names = {interface.name: interface.name for interface in device.interfaces}
    return names | {interface.if_name: interface.name for interface in device.interfaces}
