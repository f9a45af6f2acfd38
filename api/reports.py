"""Availability by site, link or provider: the ledger's spans against the promised target."""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from api.availability import NOTHING, Shares, best, shares, spans
from api.documents import Document, timestamp
from inventory.model import Network, Site
from monitor.store.base import Store, Subject
from monitor.values import SubjectKind

By = Literal["site", "link", "provider"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report."""

    id: str
    shares: Shares
    target: float | None
    """0 to 1; None for a provider, whose links have targets of their own."""

    @property
    def met(self) -> bool | None:
        """Whether the target was kept; None when nothing is known or nothing was promised."""
        ratio = self.shares.ratio
        return None if ratio is None or self.target is None else ratio >= self.target


def availability(
    store: Store, network: Network, by: By, start: float, end: float
) -> tuple[Row, ...]:
    """Rows of the report for [start, end), in the order of ids; StoreError."""
    if by == "site":
        return tuple(
            Row(code, site_shares(store, network, site, start, end), site.target)
            for code, site in network.sites.items()
        )
    links = tuple(
        Row(link.id, link_shares(store, link.id, start, end), link.target)
        for link in network.links.values()
    )
    if by == "link":
        return links
    sums: dict[str, Shares] = defaultdict(lambda: NOTHING)
    for row in links:
        provider = network.links[row.id].provider
        if provider:
            sums[provider] = sums[provider].plus(row.shares)
    return tuple(Row(provider, total, None) for provider, total in sorted(sums.items()))


def link_shares(store: Store, link: str, start: float, end: float) -> Shares:
    """How long the link was in service; StoreError."""
    return shares(spans(store.ledger(Subject(SubjectKind.LINK, link), start, end), start, end))


def site_shares(store: Store, network: Network, site: Site, start: float, end: float) -> Shares:
    """How long one of the site's routing devices could be reached; StoreError."""
    routing = [name for name in site.devices if network.devices[name].routes] or site.devices
    several = [
        spans(store.ledger(Subject(SubjectKind.DEVICE, name), start, end), start, end)
        for name in routing
    ]
    return shares(best(several, start, end))


def document(by: By, start: float, end: float, rows: tuple[Row, ...]) -> Document:
    """The report as the contract's JSON."""
    return {
        "by": by,
        "from": timestamp(start),
        "to": timestamp(end),
        "rows": [_row(row) for row in rows],
    }


def _row(row: Row) -> Document:
    return {
        "id": row.id,
        "availability": row.shares.ratio,
        "target": row.target,
        "met": row.met,
        "available_s": row.shares.available_s,
        "own_fault_s": row.shares.own_fault_s,
        "upstream_s": row.shares.upstream_s,
        "maintenance_s": row.shares.maintenance_s,
        "unknown_s": row.shares.unknown_s,
        "outages": row.shares.outages,
    }


def as_csv(rows: tuple[Row, ...]) -> str:
    """The same as comma-separated values with a head; unknown is empty."""
    text = io.StringIO()
    documents = [_row(row) for row in rows]
    names = list(documents[0]) if documents else ["id"]
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(documents)
    return text.getvalue()
