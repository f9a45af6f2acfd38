"""One fault after the other, each measured and mended; which ones follows from the model. Pure
down to `Sweeper`, which does it.

Watched are the ways that lead through what fails: from hosts that the model lets through to
servers and to the Internet. So the longest outage is what the users behind it felt.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from inventory.errors import LabError
from inventory.model import Device, DeviceRole, Link, LinkRole, Network
from inventory.paths import Topology
from lab.plan import LabPlan, LanHost
from lab.reach import Probe
from lab.scenario_schema import Sweep

WAYS, OTHERS = 6, 2
"""Watched at the same time of each sort: one ping each every 10 ms."""
WAN_ROLES = (
    LinkRole.WAN_PRIMARY,
    LinkRole.WAN_BACKUP,
    LinkRole.TBILISI_PRIMARY,
    LinkRole.TBILISI_BACKUP,
)
ROUTER_ROLES = (DeviceRole.CORE, DeviceRole.DISTRIBUTION, DeviceRole.EDGE, DeviceRole.DISTRICT)
FAULT_OF = {"cut": "cut", "silent": "blackhole", "down": "power-off"}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that fails."""

    what: str
    """cut, silent or down."""
    subject: str
    role: str
    alone: tuple[str, ...]
    """Sites that have no other way."""
    inside: tuple[Probe, ...]
    """Ways to servers through it, whose two ends keep another way."""
    outside: tuple[Probe, ...]
    """Such ways to the Internet."""
    others: tuple[Probe, ...]
    """Some ways that do not lead through it."""
    cut_off: tuple[Probe, ...]
    """Some ways that have nothing else: they must be back when it is mended."""

    @property
    def kept(self) -> tuple[Probe, ...]:
        """All ways that have to work while it is broken."""
        return (*self.inside, *self.outside, *self.others)

    @property
    def fault(self) -> str:
        """The kind of fault that makes it fail."""
        return FAULT_OF[self.what]


@dataclass(frozen=True, slots=True)
class _Way:
    probe: Probe
    devices: frozenset[str]
    links: frozenset[str]
    source: str
    target: str
    outside: bool


def items(network: Network, plan: LabPlan, sweep: Sweep) -> tuple[Item, ...]:
    """All that a sweep means in a lab, in the model's order; LabError when that is nothing."""
    ways = tuple(_ways(network, plan))
    topology = Topology.of(network)
    subjects: Iterable[Link | Device] = (
        _routers(network, plan, sweep) if sweep.what == "down" else _links(network, plan, sweep)
    )
    found = tuple(_item(network, topology, ways, sweep.what, one) for one in subjects)
    if not found:
        raise LabError(f"a sweep of {sweep.what} finds nothing in lab {plan.name}.")
    return found


def _links(network: Network, plan: LabPlan, sweep: Sweep) -> Iterator[Link]:
    roles = sweep.roles or (WAN_ROLES if sweep.what == "silent" else tuple(LinkRole))
    for link in network.links.values():
        if (
            link.routed
            and link.role in roles
            and plan.wires_of(link.id)
            and _chosen(link.id, sweep)
        ):
            yield link


def _routers(network: Network, plan: LabPlan, sweep: Sweep) -> Iterator[Device]:
    roles = sweep.roles or ROUTER_ROLES
    nodes = {node.name for node in plan.nodes}
    for device in network.devices.values():
        if device.name in nodes and device.role in roles and _chosen(device.name, sweep):
            yield device


def _chosen(name: str, sweep: Sweep) -> bool:
    return not sweep.only or any(fnmatchcase(name, pattern) for pattern in sweep.only)


def _ways(network: Network, plan: LabPlan) -> Iterator[_Way]:
    """From every host to a server and to the outside, as policy allows, with the best path."""
    topology = Topology.of(network)
    for host in plan.hosts:
        source = network.lans[host.lan].router
        for probe, target, outside in _aims(network, plan, host):
            path = topology.path(source, target)
            if path is not None:
                links, devices = frozenset(path.links), frozenset(path.devices)
                yield _Way(probe, devices, links, source, target, outside)


def _aims(network: Network, plan: LabPlan, host: LanHost) -> Iterator[tuple[Probe, str, bool]]:
    """Ping, the router at its end, whether that leads outside."""
    reaches = plan.zone_reaches[host.zone]
    if host.node != host.lan:
        return  # a switch: management is not what users feel
    for server in plan.hosts:
        if server.also4 and server is not host and server.zone in reaches:
            yield Probe(host.node, server.ipv4), network.lans[server.lan].router, False
    for peer in network.region.bgp.externals:
        if "external" in reaches and any(beyond.peer == peer.id for beyond in plan.beyond):
            yield Probe(host.node, peer.internet4), peer.device, True


def _item(
    network: Network, topology: Topology, ways: Sequence[_Way], what: str, one: Link | Device
) -> Item:
    if isinstance(one, Link):
        name, role, left = one.id, one.role.value, topology.without_links([one.id])
    else:
        name, role, left = one.name, one.role.value, topology.without_devices([one.name])
    inside, outside, beside, cut_off = list[Probe](), list[Probe](), list[Probe](), list[Probe]()
    for way in ways:
        if name not in way.links and name not in way.devices:
            beside.append(way.probe)
        elif way.target in left.reached_from(way.source):
            (outside if way.outside else inside).append(way.probe)
        else:
            cut_off.append(way.probe)
    return Item(
        what,
        name,
        role,
        _alone(network, topology, left, name),
        tuple(_spread(inside, WAYS)),
        tuple(_spread(outside, WAYS)),
        tuple(_spread(beside, OTHERS)),
        tuple(_spread(cut_off, OTHERS)),
    )


def _alone(network: Network, before: Topology, left: Topology, failed: str) -> tuple[str, ...]:
    """Sites of routers that lose their way to most others."""
    names = [name for name in before.edges if name != failed]
    largest: frozenset[str] = frozenset()
    for name in names:
        if name not in largest:
            largest = max(largest, left.reached_from(name), key=len)
    cut_off = [network.devices[name].site for name in names if name not in largest]
    return tuple(dict.fromkeys(cut_off))


def _spread(probes: Sequence[Probe], count: int) -> list[Probe]:
    """At most `count` of them, from all over."""
    if len(probes) <= count:
        return list(probes)
    return [probes[number * len(probes) // count] for number in range(count)]
