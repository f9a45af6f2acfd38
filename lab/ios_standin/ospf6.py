"""OSPFv3 for IPv6 (`router ospfv3`) as far as an adjacency goes: what two ends must agree on.

Ends meet by link-local addresses, so subnets need not agree. Each sends with one key and takes all
that its key chain accepts (RFC 7166).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address

from lab.ios_standin import bfd, ospf
from lab.ios_standin.addressing import ipv6_of, is_shut
from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.stored_form import plain_key

_TIME = "%H:%M:%S %b %d %Y"
Key = tuple[str, str, str]
"""Number, plain text, algorithm."""


@dataclass(frozen=True, slots=True)
class Ospf6End:
    """One end of a possible adjacency."""

    port: str
    interface_id: int
    area: str
    network: str
    hello_s: int
    dead: str
    authentication: str
    """How; empty for not at all."""
    sends: Key | None
    accepts: frozenset[Key]
    mtu: str
    router_id: IPv4Address
    bfd: bool


@dataclass(frozen=True, slots=True)
class Process:
    """`router ospfv3 N`, and its part for IPv6 where that stands."""

    number: str
    block: Block
    family: Block | None


def process(configuration: Configuration) -> Process | None:
    """The first `router ospfv3`; None when OSPFv3 does not run."""
    for entry in configuration.root.starting("router", "ospfv3"):
        if entry.children is not None:
            families = entry.children.starting("address-family", "ipv6")
            family = next((each.children for each in families), None)
            return Process(entry.identity[2], entry.children, family)
    return None


def router_id(configuration: Configuration, found: Process) -> IPv4Address:
    """As configured for IPv6 or the process, else as OSPFv2 chooses it."""
    for block in (found.family, found.block):
        if block is not None and (configured := block.value("router-id")):
            return IPv4Address(configured)
    return ospf.router_id(configuration)


def end_at(configuration: Configuration, port: str, now: datetime) -> Ospf6End | None:
    """The end at `port`; None when no hello leaves it. Keys live and die by `now`."""
    found, interfaces = process(configuration), configuration.interfaces()
    block = interfaces.get(port)
    if found is None or block is None or is_shut(configuration, port):
        return None
    said = _said(block, found.number)
    speaks = bool(ipv6_of(block)) or block.find("ipv6", "enable") is not None
    if not speaks or "area" not in said or _is_passive(found, port):
        return None
    hello = said.get("hello-interval", "10")
    authentication = said.get("authentication", "")
    kind, _, chain = authentication.partition(" ")
    keys = tuple(_keys(configuration, chain, now)) if kind == "key-chain" else ()
    return Ospf6End(
        port,
        1 + list(interfaces).index(port),
        said["area"],
        said.get("network", "broadcast"),
        int(hello),
        said.get("dead-interval", str(4 * int(hello))),
        kind if kind == "key-chain" else authentication,
        min((key for key, sends, _ in keys if sends), key=lambda key: int(key[0]), default=None),
        frozenset(key for key, _, accepts in keys if accepts),
        block.value("ipv6", "mtu") or block.value("mtu") or "1500",
        router_id(configuration, found),
        bfd.runs(found.block, block, said.get("bfd")),
    )


def _said(block: Block, number: str) -> dict[str, str]:
    """`ospfv3 1 ipv6 area 0` and the like -> {"area": "0"}; what is for IPv6 alone goes first."""
    general: dict[str, str] = {}
    own: dict[str, str] = {}
    for entry in block.starting("ospfv3"):
        words = entry.text.split()[1:]
        if words[0].isdigit() and words.pop(0) != number:
            continue
        target = own if words[0] == "ipv6" else general
        if words[0] in {"ipv4", "ipv6"} and words.pop(0) == "ipv4":
            continue
        target[words[0]] = " ".join(words[1:])
    return general | own


def _is_passive(found: Process, port: str) -> bool:
    blocks = [block for block in (found.family, found.block) if block is not None]
    return any(ospf.is_passive(block, port) for block in blocks)


def _keys(
    configuration: Configuration, chain: str, now: datetime
) -> Iterator[tuple[Key, bool, bool]]:
    """Each key of a chain, whether it is sent with and whether it is accepted."""
    found = configuration.root.find("key", "chain", chain)
    for entry in found.children.starting("key") if found and found.children else ():
        block = entry.children
        if block is None or not (text := block.value("key-string")):
            continue
        key = (entry.identity[1], plain_key(text), block.value("cryptographic-algorithm"))
        yield (
            key,
            _in_force(block.value("send-lifetime"), now),
            _in_force(block.value("accept-lifetime"), now),
        )


def _in_force(lifetime: str, now: datetime) -> bool:
    """`00:00:00 Jan 1 1993 00:00:01 Jan 1 1993`, `... infinite`, `... duration 60`, or nothing."""
    words = lifetime.removeprefix("local ").split()
    if len(words) < 5:
        return True
    begins = datetime.strptime(" ".join(words[:4]), _TIME).replace(tzinfo=now.tzinfo)
    if now < begins or words[4] == "infinite":
        return now >= begins
    if words[4] == "duration":
        return (now - begins).total_seconds() < float(words[5])
    return now < datetime.strptime(" ".join(words[4:8]), _TIME).replace(tzinfo=now.tzinfo)


def adjacent(one: Ospf6End, other: Ospf6End) -> bool:
    """Whether the two become neighbours (RFC 5340, section 4.2; RFC 7166)."""
    return one.router_id != other.router_id and suits(one, other)


def suits(one: Ospf6End, other: Ospf6End) -> bool:
    """Whether `one` agrees with whoever has what `other` has."""
    agree = ospf.terms(one) == ospf.terms(other)
    if one.authentication != "key-chain":
        return bool(agree)
    return agree and one.sends in other.accepts and other.sends in one.accepts
