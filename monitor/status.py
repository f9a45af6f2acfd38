"""What is known now, judged when it is read: a status nobody renewed turns unknown by itself."""

from collections.abc import Mapping

from inventory.errors import StoreError
from inventory.model import Network
from monitor.said import joined, said_by, say
from monitor.store.base import (
    DevicePollRow,
    DeviceStatus,
    LinkSample,
    LinkStatus,
    StateEntry,
    Store,
    Subject,
)
from monitor.values import LinkState, Quality, SubjectKind

NEVER = say("never")
NOBODY_POLLS = say("nobody_polls")


def link_statuses(
    store: Store, network: Network, now: float, stale_after_s: float
) -> tuple[LinkStatus, ...]:
    """Every link of the model, in its order; StoreError."""
    states = store.current_states()
    fresh = _poller_lives(store, now, stale_after_s)
    samples, problem = numbers(store)
    if problem and fresh:  # who polls keeps the states true; only the numbers are not to be had
        return tuple(
            link_status(
                link.id,
                link.bandwidth_bps,
                states.get(Subject(SubjectKind.LINK, link.id)),
                None,
            )
            for link in network.links.values()
        )
    statuses = []
    for link in network.links.values():
        entry = states.get(Subject(SubjectKind.LINK, link.id))
        status = link_status(link.id, link.bandwidth_bps, entry, samples.get(link.id))
        statuses.append(aged(status, now, stale_after_s, poller_lives=fresh))
    return tuple(statuses)


def numbers(store: Store) -> tuple[Mapping[str, LinkSample], str]:
    """The last samples, or why there are none; StoreError where states are away too."""
    try:
        return store.last_samples(), ""
    except StoreError as error:
        if not store.apart:
            raise
        return {}, said_by(error)


def device_statuses(
    store: Store, network: Network, now: float, stale_after_s: float
) -> tuple[DeviceStatus, ...]:
    """Every device of the model, in its order; StoreError."""
    states, polls = store.current_states(), store.device_polls()
    fresh = _poller_lives(store, now, stale_after_s)
    return tuple(
        _device_status(name, states, polls, poller_lives=fresh) for name in network.devices
    )


def link_status(
    link: str, bandwidth_bps: int, entry: StateEntry | None, sample: LinkSample | None
) -> LinkStatus:
    """One link from its last ledger entry and its last sample; ages nothing."""
    known = sample or LinkSample(link, 0.0, Quality.MISSING, 0.0)
    return LinkStatus(
        id=link,
        state=entry.state if entry else LinkState.UNKNOWN,
        since=_since(entry),
        as_of=sample.at if sample else None,
        in_bps=known.value("in_bps"),
        out_bps=known.value("out_bps"),
        in_utilisation=_share(known.value("in_bps"), bandwidth_bps),
        out_utilisation=_share(known.value("out_bps"), bandwidth_bps),
        in_errors_ps=known.value("in_errors_ps"),
        out_errors_ps=known.value("out_errors_ps"),
        loss=known.value("loss"),
        rtt_ms=known.value("rtt_ms"),
        jitter_ms=known.value("jitter_ms"),
        reason=entry.reason if entry else NEVER,
        quality=known.quality,
    )


def aged(
    status: LinkStatus, now: float, stale_after_s: float, *, poller_lives: bool = True
) -> LinkStatus:
    """The same, or unknown with null values when what it rests on is too old."""
    age = None if status.as_of is None else now - status.as_of
    fresh = poller_lives and age is not None and age <= stale_after_s
    if fresh and status.state is not LinkState.UNKNOWN:
        return status
    if status.state is LinkState.MAINTENANCE or (
        poller_lives and status.state is LinkState.UNKNOWN
    ):
        return _without_values(status, status.state, status.reason)
    reason = status.reason if age is None else say("last_reading", age_s=f"{age:.0f}")
    if not poller_lives:
        reason = NOBODY_POLLS if age is None else joined((NOBODY_POLLS, reason))
    return _without_values(status, LinkState.UNKNOWN, reason)


def _without_values(status: LinkStatus, state: LinkState, reason: str) -> LinkStatus:
    if state is LinkState.UNKNOWN and state is status.state and reason != NEVER:
        quality = Quality.UNREACHABLE
    else:
        quality = Quality.MISSING if status.as_of is None else Quality.STALE
    return LinkStatus(
        id=status.id,
        state=state,
        since=status.since,
        as_of=status.as_of,
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
        quality=quality,
    )


def _share(bps: float | None, bandwidth_bps: int) -> float | None:
    return None if bps is None or bandwidth_bps <= 0 else bps / bandwidth_bps


def _poller_lives(store: Store, now: float, stale_after_s: float) -> bool:
    poller = store.poller()
    return poller is not None and now - poller.at <= max(stale_after_s, 2 * poller.interval_s)


def _device_status(
    name: str,
    states: Mapping[Subject, StateEntry],
    polls: Mapping[str, DevicePollRow],
    *,
    poller_lives: bool,
) -> DeviceStatus:
    entry, poll = states.get(Subject(SubjectKind.DEVICE, name)), polls.get(name)
    state = entry.state if entry else LinkState.UNKNOWN
    reason = entry.reason if entry else NEVER
    if not poller_lives and state is not LinkState.MAINTENANCE:
        state, reason = LinkState.UNKNOWN, NOBODY_POLLS
    return DeviceStatus(
        id=name,
        state=state,
        since=_since(entry),
        as_of=poll.at if poll else None,
        uptime_s=poll.uptime_s if poll else None,
        rtt_ms=poll.rtt_ms if poll else None,
        reason=reason,
    )


def _since(entry: StateEntry | None) -> float | None:
    if entry is None:
        return None
    return entry.at if entry.since is None else entry.since
