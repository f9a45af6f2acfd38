"""What a lab consists of: values only; lab.planner makes them from a network.

The network handed in is the *virtual view* of the inventory: routing devices speak FRR, their
interfaces have Linux names, every device has a management port. The plan adds what the model
does not hold: a namespace for each device, a host in each LAN, a stand-in for each network
that is not ours, and the wires between them.

Every wire runs through a patch panel, a namespace of its own: `ge0-0-1` of a router is a veth
whose other end is a port of the panel, and the panel joins two ports. So a circuit is cut in the
panel, where no router can tell it from a broken fibre.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address

from inventory.errors import LabError

Files = Mapping[str, Mapping[str, str]]
"""Device -> file name -> text with placeholders, as `imereti render` writes them."""


class NodeKind(StrEnum):
    """What stands in a namespace."""

    ROUTER = "router"
    """FRRouting, nftables, snmpd, sshd."""
    SWITCH = "switch"
    """A bridge a VLAN, and snmpd."""
    HOST = "host"
    """Addresses and a default route; the kernel alone answers."""
    EXTERNAL = "external"
    """FRRouting as somebody else's router, and addresses of that somebody's servers."""


@dataclass(frozen=True, slots=True)
class Node:
    """One namespace."""

    name: str
    """The device's name, the LAN's id for its host, the external peer's id."""
    kind: NodeKind
    setup: tuple[str, ...]
    """Lines for `ip -batch` in the namespace, once its wires are there."""
    sysctls: Mapping[str, str]

    @property
    def contained(self) -> bool:
        """Whether programs run in it, so that it needs folders and processes of its own."""
        return self.kind is not NodeKind.HOST


@dataclass(frozen=True, slots=True)
class Port:
    """One end of a wire."""

    node: str
    interface: str


@dataclass(frozen=True, slots=True)
class Wire:
    """A cable between two nodes; a circuit of the model is one wire, or one a VLAN and a trunk."""

    number: int
    """Names its ports in the panel: w<number>a and w<number>b."""
    link: str | None
    """Id of the Link or ExternalPeer; None for a host's own cable."""
    a: Port
    b: Port

    def near(self, node: str) -> Port:
        """The end at `node`."""
        return self.a if self.a.node == node else self.b

    def panel_port(self, node: str) -> str:
        """The panel's port towards `node`."""
        return f"w{self.number}{'a' if self.a.node == node else 'b'}"


@dataclass(frozen=True, slots=True)
class LanHost:
    """Who answers in a LAN: its test host, or in a management LAN the switch."""

    node: str
    lan: str
    zone: str
    ipv4: IPv4Address
    ipv6: IPv6Address
    also4: tuple[IPv4Address, ...] = ()
    also6: tuple[IPv6Address, ...] = ()
    vlan: int = 0
    """The bridge of the LAN's switch is called vlan<this>."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """Addresses that answer behind an external peer."""

    peer: str
    ipv4: tuple[IPv4Address, ...]
    ipv6: tuple[IPv6Address, ...]


@dataclass(frozen=True, slots=True, order=True)
class Adjacency:
    """One protocol towards one neighbour, seen from one device."""

    device: str
    protocol: str
    """ospf, ospf6, bfd or bgp."""
    towards: str
    """Interface for ospf, ospf6 and bfd; the neighbour's address for bgp."""
    neighbour: str
    """Name of the neighbouring device or external peer."""

    def __str__(self) -> str:
        return f"{self.device} {self.towards}: {self.protocol} with {self.neighbour}"


@dataclass(frozen=True, slots=True)
class LabPlan:
    """Everything that a driver needs to know."""

    name: str
    revision: str
    management: IPv4Network
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    management_ports: tuple[Port, ...]
    hosts: tuple[LanHost, ...]
    beyond: tuple[Beyond, ...]
    zone_reaches: Mapping[str, tuple[str, ...]]
    """Zone -> zones that it may open connections to."""
    noc: tuple[IPv4Network, ...]
    """Where management may come from."""
    adjacencies: tuple[Adjacency, ...]
    """All that must come up."""

    @property
    def gateway(self) -> IPv4Interface:
        """The machine's own address in the management network: its first."""
        return IPv4Interface((next(self.management.hosts()), self.management.prefixlen))

    @property
    def outward(self) -> frozenset[str]:
        """Stand-ins of external peers, and the routers that have sessions with them."""
        outside = {node.name for node in self.nodes if node.kind is NodeKind.EXTERNAL}
        return frozenset(
            outside | {one.device for one in self.adjacencies if one.neighbour in outside}
        )

    def node(self, name: str) -> Node:
        """The node of that name; LabError when the lab has none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"lab {self.name} has no node {name}. Run: imereti lab status")

    def wires_of(self, link: str) -> tuple[Wire, ...]:
        """All wires of a circuit; empty when the lab has no such circuit."""
        return tuple(wire for wire in self.wires if wire.link == link)

    def wires_at(self, node: str) -> tuple[Wire, ...]:
        """All wires that end at a node."""
        return tuple(wire for wire in self.wires if node in (wire.a.node, wire.b.node))
