"""The words of monitoring: states, quality flags, faults. Each stands in docs/monitoring.md."""

from enum import StrEnum


class LinkState(StrEnum):
    """What is known of a link (or of a device, which is never degraded)."""

    UP = "up"
    """An end that answers says ifOperStatus up, and none says down."""
    DEGRADED = "degraded"
    """Up, but errors, loss or load are above what `alarms:` allows."""
    DOWN = "down"
    """An end that answers says down."""
    UNKNOWN = "unknown"
    """Neither end answers, or the last answer is too old. Never shown as up."""
    MAINTENANCE = "maintenance"
    """In a maintenance window; what was seen stands in the reason."""


class Quality(StrEnum):
    """What a rate is worth. Only those in RATED carry rates; with all others rates are null."""

    GOOD = "good"
    """Two consecutive readings of a counter that only went forward."""
    WRAP = "wrap"
    """A 32-bit counter passed its top once; the rate allows for it and is below line rate."""
    FIRST = "first"
    """No earlier reading to compare with."""
    RESET = "reset"
    """The device restarted (sysUpTime went back), or a counter went back: no rate."""
    DISCONTINUITY = "discontinuity"
    """ifCounterDiscontinuityTime changed: the counter was set anew."""
    RENUMBERED = "renumbered"
    """The interface has another ifIndex than at the last reading."""
    LATE = "late"
    """More than two and a half intervals passed: a true mean, but over a gap."""
    CLOCK_STEP = "clock-step"
    """The device's clock and ours disagree on how much time passed, or time stood still."""
    OVER_LINE_RATE = "over-line-rate"
    """More than the interface can carry: a counter was wrong."""
    AMBIGUOUS = "ambiguous"
    """A 32-bit counter of an interface that can wrap it more than once in the interval."""
    MISSING = "missing"
    """The device has no such counter, or no such interface."""
    STALE = "stale"
    """The last reading is older than `alarms.stale_after_s`."""
    UNREACHABLE = "unreachable"
    """The device did not answer."""


RATED = frozenset({Quality.GOOD, Quality.WRAP, Quality.LATE})
"""Flags whose samples carry rates; of these only GOOD and WRAP raise alarms."""


class Fault(StrEnum):
    """To whom the time that a ledger entry begins is charged in reports."""

    NONE = "none"
    """In service: up or degraded."""
    OWN = "own"
    """Its own fault: down by itself."""
    UPSTREAM = "upstream"
    """Out of reach since something between it and the monitor is down."""
    MAINTENANCE = "maintenance"
    """Announced work; counts as neither available nor unavailable."""
    BLIND = "blind"
    """Nobody looked, or nobody can tell: the monitor was stopped, or the cause isn't known."""


class SubjectKind(StrEnum):
    """What a ledger entry, a cause or a maintenance window is about."""

    LINK = "link"
    DEVICE = "device"
    SERVICE = "service"
    SITE = "site"


class EventSource(StrEnum):
    """How a device told something by itself."""

    TRAP = "trap"
    SYSLOG = "syslog"


class LatestKind(StrEnum):
    """What the latest is kept of, beside states and samples."""

    DEVICE = "device"
    """CPU, memory, temperature, OSPF and BGP."""
    SERVICE = "service"
    SITE = "site"
    """Pings of it."""
    RECEIVER = "receiver"
    """What the listener for traps and syslog counts."""
    PROBER = "prober"
    """What the prober counts."""
    COST = "cost"
    """What polling took, a site."""


class IncidentState(StrEnum):
    """Life of an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Severity(StrEnum):
    """How bad an incident is."""

    CRITICAL = "critical"
    """Something is cut off."""
    MAJOR = "major"
    """A redundant path or device is lost; everything is still reached."""
    MINOR = "minor"
    """Degraded."""
