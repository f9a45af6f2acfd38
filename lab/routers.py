"""What running routers say of their forwarding and of BGP, for scenarios."""

import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from inventory.errors import LabError
from inventory.model import Network
from lab import in_node
from lab.plan import LabPlan, NodeKind
from lab.state import LabState

MOST_HOPS = 32
Prefix = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Trace:
    """The way that a packet takes now."""

    devices: tuple[str, ...]
    links: tuple[str, ...]
    arrives: bool


class Routers:
    """Asks the routers of one lab."""

    def __init__(self, lab: LabState, plan: LabPlan, network: Network) -> None:
        self._lab, self._plan, self._network = lab, plan, network

    def trace(self, router: str, target: IPv4Address | IPv6Address) -> Trace:
        """Follow the forwarding tables from `router` on, hop by hop. LabError for a loop."""
        devices, links, here = [router], list[str](), router
        while len(devices) <= MOST_HOPS:
            way = self._way_out(here, target)
            if way in {None, "lo"}:
                return Trace(tuple(devices), tuple(links), arrives=way == "lo")
            wire = next(
                (w for w in self._plan.wires_at(here) if w.near(here).interface == way), None
            )
            if wire is None:
                return Trace(tuple(devices), tuple(links), arrives=True)
            if wire.link is not None:
                links.append(wire.link)
            here = (wire.b if wire.a.node == here else wire.a).node
            if self._plan.node(here).kind is not NodeKind.ROUTER:
                return Trace(tuple(devices), tuple(links), arrives=True)
            devices.append(here)
        raise LabError(f"{target} from {router}: a loop, {' -> '.join(devices[:8])} ...")

    def _way_out(self, router: str, target: IPv4Address | IPv6Address) -> str | None:
        words = ["ip", f"-{target.version}", "-j", "route", "get", str(target)]
        try:
            found = json.loads(in_node.run(self._lab, self._plan, router, words))
        except LabError:  # no route: ip says so with its exit status
            return None
        return str(found[0]["dev"]) if found and "dev" in found[0] else None

    def has_route(self, router: str, prefix: Prefix) -> bool:
        """Whether the forwarding table has exactly this prefix."""
        shown = "default" if prefix.prefixlen == 0 else str(prefix)
        words = ["ip", f"-{prefix.version}", "-j", "route", "show", "exact", shown]
        return bool(json.loads(in_node.run(self._lab, self._plan, router, words) or "[]"))

    def prefixes(self, device: str, neighbour: str, direction: str) -> set[Prefix]:
        """What BGP has from a neighbour after its filters, or sends to it. Both families."""
        found: set[Prefix] = set()
        addresses = [
            a.towards
            for a in self._plan.adjacencies
            if (a.device, a.protocol, a.neighbour) == (device, "bgp", neighbour)
        ]
        if not addresses:
            raise LabError(f"{device} has no BGP session with {neighbour} in the model.")
        for address in addresses:
            family = "ipv6" if ":" in address else "ipv4"
            what = "routes" if direction == "received" else "advertised-routes"
            command = f"show bgp {family} unicast neighbors {address} {what} json"
            said = in_node.run(self._lab, self._plan, device, ["vtysh", "-c", command])
            found |= {ip_network(text) for text in _routes(json.loads(said or "{}"))}
        return found


def _routes(document: dict[str, Any]) -> list[str]:
    if document.get("bgpNoSuchNeighbor"):
        return []
    routes = document.get("routes", document.get("advertisedRoutes", {}))
    sent_default = document.get("bgpOriginatingDefaultNetwork")
    return [*routes, *([sent_default] if sent_default else [])]
