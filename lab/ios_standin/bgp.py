"""BGP sessions: what two ends must agree on."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.stored_form import plain_key


@dataclass(frozen=True, slots=True)
class BgpEnd:
    """One configured session, seen from here."""

    peer: str
    local_asn: int
    remote_asn: int
    password: str
    families: frozenset[str]
    """ipv4, ipv6: where the neighbor is activated."""
    description: str = ""

    @property
    def internal(self) -> bool:
        """Whether both ends are of one AS."""
        return self.local_asn == self.remote_asn


def speaker(configuration: Configuration) -> tuple[int, Block] | None:
    """The AS number and block of `router bgp`; None when BGP does not run."""
    for entry in configuration.root.starting("router", "bgp"):
        if entry.children is not None:
            return int(entry.identity[2]), entry.children
    return None


def family_block(bgp: Block, family: str) -> Block | None:
    """The block of `address-family ipv4|ipv6`."""
    entry = bgp.find("address-family", family)
    return None if entry is None else entry.children


def ends(configuration: Configuration) -> Iterator[BgpEnd]:
    """Every session that is configured and not shut down, in the order of the configuration."""
    found = speaker(configuration)
    if found is None:
        return
    asn, block = found
    for entry in block.starting("neighbor"):
        if entry.identity[2:] != ("remote-as",):
            continue
        peer = entry.identity[1]
        if block.find("neighbor", peer, "shutdown"):
            continue
        families = frozenset(_families(block, peer))
        password = plain_key(block.value("neighbor", peer, "password"))
        description = block.value("neighbor", peer, "description")
        yield BgpEnd(peer, asn, int(entry.text.split()[-1]), password, families, description)


def _families(block: Block, peer: str) -> Iterator[str]:
    by_default = not block.find("bgp", "default", "ipv4-unicast")
    for family in ("ipv4", "ipv6"):
        inner = family_block(block, family)
        activated = inner is not None and inner.find("neighbor", peer, "activate") is not None
        if activated or (family == "ipv4" and by_default and ip_address(peer).version == 4):
            yield family


def suits(one: BgpEnd, other: BgpEnd) -> bool:
    """Whether the two ends of a session agree."""
    return (
        one.local_asn == other.remote_asn
        and one.remote_asn == other.local_asn
        and one.password == other.password
        and bool(one.families & other.families)
    )
