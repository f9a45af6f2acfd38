"""The kinds of words that a configuration line or a command may hold, and how IOS rewrites each."""

import re
from collections.abc import Callable, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network, NetmaskValueError
from types import MappingProxyType

from lab.ios_standin.interfaces import full_name

Rewrite = Callable[[str], str | None]
"""The word as IOS stores it; None when it is not of this kind."""

REST = "line"
"""The kind that takes the rest of the line as it stands."""

_WORD = re.compile(r"[!-~]+")
_RANGE = re.compile(r"(\d+)-(\d+)")
_ALL_ONES = 0xFFFFFFFF


def _word(text: str) -> str | None:
    return text if _WORD.fullmatch(text) else None


def _ip(text: str) -> str | None:
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        return None


def _is_mask(value: int) -> bool:
    inverted = value ^ _ALL_ONES
    return inverted & (inverted + 1) == 0


def _mask(text: str) -> str | None:
    address = _ip(text)
    return address if address and _is_mask(int(IPv4Address(address))) else None


def _prefix(text: str) -> str | None:
    address, slash, length = text.partition("/")
    found = _ip(address)
    if not slash or found is None or not length.isdigit() or int(length) > 32:
        return None
    host_bits = _ALL_ONES >> int(length)
    return f"{IPv4Address(int(IPv4Address(found)) & ~host_bits)}/{int(length)}"


def _ip6(text: str) -> str | None:
    try:
        return str(IPv6Address(text)).upper()
    except AddressValueError:
        return None


def _address6(text: str) -> str | None:
    address, slash, length = text.partition("/")
    found = _ip6(address)
    if not slash or found is None or not length.isdigit() or int(length) > 128:
        return None
    return f"{found}/{int(length)}"


def _prefix6(text: str) -> str | None:
    found = _address6(text)
    if found is None:
        return None
    try:
        network = IPv6Network(found, strict=False)
    except (AddressValueError, NetmaskValueError):
        return None
    return f"{str(network.network_address).upper()}/{network.prefixlen}"


def _either(*kinds: Rewrite) -> Rewrite:
    def rewrite(text: str) -> str | None:
        return next((found for kind in kinds if (found := kind(text)) is not None), None)

    return rewrite


def _number(text: str) -> str | None:
    return str(int(text)) if text.isdigit() else None


def _ranged(low: int, high: int) -> Rewrite:
    def rewrite(text: str) -> str | None:
        return str(int(text)) if text.isdigit() and low <= int(text) <= high else None

    return rewrite


def _vlans(text: str) -> str | None:
    return text if re.fullmatch(r"\d{1,4}([-,]\d{1,4})*", text) else None


def _area(text: str) -> str | None:
    return _number(text) or _ip(text)


def _file(text: str) -> str | None:
    return text if re.fullmatch(r"[a-z]+:\S*", text) else None


def _protocol(text: str) -> str | None:
    known = ("ip", "ipv6", "tcp", "udp", "icmp", "ospf", "esp", "ahp", "gre", "igmp", "pim")
    return text.lower() if text.lower() in known else _ranged(0, 255)(text)


PORT_NAMES: Mapping[int, str] = MappingProxyType(
    {
        20: "ftp-data", 21: "ftp", 23: "telnet", 25: "smtp", 49: "tacacs", 53: "domain",
        67: "bootps", 68: "bootpc", 69: "tftp", 80: "www", 123: "ntp", 161: "snmp",
        162: "snmptrap", 179: "bgp", 500: "isakmp", 514: "syslog",
    }
)  # fmt: skip
"""Ports that IOS writes by name in an access list, whichever way they were typed."""


def _port(text: str) -> str | None:
    if text.isdigit():
        return PORT_NAMES.get(int(text), text) if int(text) <= 65535 else None
    return text.lower() if text.lower() in PORT_NAMES.values() else None


_KINDS: Mapping[str, Rewrite] = MappingProxyType(
    {
        "word": _word,
        "ip": _ip,
        "mask": _mask,
        "wild": _ip,
        "prefix": _prefix,
        "ip6": _ip6,
        "address6": _address6,
        "prefix6": _prefix6,
        "peer": _either(_ip, _ip6, _word),
        "host": _either(_ip, _ip6, _word),
        "interface": full_name,
        "vlans": _vlans,
        "area": _area,
        "port": _port,
        "protocol": _protocol,
        "file": _file,
        "number": _number,
    }
)


def rewriter(kind: str) -> Rewrite:
    """The rewrite of a kind by its name, or of a range written `1-255`; KeyError for neither."""
    bounds = _RANGE.fullmatch(kind)
    if bounds:
        return _ranged(int(bounds[1]), int(bounds[2]))
    return _word if kind == REST else _KINDS[kind]
