"""An IOS configuration read back by other means than it was written: blocks, lists, verdicts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network

PORTS = {"domain": 53, "ntp": 123, "snmp": 161, "snmptrap": 162, "bgp": 179, "syslog": 514}


@dataclass(frozen=True)
class Packet:
    """The first packet of a flow, or an answer."""

    source: str
    destination: str
    protocol: str = "tcp"
    source_port: int = 40000
    port: int = 443
    established: bool = False
    message: str = "echo"


def blocks(config: str) -> Iterator[tuple[str, list[str]]]:
    """(first line, its indented lines) of each block."""
    head, body = "", []
    for line in config.splitlines():
        if line.startswith(" "):
            body.append(line.strip())
            continue
        if head and head != "!":
            yield head, body
        head, body = line, []
    if head and head != "!":
        yield head, body


def block(config: str, head: str) -> list[str]:
    """The lines of the one block that begins with `head`."""
    found = [body for first, body in blocks(config) if first == head]
    assert len(found) == 1, f"expected one block {head!r}, found {len(found)}"
    return found[0]


@cache
def access_list(config: str, name: str) -> list[str]:
    """Lines of a named extended list, either family."""
    for head in (f"ip access-list extended {name}", f"ipv6 access-list {name}"):
        if head in config:
            return block(config, head)
    raise AssertionError(f"no access list {name}")


def permits(lines: list[str], packet: Packet) -> bool:
    """What the list does with `packet`: its first line that fits decides."""
    for line in lines:
        words = line.removesuffix(" log").split()
        action, protocol = words[0], words[1]
        rest = words[2:]
        source, rest = _address(rest)
        source_port, rest = _port(rest)
        destination, rest = _address(rest)
        port, rest = _port(rest)
        if protocol not in ("ip", "ipv6", packet.protocol):
            continue
        fits = (
            (source == "any" or ip_address(packet.source) in ip_network(source))
            and (destination == "any" or ip_address(packet.destination) in ip_network(destination))
            and source_port in (None, packet.source_port)
            and port in (None, packet.port)
            and ("established" not in rest or packet.established)
        )
        messages = [word for word in rest if word != "established"]
        if fits and (not messages or (packet.protocol == "icmp" and packet.message in messages)):
            return action == "permit"
    return False


def _address(words: list[str]) -> tuple[str, list[str]]:
    if words[0] == "any":
        return "any", words[1:]
    if words[0] == "host":
        return words[1], words[2:]
    if "/" in words[0]:
        return words[0], words[1:]
    prefix = 32 - int(ip_address(words[1])).bit_count()
    return f"{words[0]}/{prefix}", words[2:]


def _port(words: list[str]) -> tuple[int | None, list[str]]:
    if words and words[0] == "eq":
        return PORTS.get(words[1]) or int(words[1]), words[2:]
    return None, words


def interfaces(config: str) -> dict[str, list[str]]:
    """Interface -> its lines."""
    return {
        head.removeprefix("interface "): body
        for head, body in blocks(config)
        if head.startswith("interface ")
    }


def words_after(config: str, pattern: str) -> set[str]:
    """Everything that the one group of `pattern` finds."""
    return set(re.findall(pattern, config, flags=re.MULTILINE))
