"""Links and switches: the two ends agree, and each is of the right kind."""

from collections.abc import Callable, Mapping

from inventory.derive import MAX_COST, LinkFacts, is_layer2, link_facts
from inventory.draft import Draft, DraftLan, Host
from inventory.model import DeviceRole, LinkRole
from inventory.placement import Place, uplinks
from inventory.ports import check_ports
from inventory.schema import LinkSpec
from inventory.units import format_bandwidth

Speeds = Mapping[str, Mapping[str, int]]
"""Bits a second by device and port."""
REQUIRED = ("medium", "bandwidth", "provider", "target")


def check_wiring(draft: Draft, places: Mapping[str, Place]) -> None:
    """Add a problem for every port and every pair of ends that can't be as written."""
    speeds = check_ports(draft, places)
    for name, link in draft.links.items():
        facts = link_facts(draft, link)
        _values(draft, name, link, facts)
        _kinds_of_ends(draft, name, link)
        _speeds(draft, name, link, facts, speeds)
        _mtus(draft, name, link, facts)
    _vlans(draft, places)
    _switches(draft)


def _values(draft: Draft, name: str, link: LinkSpec, facts: LinkFacts) -> None:
    if draft.region is not None:
        found = (facts.medium, facts.bandwidth_bps, facts.provider, facts.target)
        for key, value in zip(REQUIRED, found, strict=True):
            if value is None and link.role in draft.link_roles:
                message = f"key '{key}' is missing, and link_roles.{link.role} has none either."
                draft.say_link(name, (key,), message)
    if facts.cost is not None and facts.cost > MAX_COST:
        message = (
            f"OSPF cost {facts.cost}, from {format_bandwidth(facts.bandwidth_bps or 0)}, "
            f"is more than {MAX_COST}."
        )
        draft.say_link(name, ("bandwidth",), message, "Give the row a `cost`.")
    role = draft.link_roles.get(link.role)
    if link.bfd is False and role is not None and role.bfd:
        message = f"BFD is off, but link_roles.{link.role} of region.yaml demands it."
        draft.say_link(name, ("bfd",), message, "Remove the key.")


def _kinds_of_ends(draft: Draft, name: str, link: LinkSpec) -> None:
    if link.a.device == link.b.device:
        message = f"both ends are {link.a.device}."
        draft.say_link(name, ("b", "device"), message)
        return
    hosts = [draft.devices.get(end.device) for end in (link.a, link.b)]
    if None in hosts:
        return
    known = [host for host in hosts if host is not None]
    if link.role is LinkRole.ACCESS:
        _access_ends(draft, name, known, (link.a.device, link.b.device))
        return
    for side, end, host in zip("ab", (link.a, link.b), known, strict=True):
        if is_layer2(host.spec):
            message = f"expected a device that routes, found {end.device}, {host.spec.role}."
            draft.say_link(name, (side, "device"), message, "Or give the link the role access.")


def _access_ends(draft: Draft, name: str, hosts: list[Host], names: tuple[str, str]) -> None:
    layer2 = [is_layer2(host.spec) for host in hosts]
    if sum(layer2) != 1:
        found = " and ".join(
            f"{device}, {host.spec.role}" for device, host in zip(names, hosts, strict=True)
        )
        message = (
            f"expected a layer-2 switch and a router at the ends of an access link, found {found}."
        )
        draft.say_link(name, (), message)
        return
    router = layer2.index(False)
    if hosts[router].spec.role is DeviceRole.DC_SWITCH:
        message = f"expected a router at the other end, found {names[router]}, dc-switch."
        hint = "A layer-3 switch has its LANs on its own ports: `router: ...` in the LAN."
        draft.say_link(name, ("ab"[router], "device"), message, hint)


def _speeds(draft: Draft, name: str, link: LinkSpec, facts: LinkFacts, speeds: Speeds) -> None:
    found: list[int] = []
    for side, end in (("a", link.a), ("b", link.b)):
        port = speeds.get(end.device, {}).get(end.interface)
        if port is None:
            continue
        if end.speed is not None and end.speed > port:
            message = (
                f"{end.device} {end.interface} can't run at {format_bandwidth(end.speed)}: "
                f"the port has {format_bandwidth(port)}."
            )
            draft.say_link(name, (side, "speed"), message)
        speed = end.speed or port
        found.append(speed)
        if facts.bandwidth_bps is not None and facts.bandwidth_bps > speed:
            message = (
                f"the circuit's {format_bandwidth(facts.bandwidth_bps)} is more than the "
                f"{format_bandwidth(speed)} of {end.device} {end.interface}."
            )
            draft.say_link(name, (side, "interface"), message)
    if len(found) == 2 and found[0] != found[1]:
        _disagree(draft, name, link, "speed", lambda i: format_bandwidth(found[i]))


def _mtus(draft: Draft, name: str, link: LinkSpec, facts: LinkFacts) -> None:
    mtus = [facts.mtu if end.mtu is None else end.mtu for end in (link.a, link.b)]
    if mtus[0] != mtus[1]:
        _disagree(draft, name, link, "MTU", lambda i: str(mtus[i]))
    for side, end, mtu in zip("ab", (link.a, link.b), mtus, strict=True):
        host = draft.devices.get(end.device)
        hardware = draft.hardware.get(host.spec.hardware) if host else None
        if host and hardware and mtu > hardware.mtu:
            message = (
                f"MTU {mtu} is more than the {hardware.mtu} of {end.device} ({host.spec.hardware})."
            )
            draft.say_link(name, (side,), message)


def _disagree(
    draft: Draft, name: str, link: LinkSpec, what: str, value: Callable[[int], str]
) -> None:
    ends = " and ".join(
        f"{end.device} {end.interface} has {value(index)}"
        for index, end in enumerate((link.a, link.b))
    )
    draft.say_link(name, (), f"the two ends disagree about the {what}: {ends}.")


def _vlans(draft: Draft, places: Mapping[str, Place]) -> None:
    carried: dict[str, dict[int, DraftLan]] = {}
    for name, lan in draft.lans.items():
        place, zone = places.get(name), draft.zones.get(lan.zone)
        if zone is None:
            continue
        vlan = lan.spec.vlan or zone.vlan
        owner = next((n for n, z in draft.zones.items() if z.vlan == vlan), lan.zone)
        if owner != lan.zone and lan.spec.vlan is not None:
            message = (
                f"VLAN {vlan} belongs to zone {owner}; a LAN of zone {lan.zone} can't have it."
            )
            draft.say_lan(lan, ("vlan",), message)
        if place is None:
            continue
        first = carried.setdefault(place.ports_on, {}).setdefault(vlan, lan)
        if first is not lan:
            message = f"VLAN {vlan} is LAN {first.id}'s on {place.ports_on} already."
            draft.say_lan(lan, ("vlan",), message, "Give it a `vlan` of its own.")
    _trunks(draft, {name: sorted(vlans) for name, vlans in carried.items()})


def _trunks(draft: Draft, carried: Mapping[str, list[int]]) -> None:
    """An end that says which VLANs it carries must say those that follow from the switch's LANs."""
    for name, link in draft.links.items():
        ends = (link.a, link.b)
        if link.a.vlans is None and link.b.vlans is None:
            continue
        access = link.role is LinkRole.ACCESS
        follows = next(
            (carried[end.device] for end in ends if access and end.device in carried), []
        )
        vlans = [follows if end.vlans is None else sorted(end.vlans) for end in ends]
        if vlans[0] != vlans[1]:
            _disagree(draft, name, link, "VLANs", _listed_by(vlans))
        elif vlans[0] != follows:
            message = f"both ends carry VLANs {_listed(vlans[0])}; its LANs are {_listed(follows)}."
            draft.say_link(name, (), message, "Remove `vlans`: they are derived.")


def _listed_by(vlans: list[list[int]]) -> Callable[[int], str]:
    return lambda index: _listed(vlans[index])


def _listed(vlans: list[int]) -> str:
    return ", ".join(map(str, vlans)) or "none"


def _switches(draft: Draft) -> None:
    """Each layer-2 switch has one access link, and a LAN to manage it from."""
    if draft.region is None or ("file", "links.yaml") in draft.broken:
        return
    by_switch, zone = uplinks(draft), draft.region.management_zone
    managed = {lan.spec.switch or lan.site for lan in draft.lans.values() if lan.zone == zone}
    for name, host in draft.devices.items():
        if not is_layer2(host.spec):
            continue
        rows = by_switch.get(name, ())
        if len(rows) != 1 and not _may_be_in_broken_row(draft, name):
            found = ", ".join(row.link for row in rows) or "none"
            message = f"expected one access link to its router, found {found}."
            draft.say_device(name, (), message, "Links of role access stand in links.yaml.")
        if zone not in draft.zones:
            continue
        if managed.isdisjoint({name, host.site}) and not _has_broken_lan(draft, host.site):
            message = f"no LAN of zone {zone} to manage it from."
            draft.say_device(name, (), message, f"Add `{zone}: {{}}` under `lans`.")


def _may_be_in_broken_row(draft: Draft, switch: str) -> bool:
    broken = [name for kind, name in draft.broken if kind == "link"]
    return any(switch in draft.raw_ends.get(name, (switch,)) for name in broken)


def _has_broken_lan(draft: Draft, site: str) -> bool:
    return any(kind == "lan" and name.startswith(f"{site}-") for kind, name in draft.broken)
