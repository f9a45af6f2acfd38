"""Costs raised in steps during which no packet can circle, whichever router hears of them first.

While a new cost spreads, some routers forward by the old costs and some by the new. A router that
hears first may hand a packet to one that has not heard yet and hands it back: a transient loop, in
which packets die. A step is free of them when, for every destination, the next hops by the old
costs and those by the new ones together hold no cycle. Steps of one always are, and mostly a few
big ones do (Francois, Shand, Bonaventure: Disruption-free topology reconfiguration in OSPF
networks, INFOCOM 2007). Lowered costs take the same steps backwards. Pure.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from inventory.model import Device, Network
from inventory.paths import Edge, Topology

LAST_RESORT = 65535
"""The highest OSPF cost of an interface: used only when there is no other way."""
_DEFAULT = "0.0.0.0/0"

Costs = Mapping[tuple[str, str], int]
"""(device, interface) -> cost of what leaves through it."""
Hops = Mapping[str, Mapping[str, set[str]]]
"""Destination -> router -> its next hops, all that are equally good."""


def raised(
    network: Network, device: str, interfaces: Collection[str], to: int = LAST_RESORT
) -> tuple[Network, ...]:
    """`network` with the costs of those interfaces of `device` growing to `to`, in steps.

    All of them grow by the same amount, so the device itself never changes its mind before the
    last step. Destinations are routers, what is behind them, and the default route.
    """
    wires = tuple(_wires(network))
    start = {(wire.device, wire.interface): wire.cost for wire in wires}
    own = network.devices[device].interfaces  # in the order of the rendered configuration
    chosen = [(device, one.name) for one in own if one.name in interfaces]
    rise = max((to - start[key] for key in chosen), default=0)
    targets = _destinations(network)

    def at(level: int) -> Costs:
        grown = {key: max(start[key], min(to, start[key] + level)) for key in chosen}
        return {**start, **grown}

    def hops(costs: Costs) -> Hops:
        return _hops(wires, targets, costs)

    @cache
    def whole(level: int) -> Hops:
        return hops(at(level))

    def free(before: int, after: int) -> bool:
        ends = [whole(before), whole(after)]
        if not _together_free(ends):  # what mostly tells, at once
            return False
        lower, higher = at(before), at(after)
        ways = (_half_told(lower, higher, chosen), _half_told(higher, lower, chosen))
        return all(_together_free([*ends, *map(hops, way)]) for way in ways)

    levels = _levels(free, rise)
    return tuple(with_costs(network, device, at(level)) for level in levels)


@dataclass(frozen=True, slots=True)
class _Wire:
    device: str
    interface: str
    to: str
    cost: int


def _wires(network: Network) -> Iterator[_Wire]:
    for device in network.devices.values():
        for interface in device.interfaces:
            if interface.ospf is not None and not interface.ospf.passive and interface.peer:
                yield _Wire(device.name, interface.name, interface.peer[0], interface.ospf.cost)


def _destinations(network: Network) -> Mapping[str, frozenset[str]]:
    """Destination -> the routers that announce it."""
    routers = {name: frozenset({name}) for name, one in network.devices.items() if one.routes}
    borders = frozenset(
        peer.device for peer in network.region.bgp.externals if peer.accepts_default
    )
    return {**routers, _DEFAULT: borders} if borders else routers


def _half_told(before: Costs, after: Costs, chosen: Sequence[tuple[str, str]]) -> Iterator[Costs]:
    """What a device may announce of itself while it is told new costs in that order."""
    costs = dict(before)
    for key in chosen[:-1]:
        costs[key] = after[key]
        yield dict(costs)


def _levels(free: Callable[[int, int], bool], end: int) -> Iterator[int]:
    """From 0 to `end`, each as far from the one before as no packet can circle between them."""
    level = 0
    while level < end:
        good, bad = level + 1, end + 1
        probe = end
        while bad - good > 1:
            good, bad = (probe, bad) if free(level, probe) else (good, probe)
            probe = (good + bad) // 2
        level = good
        yield level


def _hops(wires: Iterable[_Wire], targets: Mapping[str, frozenset[str]], costs: Costs) -> Hops:
    backwards: dict[str, list[Edge]] = defaultdict(list)
    for wire in wires:
        cost = costs[wire.device, wire.interface]
        backwards[wire.to].append(Edge(wire.interface, wire.device, cost))
        backwards.setdefault(wire.device, [])
    found: dict[str, Mapping[str, set[str]]] = {}
    for target, announcers in targets.items():
        sink = tuple(Edge("", name, 0) for name in sorted(announcers))
        to_target = Topology({**_frozen(backwards), "": sink}).costs_from("")
        hops: dict[str, set[str]] = defaultdict(set)
        for wire in wires:
            onward = to_target.get(wire.to)
            if onward is None or wire.device in announcers:
                continue
            if costs[wire.device, wire.interface] + onward == to_target[wire.device]:
                hops[wire.device].add(wire.to)
        found[target] = hops
    return found


def _together_free(tables: Sequence[Hops]) -> bool:
    """Whether no packet circles, whichever of `tables` each router forwards by."""
    first, *others = tables
    for target, hops in first.items():
        if all(other[target] == hops for other in others):
            continue
        every: dict[str, set[str]] = defaultdict(set)
        for table in tables:
            for name, onward in table[target].items():
                every[name] |= onward
        try:
            TopologicalSorter(every).prepare()
        except CycleError:
            return False
    return True


def _frozen(edges: Mapping[str, list[Edge]]) -> dict[str, tuple[Edge, ...]]:
    return {name: tuple(rows) for name, rows in edges.items()}


def with_costs(network: Network, name: str, costs: Costs) -> Network:
    """`network` with those costs of the device `name`."""
    device = _device_with_costs(network.devices[name], costs)
    return replace(network, devices=MappingProxyType({**network.devices, name: device}))


def _device_with_costs(device: Device, costs: Costs) -> Device:
    interfaces = tuple(
        replace(interface, ospf=replace(interface.ospf, cost=costs[device.name, interface.name]))
        if interface.ospf is not None and (device.name, interface.name) in costs
        else interface
        for interface in device.interfaces
    )
    return replace(device, interfaces=interfaces)
