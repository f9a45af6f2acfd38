"""In which order devices are changed: the least important first, never both of a redundant pair.

Pure. A batch may only hold devices whose common failure costs nobody more than their single
failures would: what stays connected to the hub when any one of them dies stays connected when all
of them do. So a batch never holds both ends of a redundant pair, whatever the topology is.
"""

from collections.abc import Iterable, Mapping
from itertools import chain

from inventory.model import DeviceRole, Network, SiteRole

_RANK: Mapping[DeviceRole, int] = {
    DeviceRole.SCHOOL_SWITCH: 0,
    DeviceRole.SCHOOL: 1,
    DeviceRole.OFFICE_SWITCH: 2,
    DeviceRole.DISTRICT_SWITCH: 3,
    DeviceRole.DISTRICT: 4,
    DeviceRole.DISTRIBUTION: 5,
    DeviceRole.DC_SWITCH: 6,
    DeviceRole.GATEWAY: 7,
    DeviceRole.EDGE: 8,
    DeviceRole.CORE: 9,
}


def by_importance(network: Network, devices: Iterable[str]) -> tuple[str, ...]:
    """`devices`, the least important first: by role, then by how many others need it, by name."""
    graph = _graph(network)
    anchors = _anchors(network)

    def key(name: str) -> tuple[int, int, str]:
        lost = len(_cut_off(graph, anchors, frozenset({name})))
        return _RANK[network.devices[name].role], lost, name

    return tuple(sorted(devices, key=key))


def batches(network: Network, devices: Iterable[str], largest: int) -> tuple[tuple[str, ...], ...]:
    """`devices` in batches of at most `largest`, the first of them one canary alone.

    A batch holds one role. Devices keep the order of their importance, save that one which may not
    join a batch waits for the next.
    """
    waiting = list(by_importance(network, devices))
    if not waiting:
        return ()
    graph, anchors = _graph(network), _anchors(network)
    alone = {name: _cut_off(graph, anchors, frozenset({name})) for name in waiting}
    made: list[tuple[str, ...]] = [(waiting.pop(0),)]
    while waiting:
        batch: list[str] = []
        role = network.devices[waiting[0]].role
        for name in waiting:
            if len(batch) == largest or network.devices[name].role is not role:
                break
            if _may_join(graph, anchors, batch, name, alone):
                batch.append(name)
        waiting = [name for name in waiting if name not in batch]
        made.append(tuple(batch))
    return tuple(made)


def _may_join(
    graph: Mapping[str, frozenset[str]],
    anchors: frozenset[str],
    batch: list[str],
    name: str,
    alone: Mapping[str, frozenset[str]],
) -> bool:
    together = frozenset({*batch, name})
    if anchors <= together:
        return len(together) == 1
    expected = frozenset(chain.from_iterable(alone[member] for member in together)) - together
    return _cut_off(graph, anchors, together) <= expected


def _cut_off(
    graph: Mapping[str, frozenset[str]], anchors: frozenset[str], dead: frozenset[str]
) -> frozenset[str]:
    """Devices that reach no living anchor once `dead` are gone, those apart."""
    reached = set(anchors - dead)
    border = list(reached)
    while border:
        for neighbour in graph[border.pop()] - reached - dead:
            reached.add(neighbour)
            border.append(neighbour)
    return frozenset(graph) - reached - dead


def _graph(network: Network) -> Mapping[str, frozenset[str]]:
    neighbours: dict[str, set[str]] = {name: set() for name in network.devices}
    for link in network.links.values():
        if link.a.device in neighbours and link.b.device in neighbours:
            neighbours[link.a.device].add(link.b.device)
            neighbours[link.b.device].add(link.a.device)
    return {name: frozenset(others) for name, others in neighbours.items()}


def _anchors(network: Network) -> frozenset[str]:
    """The cores; without any, the routing devices of the hub site, else the first device."""
    cores = {d.name for d in network.devices.values() if d.role is DeviceRole.CORE}
    hubs = {site.code for site in network.sites.values() if site.role is SiteRole.HUB}
    at_hub = {d.name for d in network.devices.values() if d.site in hubs and d.routes}
    return frozenset(cores or at_hub or sorted(network.devices)[:1])
