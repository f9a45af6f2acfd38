"""The past of one link or site for its page: state strip, marks on graphs, a few numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.availability import Shares
from api.now import Now
from api.reports import link_shares
from inventory.errors import StoreError
from inventory.model import DeviceRole, Network, Site
from inventory.paths import BestPath, without_links
from monitor.store.base import SeriesPoint, StateEntry, Store, Subject
from monitor.values import LinkState, SubjectKind

RANGES = {"hour": 3600.0, "day": 86400.0, "week": 604800.0, "month": 2678400.0, "year": 31622400.0}
"""Periods of the link page, in seconds."""
YOUNG_S = 7200.0
"""A link that was watched for less is shown in an hour, where that can be seen."""
NUMBERS = 12
"""Rows of the table that stands beside the graphs."""


@dataclass(frozen=True, slots=True)
class Segment:
    """From `start` up to `end` the state was this."""

    start: float
    end: float
    state: LinkState
    reason: str


@dataclass(frozen=True, slots=True)
class LinkHistory:
    """What the link page shows of the past."""

    segments: tuple[Segment, ...]
    month: Shares
    numbers: tuple[tuple[SeriesPoint, SeriesPoint], ...]
    """(in, out) traffic in NUMBERS buckets; none while a database of samples alone is away."""


def segments(entries: Sequence[StateEntry], start: float, end: float) -> tuple[Segment, ...]:
    """The period cut at each change of state; unknown before the first entry."""
    found: list[Segment] = []
    at, state, reason = start, LinkState.UNKNOWN, ""
    for entry in entries:
        if entry.at > at:
            found.append(Segment(at, min(entry.at, end), state, reason))
            at = min(entry.at, end)
        state, reason = entry.state, entry.reason
    if at < end:
        found.append(Segment(at, end, state, reason))
    return tuple(found)


def first_range(store: Store, link: str, end: float) -> str:
    """The period that the link's page opens with, one of RANGES; StoreError."""
    known = store.ledger(Subject(SubjectKind.LINK, link), end - RANGES["day"], end)
    return "hour" if known and known[0].at > end - YOUNG_S else "day"


def link_history(store: Store, link: str, start: float, end: float, month: float) -> LinkHistory:
    """Read the past of a link; StoreError where states are away too."""
    return LinkHistory(
        segments(store.ledger(Subject(SubjectKind.LINK, link), start, end), start, end),
        link_shares(store, link, month, end),
        _numbers(store, link, start, end),
    )


def _numbers(
    store: Store, link: str, start: float, end: float
) -> tuple[tuple[SeriesPoint, SeriesPoint], ...]:
    step = (end - start) / NUMBERS
    try:
        into = store.series(link, "in_bps", start, end, step)
        out = store.series(link, "out_bps", start, end, step)
    except StoreError:
        if not store.apart:
            raise
        return ()  # the banner says so; what is known of states stays on the page
    return tuple(zip(into, out, strict=True))


def path_to_core(network: Network, site: Site, now: Now) -> BestPath | None:
    """The best path from the site to the nearest core over the links that are not down."""
    down = {link for link, status in now.links.items() if status.state is LinkState.DOWN}
    routers = [name for name in site.devices if network.devices[name].routes]
    routers = routers or [lan.router for lan in site.lans]
    cores = [d.name for d in network.devices.values() if d.role is DeviceRole.CORE]
    topology = without_links(network, down)
    paths = [topology.path(routers[0], core) for core in cores] if routers else []
    return min((path for path in paths if path), key=lambda path: path.cost, default=None)
