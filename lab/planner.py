"""A lab's plan from a network and nothing else: pure, so that it is tested without root."""

from ipaddress import IPv4Interface, IPv4Network, IPv6Interface

from inventory.errors import LabError
from inventory.model import Device, ExternalPeer, Interface, InterfaceKind, Lan, Link, Network
from lab.adjacency import expected
from lab.plan import Beyond, LabPlan, LanHost, Node, NodeKind, Port, Wire

MAX_NAME = 15
"""IFNAMSIZ less its zero byte."""
HOST_PORT = "eth0"

QUIET = {
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/all/accept_ra": "0",
    "net/ipv6/conf/default/accept_ra": "0",
    "net/ipv6/conf/default/router_solicitations": "0",
}
"""No duplicate address detection (it costs a second at each start), no autoconfiguration."""
FORWARDING = QUIET | {"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"}
SWITCHING = QUIET | {
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
}


def make_plan(network: Network, name: str, management: IPv4Network) -> LabPlan:
    """The plan of a whole (view of a) network; LabError when a name doesn't fit Linux."""
    lans = [lan for lan in network.lans.values() if lan.router in network.devices]
    hosts = tuple(_lan_host(lan, network) for lan in lans)
    peers = [peer for peer in network.region.bgp.externals if peer.device in network.devices]
    wires = _wires(network, hosts, peers)
    nodes = [_device_node(device, network, wires) for device in network.devices.values()]
    nodes += [_host_node(host, network.lans[host.lan]) for host in hosts if host.node == host.lan]
    nodes += [_external_node(peer) for peer in peers]
    plan = LabPlan(
        name=name,
        revision=network.revision,
        management=management,
        nodes=tuple(nodes),
        wires=wires,
        management_ports=tuple(
            Port(interface.device, interface.name)
            for device in network.devices.values()
            for interface in device.interfaces
            if interface.kind is InterfaceKind.OOB
        ),
        hosts=hosts,
        beyond=tuple(
            Beyond(peer.id, (peer.probe4, peer.internet4), (peer.probe6, peer.internet6))
            for peer in peers
        ),
        zone_reaches={zone.name: zone.reaches for zone in network.region.zones},
        noc=network.region.noc4,
        adjacencies=expected(network),
    )
    _check_names(plan)
    return plan


def _check_names(plan: LabPlan) -> None:
    names = [node.name for node in plan.nodes]
    for name in names:
        if names.count(name) > 1:
            raise LabError(f"lab {plan.name}: two nodes would be called {name}; rename one.")
    for wire in plan.wires:
        for port in (wire.a, wire.b):
            if len(port.interface) > MAX_NAME:
                raise LabError(
                    f"{port.node} {port.interface}: expected at most {MAX_NAME} characters, "
                    f"found {len(port.interface)}; Linux can't name an interface so."
                )


# --- nodes ---------------------------------------------------------------------------------


def bridge(vlan: int) -> str:
    """A plain bridge for a VLAN; it floods multicast and, without spanning tree, starts at once."""
    return f"link add name vlan{vlan} up type bridge mcast_snooping 0 forward_delay 0"


def _device_node(device: Device, network: Network, wires: tuple[Wire, ...]) -> Node:
    ports = [port for wire in wires for port in (wire.a, wire.b) if port.node == device.name]
    vlans = {port.interface: _bridged_vlan(port, device) for port in ports}
    bridges = sorted({vlan for vlan in vlans.values() if vlan is not None} | _svi_vlans(device))
    lines = ["link set lo up", *(bridge(vlan) for vlan in bridges)]
    lines += [
        f"link set {name} master vlan{vlan}" for name, vlan in vlans.items() if vlan is not None
    ]
    if device.routes:
        return Node(device.name, NodeKind.ROUTER, tuple(lines), QUIET)
    lines += _switch_addresses(device)
    for lan in network.lans.values():
        if lan.switch == device.name and _managed_switch(lan, network) == device.name:
            lines += _default_routes(lan)
    return Node(device.name, NodeKind.SWITCH, tuple(lines), SWITCHING)


def _svi_vlans(device: Device) -> set[int]:
    """VLANs in which the device has an address of its own, on no physical port."""
    return {
        interface.vlan
        for interface in device.interfaces
        if interface.vlan is not None
        and interface.parent is None
        and interface.kind in {InterfaceKind.GATEWAY, InterfaceKind.MANAGEMENT}
    }


def _bridged_vlan(port: Port, device: Device) -> int | None:
    """The VLAN whose bridge a port belongs to; None for a routed port or a trunk itself."""
    for interface in device.interfaces:
        if interface.name == port.interface:
            return interface.vlan if interface.kind is InterfaceKind.ACCESS else None
    tail = port.interface.removeprefix("port").rpartition(".")[2]
    return int(tail) if tail.isdigit() else None


def _switch_addresses(device: Device) -> list[str]:
    lines = []
    for interface in device.interfaces:
        if interface.kind in {InterfaceKind.MANAGEMENT, InterfaceKind.OOB}:
            name = interface.name
            if interface.kind is InterfaceKind.MANAGEMENT:
                name = f"vlan{interface.vlan}"
            lines += [
                f"address add {address} dev {name}"
                for address in (interface.ipv4, interface.ipv6)
                if address is not None
            ]
    return lines


def _default_routes(lan: Lan) -> list[str]:
    return [f"route add default via {lan.gateway4}", f"route add default via {lan.gateway6}"]


def _managed_switch(lan: Lan, network: Network) -> str | None:
    """The layer-2 switch that has its own address in this LAN and so answers for it."""
    if lan.switch is None or lan.switch not in network.devices:
        return None
    interfaces: tuple[Interface, ...] = network.devices[lan.switch].interfaces
    own = (i for i in interfaces if i.kind is InterfaceKind.MANAGEMENT and i.lan == lan.id)
    return lan.switch if any(own) else None


def _lan_host(lan: Lan, network: Network) -> LanHost:
    services = network.region.services
    return LanHost(
        node=_managed_switch(lan, network) or lan.id,
        lan=lan.id,
        zone=lan.zone,
        ipv4=lan.host4,
        ipv6=lan.host6,
        also4=(services.resolver4,) if services.resolver4 in lan.ipv4 else (),
        also6=(services.resolver6,) if services.resolver6 in lan.ipv6 else (),
        vlan=lan.vlan,
    )


def _host_node(host: LanHost, lan: Lan) -> Node:
    lines = ["link set lo up"]
    lines += [
        f"address add {address}/{lan.ipv4.prefixlen} dev {HOST_PORT}"
        for address in (host.ipv4, *host.also4)
    ]
    lines += [
        f"address add {address}/{lan.ipv6.prefixlen} dev {HOST_PORT}"
        for address in (host.ipv6, *host.also6)
    ]
    return Node(host.node, NodeKind.HOST, (*lines, *_default_routes(lan)), QUIET)


def _external_node(peer: ExternalPeer) -> Node:
    near4 = IPv4Interface((peer.remote4, peer.local4.network.prefixlen))
    near6 = IPv6Interface((peer.remote6, peer.local6.network.prefixlen))
    lines = ["link set lo up"]
    lines += [f"address add {address} dev {HOST_PORT}" for address in (near4, near6)]
    lines += [f"address add {address}/32 dev lo" for address in (peer.probe4, peer.internet4)]
    lines += [f"address add {address}/128 dev lo" for address in (peer.probe6, peer.internet6)]
    return Node(peer.id, NodeKind.EXTERNAL, tuple(lines), FORWARDING)


# --- wires ---------------------------------------------------------------------------------


def _wires(
    network: Network, hosts: tuple[LanHost, ...], peers: list[ExternalPeer]
) -> tuple[Wire, ...]:
    pairs: list[tuple[str | None, Port, Port]] = []
    for link in network.links.values():
        if link.a.device in network.devices and link.b.device in network.devices:
            pairs += ((link.id, a, b) for a, b in _link_ports(link, network))
    pairs += (
        (peer.id, Port(peer.device, peer.interface), Port(peer.id, HOST_PORT)) for peer in peers
    )
    pairs += (
        (None, Port(host.node, HOST_PORT), _host_port(network.lans[host.lan], network))
        for host in hosts
        if host.node == host.lan
    )
    return tuple(Wire(number, link, a, b) for number, (link, a, b) in enumerate(pairs))


def _link_ports(link: Link, network: Network) -> list[tuple[Port, Port]]:
    """The two ports of a circuit; an access trunk has a pair for itself and one for each VLAN.

    The kernels that labs run on need not know 802.1Q: a veth named `ge0-0-1.10` stands for
    the subinterface, and its other end is a port of the switch's bridge for VLAN 10.
    """
    pairs = [(Port(link.a.device, link.a.interface), Port(link.b.device, link.b.interface))]
    for end, other in ((link.a, link.b), (link.b, link.a)):
        pairs += (
            (Port(end.device, sub.name), Port(other.device, f"{other.interface}.{sub.vlan}"))
            for sub in network.devices[end.device].interfaces
            if sub.kind is InterfaceKind.GATEWAY and sub.parent == end.interface
        )
    return pairs


def _host_port(lan: Lan, network: Network) -> Port:
    """The first user port of the LAN's switch; without a switch, a port named after the VLAN."""
    switch = lan.switch if lan.switch in network.devices else None
    device = network.devices[switch or lan.router]
    for interface in device.interfaces:
        if interface.kind is InterfaceKind.ACCESS and interface.lan == lan.id:
            return Port(device.name, interface.name)
    if switch or network.devices[lan.router].interface(lan.interface).parent is None:
        return Port(device.name, f"port{lan.vlan}")
    return Port(lan.router, lan.interface)  # the switch is not in this lab: straight to the router
