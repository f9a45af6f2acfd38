"""What is known at one moment: read from the store once, shown to everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inventory.errors import StoreError
from inventory.model import Network
from inventory.settings import Settings
from monitor.said import said_by, say
from monitor.services_status import ServiceStatus, service_statuses
from monitor.status import device_statuses, link_statuses, numbers
from monitor.store.base import (
    DeviceStatus,
    Incident,
    Latest,
    LinkStatus,
    MaintenanceWindow,
    PollerStatus,
    Store,
)
from monitor.values import IncidentState, LatestKind, LinkState, Quality

OPEN_STATES = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
STALE_FACTS = 3
"""After so many intervals what a device told of itself is not known any more."""
WINDOW_AHEAD_S = 7 * 86400.0
"""How far ahead announced work is shown."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether what is shown can be believed."""

    store: str
    """ok, or away when it can't be read."""
    poller: str
    """ok; stale when the last poll is too old; never when there was none."""
    reason: str
    """One sentence for a person; empty when all is well."""
    last_poll: float | None

    @property
    def ok(self) -> bool:
        """Whether the store can be read and the last poll is fresh."""
        return self.store == "ok" and self.poller == "ok"


@dataclass(frozen=True, slots=True)
class Now:
    """Every status at `at` (Unix seconds)."""

    at: float
    health: Health
    links: Mapping[str, LinkStatus]
    devices: Mapping[str, DeviceStatus]
    incidents: tuple[Incident, ...] = ()
    """Open and acknowledged ones, worst first."""
    windows: tuple[MaintenanceWindow, ...] = ()
    """In force now or announced for the next week."""
    poller: PollerStatus | None = field(default=None)
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)
    facts: Mapping[str, Latest] = field(default_factory=dict)
    """Device -> CPU, memory, temperature, OSPF, BGP; those that are fresh."""
    counts: Mapping[str, float] = field(default_factory=dict)
    """What the receiver of traps and the prober count of themselves."""
    pings: Mapping[str, Latest] = field(default_factory=dict)
    """Site -> what pings to it say; those that are fresh."""
    costs: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Site -> packets and bytes sent, packets and bytes received, by polling it."""


def read_now(store: Store, network: Network, settings: Settings, at: float) -> Now:
    """Read the store; StoreError never leaves here: then everything is unknown, and says why."""
    stale_after_s = settings.alarms.stale_after_s
    try:
        poller = store.poller()
        links = link_statuses(store, network, at, stale_after_s)
        devices = device_statuses(store, network, at, stale_after_s)
        incidents = store.incidents(OPEN_STATES)
        windows = store.windows(at, at + WINDOW_AHEAD_S)
        services = service_statuses(store, network, at, settings.probes.services_interval_s)
        facts = store.latest(LatestKind.DEVICE)
        counted = [*store.latest(LatestKind.RECEIVER).values()]
        counted += store.latest(LatestKind.PROBER).values()
        pings = store.latest(LatestKind.SITE)
        costs = store.latest(LatestKind.COST).get("all")
        no_numbers = numbers(store)[1] if store.apart else ""
    except StoreError as error:
        return nothing_known(network, at, say("store.away", why=said_by(error)))
    return Now(
        at=at,
        health=_health(poller, at, stale_after_s, no_numbers),
        links={link.id: link for link in links},
        devices={device.id: device for device in devices},
        incidents=incidents,
        windows=windows,
        poller=poller,
        services={service.id: service for service in services},
        facts=_fresh(facts, at - STALE_FACTS * settings.poll.facts_interval_s),
        pings=_fresh(pings, at - stale_after_s),
        counts={name: value for row in counted for name, value in row.document.items()},
        costs=costs.document if costs else {},
    )


def _fresh(rows: Mapping[str, Latest], since: float) -> Mapping[str, Latest]:
    return {name: row for name, row in rows.items() if row.at >= since}


def _health(
    poller: PollerStatus | None, at: float, stale_after_s: float, no_numbers: str
) -> Health:
    if poller is None:
        return Health("ok", "never", say("health.never"), None)
    age = at - poller.at
    if age > max(stale_after_s, 2 * poller.interval_s):
        return Health("ok", "stale", say("health.stale"), poller.at)
    if no_numbers:
        return Health("away", "ok", say("store.away", why=no_numbers), poller.at)
    return Health("ok", "ok", "", poller.at)


def nothing_known(network: Network, at: float, reason: str) -> Now:
    """Everything unknown, because the store can't be read."""
    return Now(
        at=at,
        health=Health("away", "never", reason, None),
        links={link: _unknown_link(link, reason) for link in network.links},
        devices={
            device: DeviceStatus(device, LinkState.UNKNOWN, None, None, None, None, reason)
            for device in network.devices
        },
    )


def _unknown_link(link: str, reason: str) -> LinkStatus:
    return LinkStatus(
        id=link,
        state=LinkState.UNKNOWN,
        since=None,
        as_of=None,
        in_bps=None,
        out_bps=None,
        in_utilisation=None,
        out_utilisation=None,
        in_errors_ps=None,
        out_errors_ps=None,
        loss=None,
        rtt_ms=None,
        jitter_ms=None,
        reason=reason,
        quality=Quality.MISSING,
    )
