"""Where each LAN lives: its layer-2 switch, the router at the other end of its access link."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from inventory.derive import is_layer2
from inventory.draft import Draft, DraftLan
from inventory.model import DeviceRole, LinkRole


@dataclass(frozen=True, slots=True)
class Place:
    """Who routes a LAN, and who has its ports."""

    router: str
    switch: str | None
    """None: the router is a layer-3 switch and has the ports itself."""
    link: str | None
    """Id of the access link between the two."""

    @property
    def ports_on(self) -> str:
        """The device with the LAN's user ports."""
        return self.switch or self.router


@dataclass(frozen=True, slots=True)
class Uplink:
    """A switch's access link: its id, and the router at its other end with the port there."""

    link: str
    router: str
    router_port: str
    switch_port: str


def uplinks(draft: Draft) -> Mapping[str, tuple[Uplink, ...]]:
    """Access links by layer-2 switch."""
    found: dict[str, list[Uplink]] = defaultdict(list)
    for name, link in draft.links.items():
        if link.role is not LinkRole.ACCESS:
            continue
        for switch, router in ((link.a, link.b), (link.b, link.a)):
            host = draft.devices.get(switch.device)
            if host and is_layer2(host.spec):
                uplink = Uplink(name, router.device, router.interface, switch.interface)
                found[switch.device].append(uplink)
    return {switch: tuple(rows) for switch, rows in found.items()}


def place_lans(draft: Draft) -> dict[str, Place]:
    """Every LAN that has a clear place; those that have none get a problem."""
    by_switch = uplinks(draft)
    switches: dict[str, list[str]] = defaultdict(list)
    for name, host in sorted(draft.devices.items()):
        if is_layer2(host.spec):
            switches[host.site].append(name)
    places: dict[str, Place] = {}
    for lan in draft.lans.values():
        if lan.spec.router is not None:
            place = _on_router(draft, lan, lan.spec.router)
        else:
            switch = _switch_of(draft, lan, switches[lan.site])
            rows = by_switch.get(switch, ()) if switch else ()
            place = Place(rows[0].router, switch, rows[0].link) if len(rows) == 1 else None
        if place is not None:
            places[lan.id] = place
    return places


def _on_router(draft: Draft, lan: DraftLan, router: str) -> Place | None:
    host = draft.devices.get(router)
    if lan.spec.switch is not None:
        draft.say_lan(lan, ("switch",), "expected either `router` or `switch`, found both.")
        return None
    if host is None:
        return None  # a dangling reference, reported as one
    if host.spec.role is not DeviceRole.DC_SWITCH:
        message = f"expected a layer-3 switch (role dc-switch), found {router}, {host.spec.role}."
        hint = "A LAN behind a router names no `router`: it follows from its switch's access link."
        draft.say_lan(lan, ("router",), message, hint)
        return None
    return Place(router, None, None)


def _switch_of(draft: Draft, lan: DraftLan, candidates: list[str]) -> str | None:
    named = lan.spec.switch
    if named is not None:
        host = draft.devices.get(named)
        if host and not is_layer2(host.spec):
            message = f"expected a layer-2 switch, found {named}, {host.spec.role}."
            draft.say_lan(lan, ("switch",), message)
            return None
        return named if host and host.site == lan.site else None
    if len(candidates) == 1:
        return candidates[0]
    if any(kind == "device" for kind, _ in draft.broken):
        return None  # the site's switch may be the one that could not be read
    if candidates:
        message = f"site {lan.site} has {len(candidates)} switches: {', '.join(candidates)}."
        draft.say_lan(lan, (), message, "Name one: `switch: ...`.")
    else:
        message = f"site {lan.site} has no switch with ports for it."
        draft.say_lan(lan, (), message, "Add a switch, or name a layer-3 switch: `router: ...`.")
    return None
