"""What the templates print: rows, counts, colours of the map, from the model and one Now. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from api.documents import WORST_FIRST, worst
from api.layout import Disc, MapLayout, Wire
from api.now import Now
from inventory.model import Check, Link, LinkRole, Network, SiteRole
from monitor.services_status import ServiceStatus
from monitor.store.base import LinkStatus
from monitor.values import LinkState

ROLE_ORDER = (
    LinkRole.TBILISI_PRIMARY,
    LinkRole.TBILISI_BACKUP,
    LinkRole.CORE,
    LinkRole.WAN_PRIMARY,
    LinkRole.WAN_BACKUP,
    LinkRole.MAN,
    LinkRole.SCHOOL,
    LinkRole.ACCESS,
)
COLUMNS = 3
LOOSE_SHOWN, HITS_SHOWN = 6, 5
USE_LEVELS = (0.1, 0.3, 0.6, 0.9)
"""Bounds between the five shades of use on the map."""


@dataclass(frozen=True, slots=True)
class Row:
    """One link in the table."""

    link: Link
    status: LinkStatus


@dataclass(frozen=True, slots=True)
class Group:
    """Links of one role that stand together in a column."""

    role: LinkRole
    total: int
    """Links of the role in all columns."""
    continued: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Loose:
    """Links that are not up for one reason, and no incident speaks of them."""

    state: LinkState
    links: tuple[str, ...]
    reason: str
    since: float | None


@dataclass(frozen=True, slots=True)
class WireView:
    """A link on the map: both directions shaded by use."""

    wire: Wire
    state: LinkState
    out_level: int | None
    """Shade 0 to 4 of the half at end a (what a sends); None when it is not known."""
    in_level: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class DiscView:
    """A site on the map with the worst state of what lies inside it."""

    disc: Disc
    state: LinkState


def counts(now: Now) -> Mapping[LinkState, int]:
    """How many links are in each state; every state is there."""
    found = Counter(status.state for status in now.links.values())
    return {state: found[state] for state in (LinkState.UP, *WORST_FIRST[:-1])}


def columns(network: Network, now: Now, wanted: int = COLUMNS) -> tuple[tuple[Group, ...], ...]:
    """All links by role in `wanted` columns of equal height; a group may go on in the next."""
    by_role = {
        role: [
            Row(link, now.links[link.id]) for link in network.links.values() if link.role is role
        ]
        for role in ROLE_ORDER
    }
    used = {role: rows for role, rows in by_role.items() if rows}
    lines = sum(len(rows) for rows in used.values()) + len(used) + wanted - 1
    height = -(-lines // wanted)
    done: list[list[Group]] = [[]]
    room = height
    for role, rows in used.items():
        rest = list(rows)
        while rest:
            if room < min(3, len(rest) + 1) and len(done) < wanted:
                done.append([])
                room = height
            take = rest if len(done) == wanted else rest[: room - 1]
            continued = len(rest) < len(rows)
            done[-1].append(Group(role, len(rows), continued, tuple(take)))
            room -= len(take) + 1
            rest = rest[len(take) :]
    return tuple(tuple(column) for column in done)


def loose(network: Network, now: Now) -> tuple[Loose, ...]:
    """What is not up and stands in no open incident, grouped by state and reason, worst first."""
    spoken = {subject.id for one in now.incidents for subject in (one.cause, *one.affected)}
    grouped: dict[tuple[LinkState, str], list[LinkStatus]] = {}
    for link in network.links.values():
        status = now.links[link.id]
        ends = {link.id, link.a.device, link.b.device}
        quiet = status.state in {LinkState.UP, LinkState.MAINTENANCE}
        if not quiet and not ends & spoken:
            reason = status.reason if now.health.ok else ""
            grouped.setdefault((status.state, reason), []).append(status)
    ranked = sorted(grouped.items(), key=lambda item: (WORST_FIRST.index(item[0][0]), item[0][1]))
    return tuple(
        Loose(
            state,
            tuple(status.id for status in several),
            reason,
            min((status.since for status in several if status.since), default=None),
        )
        for (state, reason), several in ranked
    )


def use_level(ratio: float | None) -> int | None:
    """Shade of the map for a share of the bandwidth."""
    return None if ratio is None else sum(ratio >= bound for bound in USE_LEVELS)


def wire_views(layout: MapLayout, now: Now) -> tuple[WireView, ...]:
    """Every wire; those that are not up are drawn last, over the others."""
    views = [_wire(wire, now.links[wire.link]) for wire in layout.wires]
    return tuple(sorted(views, key=lambda view: -WORST_FIRST.index(view.state)))


def _wire(wire: Wire, status: LinkStatus) -> WireView:
    return WireView(
        wire,
        status.state,
        use_level(status.out_utilisation),
        use_level(status.in_utilisation),
        status.reason,
    )


def disc_views(layout: MapLayout, network: Network, now: Now) -> tuple[DiscView, ...]:
    """Every disc: a router's own state, a site's worst of its devices and inner links."""
    return tuple(DiscView(disc, _disc_state(disc, network, now)) for disc in layout.discs)


def _disc_state(disc: Disc, network: Network, now: Now) -> LinkState:
    if disc.kind == "router":
        return now.devices[disc.id].state
    states = [now.devices[name].state for name in network.sites[disc.site].devices]
    if disc.kind != SiteRole.HUB:
        states += [now.links[link].state for link in disc.links]
    if disc.kind == SiteRole.HUB and LinkState.UP in states and LinkState.DOWN in states:
        return LinkState.DEGRADED
    return worst(states)


@dataclass(frozen=True, slots=True)
class PingRow:
    """What pings say of a site, or of the far end of one of its links."""

    link: str
    """Empty: the site itself."""
    device: str
    loss: float | None
    rtt_ms: float | None
    jitter_ms: float | None


def ping_rows(
    code: str, links: Iterable[str], far_ends: Mapping[str, str], now: Now
) -> tuple[PingRow, ...]:
    """The site first, then its `links`; nothing where nobody pings.

    `far_ends`: link -> the device that is pinged.
    """
    known = now.pings[code].document if code in now.pings else {}
    rows = [PingRow("", "", known.get("loss"), known.get("rtt_ms"), known.get("jitter_ms"))]
    for link in links:
        if link in far_ends:
            status = now.links[link]
            found = (status.loss, status.rtt_ms, status.jitter_ms)
            rows.append(PingRow(link, far_ends[link], *found))
    return tuple(rows) if any(row.loss is not None for row in rows) else ()


@dataclass(frozen=True, slots=True)
class RoutingRow:
    """One neighbour of one device, by OSPF or by BGP; what is not known, or not there, is None."""

    device: str
    neighbour: str
    link: str
    """Of an OSPF neighbour."""
    address: str
    """Of a BGP peer."""
    ospf: str | None
    ospf6: str | None
    bgp: str | None
    prefixes: int | None
    state: LinkState


def routing_rows(devices: Iterable[str], now: Now) -> tuple[RoutingRow, ...]:
    """What the devices say of their routing, those that are known."""
    rows = []
    for device in devices:
        known = now.facts[device].document if device in now.facts else {}
        for each in known.get("neighbours", ()):
            words = (each["state"], each["state6"])
            if any(words):
                sound = all(word in {None, "full"} for word in words)
                rows.append(
                    RoutingRow(device, each["neighbour"], each["link"], "", *words, None, None,
                               LinkState.UP if sound else LinkState.DEGRADED)
                )  # fmt: skip
        for each in known.get("sessions", ()):
            sound = each["state"] == "established"
            rows.append(
                RoutingRow(device, each["peer"], "", each["address"], None, None, each["state"],
                           each["prefixes"], LinkState.UP if sound else LinkState.DEGRADED)
            )  # fmt: skip
    return tuple(rows)


def service_rows(
    network: Network, now: Now, code: str | None = None
) -> tuple[tuple[Check, ServiceStatus], ...]:
    """Every service that is known, or those at one site."""
    return tuple(
        (check, now.services[check.id])
        for check in network.region.services.checks
        if check.id in now.services and code in {None, check.site}
    )


def rows_of(links: Iterable[str], network: Network, now: Now) -> Sequence[Row]:
    """Rows of some links."""
    return tuple(Row(network.links[link], now.links[link]) for link in links)
