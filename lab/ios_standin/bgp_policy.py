"""What prefix lists and route maps let through between a device and a BGP peer."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Configuration

Prefix = IPv4Network | IPv6Network

_RULE = re.compile(
    r"seq (?P<seq>\d+) (?P<action>permit|deny) (?P<prefix>\S+)"
    r"(?: ge (?P<ge>\d+))?(?: le (?P<le>\d+))?"
)


def passes(
    configuration: Configuration,
    family: Block,
    peer: str,
    direction: Literal["in", "out"],
    prefix: Prefix,
) -> bool:
    """Whether the lines of `peer` in an address family let `prefix` through that way."""
    for entry in family.starting("neighbor", peer):
        words = entry.text.split()
        if words[-1] != direction:
            continue
        if words[2] == "prefix-list" and not _list_allows(configuration, words[3], prefix):
            return False
        if words[2] == "route-map" and not map_allows(configuration, words[3], prefix):
            return False
    return True


def map_allows(configuration: Configuration, name: str, prefix: Prefix) -> bool:
    """Whether a route map lets `prefix` through; one that is not there does."""
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
    word = "ip" if prefix.version == 4 else "ipv6"
    lines = [e.text for e in configuration.root.starting(word, "prefix-list", name)]
    rules = [found for line in lines if (found := _RULE.search(line))]
    for rule in sorted(rules, key=lambda found: int(found["seq"])):
        if _covers(rule, prefix):
            return rule["action"] == "permit"
    return not rules


def _covers(rule: re.Match[str], prefix: Prefix) -> bool:
    base = ip_network(rule["prefix"])
    if base.version != prefix.version:
        return False
    low = int(rule["ge"] or base.prefixlen)
    high = int(rule["le"] or (base.max_prefixlen if rule["ge"] else base.prefixlen))
    return prefix.network_address in base and low <= prefix.prefixlen <= high
