"""The network as a Nornir inventory, for this program's tasks and for anybody's own scripts.

    InitNornir(inventory={"plugin": "ImeretiInventory", "options": {"folder": "inventory"}})

Passwords are never in it: a script sets them on `nr.inventory.defaults`, or per connection.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nornir.core.inventory import (
    ConnectionOptions,
    Defaults,
    Group,
    Groups,
    Host,
    Hosts,
    Inventory,
    ParentGroups,
)

from inventory.draft import Draft
from inventory.load import load_with_draft
from inventory.model import Device, Network
from inventory.schema import ConnectionSpec


class ImeretiInventory:
    """Inventory plugin `ImeretiInventory`, registered by entry point."""

    def __init__(self, folder: str | Path = "inventory") -> None:
        self.folder = Path(folder).expanduser()

    def load(self) -> Inventory:
        """Hosts, groups and defaults; InventoryError with every problem of the files."""
        return nornir_inventory(*load_with_draft(self.folder))


def nornir_inventory(draft: Draft, network: Network) -> Inventory:
    """The inventory of `network`, which may be a view, with the groups of the files."""
    defaults = Defaults(
        username=draft.defaults.username,
        port=draft.defaults.port,
        platform=draft.defaults.platform,
        data=dict(draft.defaults.data),
        connection_options=_connections(draft.defaults.connection_options),
    )
    groups = Groups()
    for name, spec in sorted(draft.groups.items()):
        groups[name] = Group(
            name=name,
            username=spec.username,
            port=spec.port,
            platform=spec.platform,
            data=dict(spec.data),
            connection_options=_connections(spec.connection_options),
            defaults=defaults,
        )
    for name, spec in draft.groups.items():
        groups[name].groups = ParentGroups(groups[parent] for parent in spec.groups)
    hosts = Hosts()
    for name, device in network.devices.items():
        hosts[name] = _host(network, device, groups, defaults)
    return Inventory(hosts=hosts, groups=groups, defaults=defaults)


def _connections(options: Mapping[str, ConnectionSpec]) -> dict[str, ConnectionOptions]:
    return {name: ConnectionOptions(**spec.model_dump()) for name, spec in options.items()}


def _host(network: Network, device: Device, groups: Groups, defaults: Defaults) -> Host:
    return Host(
        name=device.name,
        hostname=str(device.management),
        platform=device.platform,
        groups=ParentGroups(groups[name] for name in device.groups),
        data=_facts(network, device),
        defaults=defaults,
    )


def _facts(network: Network, device: Device) -> dict[str, Any]:
    """What `nr.filter(...)` may ask of a host."""
    site = network.sites[device.site]
    links = {port.link for port in device.interfaces if port.link is not None}
    return {
        "site": device.site,
        "site_name": site.name.en,
        "site_role": str(site.role),
        "role": str(device.role),
        "number": device.number,
        "hardware": device.hardware,
        "location": device.location,
        "loopback": None if device.router_id is None else str(device.router_id),
        "links": sorted(links),
        "lans": sorted(lan.id for lan in site.lans if device.name in (lan.router, lan.switch)),
        "snmp_port": device.snmp_port,
        "assumed": list(device.assumed),
    }
