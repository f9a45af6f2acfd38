"""What a notification says, and which devices should be looked at because of it. Pure.

SNMPv2-MIB and IF-MIB (RFC 3418, RFC 2863), OSPF-TRAP-MIB (RFC 4750), OSPFV3-MIB (RFC 5643),
BGP4-MIB (RFC 4273 and, as FRR sends them, RFC 1269), CISCO-BGP4-MIB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from inventory.model import Network

TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
_TRAPS, _OSPF, _OSPF3 = "1.3.6.1.6.3.1.1.5", "1.3.6.1.2.1.14.16.2", "1.3.6.1.2.1.191.0"
_BGP, _CBGP = "1.3.6.1.2.1.15", "1.3.6.1.4.1.9.9.187.0"

NAMES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        f"{_TRAPS}.1": ("coldStart", 5),
        f"{_TRAPS}.2": ("warmStart", 5),
        f"{_TRAPS}.3": ("linkDown", 3),
        f"{_TRAPS}.4": ("linkUp", 5),
        f"{_TRAPS}.5": ("authenticationFailure", 4),
        f"{_OSPF}.2": ("ospfNbrStateChange", 4),
        f"{_OSPF}.3": ("ospfVirtNbrStateChange", 4),
        f"{_OSPF}.16": ("ospfIfStateChange", 5),
        f"{_OSPF3}.2": ("ospfv3NbrStateChange", 4),
        f"{_OSPF3}.10": ("ospfv3IfStateChange", 5),
        f"{_BGP}.0.1": ("bgpEstablishedNotification", 5),
        f"{_BGP}.0.2": ("bgpBackwardTransNotification", 3),
        f"{_BGP}.7.1": ("bgpEstablished", 5),
        f"{_BGP}.7.2": ("bgpBackwardTransition", 3),
        f"{_CBGP}.1": ("cbgpFsmStateChange", 4),
        f"{_CBGP}.2": ("cbgpBackwardTransition", 3),
    }
)
"""OID of a notification -> its name, and how bad that is (RFC 5424: 3 error, 5 notice)."""
IF_DESCR, IF_NAME = "1.3.6.1.2.1.2.2.1.2.", "1.3.6.1.2.1.31.1.1.1.1."
IF_INDEX, IF_OPER = "1.3.6.1.2.1.2.2.1.1.", "1.3.6.1.2.1.2.2.1.8."
NEIGHBOUR_ADDRESS, NEIGHBOUR_STATE = "1.3.6.1.2.1.14.10.1.1.", "1.3.6.1.2.1.14.10.1.6."
BGP_STATE = "1.3.6.1.2.1.15.3.1.2."
_OPER = {1: "up", 2: "down", 3: "testing", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}
_NEIGHBOUR = ("", "down", "attempt", "init", "twoWay", "exchangeStart", "exchange", "loading",
              "full")  # fmt: skip
_SESSION = ("", "idle", "connect", "active", "opensent", "openconfirm", "established")


@dataclass(frozen=True, slots=True)
class Trap:
    """One notification of one device."""

    device: str
    name: str
    """Of the notification; its OID when nobody here knows it."""
    severity: int
    """0 emergency to 7 debug, as syslog has it."""
    text: str
    """One line for a person: the name and what it is about."""
    names: frozenset[str]
    """Devices that it names: the sender, and who is at the other end of what it speaks of."""


def meaning(device: str, varbinds: Sequence[tuple[str, int | str]], network: Network) -> Trap:
    """The trap in `varbinds`; ValueError when there is no snmpTrapOID among them."""
    values = dict(varbinds)
    oid = str(values.get(TRAP_OID, ""))
    if not oid:
        raise ValueError("a notification without snmpTrapOID")
    name, severity = NAMES.get(oid, (oid, 5))
    interface = _interface(varbinds)
    neighbour = _neighbour(varbinds)
    about = [each for each in (interface, neighbour) if each] + _states(varbinds, interface)
    text = f"{name}: {', '.join(about)}" if about else name
    others = _other_end(device, interface, network) | _owner(neighbour, network)
    return Trap(device, name, severity, text, frozenset({device} | others))


def _interface(varbinds: Sequence[tuple[str, int | str]]) -> str:
    """ifName, else ifDescr, which IOS sends in its place."""
    for prefix in (IF_NAME, IF_DESCR):
        for oid, value in varbinds:
            if oid.startswith(prefix) and value:
                return str(value)
    return ""


def _neighbour(varbinds: Sequence[tuple[str, int | str]]) -> str:
    """Address of the OSPF neighbour or BGP peer."""
    for oid, value in varbinds:
        if oid.startswith(NEIGHBOUR_ADDRESS):
            return str(value)
        for prefix in (NEIGHBOUR_STATE, BGP_STATE):
            if oid.startswith(prefix):
                return ".".join(oid.removeprefix(prefix).split(".")[:4])
    return ""


def _states(varbinds: Sequence[tuple[str, int | str]], interface: str) -> list[str]:
    found = []
    for oid, value in varbinds:
        if not isinstance(value, int):
            continue
        if oid.startswith(IF_INDEX) and not interface:
            found.append(f"ifIndex {value}")
        elif oid.startswith(IF_OPER):
            found.append(f"ifOperStatus {_OPER.get(value, value)}")
        elif oid.startswith(NEIGHBOUR_STATE) and 0 < value < len(_NEIGHBOUR):
            found.append(_NEIGHBOUR[value])
        elif oid.startswith(BGP_STATE) and 0 < value < len(_SESSION):
            found.append(_SESSION[value])
    return found


def _other_end(device: str, interface: str, network: Network) -> set[str]:
    known = network.devices.get(device)
    if not interface or known is None:
        return set()
    return {
        each.peer[0]
        for each in known.interfaces
        if each.peer and interface in {each.if_name, each.name}
    }


def _owner(address: str, network: Network) -> set[str]:
    return {
        device.name
        for device in network.devices.values() if address
        for each in device.interfaces
        if each.ipv4 and str(each.ipv4.ip) == address
    }  # fmt: skip
