"""Small views of the default inventory, on agents of the tests' own."""

from dataclasses import dataclass, field, replace
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from types import MappingProxyType

from inventory.load import load_network
from inventory.model import Network
from monitor.metrics import INTERFACE_METRICS, SYS_UP_TIME, Kind
from monitor.targets import Credentials, Target, targets
from tests.monitor.agent import COUNTER32, COUNTER64, GAUGE32, OCTETS, TICKS, Oid, Typed, parse

V2C = Credentials("2c", community="public")
INVENTORY = Path(__file__).resolve().parents[2] / "inventory"


@cache
def default_network() -> Network:
    """The network that the project ships."""
    return load_network(INVENTORY)


def on_loopback(network: Network, ports: dict[str, int]) -> Network:
    """Only the devices of `ports`, reached there, and the links between them."""
    devices = {
        name: replace(device, management=IPv4Address("127.0.0.1"), snmp_port=ports[name])
        for name, device in network.devices.items()
        if name in ports
    }
    links = {
        link.id: link
        for link in network.links.values()
        if link.a.device in ports and link.b.device in ports
    }
    for name, device in devices.items():
        kept = tuple(i for i in device.interfaces if i.link is None or i.link in links)
        devices[name] = replace(device, interfaces=kept)
    return replace(network, devices=MappingProxyType(devices), links=MappingProxyType(links))


@dataclass
class Router:
    """What an agent of `target` holds; changed by the test, served as `table`."""

    target: Target
    uptime_cs: int = 100_000
    speed_mbps: int = 1000
    oper: dict[str, int] = field(default_factory=dict)
    """By link; 1 (up) where nothing is said."""
    octets: dict[str, int] = field(default_factory=dict)
    first_index: int = 1
    without: frozenset[str] = frozenset()
    """MIB objects that it has not."""

    def table(self) -> dict[Oid, Typed]:
        """Everything that it answers for now."""
        found = {parse(SYS_UP_TIME): Typed(TICKS, self.uptime_cs)}
        for position, expected in enumerate(self.target.interfaces):
            index = self.first_index + position
            octets = self.octets.get(expected.link, 0)
            values: dict[str, int | bytes] = {
                "ifName": expected.if_name.encode(),
                "ifAdminStatus": 1,
                "ifOperStatus": self.oper.get(expected.link, 1),
                "ifHighSpeed": self.speed_mbps,
                "ifCounterDiscontinuityTime": 0,
                "ifHCInOctets": octets,
                "ifHCOutOctets": 2 * octets,
            }
            for metric in INTERFACE_METRICS:
                if metric.object in self.without:
                    continue
                tag = TAGS[metric.kind]
                value = values.get(metric.object, 0)
                found[parse(f"{metric.oid}.{index}")] = Typed(tag, value)
            for narrow, value in (("10", octets), ("16", 2 * octets)):
                oid = parse(f"1.3.6.1.2.1.2.2.1.{narrow}.{index}")
                found[oid] = Typed(COUNTER32, value % 2**32)
        return found


TAGS = {
    Kind.COUNTER64: COUNTER64,
    Kind.COUNTER32: COUNTER32,
    Kind.GAUGE: GAUGE32,
    Kind.STATE: 0x02,
    Kind.TIMETICKS: TICKS,
    Kind.TEXT: OCTETS,
}


def target_of(network: Network, device: str) -> Target:
    """The target of one device."""
    return next(each for each in targets(network, V2C) if each.device == device)
