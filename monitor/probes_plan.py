"""Whom to ping: both ends of every link, and every site. Pure.

A ping to the far end of a link crosses it: the /31 of a link is reached through its nearer end.
The near end is pinged too, so that what is lost before it is not laid to the link.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from inventory.model import Device, Link, Network
from inventory.paths import Topology


@dataclass(frozen=True, slots=True)
class LinkProbe:
    """How a link is judged."""

    link: str
    near: str | None
    """Address at its nearer end; None where that has none of its own (towards a switch)."""
    far: str
    device: str
    """Whose address `far` is."""


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """Everything to ping."""

    links: tuple[LinkProbe, ...]
    sites: tuple[tuple[str, tuple[str, ...]], ...]
    """Site -> the addresses of its routing devices, or of its switches where it has no other."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Each once, sorted."""
        found = {each.far for each in self.links}
        found |= {each.near for each in self.links if each.near}
        found |= {address for _, addresses in self.sites for address in addresses}
        return tuple(sorted(found, key=IPv4Address))


def probe_plan(network: Network) -> ProbePlan:
    """From the model, as seen from the NOC."""
    costs = Topology.of(network).costs_from(noc_router(network))
    links = (_link_probe(link, network, costs) for link in network.links.values())
    sites = []
    for site in network.sites.values():
        devices = [network.devices[n] for n in site.devices if n in network.devices]
        routers = [each for each in devices if each.routes]
        addresses = tuple(str(_own(each)) for each in routers or devices)
        if addresses:
            sites.append((site.code, addresses))
    return ProbePlan(tuple(each for each in links if each), tuple(sites))


def noc_router(network: Network) -> str:
    """The device that routes the NOC's LAN; empty when the region has none."""
    for lan in network.lans.values():
        if any(lan.ipv4.subnet_of(noc) for noc in network.region.noc4):
            return lan.router
    return ""


def _link_probe(link: Link, network: Network, costs: dict[str, int]) -> LinkProbe | None:
    if link.a.ipv4 and link.b.ipv4:
        unknown = max(costs.values(), default=0) + 1
        a, b = costs.get(link.a.device, unknown), costs.get(link.b.device, unknown)
        near, far = (link.a, link.b) if a <= b else (link.b, link.a)
        assert near.ipv4 and far.ipv4  # noqa: S101, PT018  (asked above)
        return LinkProbe(link.id, str(near.ipv4.ip), str(far.ipv4.ip), far.device)
    for end, other in ((link.a, link.b), (link.b, link.a)):
        switch, router = network.devices[end.device], network.devices[other.device]
        if not switch.routes and router.router_id:
            return LinkProbe(link.id, str(router.router_id), str(_own(switch)), switch.name)
    return None


def _own(device: Device) -> IPv4Address:
    """Its address in the network itself, also where it is managed out of band."""
    if device.router_id:
        return device.router_id
    in_band = (each.ipv4.ip for each in device.interfaces if each.ipv4 and each.lan)
    return next(in_band, device.management)
