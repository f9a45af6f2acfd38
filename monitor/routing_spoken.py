"""Routing as a device tells it on its own command line, where it serves no MIB. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from inventory.model import Device
from monitor.routing import BGP_STATES, OSPF_STATES, Expected, Routing

_OTHERWISE = {"twoway": "2way", "exstart": "exchangestart"}
"""Spellings of FRRouting and IOS -> ours."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What it says; None where it has no word for it."""

    adjacencies4: Mapping[str, str] | None
    """Our interface by its name in the inventory -> state of the OSPF neighbour behind it."""
    adjacencies6: Mapping[str, str] | None
    """The same of OSPFv3."""
    sessions: Mapping[str, tuple[str, int]] | None
    """Address of a BGP peer -> state, prefixes received."""


class AskDevice(Protocol):
    """How a device is asked past its SNMP agent."""

    def __call__(self, device: Device, /) -> Spoken:
        """Blocks, for a bounded time. ImeretiError, whose text holds no secret."""


def is_lacking(expected: Expected, found: Routing) -> bool:
    """Whether the agent left out anything that is expected."""
    lacks_ospf = bool(expected.neighbours) and found.neighbours is None
    lacks_ospf6 = bool(expected.keys6) and found.neighbours6 is None
    lacks_bgp = bool(expected.peers) and (found.peers is None or found.prefixes is None)
    lacks_bgp6 = bool(expected.peers6) and found.peers6 is None
    return lacks_ospf or lacks_ospf6 or lacks_bgp or lacks_bgp6


def completed(expected: Expected, found: Routing, spoken: Spoken) -> Routing:
    """`found`, and from `spoken` what it leaves out."""
    neighbours, neighbours6 = found.neighbours, found.neighbours6
    peers, peers6, prefixes = found.peers, found.peers6, found.prefixes
    if neighbours is None and spoken.adjacencies4 is not None:
        neighbours = {
            address: _number(OSPF_STATES, spoken.adjacencies4.get(each.interface, ""))
            for address, each in expected.neighbours.items()
        }
    if neighbours6 is None and spoken.adjacencies6 is not None:
        neighbours6 = {
            each.key6: _number(OSPF_STATES, spoken.adjacencies6.get(each.interface, ""))
            for each in expected.neighbours.values()
            if each.key6
        }
    if spoken.sessions is not None:
        states = {
            address: _number(BGP_STATES, word) for address, (word, _) in spoken.sessions.items()
        }
        peers = states if peers is None else peers
        peers6 = states if peers6 is None else peers6
        counted = {address: received for address, (_, received) in spoken.sessions.items()}
        prefixes = counted | dict(prefixes or {})
    return Routing(neighbours, neighbours6, peers, peers6, prefixes)


def _number(names: tuple[str, ...], word: str) -> int:
    """The MIB's number of a state; 0 for no state, or one that has no name there."""
    plain = _plain(word.partition("(")[0])
    plain = _OTHERWISE.get(plain, plain)
    known = [_plain(each) for each in names]
    return known.index(plain) if plain in known else 0


def _plain(word: str) -> str:
    return word.casefold().replace("-", "").replace(" ", "")
