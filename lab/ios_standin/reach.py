"""Whether the management network still reaches the device: the reason a change can cut it off."""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address

from lab.ios_standin.access_list import Packet, permits
from lab.ios_standin.addressing import ipv4_of, is_shut
from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.interfaces import is_physical


def why_unreachable(
    configuration: Configuration,
    management: IPv4Address,
    source: IPv4Address,
    adjacent_ports: Callable[[], Iterable[str]],
) -> str:
    """Why SSH from `source` to `management` fails; empty when it works.

    Modelled: the interface that owns the address, its state, the vty lines (transport and access
    class), inbound lists of the ports the packet can come in by, and the way there: a loopback
    needs an OSPF adjacency where OSPF runs at all; a switch's address its uplink.
    """
    packet = Packet(source, management)
    owner = _owner(configuration, management)
    if owner is None:
        return f"no interface has the address {management}"
    if is_shut(configuration, owner):
        return f"{owner} is shut down"
    refusal = _vty(configuration, packet)
    if refusal:
        return refusal
    if owner.startswith("Loopback"):
        return _loopback(configuration, packet, adjacent_ports)
    if not any(_ways_in(configuration, owner, packet)):
        return f"no port leads to {owner}"
    return ""


def _owner(configuration: Configuration, management: IPv4Address) -> str | None:
    for name, block in configuration.interfaces().items():
        address = ipv4_of(block)
        if address is not None and address.ip == management:
            return name
    return None


def _vty(configuration: Configuration, packet: Packet) -> str:
    lines = [e.children for e in configuration.root.starting("line", "vty") if e.children]
    if not lines:
        return "no vty line"
    reasons = [_line(configuration, block, packet) for block in lines]
    return "" if "" in reasons else reasons[0]


def _line(configuration: Configuration, block: Block, packet: Packet) -> str:
    transport = block.value("transport", "input")
    if transport and "ssh" not in transport and transport != "all":
        return f"{block.name} takes no SSH"
    for entry in block.starting("access-class"):
        if entry.identity[-1] == "in" or " in" in entry.text:
            name = entry.text.split()[1]
            if not _list_permits(configuration, name, packet):
                return f"access-class {name} refuses {packet.source}"
    return ""


def _list_permits(configuration: Configuration, name: str, packet: Packet) -> bool:
    for kind in ("extended", "standard"):
        block = configuration.block("ip", "access-list", kind, name)
        if block is not None:
            return permits(block, packet)
    return True


def _loopback(
    configuration: Configuration, packet: Packet, adjacent_ports: Callable[[], Iterable[str]]
) -> str:
    if next(configuration.root.starting("router", "ospf"), None) is None:
        ways = [name for name in configuration.interfaces() if not name.startswith("Loopback")]
        if not any(_open(configuration, name, packet) for name in ways):
            return "no interface is up"
        return ""
    ports = tuple(adjacent_ports())
    if not ports:
        return "no OSPF adjacency is left"
    if not any(_open(configuration, port, packet) for port in ports):
        return f"inbound access lists refuse {packet.source}"
    return ""


def _open(configuration: Configuration, name: str, packet: Packet) -> bool:
    block = configuration.interfaces()[name]
    if is_shut(configuration, name):
        return False
    for entry in block.starting("ip", "access-group"):
        if entry.text.endswith(" in"):
            return _list_permits(configuration, entry.text.split()[2], packet)
    return True


def _ways_in(configuration: Configuration, owner: str, packet: Packet) -> Iterator[bool]:
    """Ports and SVIs by which a packet to `owner` may come."""
    if not owner.startswith("Vlan"):
        yield _open(configuration, owner, packet)
        return
    if not _open(configuration, owner, packet):
        return
    vlan = owner.removeprefix("Vlan")
    for name, block in configuration.interfaces().items():
        if is_physical(name) and not is_shut(configuration, name):
            yield _carries(block, vlan)


def _carries(block: Block, vlan: str) -> bool:
    if block.find("switchport") is not None:  # `no switchport`: a routed port leads on by OSPF
        return True
    mode = block.value("switchport", "mode")
    if mode == "access":
        return (block.value("switchport", "access", "vlan") or "1") == vlan
    allowed = block.value("switchport", "trunk", "allowed", "vlan") or "all"
    return allowed == "all" or vlan in expand_vlans(allowed)


def expand_vlans(text: str) -> frozenset[str]:
    """`10,20-22` as the set of its numbers; `none` as the empty one."""
    found: set[str] = set()
    for part in text.split(",") if text != "none" else ():
        low, _, high = part.partition("-")
        found.update(str(number) for number in range(int(low), int(high or low) + 1))
    return frozenset(found)
