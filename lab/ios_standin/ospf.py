"""OSPFv2 as far as an adjacency goes: what two ends must agree on."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from operator import attrgetter

from lab.ios_standin import bfd
from lab.ios_standin.addressing import ipv4_of, is_shut
from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.stored_form import plain_key


@dataclass(frozen=True, slots=True)
class OspfEnd:
    """One end of a possible adjacency. Keys are compared in plain text."""

    port: str
    address: IPv4Interface
    area: str
    network: str
    hello_s: int
    dead: str
    authentication: str
    keys: frozenset[tuple[str, str]]
    mtu: str
    router_id: IPv4Address
    bfd: bool


terms = attrgetter("area", "network", "hello_s", "dead", "authentication", "mtu")
"""Of an end of OSPFv2 or OSPFv3: what the other has to agree to, but for addresses and keys."""


def process(configuration: Configuration) -> Block | None:
    """The first `router ospf`; None when OSPF does not run."""
    return next((e.children for e in configuration.root.starting("router", "ospf")), None)


def router_id(configuration: Configuration) -> IPv4Address:
    """As configured, else the highest loopback address, else 0.0.0.0."""
    found = process(configuration)
    configured = found.value("router-id") if found else ""
    if configured:
        return IPv4Address(configured)
    loopbacks = [
        address.ip
        for name, block in configuration.interfaces().items()
        if name.startswith("Loopback") and (address := ipv4_of(block)) is not None
    ]
    return max(loopbacks, default=IPv4Address(0))


def end_at(configuration: Configuration, port: str) -> OspfEnd | None:
    """The end at `port`; None when no hello leaves it."""
    found = process(configuration)
    block = configuration.interfaces().get(port)
    if found is None or block is None or is_shut(configuration, port):
        return None
    address, area = ipv4_of(block), area_of(found, block)
    if address is None or not area or is_passive(found, port):
        return None
    hello = block.value("ip", "ospf", "hello-interval") or "10"
    return OspfEnd(
        port,
        address,
        area,
        block.value("ip", "ospf", "network") or "broadcast",
        int(hello),
        block.value("ip", "ospf", "dead-interval") or str(4 * int(hello)),
        _authentication(found, block, area),
        _keys(block),
        block.value("ip", "mtu") or block.value("mtu") or "1500",
        router_id(configuration),
        bfd.runs(found, block, _bfd(block)),
    )


def area_of(found: Block, block: Block) -> str:
    """The area of an interface; empty where the process does not run."""
    for entry in block.starting("ip", "ospf"):
        words = entry.text.split()
        if len(words) == 5 and words[3] == "area":
            return words[4]
    address = ipv4_of(block)
    for entry in found.starting("network"):
        words = entry.text.split()
        wildcard = int(IPv4Address(words[2]))
        if address and int(IPv4Address(words[1])) | wildcard == int(address.ip) | wildcard:
            return words[4]
    return ""


def is_passive(found: Block, port: str) -> bool:
    """Whether the process sends no hello there."""
    entry = found.find("passive-interface", port)
    if found.find("passive-interface", "default"):
        return entry is None
    return entry is not None


def _authentication(found: Block, block: Block, area: str) -> str:
    own = block.value("ip", "ospf", "authentication")
    entry = found.find("area", area, "authentication")
    return own or (entry.text.split()[-1] if entry else "")


def _bfd(block: Block) -> str | None:
    return None if block.find("ip", "ospf", "bfd") is None else block.value("ip", "ospf", "bfd")


def _keys(block: Block) -> frozenset[tuple[str, str]]:
    entries = block.starting("ip", "ospf", "message-digest-key")
    return frozenset(
        (entry.identity[3], plain_key(entry.text.split(" ", 5)[5])) for entry in entries
    )


def adjacent(one: OspfEnd, other: OspfEnd) -> bool:
    """Whether the two become neighbours (RFC 2328, sections 10.5 and D.4)."""
    agree = (
        terms(one) == terms(other)
        and one.address.network == other.address.network
        and one.address.ip != other.address.ip
    )
    return agree and (one.authentication == "" or bool(one.keys & other.keys))


def unchanged(one: OspfEnd, before: OspfEnd) -> bool:
    """Whether an end would still suit a peer that it suited before."""
    same = terms(one) == terms(before) and one.address == before.address
    return same and (one.authentication == "" or bool(one.keys & before.keys))
