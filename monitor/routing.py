"""What routing over each link should be, and what it lacks. Pure.

OSPF-MIB (RFC 4750) and BGP4-MIB (RFC 4273): what a device says of its neighbours is held against
the model. A device that serves no such MIB says nothing, which is no fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from inventory.model import Device, Network
from monitor.dependencies import external_link
from monitor.said import joined, say

OSPF_STATES = ("", "down", "attempt", "init", "2-way", "exchange start", "exchange", "loading",
               "full")  # fmt: skip
FULL = 8
BGP_STATES = ("", "idle", "connect", "active", "opensent", "openconfirm", "established")
ESTABLISHED = 6


@dataclass(frozen=True, slots=True)
class Peer:
    """A BGP session that should be there."""

    name: str
    """The device, or the external peer."""
    link: str | None
    """The link that is degraded without it; None for a session inside the region."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one device, IPv4."""

    neighbours: Mapping[str, tuple[str, str]]
    """Address of an OSPF neighbour -> (its device, the link to it)."""
    peers: Mapping[str, Peer]
    """By the peer's address."""


@dataclass(frozen=True, slots=True)
class Routing:
    """What one device says; None where it serves no such MIB."""

    neighbours: Mapping[str, int] | None
    """Address -> ospfNbrState."""
    peers: Mapping[str, int] | None
    """Address -> bgpPeerState."""
    prefixes: Mapping[str, int]
    """Address of a peer -> prefixes received from it."""


def expected_routing(network: Network) -> dict[str, Expected]:
    """By device; those that route nothing are left out."""
    return {
        device.name: Expected(_neighbours(network, device), _peers(network, device))
        for device in network.devices.values()
        if device.routes
    }


def troubles(device: str, expected: Expected, found: Routing) -> dict[str, str]:
    """Link -> what is missing on it as `device` sees it; every link it could tell of is there."""
    said: dict[str, list[str]] = {}
    if found.neighbours is not None:
        for address, (name, link) in expected.neighbours.items():
            state = found.neighbours.get(address, 0)
            lacks = say("link.adjacency", device=device, neighbour=name,
                        found=_word(OSPF_STATES, state))  # fmt: skip
            said.setdefault(link, []).append("" if state == FULL else lacks)
    if found.peers is not None:
        for address, peer in expected.peers.items():
            if peer.link is None:
                continue
            state = found.peers.get(address, 0)
            lacks = say("link.session", device=device, peer=peer.name,
                        found=_word(BGP_STATES, state))  # fmt: skip
            said.setdefault(peer.link, []).append("" if state == ESTABLISHED else lacks)
    return {link: joined(several) for link, several in said.items()}


def shown(expected: Expected, found: Routing) -> dict[str, object]:
    """The same for people: {"adjacencies": {...}, "sessions": [...]}; null where not known."""
    full = None
    if found.neighbours is not None:
        full = sum(found.neighbours.get(address) == FULL for address in expected.neighbours)
    sessions = [
        {
            "peer": peer.name,
            "address": address,
            "state": _word(BGP_STATES, found.peers.get(address, 0)),
            "prefixes": found.prefixes.get(address, 0),
        }
        for address, peer in sorted(expected.peers.items())
        if found.peers is not None
    ]
    return {"adjacencies": full, "expected_adjacencies": len(expected.neighbours),
            "sessions": sessions}  # fmt: skip


def _word(names: tuple[str, ...], state: int) -> str:
    return names[state] if 0 < state < len(names) else "-"


def _neighbours(network: Network, device: Device) -> dict[str, tuple[str, str]]:
    found = {}
    for link in network.links.values():
        if link.routed and device.name in {link.a.device, link.b.device}:
            other = link.other(device.name)
            if other.ipv4:
                found[str(other.ipv4.ip)] = (other.device, link.id)
    return found


def _peers(network: Network, device: Device) -> dict[str, Peer]:
    plan = network.region.bgp
    borders = {external.device for external in plan.externals}
    found = {}
    for external in plan.externals:
        if external.device == device.name:
            interface = device.interface(external.interface)
            found[str(external.remote4)] = Peer(external.id, external_link(interface))
    internal = (set(plan.speakers) if device.name in borders else set()) | (
        borders if device.name in plan.speakers else set()
    )
    for name in sorted(internal - {device.name}):
        other = network.devices.get(name)
        if other and other.router_id:
            found[str(other.router_id)] = Peer(name, None)
    return found
