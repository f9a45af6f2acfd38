"""BGP as far as sessions and prefix counts go."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.stored_form import plain_key

Prefix = IPv4Network | IPv6Network


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


def advertised(configuration: Configuration, peer: str, family: str) -> tuple[Prefix, ...]:
    """The own networks and aggregates that outbound policy lets through to `peer`."""
    found = speaker(configuration)
    block = family_block(found[1], family) if found else None
    if block is None or block.find("neighbor", peer, "activate") is None:
        return ()
    return tuple(
        prefix
        for prefix in sorted(set(_own(block)), key=str)
        if _list_allows(configuration, block.value("neighbor", peer, "prefix-list"), prefix)
        and _out_allows(configuration, block, peer, prefix)
    )


def _own(block: Block) -> Iterator[Prefix]:
    for entry in (*block.starting("network"), *block.starting("aggregate-address")):
        words = [word for word in entry.identity[1:] if word != "mask"]
        yield ip_network(words[0] if "/" in words[0] else "/".join(words[:2]))


def _out_allows(configuration: Configuration, block: Block, peer: str, prefix: Prefix) -> bool:
    names = [e.text.split() for e in block.starting("neighbor", peer) if e.text.endswith(" out")]
    for words in names:
        if words[2] == "prefix-list" and not _list_allows(configuration, words[3], prefix):
            return False
        if words[2] == "route-map" and not _map_allows(configuration, words[3], prefix):
            return False
    return True


def _map_allows(configuration: Configuration, name: str, prefix: Prefix) -> bool:
    clauses = [e for e in configuration.root.starting("route-map", name) if e.children]
    for clause in sorted(clauses, key=lambda entry: int(entry.identity[3])):
        matched = True
        for entry in clause.children.entries.values() if clause.children else ():
            words = entry.text.split()
            if words[0] == "match" and "prefix-list" in words:
                lists = words[words.index("prefix-list") + 1 :]
                matched &= any(_list_allows(configuration, one, prefix) for one in lists)
        if matched:
            return clause.identity[2] == "permit"
    return not clauses


def _list_allows(configuration: Configuration, name: str, prefix: Prefix) -> bool:
    if not name:
        return True
    word = "ip" if prefix.version == 4 else "ipv6"
    lines = [e.text for e in configuration.root.starting(word, "prefix-list", name)]
    rules = [found for line in lines if (found := _RULE.search(line))]
    for rule in sorted(rules, key=lambda found: int(found["seq"])):
        if _covers(rule, prefix):
            return rule["action"] == "permit"
    return not rules


_RULE = re.compile(
    r"seq (?P<seq>\d+) (?P<action>permit|deny) (?P<prefix>\S+)"
    r"(?: ge (?P<ge>\d+))?(?: le (?P<le>\d+))?"
)


def _covers(rule: re.Match[str], prefix: Prefix) -> bool:
    base = ip_network(rule["prefix"])
    if base.version != prefix.version:
        return False
    low = int(rule["ge"] or base.prefixlen)
    high = int(rule["le"] or (base.max_prefixlen if rule["ge"] else base.prefixlen))
    return prefix.network_address in base and low <= prefix.prefixlen <= high
