"""The map from the model: geography for the WAN, rings for each hub's MAN. Pure.

Sites are discs, links are curves; nothing here knows a state. The answer is the same for the same
network and language, so the server computes it once and the page colours it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import cos, log10, pi, radians, sin, tau

from api.geometry import Box, Curve, Point, nearest, push_apart
from api.labels import Label, Text, place_labels
from api.wires import bend_wires
from inventory.model import BACKUP_ROLES, DeviceRole, Link, Network, Site, SiteRole

WIDTH = 760.0
WAN = Box(26, 20, WIDTH - 26, 452)
MAN = Box(20, 484, WIDTH - 20, 838)
HEIGHT = 850.0
STRETCH = 1.5
"""How much more one axis may be magnified than the other to fill the frame."""
RADIUS = {
    SiteRole.HUB: 11.0,
    SiteRole.GATEWAY: 9.0,
    SiteRole.DISTRICT: 7.5,
    SiteRole.SCHOOL: 4.0,
    SiteRole.OFFICE: 4.0,
}
ROUTER_RADIUS = 6.0
SCHOOL_DISTANCE = 25.0
INNER_RING = 0.52
"""Radius of the ring of a hub's routers, as a share of the ring of its offices."""
LABEL_SIZE = 13.0
SMALL_LABEL_SIZE = 11.0


@dataclass(frozen=True, slots=True)
class Disc:
    """A site, or in a hub's inset one of its routers."""

    id: str
    """Site code, or device name."""
    site: str
    kind: str
    """Role of the site; `router` in the inset."""
    at: Point
    radius: float
    title: str
    """The whole name, for a tooltip."""
    label: Label | None
    """None for a disc too small for words."""
    links: tuple[str, ...]
    """Links that lie inside the disc: its state shows on the rim."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A link between two discs."""

    link: str
    curve: Curve
    width: float
    backup: bool
    note: Label | None
    """Room for its name when it is broken; None where there is none."""


@dataclass(frozen=True, slots=True)
class Ring:
    """An ellipse behind an inset."""

    center: Point
    rx: float
    ry: float


@dataclass(frozen=True, slots=True)
class MapLayout:
    """Everything that the page draws, in SVG user units."""

    width: float
    height: float
    discs: tuple[Disc, ...]
    wires: tuple[Wire, ...]
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    id: str
    site: str
    kind: str
    at: Point
    radius: float
    title: str
    text: str


def layout(network: Network, language: str) -> MapLayout:
    """Place every site and link of the network; `language` (en, ka) decides the labels' room."""
    spots = _wan_spots(network, language)
    outer, inner = _split(network)
    rings: tuple[Ring, ...] = ()
    man_spots: dict[str, _Spot] = {}
    if any(site.role is SiteRole.OFFICE for site in network.sites.values()):
        man_spots, rings = _man_spots(network, language)
    else:
        inner = {}
    wires = bend_wires(outer, spots, lambda end: network.devices[end].site)
    wires |= bend_wires(inner, man_spots, lambda end: _inset_id(network, end))
    everything = [*spots.values(), *man_spots.values()]
    names, notes = _labels(everything, wires, rings)
    inside = _inside(network)
    return MapLayout(
        width=WIDTH,
        height=HEIGHT if rings else MAN.top - 10,
        discs=tuple(_disc(spot, names, inside) for spot in everything),
        wires=tuple(
            Wire(link.id, curve, _width(link), link.role in BACKUP_ROLES, notes.get(link.id))
            for link, curve in wires.values()
        ),
        rings=rings,
    )


def _disc(spot: _Spot, names: Mapping[str, Label], inside: Mapping[str, tuple[str, ...]]) -> Disc:
    links = () if spot.kind == "router" else inside.get(spot.site, ())
    label = names.get(_key(spot))
    return Disc(spot.id, spot.site, spot.kind, spot.at, spot.radius, spot.title, label, links)


def _key(spot: _Spot) -> str:
    return f"{spot.kind}:{spot.id}"


def _width(link: Link) -> float:
    """1.5 for 10 Mb/s and 1.5 more for each power of ten."""
    return round(max(1.5, 1.5 * (log10(max(link.bandwidth_bps, 1)) - 6)), 1)


def _is_man(network: Network, device: str) -> bool:
    return network.sites[network.devices[device].site].role in {SiteRole.HUB, SiteRole.OFFICE}


def _inset_id(network: Network, device: str) -> str:
    site = network.sites[network.devices[device].site]
    return site.code if site.role is SiteRole.OFFICE else device


def _split(network: Network) -> tuple[dict[str, Link], dict[str, Link]]:
    """Links between places of the WAN, and links within a MAN."""
    outer, inner = {}, {}
    for link in network.links.values():
        ends = [network.devices[end.device].site for end in (link.a, link.b)]
        if all(_is_man(network, end.device) for end in (link.a, link.b)):
            inner[link.id] = link
        elif ends[0] != ends[1]:
            outer[link.id] = link
    return outer, inner


def _inside(network: Network) -> dict[str, tuple[str, ...]]:
    """Site -> its links that never leave it; a hub's are drawn in its inset, but count here too."""
    found: dict[str, list[str]] = defaultdict(list)
    for link in network.links.values():
        sites = {network.devices[end.device].site for end in (link.a, link.b)}
        if len(sites) == 1:
            found[sites.pop()].append(link.id)
    return {site: tuple(links) for site, links in found.items()}


def _wan_spots(network: Network, language: str) -> dict[str, _Spot]:
    places = {
        site.code: site
        for site in network.sites.values()
        if site.role not in {SiteRole.OFFICE, SiteRole.SCHOOL}
    }
    at = _project(places)
    push_apart(at, {code: RADIUS[site.role] for code, site in places.items()})
    links = [
        tuple(network.devices[end.device].site for end in (link.a, link.b))
        for link in network.links.values()
    ]
    roads = [(at[a], at[b]) for a, b in links if a in at and b in at and a != b]
    for site in network.sites.values():
        if site.role is SiteRole.SCHOOL and site.parent in at:
            at[site.code] = _beside(at[site.parent], roads, at.values())
    return {code: _spot(network.sites[code], point, language) for code, point in at.items()}


def _spot(site: Site, at: Point, language: str) -> _Spot:
    title = getattr(site.name, language)
    text = "" if site.role is SiteRole.SCHOOL else title
    if site.role is SiteRole.OFFICE:
        text = site.code
    return _Spot(site.code, site.code, str(site.role), at, RADIUS[site.role], title, text)


def _project(places: Mapping[str, Site]) -> dict[str, Point]:
    """Equirectangular around the mean latitude; a far gateway is drawn at the frame's edge."""
    near = [site for site in places.values() if site.role is not SiteRole.GATEWAY]
    near = near or list(places.values())
    middle = radians(sum(site.latitude for site in near) / len(near))
    flat = {
        code: Point(site.longitude * cos(middle), -site.latitude) for code, site in places.items()
    }
    inner = [flat[site.code] for site in near]
    west, north = min(p.x for p in inner), min(p.y for p in inner)
    wide = max(p.x for p in inner) - west or 0.01
    high = max(p.y for p in inner) - north or 0.01
    frame = Box(WAN.left + 30, WAN.top + 24, WAN.right - 30, WAN.bottom - 74)
    scale_x, scale_y = (frame.right - frame.left) / wide, (frame.bottom - frame.top) / high
    scale_x, scale_y = min(scale_x, scale_y * STRETCH), min(scale_y, scale_x * STRETCH)
    return {
        code: Point(
            min(max(frame.left + (p.x - west) * scale_x, WAN.left + 10), WAN.right - 20),
            min(max(frame.top + (p.y - north) * scale_y, WAN.top + 10), WAN.bottom - 26),
        )
        for code, p in flat.items()
    }


def _beside(parent: Point, roads: Iterable[tuple[Point, Point]], taken: Iterable[Point]) -> Point:
    """The spot around `parent` that lies farthest from links and other discs."""
    nearby = [a.towards(b, step / 12) for a, b in roads for step in range(13)]
    nearby = [p for p in nearby if p.distance(parent) > 1] + [p for p in taken if p != parent]
    around = (
        parent + Point(cos(step * tau / 24), sin(step * tau / 24)).times(SCHOOL_DISTANCE)
        for step in range(24)
    )
    inside = [p for p in around if WAN.contains(p)]
    return max(inside, key=lambda p: (round(nearest(p, nearby), 3), -p.y, p.x))


def _man_spots(network: Network, language: str) -> tuple[dict[str, _Spot], tuple[Ring, ...]]:
    """Cores in the middle, the hub's other routers around, offices outside near theirs."""
    center = Point((MAN.left + MAN.right) / 2, (MAN.top + MAN.bottom) / 2)
    rx, ry = (MAN.right - MAN.left) / 2 - 44, (MAN.bottom - MAN.top) / 2 - 22
    hub = [d for d in network.devices.values() if network.sites[d.site].role is SiteRole.HUB]
    cores = [d.name for d in hub if d.role is DeviceRole.CORE]
    ring = [d.name for d in hub if d.role is not DeviceRole.CORE]
    offices = _offices(network, ring)
    spots: dict[str, _Spot] = {}

    def router(name: str, at: Point) -> None:
        site = network.devices[name].site
        text = name.removeprefix(f"{site}-")
        spots[name] = _Spot(name, site, "router", at, ROUTER_RADIUS, name, text)

    for index, name in enumerate(cores):
        router(name, center + Point((index - (len(cores) - 1) / 2) * 90, 0))
    weight = {name: max(len(offices[name]), 1.6) for name in ring}
    turn, total = -pi / 2 - pi / 14, sum(weight.values()) or 1
    for name in ring:
        share = tau * weight[name] / total
        inner = turn + share / 2
        router(name, center + Point(cos(inner) * rx * INNER_RING, sin(inner) * ry * INNER_RING))
        for index, code in enumerate(offices[name]):
            outer = turn + share * (index + 0.5) / len(offices[name])
            at = center + Point(cos(outer) * rx, sin(outer) * ry)
            spots[code] = _spot(network.sites[code], at, language)
        turn += share
    return spots, (Ring(center, rx, ry), Ring(center, rx * INNER_RING, ry * INNER_RING))


def _offices(network: Network, routers: Iterable[str]) -> dict[str, list[str]]:
    """Router -> codes of the offices behind it, in the order of names."""
    behind: dict[str, list[str]] = {name: [] for name in routers}
    for link in network.links.values():
        for end, other in ((link.a, link.b), (link.b, link.a)):
            site = network.sites[network.devices[other.device].site]
            if end.device in behind and site.role is SiteRole.OFFICE:
                behind[end.device].append(site.code)
    return {name: sorted(codes) for name, codes in behind.items()}


def _labels(
    spots: list[_Spot], wires: Mapping[str, tuple[Link, Curve]], rings: tuple[Ring, ...]
) -> tuple[dict[str, Label], dict[str, Label]]:
    """Room for the names of discs first, then for the names of broken links."""
    frame = Box(2, 2, WIDTH - 2, (HEIGHT if rings else MAN.top) - 2)
    curves = {link.id: curve for link, curve in wires.values()}
    texts = [
        Text(_key(s), s.text, LABEL_SIZE if s.radius >= 7 else SMALL_LABEL_SIZE, s.at, s.radius)
        for s in spots
        if s.text
    ]
    discs = [Box.around(spot.at, spot.radius + 1) for spot in spots]
    return place_labels(texts, discs, curves, frame)
