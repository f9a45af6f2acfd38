"""Addresses and states of interfaces, read out of a configuration."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.interfaces import parent


def ipv4_of(block: Block) -> IPv4Interface | None:
    """The primary address of an interface."""
    words = block.value("ip", "address").split()
    return IPv4Interface(f"{words[0]}/{words[1]}") if len(words) == 2 else None


def ipv6_of(block: Block) -> tuple[IPv6Interface, ...]:
    """Its global IPv6 addresses, in the order of entry."""
    found = (entry.identity for entry in block.starting("ipv6", "address"))
    return tuple(IPv6Interface(words[2]) for words in found if len(words) > 2 and "/" in words[2])


def is_shut(configuration: Configuration, name: str) -> bool:
    """Whether the interface, or the port under it, is administratively down (or not there)."""
    interfaces = configuration.interfaces()
    names = [name] + ([port] if (port := parent(name)) else [])
    return any(n not in interfaces or interfaces[n].find("shutdown") for n in names)


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the device."""

    interface: str
    ip: IPv4Interface | IPv6Interface


def addresses(configuration: Configuration) -> Iterator[Address]:
    """Every address of every interface, the ones that are down too."""
    for name, block in configuration.interfaces().items():
        ipv4 = ipv4_of(block)
        if ipv4 is not None:
            yield Address(name, ipv4)
        for ipv6 in ipv6_of(block):
            yield Address(name, ipv6)
