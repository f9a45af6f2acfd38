"""Ports: each is on its hardware, and used once - by a link, an external peer or a LAN."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from inventory.derive import access_ports, port_speeds
from inventory.draft import Draft
from inventory.ifnames import LONGEST_PORT, TYPES, expand, to_linux
from inventory.marked_yaml import Key
from inventory.nearest import nearest
from inventory.placement import Place
from inventory.schema import HardwareSpec, LinkSpec
from inventory.units import format_bandwidth


def check_ports(draft: Draft, places: Mapping[str, Place]) -> Mapping[str, Mapping[str, int]]:
    """Add a problem for every port that is not there or used twice; speeds of ports by device."""
    _hardware(draft)
    ports = _Ports(draft, places)
    for name, link in draft.links.items():
        ports.take_link(name, link)
    _external_ports(draft, ports)
    _user_ports(draft, places, ports)
    return {device: ports.of(device) or {} for device in draft.devices}


def _external_ports(draft: Draft, ports: "_Ports") -> None:
    for name, peer in draft.bgp.externals.items() if draft.bgp else ():
        key: Key = ("bgp", "externals", name, "interface")
        ports.take(peer.device, peer.interface, f"external {name}", "region.yaml", key)
        speed = (ports.of(peer.device) or {}).get(peer.interface, peer.bandwidth)
        if peer.bandwidth > speed:
            message = (
                f"{format_bandwidth(peer.bandwidth)} is more than the {format_bandwidth(speed)} "
                f"of {peer.device} {peer.interface}."
            )
            draft.say_region((*key[:-1], "bandwidth"), message)


@dataclass(slots=True)
class _Ports:
    """Who uses which port, and how fast each is."""

    draft: Draft
    places: Mapping[str, Place]
    taken: dict[tuple[str, str], tuple[str, str, Key]] = field(default_factory=dict)
    speeds: dict[str, dict[str, int]] = field(default_factory=dict)
    wanted: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Know every port that any link wants, so that a free one is free."""
        ends = (end for link in self.draft.links.values() for end in (link.a, link.b))
        self.wanted = {(end.device, end.interface) for end in ends}
        for name, place in self.places.items():
            users = _users_of(self.draft, place.ports_on)
            ports = self.draft.lans[name].spec.ports
            taken = (users[port - 1] for port in ports if port <= len(users))
            self.wanted |= {(place.ports_on, port) for port in taken}

    def of(self, device: str) -> dict[str, int] | None:
        """Speeds of a device's ports; None when they can't be known."""
        host = self.draft.devices.get(device)
        hardware = self.draft.hardware.get(host.spec.hardware) if host else None
        if host is None or hardware is None:
            return None
        if host.spec.hardware not in self.speeds:
            self.speeds[host.spec.hardware] = _good_ports(hardware)
        return self.speeds[host.spec.hardware] or None

    def take_link(self, name: str, link: LinkSpec) -> None:
        """Use the ports of both ends."""
        for side, end in (("a", link.a), ("b", link.b)):
            key: Key = (name, side, "interface")
            self.take(end.device, end.interface, name, "links.yaml", key)

    def take(self, device: str, port: str, by: str, file: str, key: Key) -> None:
        """Use a port: it must be on the hardware, and nobody else's."""
        known = self.of(device)
        if known is not None and port not in known:
            hardware = self.draft.devices[device].spec.hardware
            message = f"{device} ({hardware}) has no interface {port}."
            hint = nearest(port, list(known)) or f"It has {', '.join(known)}."
            self.draft.say(file, key, message, hint)
        first = self.taken.setdefault((device, port), (by, file, key))
        if first[2] != key:
            where = self.draft.line_of(first[1], first[2])
            message = f"{port} of {device} is used by {first[0]} ({where}) too."
            free = next((name for name in known or () if (device, name) not in self.wanted), "")
            self.draft.say(file, key, message, f"{free} is free." if free else "")


def _good_ports(hardware: HardwareSpec) -> dict[str, int]:
    try:
        return port_speeds(hardware)
    except ValueError:  # reported with the hardware
        return {}


def _hardware(draft: Draft) -> None:
    for name, hardware in draft.hardware.items():
        good = True
        for ports in hardware.ports:
            good &= _is_range(draft, (name, "ports", ports), ports)
        if hardware.access is None or not good:
            continue
        if _is_range(draft, (name, "access"), hardware.access):
            strangers = [p for p in access_ports(hardware) if p not in port_speeds(hardware)]
            if strangers:
                message = f"{strangers[0]} is none of the ports."
                draft.say("hardware.yaml", (name, "access"), message)


def _is_range(draft: Draft, key: Key, ports: str) -> bool:
    try:
        names = expand(ports)
    except ValueError as error:
        draft.say("hardware.yaml", key, f"{error}.")
        return False
    longest = max((to_linux(name) for name in names), key=len)
    if len(longest) > LONGEST_PORT:
        message = f"its name in the lab, {longest}, has more than {LONGEST_PORT} characters."
        draft.say("hardware.yaml", key, message, f"Known types: {', '.join(TYPES)}.")
    return True


def _user_ports(draft: Draft, places: Mapping[str, Place], ports: _Ports) -> None:
    for name, lan in draft.lans.items():
        place = places.get(name)
        host = draft.devices.get(place.ports_on) if place else None
        if place is None or host is None or host.spec.hardware not in draft.hardware:
            continue
        users = _users_of(draft, place.ports_on)
        file, key = f"sites/{lan.site}.yaml", ("lans", lan.key, "ports")
        for number in lan.spec.ports:
            if number > len(users):
                message = (
                    f"port {number} is more than the {len(users)} user ports of "
                    f"{place.ports_on} ({host.spec.hardware})."
                )
                draft.say_lan(lan, ("ports",), message)
                break
            ports.take(place.ports_on, users[number - 1], f"LAN {name}", file, key)


def _users_of(draft: Draft, device: str) -> tuple[str, ...]:
    """The user ports of a device; empty when its hardware can't be known."""
    host = draft.devices.get(device)
    hardware = draft.hardware.get(host.spec.hardware) if host else None
    try:
        return access_ports(hardware) if hardware else ()
    except ValueError:  # reported with the hardware
        return ()
