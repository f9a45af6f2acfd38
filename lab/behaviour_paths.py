"""Paths that packets take, walked from router to router through their tables. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Net = IPv4Network | IPv6Network
Path = tuple[str, ...]

MOST_EQUALS = 8
"""Equally good paths that are told apart."""
_BITS = {4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Way:
    """What a router does with a packet for some prefix."""

    prefix: Net
    interfaces: tuple[str, ...]
    """Where it may leave; empty when it is thrown away."""
    connected: bool
    """Whether the prefix lies on the interface itself."""


@dataclass(slots=True)
class Table:
    """One router's table, both families; the longest prefix decides."""

    ways: dict[tuple[int, int, int], Way] = field(default_factory=dict)
    """(version, length, leading bits) -> way."""
    lengths: dict[int, list[int]] = field(default_factory=dict)
    """Version -> lengths that occur, longest first."""

    @classmethod
    def of(cls, ways: Iterable[Way]) -> "Table":
        """From its rows, in any order."""
        made = cls()
        for way in ways:
            net = way.prefix
            bits = int(net.network_address) >> (_BITS[net.version] - net.prefixlen)
            made.ways[net.version, net.prefixlen, bits] = way
        for version in (4, 6):
            found = {length for family, length, _ in made.ways if family == version}
            made.lengths[version] = sorted(found, reverse=True)
        return made

    def lookup(self, address: Address) -> Way | None:
        """The way of the longest prefix that holds `address`."""
        version, number = address.version, int(address)
        for length in self.lengths[version]:
            way = self.ways.get((version, length, number >> (_BITS[version] - length)))
            if way is not None:
                return way
        return None


class Walker:
    """Walks from any router; remembers what it found out about each destination."""

    def __init__(self, tables: Mapping[str, Table], neighbour: Callable[[str, str], str]) -> None:
        self._tables, self._neighbour = tables, neighbour
        self._known: dict[tuple[str, Address], tuple[Path, ...]] = {}

    def paths(self, start: str, target: Address) -> tuple[Path, ...]:
        """Every way from `start`, in order; one that fails ends in words instead of a router."""
        return self._walk(start, target, ())

    def _walk(self, here: str, target: Address, behind: Path) -> tuple[Path, ...]:
        if (here, target) in self._known:
            return self._known[here, target]
        table = self._tables.get(here)
        if table is None:  # somebody else's network: we can't look further
            return ((here,),)
        way = table.lookup(target)
        if way is None or not way.interfaces:
            return ((here, "no route" if way is None else f"discards {way.prefix}"),)
        if way.connected:
            return ((here,),)
        found = tuple(
            (here, *rest)
            for interface in way.interfaces
            for rest in self._next(here, interface, target, (*behind, here))
        )
        found = tuple(sorted(set(found)))[:MOST_EQUALS]
        if not any(path[-1] == LOOP for path in found):
            self._known[here, target] = found
        return found

    def _next(self, here: str, interface: str, target: Address, behind: Path) -> tuple[Path, ...]:
        neighbour = self._neighbour(here, interface)
        if not neighbour:
            return ((f"nobody behind {interface}",),)
        if neighbour in behind:
            return ((neighbour, LOOP),)
        return self._walk(neighbour, target, behind)


LOOP = "a loop"


def shown(paths: tuple[Path, ...]) -> str:
    """`alp-r1 > hq-core1 > hq-dc1`; equally good ones one after the other."""
    return " | ".join(" > ".join(path) for path in paths)
