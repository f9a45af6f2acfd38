"""Names that point at something: each must be there, and be of the right kind."""

from collections.abc import Callable, Iterable

from inventory.derive import PATHS, groups_of, is_layer2, platform_of
from inventory.draft import Draft
from inventory.marked_yaml import Key
from inventory.model import LAYER2_ROLES
from inventory.nearest import nearest
from inventory.schema import (
    DeviceSpec,
    ExternalSpec,
    LanSpec,
    LinkRoleSpec,
    LinkSpec,
    SiteSpec,
    Spec,
    keys_of,
)

EXTERNAL = "external"
"""In a zone's `reaches`: what lies beyond the external peers."""

Say = Callable[[Key, str, str], None]


def check_references(draft: Draft) -> None:
    """Add a problem for every name that points at nothing."""
    _links(draft)
    _sites(draft)
    _devices(draft)
    _lans(draft)
    _groups(draft)
    _region(draft)
    _bgp(draft)
    _checks(draft)


def _missing(kind: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    return f"there is no {kind} '{name}'.", nearest(name, list(known))


def _usable(draft: Draft, file: str) -> bool:
    return ("file", file) not in draft.broken


def may_be_in_broken_site(draft: Draft, device: str) -> bool:
    """Whether a device may stand in a site's file that could not be read: its name holds the code.

    Such a device is not reported as missing: one broken file would hide the rest in noise.
    """
    return any(f"-{code}-" in f"-{device}-" for code in draft.sites_in_unreadable_files())


def _no_device(draft: Draft, device: str) -> tuple[str, str] | None:
    if draft.has("device", device) or may_be_in_broken_site(draft, device):
        return None
    return _missing("device", device, draft.devices)


def _links(draft: Draft) -> None:
    for name, link in draft.links.items():
        for end, device in (("a", link.a.device), ("b", link.b.device)):
            if wrong := _no_device(draft, device):
                draft.say_link(name, (end, "device"), *wrong)
        if draft.region and link.role not in draft.link_roles:
            message = f"role {link.role} has no row in link_roles of region.yaml."
            draft.say_link(name, ("role",), message, "Add one; it may be empty: `{}`.")
        _assumed(link, LinkSpec, lambda key, *say, of=name: draft.say_link(of, key, *say))


def _assumed(item: Spec, spec: type[Spec], say: Say) -> None:
    for index, key in enumerate(getattr(item, "assumed", ())):
        if key not in keys_of(spec):
            say(("assumed", index), f"there is no key '{key}' here.", nearest(key, keys_of(spec)))


def _sites(draft: Draft) -> None:
    for code, site in draft.sites.items():
        if site.parent is not None and not draft.has("site", site.parent):
            draft.say_site(code, ("parent",), *_missing("site", site.parent, draft.sites))
        if draft.region and site.role not in draft.site_roles:
            message = f"role {site.role} has no row in site_roles of region.yaml."
            draft.say_site(code, ("role",), message, "Add one with its zones.")
        _assumed(site, SiteSpec, lambda key, *say, of=code: draft.say_site(of, key, *say))


def _devices(draft: Draft) -> None:
    for name, host in draft.devices.items():
        spec = host.spec
        if _usable(draft, "hardware.yaml") and not draft.has("hardware", spec.hardware):
            wrong = _missing("hardware", spec.hardware, draft.hardware)
            draft.say_device(name, ("hardware",), *wrong)
        if _usable(draft, "groups.yaml"):
            _groups_of_device(draft, name, spec)
        _assumed(spec, DeviceSpec, lambda key, *say, of=name: draft.say_device(of, key, *say))


def _groups_of_device(draft: Draft, name: str, spec: DeviceSpec) -> None:
    for index, group in enumerate(spec.groups):
        if not draft.has("group", group):
            wrong = _missing("group", group, draft.groups)
            draft.say_device(name, ("groups", index), *wrong)
    if not draft.has("group", spec.role):
        message = f"role {spec.role} has no group of its name in groups.yaml."
        draft.say_device(name, ("role",), message, f"Add one: `{spec.role}: {{}}`.")
    complete = all(group in draft.groups for group in groups_of(draft, spec))
    if complete and platform_of(draft, spec) is None:
        message = f"no platform: none of its groups {', '.join(groups_of(draft, spec))} has one."
        draft.say_device(name, (), message, "Set `platform` in groups.yaml.")


def _lans(draft: Draft) -> None:
    for lan in draft.lans.values():
        if draft.knows_zones and not draft.has("zone", lan.zone):
            draft.say_lan(lan, (), *_missing("zone", lan.zone, draft.zones))
        for key, device in (("router", lan.spec.router), ("switch", lan.spec.switch)):
            if device is None:
                continue
            if wrong := _no_device(draft, device):
                draft.say_lan(lan, (key,), *wrong)
            host = draft.devices.get(device)
            if host and host.site != lan.site:
                message = f"expected a device of site {lan.site}, found {device} of {host.site}."
                draft.say_lan(lan, (key,), message)
        _assumed(lan.spec, LanSpec, lambda key, *say, of=lan: draft.say_lan(of, key, *say))


def _groups(draft: Draft) -> None:
    for name, group in draft.groups.items():
        for index, parent in enumerate(group.groups):
            if not draft.has("group", parent):
                wrong = _missing("group", parent, draft.groups)
                draft.say("groups.yaml", (name, "groups", index), *wrong)
        if _reaches_itself(draft, name):
            message = f"group '{name}' is its own ancestor."
            draft.say("groups.yaml", (name, "groups"), message, "Remove one of the memberships.")
    for file, key, data in (
        *(("groups.yaml", (name, "data", "paths"), row.data) for name, row in draft.groups.items()),
        ("defaults.yaml", ("data", "paths"), draft.defaults.data),
    ):
        paths = data.get("paths", 1)
        if not isinstance(paths, int) or isinstance(paths, bool) or paths not in PATHS:
            draft.say(file, key, f"expected 1 or 2 disjoint paths, found {paths!r}.")


def _reaches_itself(draft: Draft, name: str) -> bool:
    seen: set[str] = set()
    waiting = list(draft.groups[name].groups)
    while waiting:
        here = waiting.pop()
        if here == name:
            return True
        if here not in seen and here in draft.groups:
            seen.add(here)
            waiting.extend(draft.groups[here].groups)
    return False


def _region(draft: Draft) -> None:
    for name, zone in draft.zones.items():
        for index, reached in enumerate(zone.reaches):
            if reached != EXTERNAL:
                _zone(draft, ("zones", name, "reaches", index), reached)
    for role, row in draft.site_roles.items():
        for index, zone_name in enumerate(row.zones):
            _zone(draft, ("site_roles", role, "zones", index), zone_name)
    for kind, defaults in draft.link_roles.items():
        key: Key = ("link_roles", kind)
        _assumed(defaults, LinkRoleSpec, lambda k, *say, of=key: draft.say_region((*of, *k), *say))
    if draft.region is None:
        return
    _zone(draft, ("management_zone",), draft.region.management_zone)
    for index, lan in enumerate(draft.region.noc):
        _noc(draft, ("noc", index), lan, draft.region.management_zone)


def _zone(draft: Draft, key: Key, zone: str) -> None:
    if draft.knows_zones and not draft.has("zone", zone):
        draft.say_region(key, *_missing("zone", zone, draft.zones))


def _noc(draft: Draft, key: Key, name: str, zone: str) -> None:
    lan = draft.lans.get(name)
    if lan is not None and lan.zone != zone and zone in draft.zones:
        draft.say_region(key, f"expected a LAN of zone {zone}, found {name} of zone {lan.zone}.")
    if lan is None and not draft.has("lan", name) and not may_be_in_broken_site(draft, name):
        draft.say_region(key, *_missing("LAN", name, draft.lans))


def _bgp(draft: Draft) -> None:
    if draft.bgp is None:
        return
    for index, role in enumerate(draft.bgp.speaker_roles):
        if role in LAYER2_ROLES:
            message = f"expected a role whose devices route, found {role}."
            draft.say_region(("bgp", "speaker_roles", index), message)
    for name, peer in draft.bgp.externals.items():
        _router(draft, ("bgp", "externals", name, "device"), peer.device)
        key: Key = ("bgp", "externals", name)
        _assumed(peer, ExternalSpec, lambda k, *say, of=key: draft.say_region((*of, *k), *say))


def _router(draft: Draft, key: Key, device: str) -> None:
    if wrong := _no_device(draft, device):
        draft.say_region(key, *wrong)
    host = draft.devices.get(device)
    if host and is_layer2(host.spec):
        message = f"expected a device that routes, found {device}, {host.spec.role}."
        draft.say_region(key, message)


def _checks(draft: Draft) -> None:
    """A check asks a URL or a name, of a site that is there."""
    for name, check in draft.services.checks.items() if draft.services else ():
        key: Key = ("services", "checks", name)
        if bool(check.url) is bool(check.query):
            draft.say_region(key, "expected a `url` or a `query`, and not both.")
        if check.site is not None and check.site not in draft.sites:
            hint = nearest(check.site, list(draft.sites))
            draft.say_region((*key, "site"), f"there is no site {check.site}.", hint)
