"""OSPF neighbours, routes, access lists, NTP and ARP: what can be said of them from here."""

from typing import TYPE_CHECKING

from lab.ios_standin import ospf, ospf6
from lab.ios_standin.addressing import addresses, is_shut
from lab.ios_standin.interfaces import short_name
from lab.ios_standin.matching import Match

if TYPE_CHECKING:
    from lab.ios_standin.session import Session


async def _ospf_neighbors(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    if ospf.process(device.configuration) is None:
        return ""
    lines = [
        "",
        "Neighbor ID     Pri   State           Dead Time   Address         Interface",
    ]
    for port in device.view.adjacent_ports():
        router_id, address = device.view.ospf_neighbour(port)
        lines.append(f"{router_id!s:<15}   0   FULL/  -        00:00:03    {address!s:<15} {port}")
    return "".join(f"{line}\n" for line in lines)


async def _ospf6_neighbors(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    found = ospf6.process(device.configuration)
    if found is None:
        return ""
    own = ospf6.router_id(device.configuration, found)
    lines = [
        "",
        f"          OSPFv3 {found.number} address-family ipv6 (router-id {own})",
        "",
        "Neighbor ID     Pri   State           Dead Time   Interface ID    Interface",
    ]
    for port, router_id, interface_id in device.view.neighbours6():
        lines.append(
            f"{router_id!s:<15}   0   FULL/  -        00:00:03    {interface_id:<15} {port}"
        )
    return "".join(f"{line}\n" for line in lines)


async def _ospf_interfaces(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    lines = ["Interface    PID   Area            IP Address/Mask    Cost  State Nbrs F/C"]
    adjacent = device.view.adjacent_ports()
    for name, block in device.configuration.interfaces().items():
        end = ospf.end_at(device.configuration, name)
        if end is not None:
            cost = block.value("ip", "ospf", "cost") or "1"
            count = int(name in adjacent)
            lines.append(
                f"{short_name(name):<12} 1     {end.area:<15} {end.address!s:<18} {cost:<5} P2P   "
                f"{count}/{count}"
            )
    return "".join(f"{line}\n" for line in lines)


async def _bfd_neighbors(session: "Session", match: Match) -> str:  # noqa: ARG001
    lines: list[str] = []
    found = list(session.device.view.bfd_sessions())
    for version in (4, 6):
        rows = [each for each in found if each.version == version]
        if rows:
            title = f"{'NeighAddr':<42} {'LD/RD':<13}RH/RS     State     Int"
            lines += ["", f"IPv{version} Sessions", title]
        for each in rows:
            number = 4096 + len(lines)
            state = "Up" if each.up else "Down"
            numbers = f"{number}/{number if each.up else 0}"
            lines.append(
                f"{each.neighbour:<42} {numbers:<13}{state:<10}{state:<10}{short_name(each.port)}"
            )
    return "".join(f"{line}\n" for line in lines)


async def _routes(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    lines = ["Codes: L - local, C - connected, S - static, O - OSPF, B - BGP", ""]
    for found in addresses(device.configuration):
        if found.ip.version == 4 and not is_shut(device.configuration, found.interface):
            lines.append(f"C        {found.ip.network} is directly connected, {found.interface}")
            lines.append(f"L        {found.ip.ip}/32 is directly connected, {found.interface}")
    for entry in device.configuration.root.starting("ip", "route"):
        words = entry.text.split()
        lines.append(f"S        {words[2]} {words[3]} via {words[4]}")
    return "".join(f"{line}\n" for line in lines)


async def _access_lists(session: "Session", match: Match) -> str:  # noqa: ARG001
    lines: list[str] = []
    for entry in session.device.configuration.root.starting("ip", "access-list"):
        kind = "Extended" if "extended" in entry.text else "Standard"
        lines.append(f"{kind} IP access list {entry.identity[3]}")
        if entry.children is not None:
            lines += [f"    {line.text}" for line in entry.children.entries.values()]
    return "".join(f"{line}\n" for line in lines)


async def _ntp(session: "Session", match: Match) -> str:  # noqa: ARG001
    lines = ["", "  address         ref clock       st   when   poll reach  delay  offset   disp"]
    for place, entry in enumerate(session.device.configuration.root.starting("ntp", "server")):
        mark = "*" if place == 0 else "+"
        address = entry.identity[2]
        lines.append(f"{mark}~{address:<15} .GPS.            1     30     64   377  1.0   0.1  1.0")
    return "".join(f"{line}\n" for line in lines)


async def _arp(session: "Session", match: Match) -> str:  # noqa: ARG001
    return "Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n"


ROUTING_COMMANDS = (
    ("show ip ospf neighbor", _ospf_neighbors),
    ("show ip ospf interface brief", _ospf_interfaces),
    ("show ospfv3 neighbor", _ospf6_neighbors),
    ("show bfd neighbors", _bfd_neighbors),
    ("show ip route", _routes),
    ("show access-lists", _access_lists),
    ("show ip access-lists", _access_lists),
    ("show ntp associations", _ntp),
    ("show arp", _arp),
    ("show ip arp", _arp),
)
