"""`--fast`: the part of the network that a change can touch. Pure.

The devices whose text differs, their neighbours, and what keeps those connected: the cores, the
borders with the speakers beside them, and the best path from each to a core.
"""

from collections.abc import Iterable

from inventory.model import DeviceRole, Network
from inventory.paths import Topology
from nornir_tasks.bgp import border_scope


def touched(network: Network, changed: Iterable[str]) -> frozenset[str]:
    """Devices to boot so that a change on `changed` is judged; empty when nothing changed."""
    here = {name for name in changed if name in network.devices}
    if not here:
        return frozenset()
    near = here | _neighbours(network, here)
    needed = near | _backbone(network)
    topology = Topology.of(network)
    cores = [n for n, device in network.devices.items() if device.role is DeviceRole.CORE]
    for name in sorted(needed):
        paths = [path for core in cores if (path := topology.path(name, core)) is not None]
        if paths:
            needed = needed | set(min(paths, key=lambda path: path.cost).devices)
    return frozenset(needed | _switches(network, near))


def _neighbours(network: Network, here: set[str]) -> set[str]:
    ends = ({link.a.device, link.b.device} for link in network.links.values() if link.routed)
    return {name for pair in ends if pair & here for name in pair}


def _backbone(network: Network) -> set[str]:
    servers = {
        lan.router for lan in network.lans.values() if network.region.services.resolver4 in lan.ipv4
    }
    cores = {n for n, device in network.devices.items() if device.role is DeviceRole.CORE}
    return (cores | border_scope(network) | servers) & network.devices.keys()


def _switches(network: Network, routers: Iterable[str]) -> set[str]:
    """Layer-2 switches of the LANs that the routers serve."""
    wanted = set(routers)
    return {
        lan.switch for lan in network.lans.values() if lan.router in wanted and lan.switch
    } & network.devices.keys()
