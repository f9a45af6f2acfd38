"""Adjacencies: which the model promises, and which FRR has."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from inventory.model import BgpPlan, Device, ExternalPeer, InterfaceKind, Network
from lab import vty
from lab.plan import Adjacency


def expected(network: Network) -> tuple[Adjacency, ...]:
    """All that the model promises, each from both of its sides, in order."""
    found = {
        adjacency
        for device in network.devices.values()
        for adjacency in _device_adjacencies(device, network)
    }
    for peer in network.region.bgp.externals:
        if peer.device in network.devices:
            found |= set(_external_adjacencies(peer, network.region.bgp, network))
    return tuple(sorted(found))


def _device_adjacencies(device: Device, network: Network) -> Iterable[Adjacency]:
    for interface in device.interfaces:
        if interface.kind is not InterfaceKind.TRANSIT or interface.peer is None:
            continue
        neighbour = interface.peer[0]
        if interface.ospf is None or interface.ospf.passive or neighbour not in network.devices:
            continue
        if interface.ipv4 is not None:
            yield Adjacency(device.name, "ospf", interface.name, neighbour)
        if interface.ipv6 is not None:
            yield Adjacency(device.name, "ospf6", interface.name, neighbour)
        if interface.ospf.bfd:
            yield Adjacency(device.name, "bfd", interface.name, neighbour)


def _external_adjacencies(
    peer: ExternalPeer, bgp: BgpPlan, network: Network
) -> Iterable[Adjacency]:
    border = network.devices[peer.device]
    yield Adjacency(border.name, "bgp", str(peer.remote4), peer.id)
    yield Adjacency(border.name, "bgp", str(peer.remote6), peer.id)
    for name in bgp.internal_peers(border.name):
        speaker = network.devices.get(name)
        if speaker is None:
            continue
        for one, other in ((border, speaker), (speaker, border)):
            for address in (other.router_id, other.loopback6):
                if address is not None:
                    yield Adjacency(one.name, "bgp", str(address), other.name)


def missing(wanted: Iterable[Adjacency], runs: Mapping[str, Path]) -> tuple[Adjacency, ...]:
    """Those of `wanted` that are not up; `runs` gives the /run of each powered device."""
    by_device: dict[str, list[Adjacency]] = {}
    for adjacency in wanted:
        by_device.setdefault(adjacency.device, []).append(adjacency)
    lost: list[Adjacency] = []
    for device, adjacencies in by_device.items():
        protocols = {adjacency.protocol for adjacency in adjacencies}
        run = runs.get(device)
        up = {protocol: OBSERVE[protocol](run) if run else set() for protocol in protocols}
        lost += (one for one in adjacencies if one.towards not in up[one.protocol])
    return tuple(sorted(lost))


def begin_again(lost: Iterable[Adjacency], runs: Mapping[str, Path]) -> tuple[Adjacency, ...]:
    """Let OSPFv3 begin anew at interfaces of `lost`; those that were told.

    ospf6d 8.4 can miss the last database description of a neighbour that is full already: then
    one end stays in ExChange for ever, once in some thousand adjacencies that come up together.
    """
    told = []
    for one in lost:
        if one.protocol == "ospf6" and one.device in runs:
            with suppress(OSError):
                vty.show(runs[one.device], "ospf6d", f"clear ipv6 ospf6 interface {one.towards}")
                told.append(one)
    return tuple(told)


def _ospf_up(run: Path) -> set[str]:
    answer = vty.show_json(run, "ospfd", "show ip ospf neighbor") or {}
    return {
        neighbour.get("ifaceName", "").partition(":")[0]
        for neighbours in answer.get("neighbors", {}).values()
        for neighbour in neighbours
        if neighbour.get("nbrState", neighbour.get("state", "")).startswith("Full")
    }


def _ospf6_up(run: Path) -> set[str]:
    answer = vty.show_json(run, "ospf6d", "show ipv6 ospf6 neighbor") or {}
    return {
        neighbour.get("interfaceName", "")
        for neighbour in answer.get("neighbors", [])
        if neighbour.get("state") == "Full"
    }


def _bfd_up(run: Path) -> set[str]:
    """Interfaces with a session, all of whose sessions are up (IPv4 and IPv6 have one each)."""
    sessions = vty.show_json(run, "bfdd", "show bfd peers") or []
    down = {one.get("interface") for one in sessions if one.get("status") != "up"}
    return {one["interface"] for one in sessions if "interface" in one} - down


def _bgp_up(run: Path) -> set[str]:
    answer: dict[str, Any] = vty.show_json(run, "bgpd", "show bgp summary") or {}
    return {
        address
        for family in answer.values()
        if isinstance(family, dict)
        for address, peer in family.get("peers", {}).items()
        if peer.get("state") == "Established"
    }


OBSERVE = {"ospf": _ospf_up, "ospf6": _ospf6_up, "bfd": _bfd_up, "bgp": _bgp_up}
"""Protocol -> what of it is up at a device, by interface or by address."""
