"""How services are now, judged when it is read: one that nobody asks any more is unknown."""

from dataclasses import dataclass

from inventory.model import Network
from monitor.said import say
from monitor.store.base import Store, Subject
from monitor.values import LatestKind, LinkState, SubjectKind

STALE_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What is known of a service now."""

    id: str
    state: LinkState
    since: float | None
    as_of: float | None
    """When it was last asked."""
    reason: str
    took_ms: float | None
    status: int | None
    """Of HTTP."""
    certificate_days: float | None


def service_statuses(
    store: Store, network: Network, now: float, interval_s: float
) -> tuple[ServiceStatus, ...]:
    """Every service of the model, in its order; StoreError."""
    checks = network.region.services.checks
    if not checks:
        return ()
    states, latest = store.current_states(), store.latest(LatestKind.SERVICE)
    found = []
    for check in checks:
        entry, row = states.get(Subject(SubjectKind.SERVICE, check.id)), latest.get(check.id)
        state = entry.state if entry else LinkState.UNKNOWN
        reason = entry.reason if entry else say("service.never")
        if row and now - row.at > STALE_INTERVALS * interval_s:
            state = LinkState.UNKNOWN
            reason = say("last_reading", age_s=f"{now - row.at:.0f}")
        known = row.document if row and state is not LinkState.UNKNOWN else {}
        found.append(
            ServiceStatus(
                check.id,
                state,
                entry.since or entry.at if entry else None,
                row.at if row else None,
                reason,
                known.get("took_ms"),
                known.get("status"),
                known.get("certificate_days"),
            )
        )
    return tuple(found)
