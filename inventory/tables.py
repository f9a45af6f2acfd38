"""The model as rows, for tables and for JSON: what `imereti show` prints."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from inventory.errors import InputError, Problem, UsageError
from inventory.model import Device, End, Network
from inventory.nearest import nearest
from inventory.paths import BestPath, Topology

Row = dict[str, Any]


def site_rows(network: Network) -> list[Row]:
    """One row a site."""
    return [
        {
            "code": site.code,
            "number": site.number,
            "name": asdict(site.name),
            "role": site.role,
            "parent": site.parent,
            "latitude": site.latitude,
            "longitude": site.longitude,
            "devices": list(site.devices),
            "lans": [lan.id for lan in site.lans],
            "target": site.target,
            "assumed": list(site.assumed),
        }
        for site in network.sites.values()
    ]


def device_rows(network: Network) -> list[Row]:
    """One row a device."""
    return [
        {
            "name": device.name,
            "site": device.site,
            "role": device.role,
            "platform": device.platform,
            "hardware": device.hardware,
            "location": device.location,
            "management": str(device.management),
            "loopback": None if device.router_id is None else str(device.router_id),
            "interfaces": len(device.interfaces),
            "groups": list(device.groups),
            "assumed": list(device.assumed),
        }
        for device in network.devices.values()
    ]


def link_rows(network: Network) -> list[Row]:
    """One row a link."""
    return [
        {
            "id": link.id,
            "a": _end(link.a),
            "b": _end(link.b),
            "role": link.role,
            "medium": link.medium,
            "bandwidth_bps": link.bandwidth_bps,
            "provider": link.provider,
            "circuit_id": link.circuit_id,
            "target": link.target,
            "cost": link.cost,
            "mtu": link.mtu,
            "bfd": link.bfd,
            "assumed": list(link.assumed),
        }
        for link in network.links.values()
    ]


def _end(end: End) -> Row:
    address = None if end.ipv4 is None else str(end.ipv4)
    return {"device": end.device, "interface": end.interface, "address": address}


def address_rows(network: Network) -> list[Row]:
    """One row an interface that has an address."""
    return [
        {
            "device": interface.device,
            "interface": interface.name,
            "kind": interface.kind,
            "ipv4": None if interface.ipv4 is None else str(interface.ipv4),
            "ipv6": None if interface.ipv6 is None else str(interface.ipv6),
            "for": interface.link or interface.lan or "",
        }
        for device in network.devices.values()
        for interface in device.interfaces
        if interface.ipv4 is not None or interface.ipv6 is not None
    ]


def path_between(network: Network, start: str, end: str) -> BestPath:
    """The best path between two places: devices, LANs or sites.

    UsageError for a place that is none, InputError when no path is there.
    """
    problems: list[Problem] = []
    source = _router_at(network, start, problems)
    target = _router_at(network, end, problems)
    if source is not None and target is not None:
        path = Topology.of(network).path(source, target)
        if path is not None:
            return path
        raise InputError((Problem("show path", 0, "", f"no path from {source} to {target}."),))
    raise UsageError(tuple(problems))


def path_rows(network: Network, path: BestPath) -> list[Row]:
    """One row a link of the path."""
    rows: list[Row] = []
    for hop in path.hops:
        link = network.links[hop.link]
        rows.append(
            {
                "from": hop.source,
                "interface": link.end(hop.source).interface,
                "link": hop.link,
                "role": link.role,
                "to": hop.target,
                "cost": hop.cost,
            }
        )
    return rows


def _router_at(network: Network, place: str, problems: list[Problem]) -> str | None:
    """The routing device that speaks for a device, a LAN, or a site."""
    if place in network.devices:
        device = network.devices[place]
        return place if device.routes else _gateway_of(network, device)
    if place in network.lans:
        return network.lans[place].router
    if place in network.sites:
        return _router_of_site(network, place)
    known = [*network.devices, *network.lans, *network.sites]
    message = f"there is no device, LAN or site '{place}'."
    problems.append(Problem("show path", 0, "", message, nearest(place, known)))
    return None


def _gateway_of(network: Network, switch: Device) -> str:
    return next(lan.router for lan in network.lans.values() if lan.switch == switch.name)


def _router_of_site(network: Network, code: str) -> str:
    site = network.sites[code]
    own: Iterable[str] = (name for name in site.devices if network.devices[name].routes)
    return next(iter(own), None) or site.lans[0].router
