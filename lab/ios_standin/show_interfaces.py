"""Interfaces and what is seen beyond them: status, addresses, LLDP, VLANs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lab.ios_standin.addressing import ipv4_of, ipv6_of, is_shut
from lab.ios_standin.block import Block
from lab.ios_standin.device import IosStandin
from lab.ios_standin.hardware import mac_of
from lab.ios_standin.interfaces import short_name
from lab.ios_standin.matching import Match

if TYPE_CHECKING:
    from lab.ios_standin.session import Session

_DEFAULT_KBPS = 1_000_000


def status(device: IosStandin, name: str) -> tuple[str, str]:
    """(status, line protocol) of an interface."""
    block = device.configuration.interfaces()[name]
    if block.find("shutdown"):
        return "administratively down", "down"
    if is_shut(device.configuration, name) or not device.view.carrier(name):
        return "down", "down"
    return "up", "up"


def _kbps(block: Block) -> int:
    return int(block.value("bandwidth") or _DEFAULT_KBPS)


def _wanted(device: IosStandin, match: Match) -> list[tuple[str, Block]]:
    named = match.arguments()
    return [
        (name, block)
        for name, block in device.configuration.interfaces().items()
        if not named or name == named[0]
    ]


async def _brief(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    head = "Interface              IP-Address      OK? Method Status                Protocol"
    return "".join(f"{line}\n" for line in (head, *_brief_lines(device)))


def _brief_lines(device: IosStandin) -> Iterator[str]:
    for name, block in device.configuration.interfaces().items():
        address = ipv4_of(block)
        shown = str(address.ip) if address else "unassigned"
        method = "NVRAM " if address else "unset "
        state, protocol = status(device, name)
        yield f"{name:<22} {shown:<15} YES {method} {state:<21} {protocol}"


async def _interfaces(session: "Session", match: Match) -> str:
    device = session.device
    return "".join(_one(device, name, block) for name, block in _wanted(device, match))


def _one(device: IosStandin, name: str, block: Block) -> str:
    state, protocol = status(device, name)
    mac = mac_of(device.name, name)
    description = block.value("description")
    address = ipv4_of(block)
    lines = [f"{name} is {state}, line protocol is {protocol} "]
    lines.append(f"  Hardware is stand-in, address is {mac} (bia {mac})")
    if description:
        lines.append(f"  Description: {description}")
    if address:
        lines.append(f"  Internet address is {address}")
    lines += [
        f"  MTU {block.value('mtu') or 1500} bytes, BW {_kbps(block)} Kbit/sec, DLY 10 usec, ",
        "     reliability 255/255, txload 1/255, rxload 1/255",
        "  Encapsulation ARPA, loopback not set",
        "  Full Duplex, 1000Mbps, link type is auto, media type is RJ45",
        "     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored",
        "     0 output errors, 0 collisions, 0 interface resets",
    ]
    return "".join(f"{line}\n" for line in lines)


async def _ip(session: "Session", match: Match) -> str:
    device = session.device
    lines: list[str] = []
    for name, block in _wanted(device, match):
        state, protocol = status(device, name)
        address = ipv4_of(block)
        lines.append(f"{name} is {state}, line protocol is {protocol}")
        disabled = "  Internet protocol processing disabled"
        lines.append(f"  Internet address is {address}" if address else disabled)
    return "".join(f"{line}\n" for line in lines)


async def _ipv6(session: "Session", match: Match) -> str:
    device = session.device
    lines: list[str] = []
    for name, block in _wanted(device, match):
        found = ipv6_of(block)
        if not found:
            continue
        state, protocol = status(device, name)
        lines.append(f"{name} is {state}, line protocol is {protocol}")
        lines.append(f"  IPv6 is enabled, link-local address is {_link_local(device, name)} ")
        lines.append("  Global unicast address(es):")
        lines += [
            f"    {str(one.ip).upper()}, subnet is {str(one.network).upper()} " for one in found
        ]
    return "".join(f"{line}\n" for line in lines)


def _link_local(device: IosStandin, name: str) -> str:
    digits = mac_of(device.name, name).replace(".", "").upper()
    return f"FE80::{digits[:4]}:{digits[4:6]}FF:FE{digits[6:8]}:{digits[8:]}"


async def _status(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    lines = ["Port         Name               Status       Vlan       Duplex  Speed Type"]
    for name, block in device.configuration.interfaces().items():
        if name in device.hardware.ports:
            state = {"up": "connected", "down": "notconnect"}.get(status(device, name)[0])
            mode = block.value("switchport", "mode")
            vlan = "trunk" if mode == "trunk" else block.value("switchport", "access", "vlan")
            label = block.value("description")[:18]
            lines.append(
                f"{short_name(name):<12} {label:<18} {state or 'disabled':<12} {vlan or '1':<10} "
                "a-full a-1000 10/100/1000BaseTX"
            )
    return "".join(f"{line}\n" for line in lines)


async def _descriptions(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    lines = ["Interface                      Status         Protocol Description"]
    for name, block in device.configuration.interfaces().items():
        state, protocol = status(device, name)
        state = state.replace("administratively", "admin")
        description = block.value("description")
        lines.append(f"{short_name(name):<30} {state:<14} {protocol:<8} {description}")
    return "".join(f"{line.rstrip()}\n" for line in lines)


async def _lldp(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    if device.configuration.root.find("lldp", "run") is None:
        return "% LLDP is not enabled\n"
    lines = [
        "Capability codes:",
        "    (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device",
        "    (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other",
        "",
        "Device ID           Local Intf     Hold-time  Capability      Port ID",
    ]
    found = list(device.view.lldp())
    for cable in found:
        local, remote = short_name(cable.port), short_name(cable.peer_port)
        lines.append(f"{cable.peer[:20]:<20}{local:<15}120        R               {remote}")
    lines += ["", f"Total entries displayed: {len(found)}", ""]
    return "".join(f"{line}\n" for line in lines)


async def _lldp_detail(session: "Session", match: Match) -> str:
    device = session.device
    if device.configuration.root.find("lldp", "run") is None:
        return "% LLDP is not enabled\n"
    named = match.arguments()
    found = [cable for cable in device.view.lldp() if not named or cable.port == named[0]]
    text = "".join(
        "------------------------------------------------\n"
        f"Local Intf: {short_name(cable.port)}\n"
        f"Chassis id: {mac_of(cable.peer, '')}\n"
        f"Port id: {short_name(cable.peer_port)}\n"
        f"Port Description: {cable.peer_port}\n"
        f"System Name: {cable.peer}\n\n"
        "System Description: \nCisco IOS Software (stand-in)\n\n"
        "Time remaining: 100 seconds\n"
        "System Capabilities: B,R\nEnabled Capabilities: R\n"
        "Management Addresses - not advertised\n\n"
        for cable in found
    )
    return f"{text}\nTotal entries displayed: {len(found)}\n"


async def _vlans(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    lines = [
        "",
        "VLAN Name                             Status    Ports",
        "---- -------------------------------- --------- -------------------------------",
    ]
    for entry in sorted(device.configuration.root.starting("vlan"), key=lambda e: e.text):
        number = entry.identity[1]
        name = (entry.children.value("name") if entry.children else "") or f"VLAN{number:0>4}"
        ports = [
            short_name(port)
            for port, block in device.configuration.interfaces().items()
            if block.value("switchport", "access", "vlan") == number
        ]
        lines.append(f"{number:<4} {name:<32} active    {', '.join(ports)}".rstrip())
    return "".join(f"{line}\n" for line in lines)


INTERFACE_COMMANDS = (
    ("show ip interface brief", _brief),
    ("show ip interface [<interface>]", _ip),
    ("show ipv6 interface [<interface>]", _ipv6),
    ("show interfaces [<interface>]", _interfaces),
    ("show interfaces status", _status),
    ("show interfaces description", _descriptions),
    ("show lldp neighbors", _lldp),
    ("show lldp neighbors detail", _lldp_detail),
    ("show lldp neighbors <interface> detail", _lldp_detail),
    ("show vlan brief", _vlans),
)
