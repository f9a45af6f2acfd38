"""What follows from a row or a host and its role's defaults; the checks and build.py ask."""

from dataclasses import dataclass

from inventory.draft import Draft
from inventory.ifnames import expand
from inventory.model import BACKUP_ROLES, LAYER2_ROLES, LinkRole
from inventory.schema import DeviceSpec, HardwareSpec, LinkRoleSpec, LinkSpec

MAX_COST = 65535
PATHS = frozenset({1, 2})
"""How many disjoint paths a group may demand."""
_NO_ROLE = LinkRoleSpec()


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A row with its role's defaults; None where neither says anything."""

    medium: str | None
    bandwidth_bps: int | None
    provider: str | None
    target: float | None
    """0 to 1."""
    mtu: int
    bfd: bool
    cost: int | None
    """0 for an access link."""
    assumed: tuple[str, ...]


def link_facts(draft: Draft, link: LinkSpec) -> LinkFacts:
    """The row's own words first, then its role's."""
    role = draft.link_roles.get(link.role, _NO_ROLE)
    bandwidth = link.bandwidth or role.bandwidth
    target = link.target or role.target
    taken = [key for key in role.assumed if getattr(link, key, None) is None]
    return LinkFacts(
        medium=link.medium or role.medium,
        bandwidth_bps=bandwidth,
        provider=link.provider or role.provider,
        target=None if target is None else ratio(target),
        mtu=link.mtu or role.mtu,
        bfd=role.bfd if link.bfd is None else link.bfd,
        cost=_cost(draft, link, bandwidth),
        assumed=tuple(sorted({*taken, *link.assumed})),
    )


def _cost(draft: Draft, link: LinkSpec, bandwidth: int | None) -> int | None:
    if link.role is LinkRole.ACCESS:
        return 0
    if link.cost is not None:
        return link.cost
    if bandwidth is None or draft.ospf is None:
        return None
    cost = max(1, round(draft.ospf.reference / bandwidth))
    return cost * draft.ospf.backup_factor if link.role in BACKUP_ROLES else cost


def ratio(percent: float) -> float:
    """99.9 -> 0.999, without the noise of binary fractions."""
    return round(percent / 100, 9)


def port_speeds(hardware: HardwareSpec) -> dict[str, int]:
    """Every port of a model, in its order, with its speed in bits a second.

    ValueError when a range of ports is not one.
    """
    return {port: speed for ports, speed in hardware.ports.items() for port in expand(ports)}


def access_ports(hardware: HardwareSpec) -> tuple[str, ...]:
    """The ports for users; a LAN counts them from 1."""
    return expand(hardware.access) if hardware.access else ()


def groups_of(draft: Draft, device: DeviceSpec) -> tuple[str, ...]:
    """Its Nornir groups, nearest first: its own, its role's, then theirs."""
    found: list[str] = []
    waiting = [*device.groups, str(device.role)]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting.extend(draft.groups[name].groups if name in draft.groups else ())
    return tuple(found)


def platform_of(draft: Draft, device: DeviceSpec) -> str | None:
    """Its own platform, or the nearest group's, or the default."""
    if device.platform:
        return device.platform
    for name in groups_of(draft, device):
        group = draft.groups.get(name)
        if group and group.platform:
            return group.platform
    return draft.defaults.platform


def paths_of(draft: Draft, device: DeviceSpec) -> int:
    """How many disjoint paths to a core its groups demand."""
    for name in groups_of(draft, device):
        group = draft.groups.get(name)
        if group and group.data.get("paths") in PATHS:
            return int(group.data["paths"])
    return int(draft.defaults.data.get("paths", 1))


def is_layer2(device: DeviceSpec) -> bool:
    """Whether it only switches."""
    return device.role in LAYER2_ROLES
