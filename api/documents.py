"""JSON documents of the contract, from the dataclasses of model and store. Pure.

Times are RFC 3339 in UTC, rates bits a second, ratios 0 to 1; what is not known is null.
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from api.now import Health, Now
from inventory.model import Check, Device, End, Link, Network, Site
from monitor.services_status import ServiceStatus
from monitor.store.base import (
    DeviceEvent,
    DeviceStatus,
    Incident,
    Latest,
    LinkStatus,
    MaintenanceWindow,
    Series,
    Subject,
)
from monitor.values import LinkState

Document = dict[str, Any]

WORST_FIRST = (
    LinkState.DOWN,
    LinkState.DEGRADED,
    LinkState.UNKNOWN,
    LinkState.MAINTENANCE,
    LinkState.UP,
)


def dumps(document: Any) -> bytes:
    """The document as JSON text."""
    return orjson.dumps(document)


def timestamp(seconds: float | None) -> str | None:
    """Unix seconds as RFC 3339 in UTC with milliseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def link_now(status: LinkStatus) -> Document:
    """What `poll` and GET /api/v1/links say of a link."""
    return {
        "id": status.id,
        "state": str(status.state),
        "since": timestamp(status.since),
        "as_of": timestamp(status.as_of),
        "in_bps": status.in_bps,
        "out_bps": status.out_bps,
        "in_utilisation": status.in_utilisation,
        "out_utilisation": status.out_utilisation,
        "in_errors_ps": status.in_errors_ps,
        "out_errors_ps": status.out_errors_ps,
        "loss": status.loss,
        "rtt_ms": status.rtt_ms,
        "jitter_ms": status.jitter_ms,
        "reason": status.reason,
        "quality": str(status.quality),
    }


def link_whole(link: Link, status: LinkStatus) -> Document:
    """GET /api/v1/links/{id}: what it is and how it is."""
    return link_now(status) | {
        "a": _end(link.a),
        "b": _end(link.b),
        "role": str(link.role),
        "medium": link.medium,
        "bandwidth_bps": link.bandwidth_bps,
        "provider": link.provider,
        "circuit_id": link.circuit_id,
        "target": link.target,
    }


def _end(end: End) -> Document:
    return {
        "device": end.device,
        "interface": end.interface,
        "address": str(end.ipv4) if end.ipv4 else None,
        "address6": str(end.ipv6) if end.ipv6 else None,
    }


def device_now(device: Device, status: DeviceStatus) -> Document:
    """GET /api/v1/devices: a device and how it is."""
    return {
        "id": device.name,
        "site": device.site,
        "role": str(device.role),
        "platform": device.platform,
        "hardware": device.hardware,
        "management": str(device.management),
        "state": str(status.state),
        "since": timestamp(status.since),
        "as_of": timestamp(status.as_of),
        "uptime_s": status.uptime_s,
        "rtt_ms": status.rtt_ms,
        "reason": status.reason,
    }


def device_whole(device: Device, status: DeviceStatus, facts: Latest | None) -> Document:
    """GET /api/v1/devices/{id}: the same with what it tells of itself; null where not known."""
    known = facts.document if facts else {}
    return device_now(device, status) | {
        "cpu": known.get("cpu"),
        "memory": known.get("memory"),
        "temperature_c": known.get("temperature_c"),
        "adjacencies": known.get("adjacencies"),
        "expected_adjacencies": known.get("expected_adjacencies"),
        "adjacencies6": known.get("adjacencies6"),
        "expected_adjacencies6": known.get("expected_adjacencies6"),
        "neighbours": list(known.get("neighbours") or ()),
        "sessions": list(known.get("sessions") or ()),
    }


def event(one: DeviceEvent) -> Document:
    """GET /api/v1/devices/{id}/events: a trap or a log line."""
    return {
        "at": timestamp(one.at),
        "source": str(one.source),
        "severity": one.severity,
        "text": one.text,
    }


def service_now(check: Check, status: ServiceStatus) -> Document:
    """GET /api/v1/services: what people use, and whether it answers."""
    return {
        "id": check.id,
        "name": {"en": check.name.en, "ka": check.name.ka},
        "site": check.site,
        "url": check.url or None,
        "query": check.query or None,
        "expected_status": check.status if check.url else None,
        "contains": check.contains or None,
        "answer": str(check.answer) if check.answer else None,
        "state": str(status.state),
        "since": timestamp(status.since),
        "as_of": timestamp(status.as_of),
        "reason": status.reason,
        "took_ms": status.took_ms,
        "status": status.status,
        "certificate_days": status.certificate_days,
    }


def worst(states: list[LinkState]) -> LinkState:
    """The worst of them; unknown when there is none."""
    return min(states, key=WORST_FIRST.index, default=LinkState.UNKNOWN)


def site_now(
    site: Site,
    network: Network,
    links: dict[str, LinkState],
    devices: dict[str, LinkState],
    pings: Latest | None,
) -> Document:
    """GET /api/v1/sites: a site, whether it can be reached, and what is in it.

    Its `state` is that of its routing devices (or of all, where none routes): down when each is.
    """
    known = pings.document if pings else {}
    return {
        "id": site.code,
        "number": site.number,
        "name": {"en": site.name.en, "ka": site.name.ka},
        "role": str(site.role),
        "latitude": site.latitude,
        "longitude": site.longitude,
        "parent": site.parent,
        "target": site.target,
        "state": str(site_state(site, network, devices)),
        "loss": known.get("loss"),
        "rtt_ms": known.get("rtt_ms"),
        "jitter_ms": known.get("jitter_ms"),
        "devices": list(site.devices),
        "links": [link for link in links if touches(network, link, site.code)],
    }


def touches(network: Network, link: str, site: str) -> bool:
    """Whether an end of the link is at the site."""
    ends = (network.links[link].a, network.links[link].b)
    return any(network.devices[end.device].site == site for end in ends)


def site_state(site: Site, network: Network, devices: dict[str, LinkState]) -> LinkState:
    """Up when all its routing devices are, down when all are down, else degraded or unknown."""
    routing = [name for name in site.devices if network.devices[name].routes] or list(site.devices)
    states = {devices[name] for name in routing}
    if len(states) == 1:
        return states.pop()
    if LinkState.DOWN in states and states & {LinkState.UP, LinkState.DEGRADED}:
        return LinkState.DEGRADED
    return worst(list(states - {LinkState.MAINTENANCE}))


def incident(one: Incident) -> Document:
    """An incident of the contract."""
    return {
        "id": one.id,
        "cause": _subject(one.cause),
        "state": str(one.state),
        "severity": str(one.severity),
        "opened": timestamp(one.opened),
        "closed": timestamp(one.closed),
        "summary": one.summary,
        "affected": [_subject(subject) for subject in one.affected],
        "timeline": [
            {"at": timestamp(entry.at), "what": entry.what, "by": entry.by}
            for entry in one.timeline
        ],
    }


def window(one: MaintenanceWindow) -> Document:
    """GET /api/v1/maintenance: announced work."""
    return {
        "id": one.id,
        "subject": _subject(one.subject),
        "start": timestamp(one.start),
        "end": timestamp(one.end),
        "reason": one.reason,
        "by": one.by,
    }


def series(link: str, metric: str, step_s: float, found: Series) -> Document:
    """GET /api/v1/links/{id}/series: parallel lists, the shape that graphs want."""
    return {
        "link": link,
        "metric": metric,
        "step_s": step_s,
        "at": [timestamp(at) for at in found.times],
        "mean": found.means,
        "maximum": found.maxima,
    }


def health(state: Health) -> Document:
    """Whether what is shown can be believed."""
    return {
        "ok": state.ok,
        "store": state.store,
        "poller": state.poller,
        "reason": state.reason,
        "last_poll": timestamp(state.last_poll),
    }


def readiness(now: Now) -> Document:
    """The same for machines, with what waits for the store."""
    told = now.poller
    return health(now.health) | {
        "spooled_samples": told and told.spooled,
        "waiting_samples": told and told.waiting,
        "dropped_samples": told and told.dropped,
        "rejected_samples": told and told.rejected,
    }


def _subject(subject: Subject) -> Document:
    return {"kind": str(subject.kind), "id": subject.id}
