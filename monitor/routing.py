"""What routing over each link should be, and what it lacks. Pure.

OSPF-MIB (RFC 4750), OSPFV3-MIB (RFC 5643) and BGP4-MIB (RFC 4273), or where a device serves none
of these its own words: what it says of its neighbours is held against the model. A device that
says nothing has no fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple, TypeVar

from inventory.model import Device, Network
from monitor.dependencies import external_link
from monitor.said import joined, say

OSPF_STATES = ("", "down", "attempt", "init", "2-way", "exchange start", "exchange", "loading",
               "full")  # fmt: skip
FULL = 8
BGP_STATES = ("", "idle", "connect", "active", "opensent", "openconfirm", "established")
ESTABLISHED = 6
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Peer:
    """A BGP session that should be there."""

    name: str
    """The device, or the external peer."""
    link: str | None
    """The link that is degraded without it; None for a session inside the region."""


class Neighbour(NamedTuple):
    """An OSPF neighbour that should be there, behind one link."""

    device: str
    link: str
    interface: str
    """Ours, by its name in the inventory."""
    key6: tuple[str, str] | None
    """Our ifName and its router id, by which OSPFv3 knows it; None where that does not run."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one device."""

    neighbours: Mapping[str, Neighbour]
    """By the IPv4 address of the neighbour."""
    peers: Mapping[str, Peer]
    """By the peer's IPv4 address."""
    peers6: Mapping[str, Peer]
    """External ones by their IPv6 address; BGP4-MIB knows none of them."""

    @property
    def keys6(self) -> tuple[tuple[str, str], ...]:
        """Of the OSPFv3 neighbours."""
        return tuple(each.key6 for each in self.neighbours.values() if each.key6)


@dataclass(frozen=True, slots=True)
class Routing:
    """What one device says; None where it does not say."""

    neighbours: Mapping[str, int] | None
    """Address -> ospfNbrState."""
    neighbours6: Mapping[tuple[str, str], int] | None
    """Our ifName and the neighbour's router id -> ospfv3NbrState, whose numbers mean the same."""
    peers: Mapping[str, int] | None
    """Address -> bgpPeerState."""
    peers6: Mapping[str, int] | None
    """The same of sessions over IPv6."""
    prefixes: Mapping[str, int] | None
    """Address of a peer -> prefixes received from it."""


UNHEARD = Routing(None, None, None, None, None)


def expected_routing(network: Network) -> dict[str, Expected]:
    """By device; those that route nothing are left out."""
    return {
        device.name: Expected(
            _neighbours(network, device), _peers(network, device), _peers6(network, device)
        )
        for device in network.devices.values()
        if device.routes
    }


def troubles(device: str, expected: Expected, found: Routing) -> dict[str, str]:
    """Link -> what is missing on it as `device` sees it; every link it could tell of is there."""
    said: dict[str, list[str]] = {}
    for address, each in expected.neighbours.items():
        for sentence, state in (
            ("link.adjacency", _state(found.neighbours, address)),
            ("link.adjacency6", _state(found.neighbours6, each.key6)),
        ):
            if state is not None:
                word = _word(OSPF_STATES, state)
                lacks = say(sentence, device=device, neighbour=each.device, found=word)
                said.setdefault(each.link, []).append("" if state == FULL else lacks)
    for sentence, wanted, states in (
        ("link.session", expected.peers, found.peers),
        ("link.session6", expected.peers6, found.peers6),
    ):
        for address, peer in wanted.items():
            state = _state(states, address)
            if peer.link is not None and state is not None:
                lacks = say(sentence, device=device, peer=peer.name, found=_word(BGP_STATES, state))
                said.setdefault(peer.link, []).append("" if state == ESTABLISHED else lacks)
    return {link: joined(several) for link, several in said.items()}


def shown(expected: Expected, found: Routing) -> dict[str, object]:
    """The same for people, as GET /api/v1/devices/{id} has it; null where not known."""
    neighbours = [
        {
            "neighbour": each.device,
            "link": each.link,
            "state": _known(_state(found.neighbours, address)),
            "state6": _known(_state(found.neighbours6, each.key6)),
        }
        for address, each in sorted(expected.neighbours.items(), key=lambda item: item[1].link)
    ]
    both = [
        (*session, states)
        for wanted, states in ((expected.peers, found.peers), (expected.peers6, found.peers6))
        for session in wanted.items()
    ]
    sessions = [
        {
            "peer": peer.name,
            "address": address,
            "state": _word(BGP_STATES, state),
            "prefixes": None if found.prefixes is None else found.prefixes.get(address, 0),
        }
        for address, peer, states in sorted(both, key=_rank)
        if (state := _state(states, address)) is not None
    ]
    return {
        "adjacencies": _full(found.neighbours, tuple(expected.neighbours)),
        "expected_adjacencies": len(expected.neighbours),
        "adjacencies6": _full(found.neighbours6, expected.keys6),
        "expected_adjacencies6": len(expected.keys6),
        "neighbours": neighbours,
        "sessions": sessions,
    }


def _rank(session: tuple[str, Peer, object]) -> tuple[bool, int, int]:
    """Sessions that leave the network first, then by number, those over IPv6 last."""
    number, peer = ip_address(session[0]), session[1]
    return not peer.link, number.version, int(number)


def _full(states: Mapping[Key, int] | None, wanted: tuple[Key, ...]) -> int | None:
    return None if states is None else sum(states.get(each) == FULL for each in wanted)


def _state(states: Mapping[Key, int] | None, key: Key | None) -> int | None:
    """0 for a neighbour that is not there; None where nobody knows, or none is expected."""
    return None if states is None or key is None else states.get(key, 0)


def _known(state: int | None) -> str | None:
    return None if state is None else _word(OSPF_STATES, state)


def _word(names: tuple[str, ...], state: int) -> str:
    return names[state] if 0 < state < len(names) else "-"


def _neighbours(network: Network, device: Device) -> dict[str, Neighbour]:
    found = {}
    for link in network.links.values():
        if link.routed and device.name in {link.a.device, link.b.device}:
            own, other = link.end(device.name), link.other(device.name)
            peer = network.devices.get(other.device)
            key6 = None
            if other.ipv6 and peer and peer.router_id:
                key6 = (device.interface(own.interface).if_name, str(peer.router_id))
            if other.ipv4:
                neighbour = Neighbour(other.device, link.id, own.interface, key6)
                found[str(other.ipv4.ip)] = neighbour
    return found


def _peers(network: Network, device: Device) -> dict[str, Peer]:
    plan = network.region.bgp
    found = {}
    for external in plan.externals:
        if external.device == device.name:
            interface = device.interface(external.interface)
            found[str(external.remote4)] = Peer(external.id, external_link(interface))
    for name in plan.internal_peers(device.name):
        other = network.devices.get(name)
        if other and other.router_id:
            found[str(other.router_id)] = Peer(name, None)
    return found


def _peers6(network: Network, device: Device) -> dict[str, Peer]:
    return {
        str(external.remote6): Peer(
            external.id, external_link(device.interface(external.interface))
        )
        for external in network.region.bgp.externals
        if external.device == device.name
    }
