"""Whom to poll, and what to expect of them: derived from the model, nothing typed twice."""

from dataclasses import dataclass
from typing import Literal

from inventory.model import Device, Interface, InterfaceKind, Network, SnmpPlan
from monitor.dependencies import external_link


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to speak SNMP to a device. Secrets are named, never held."""

    version: Literal["2c", "3"]
    community: str = ""
    """Of version 2c, which only simulated agents and benchmarks use: it is no secret there."""
    user: str = ""
    auth_protocol: str = ""
    """sha or sha256."""
    auth_secret: str = ""
    priv_protocol: str = ""
    """aes128."""
    priv_secret: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedInterface:
    """One interface that the model says is there and up."""

    if_name: str
    """IF-MIB ifName: what it is found by, whatever its ifIndex is today."""
    interface: str
    """Its name in the inventory."""
    link: str
    """Id of the link that ends here; for an external peer `<device>:<interface>`."""
    end: Literal["a", "b"]
    bandwidth_bps: int
    """Of the circuit; bounds the rates of a port that tells no speed of its own."""


@dataclass(frozen=True, slots=True)
class Target:
    """One device to poll."""

    device: str
    address: str
    port: int
    credentials: Credentials
    interfaces: tuple[ExpectedInterface, ...]
    """Those that are ends of links, in the device's order."""
    site: str = ""
    """Whose lines its polling takes room on."""


def targets(network: Network, credentials: Credentials | None = None) -> tuple[Target, ...]:
    """Every device of the model, sorted by name; `credentials` replaces the region's plan."""
    used = credentials or plan_credentials(network.region.services.snmp)
    return tuple(
        Target(
            device=device.name,
            address=str(device.management),
            port=device.snmp_port,
            credentials=used,
            interfaces=tuple(_expected(network, device)),
            site=device.site,
        )
        for device in network.devices.values()
    )


def plan_credentials(plan: SnmpPlan) -> Credentials:
    """SNMPv3 as the region's plan says."""
    return Credentials(
        version="3",
        user=plan.user,
        auth_protocol=plan.auth_protocol,
        auth_secret=plan.auth_secret,
        priv_protocol=plan.priv_protocol,
        priv_secret=plan.priv_secret,
    )


def _expected(network: Network, device: Device) -> list[ExpectedInterface]:
    found: dict[str, ExpectedInterface] = {}
    for interface in device.interfaces:
        expected = _of_link(network, interface)
        # A trunk and its subinterfaces name the same link: the port itself is the first.
        if expected and expected.link not in found:
            found[expected.link] = expected
    return list(found.values())


def _of_link(network: Network, interface: Interface) -> ExpectedInterface | None:
    if interface.kind is InterfaceKind.EXTERNAL:
        return ExpectedInterface(
            interface.if_name,
            interface.name,
            external_link(interface),
            "a",
            interface.bandwidth_bps,
        )
    if interface.link is None or interface.parent is not None:
        return None
    link = network.links[interface.link]
    end: Literal["a", "b"] = "a" if link.a.device == interface.device else "b"
    if link.end(interface.device).interface != interface.name:
        return None
    return ExpectedInterface(interface.if_name, interface.name, link.id, end, link.bandwidth_bps)
