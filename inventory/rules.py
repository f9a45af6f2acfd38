"""Design rules: what a network that reads well must still promise.

Each rule looks at whatever parsed. What could not be read counts as present, so that one broken
row never brings a dozen false alarms about the paths that it carries.
"""

from collections import defaultdict

from inventory.derive import is_layer2, link_facts, paths_of
from inventory.draft import Draft
from inventory.marked_yaml import Key
from inventory.model import BACKUP_ROLES, DeviceRole, LinkRole
from inventory.paths import Topology
from inventory.redundancy import weak_points

UNKNOWN_COST = 1
"""Of a row whose own cost can't be known: low, so that it never makes a backup look best."""


def check_rules(draft: Draft) -> None:
    """Add a problem for every promise that the network would break."""
    _zones_of_sites(draft)
    _parents(draft)
    _children(draft)
    _timers(draft)
    _backbone(draft)
    _announced(draft)
    _limits(draft)
    _circuits(draft)
    if ("file", "links.yaml") not in draft.broken:
        topology = topology_of(draft)
        cores = _cores(draft, topology)
        _connected(draft, topology, cores)
        _disjoint_paths(draft, topology, cores)
        _backups(draft, topology)
        _primaries(draft, topology)


def _zones_of_sites(draft: Draft) -> None:
    for lan in draft.lans.values():
        site = draft.sites.get(lan.site)
        role = draft.site_roles.get(site.role) if site else None
        if site is None or role is None or not draft.zones.keys() >= {lan.zone, *role.zones}:
            continue
        if lan.zone not in role.zones:
            allowed = ", ".join(role.zones) or "none"
            message = f"a {site.role} has no LAN in zone {lan.zone}; its zones are {allowed}."
            draft.say_lan(lan, (), message)


def _parents(draft: Draft) -> None:
    for code, site in draft.sites.items():
        role = draft.site_roles.get(site.role)
        if role is None or role.parent is None:
            continue
        if site.parent is None:
            message = f"key 'parent' is missing: a {site.role} hangs from a {role.parent}."
            draft.say_site(code, ("parent",), message)
            continue
        parent = draft.sites.get(site.parent)
        if parent is not None and parent.role is not role.parent:
            message = f"expected a {role.parent}, found {site.parent}, a {parent.role}."
            draft.say_site(code, ("parent",), message)


def _children(draft: Draft) -> None:
    """A district without a school, or whatever else `site_roles` says a site needs."""
    found: dict[str, set[str]] = defaultdict(set)
    for role_name, parent in draft.raw_parents.values():
        found[parent].add(role_name)
    unreadable = set(draft.sites_in_unreadable_files())
    for code, site in draft.sites.items():
        role = draft.site_roles.get(site.role)
        if any(other.startswith(f"{code}-") for other in unreadable):
            continue  # the missing one is likely in there
        for needed in role.needs if role else ():
            if needed not in found[code]:
                message = f"a {site.role} needs a {needed}, and no {needed} has `parent: {code}`."
                hint = f"Add {draft.shown_as}/sites/<code>.yaml with role {needed}."
                draft.say_site(code, (), message, hint)


def _timers(draft: Draft) -> None:
    ospf = draft.ospf
    if ospf and ospf.dead_s <= ospf.hello_s:
        message = f"expected more than hello_s, {ospf.hello_s}, found {ospf.dead_s}."
        draft.say_region(("ospf", "dead_s"), message)


def _backbone(draft: Draft) -> None:
    """One area is the backbone: a second could only ever be joined through it (RFC 2328, 3.1)."""
    if draft.ospf and int(draft.ospf.area):
        message = (
            f"expected the backbone 0.0.0.0, found {draft.ospf.area}: the region has one area."
        )
        draft.say_region(("ospf", "area"), message)


def _announced(draft: Draft) -> None:
    name = draft.region.management_zone if draft.region else ""
    zone = draft.zones.get(name)
    if zone is not None and zone.announced:
        message = f"zone {name} holds the devices' own addresses, which no peer may learn."
        hint = "Set it to false; `management_zone` names the zone."
        draft.say_region(("zones", name, "announced"), message, hint)


def _limits(draft: Draft) -> None:
    """A peer that announces no more than was agreed must not lose its session for it."""
    for name, peer in draft.bgp.externals.items() if draft.bgp else ():
        default = int(peer.accepts_default)
        agreed = {4: len(peer.accepts4) + default, 6: len(peer.accepts6) + default}
        version = max(agreed, key=lambda each: agreed[each])
        if peer.max_prefix < agreed[version]:
            also = " and the default route" if default else ""
            message = (
                f"expected at least {agreed[version]}, as many as {name} may announce over "
                f"IPv{version} (accepts{version}{also}), found {peer.max_prefix}: "
                "the limit would end the session."
            )
            hint = f"Raise it, or take prefixes out of accepts{version}."
            draft.say_region(("bgp", "externals", name, "max_prefix"), message, hint)


def _circuits(draft: Draft) -> None:
    """Two rows on one circuit are lost together: neither is the other's backup."""
    first: dict[str, str] = {}
    for name, link in draft.links.items():
        if link.circuit_id is None:
            continue
        other = first.setdefault(link.circuit_id, name)
        if other != name:
            where = draft.line_of("links.yaml", (other, "circuit_id"))
            message = (
                f"circuit {link.circuit_id} is that of {other} ({where}): "
                "one cut takes both, so neither backs the other up."
            )
            draft.say_link(name, ("circuit_id",), message, "Each row has a circuit of its own.")


def topology_of(draft: Draft) -> Topology:
    """Routed links as typed; a broken row still joins its two devices."""
    rows: list[tuple[str, str, str, int]] = []
    for name, (a, b) in draft.raw_ends.items():
        link = draft.links.get(name)
        if link is not None and link.role is LinkRole.ACCESS:
            continue
        cost = link_facts(draft, link).cost if link else None
        rows.append((name, a, b, UNKNOWN_COST if cost is None else cost))
    routers = (name for name, host in draft.devices.items() if not is_layer2(host.spec))
    return Topology.from_rows(routers, rows)


def _cores(draft: Draft, topology: Topology) -> list[str]:
    """Core routers, and devices that links name but nothing describes: they may be cores."""
    hosts = draft.devices
    found = [name for name, host in hosts.items() if host.spec.role is DeviceRole.CORE]
    return sorted(found) + sorted(name for name in topology.edges if name not in hosts)


def _connected(draft: Draft, topology: Topology, cores: list[str]) -> None:
    if not cores and draft.sites_in_unreadable_files():
        return
    if not cores:
        draft.say("region.yaml", (), "no device has the role core.", "Give a router `role: core`.")
        return
    possible = [name for name in cores if name not in draft.devices]
    reached = {name for core in (cores[0], *possible) for name in topology.reached_from(core)}
    for name, host in draft.devices.items():
        if not is_layer2(host.spec) and name not in reached:
            message = f"no path to {cores[0]}: it is on an island."
            draft.say_device(name, (), message, "Join it with a link in links.yaml.")


def _disjoint_paths(draft: Draft, topology: Topology, cores: list[str]) -> None:
    ends = frozenset(cores)
    for name, host in sorted(draft.devices.items()):
        if is_layer2(host.spec) or name in ends or paths_of(draft, host.spec) < 2:
            continue
        weak = weak_points(topology, name, ends)
        if weak:
            points = " or ".join(f"{point.kind} {point.name}" for point in weak)
            message = (
                f"its role {host.spec.role} demands two disjoint paths to a core, "
                f"and losing {points} leaves none."
            )
            hint = "Add a link that shares nothing with the others."
            draft.say_device(name, (), message, hint)


def _backups(draft: Draft, topology: Topology) -> None:
    backups = {name for name, link in draft.links.items() if link.role in BACKUP_ROLES}
    primaries = topology.without_links(backups)
    for name in sorted(backups):
        link = draft.links[name]
        cost = link_facts(draft, link).cost
        a, b = link.a.device, link.b.device
        if cost is None or a not in primaries.edges:
            continue
        without = primaries.costs_from(a).get(b)
        if without is not None and cost <= without:
            key: Key = ("cost",) if link.cost is not None else ("bandwidth",)
            message = (
                f"a backup must not carry a best path: its cost {cost} is no more than "
                f"the {without} of the primaries between {a} and {b}."
            )
            draft.say_link(name, key, message, "Raise its `cost`, or make it a primary.")


def _primaries(draft: Draft, topology: Topology) -> None:
    """A primary that costs more than the way around it would never carry a packet."""
    for name, link in sorted(draft.links.items()):
        cost = link_facts(draft, link).cost
        typed = link.cost is not None or link.bandwidth is not None
        if link.role in BACKUP_ROLES or not cost or not typed:
            continue
        a, b = link.a.device, link.b.device
        around = topology.without_links({name})
        other = around.costs_from(a).get(b)
        way = around.path(a, b)
        if other is not None and way is not None and cost > other:
            key: Key = ("cost",) if link.cost is not None else ("bandwidth",)
            message = (
                f"a {link.role} must carry what goes between {a} and {b}: its cost {cost} is more "
                f"than the {other} of the way by {', '.join(way.links)}."
            )
            draft.say_link(name, key, message, "Lower its `cost`, or make it a backup.")
