"""The grammar: contexts made of rows, compiled once for a kind of device.

A row is a pattern and, after `;;`, what IOS does with a line of it:

    hides VALUE      a line with this value (or any, when none is named) is a default: not shown
    opens CONTEXT    the line starts a block of that context
    sort natural     shown in the order of its words, not of entry; `interface` for interface names
    stores FORM      shown in another form than typed (stored_form.py)
    inverts LINE     while LINE stands, it is the `no` form of this one that is shown
    numbers [WORD]   gets the next free sequence number
    rewrites PREFIX  an older spelling of PREFIX
    needs neighbor   refused before the neighbor's remote-as
    cascades         its removal takes every other line of the same neighbor along
    drops            only after `no`: takes every line that begins so along
    absent           shown when no line of the same identity is there
    leaves           ends the block, and is shown there
    unseen           accepted and kept out of the running configuration (SNMPv3 users)
    banner           text between two delimiters
    refreshes        changes how stored lines are shown (service password-encryption)

A row that is too long goes on in the next line, indented.

A pattern that begins with `no` is a line that IOS shows in its negative form: its positive form is
the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from lab.ios_standin import rows_global, rows_interface, rows_other, rows_routing
from lab.ios_standin.matching import Matcher
from lab.ios_standin.pattern import compile_pattern

Kind = Literal["router", "switch"]

_SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "global": rows_global.GLOBAL,
        "interface": rows_interface.INTERFACE,
        "vlan": rows_interface.VLAN,
        "line": rows_interface.LINE,
        "ospf": rows_routing.OSPF,
        "ospfv3": rows_routing.OSPFV3,
        "ospfv3-af": rows_routing.OSPFV3_AF,
        "ospf6": rows_routing.OSPF6,
        "bgp": rows_routing.BGP,
        "bgp-af": rows_routing.BGP_AF,
        "route-map": rows_routing.ROUTE_MAP,
        "acl4": rows_other.ACL4,
        "acl4-standard": rows_other.ACL4_STANDARD,
        "acl6": rows_other.ACL6,
        "key-chain": rows_other.KEY_CHAIN,
        "key": rows_other.KEY,
        "archive": rows_other.ARCHIVE,
        "archive-log": rows_other.ARCHIVE_LOG,
        "bfd-template": rows_other.BFD_TEMPLATE,
        "dhcp-pool": rows_other.DHCP_POOL,
        "vrf": rows_other.VRF,
        "vrf-af": rows_other.VRF_AF,
        "class-map": rows_other.CLASS_MAP,
        "policy-map": rows_other.POLICY_MAP,
        "policy-class": rows_other.POLICY_CLASS,
        "control-plane": rows_other.CONTROL_PLANE,
        "track": rows_other.FREE,
        "sla": rows_other.FREE,
        "applet": rows_other.FREE,
        "redundancy": rows_other.FREE,
        "pubkey-chain": rows_other.FREE,
        "call-home": rows_other.FREE,
    }
)

_PROMPTS: Mapping[str, str] = MappingProxyType(
    {
        "global": "config",
        "interface": "config-if",
        "vlan": "config-vlan",
        "line": "config-line",
        "ospf": "config-router",
        "ospfv3": "config-router",
        "ospfv3-af": "config-router-af",
        "ospf6": "config-rtr",
        "bgp": "config-router",
        "bgp-af": "config-router-af",
        "route-map": "config-route-map",
        "acl4": "config-ext-nacl",
        "acl4-standard": "config-std-nacl",
        "acl6": "config-ipv6-acl",
        "key-chain": "config-keychain",
        "key": "config-keychain-key",
        "archive": "config-archive",
        "archive-log": "config-archive-log-cfg",
        "bfd-template": "config-bfd",
        "dhcp-pool": "dhcp-config",
        "vrf": "config-vrf",
        "vrf-af": "config-vrf-af",
        "class-map": "config-cmap",
        "policy-map": "config-pmap",
        "policy-class": "config-pmap-c",
        "control-plane": "config-cp",
    }
)

_NUMBERED = frozenset({"acl4", "acl4-standard", "acl6"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a context, and its place there."""

    place: int
    pattern: str
    negative: bool
    flags: Mapping[str, str]

    def flag(self, name: str) -> str | None:
        """The argument of a flag, empty when it has none; None when the row lacks the flag."""
        return self.flags.get(name)


@dataclass(frozen=True, slots=True)
class Context:
    """What one mode of configuration takes."""

    name: str
    prompt: str
    numbered: bool
    """Whether its lines are shown by sequence number alone."""
    positive: tuple[Row, ...]
    negative: tuple[Row, ...]
    takes: Matcher
    takes_no: Matcher
    drops: Matcher
    absent: tuple[Row, ...]
    """Rows shown in their absence."""
    neighbors_at: int
    """Place of the first `neighbor` row: lines of one neighbor are shown together."""
    words: frozenset[str]
    """What its lines begin with, spelt out."""


def _row(place: int, source: str) -> Row:
    pattern, *flags = (part.strip() for part in source.split(";;"))
    split = (flag.partition(" ") for flag in flags)
    named = MappingProxyType({name: argument for name, _, argument in split})
    return Row(place, pattern.removeprefix("no "), pattern.startswith("no "), named)


def _context(name: str, source: str, kind: Kind) -> Context:
    lines = [line for line in source.replace("\n ", " ").splitlines() if line.strip()]
    rows = [_row(place, line) for place, line in enumerate(lines)]
    if kind == "router":
        rows = [row for row in rows if not row.pattern.startswith("switchport")]
    drops = tuple(row for row in rows if row.flag("drops") is not None)
    positive = tuple(row for row in rows if not row.negative and row not in drops)
    negative = tuple(row for row in rows if row.negative and row.flag("absent") is None)
    neighbors = [row.place for row in rows if row.pattern.startswith("neighbor ")]
    return Context(
        name,
        _PROMPTS.get(name, f"config-{name}"),
        name in _NUMBERED,
        positive,
        negative,
        Matcher([compile_pattern(row.pattern) for row in positive]),
        Matcher([compile_pattern(row.pattern) for row in negative]),
        Matcher([compile_pattern(row.pattern) for row in drops]),
        tuple(row for row in rows if row.flag("absent") is not None),
        min(neighbors, default=-1),
        frozenset(row.pattern.split(maxsplit=1)[0] for row in positive),
    )


@lru_cache(maxsize=2)
def grammar(kind: Kind) -> Mapping[str, Context]:
    """All contexts of a router or of a switch, by name; compiled once, shared by every device."""
    return MappingProxyType(
        {name: _context(name, source, kind) for name, source in _SOURCES.items()}
    )
