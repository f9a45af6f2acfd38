"""The rates of a whole device at once, when its poll is like the one before: the usual case.

Same plan, same states, same speeds, counters that only grew, both clocks at one, and no rate that
somebody has to hear of. Then all is what monitor/rates.py would make of each interface by itself:
GOOD. For any other poll there is None, and the caller takes the long way.
"""

from array import array
from collections.abc import Sequence
from functools import lru_cache, partial
from math import inf
from operator import gt, sub, truediv

from inventory.settings import AlarmSettings
from monitor.ends import Owner, Quick
from monitor.flat import Flat
from monitor.look import COUNTERS, Form
from monitor.metrics import INTERFACE_METRICS, Kind
from monitor.rates import (
    CLOCKS_AGREE_S,
    CLOCKS_AGREE_SHARE,
    LATE_INTERVALS,
    SMALLEST_PACKET_BITS,
    line_rate,
)
from monitor.readings import PER_REQUEST, Reading

QUICK = not any(
    metric.series and metric.kind not in {Kind.COUNTER32, Kind.COUNTER64}
    for metric in INTERFACE_METRICS
)
"""A gauge that is stored takes the long way."""
_METRICS = tuple(INTERFACE_METRICS[column] for column in COUNTERS)


def quick_rates(owner: Owner, flat: Flat, interval_s: float, spare_s: float) -> Quick | None:
    """What `flat` makes of the owner's base; None when it has to be looked at."""
    base = owner.base
    if base is None or owner.troubled or base.plan is not flat.plan:
        return None
    alike = flat.look is not None and flat.look is base.look
    return (_alike if alike else _looked_at)(owner, base, flat, interval_s, spare_s)


def _looked_at(
    owner: Owner, base: Flat, flat: Flat, interval_s: float, spare_s: float
) -> Quick | None:
    """The same, of everything that was asked for."""
    if base.statics != flat.statics:  # a state, a speed or a discontinuity time is another
        return None
    flat.statics = base.statics  # equal, and shared with other devices
    seconds = _seconds(base, flat, LATE_INTERVALS * interval_s, spare_s)
    if seconds is None:
        return None
    changes = _changes(base, flat)
    if changes is None:
        return None
    found = list(map(truediv, changes, _divisors(seconds, len(flat))))
    if any(map(gt, found, owner.limits)):
        return None
    return Quick(array("d", found), seconds)


def _alike(owner: Owner, base: Flat, flat: Flat, interval_s: float, spare_s: float) -> Quick | None:
    """The same of polls that look alike: what is no number of their own did not change."""
    assert flat.look is not None  # noqa: S101  (it is the base's)
    form = flat.look.form
    changes = list(map(sub, flat.numbers, base.numbers))
    if min(changes) < 0 or any(form.statics(changes)):
        return None
    seconds = _seconds(base, flat, LATE_INTERVALS * interval_s, spare_s)
    if seconds is None:
        return None
    if owner.tops is None or owner.tops[0] is not form:
        owner.tops = (form, _tops(form, owner.limits))
    divisors = form.divisors(seconds, partial(_divisors, interfaces=len(flat)))
    found = list(map(truediv, changes, divisors))
    if any(map(gt, found, owner.tops[1])):
        return None
    return Quick(array("d", found), seconds, form)


@lru_cache(maxsize=1024)
def _tops(form: Form, limits: tuple[float, ...]) -> tuple[float, ...]:
    return form.thin(limits, inf)


def _changes(base: Flat, flat: Flat) -> list[int] | None:
    """Of each counter; None when one went back."""
    found = list(map(sub, flat.counters, base.counters))
    return None if min(found) < 0 else found


def _seconds(base: Flat, flat: Flat, late_s: float, spare_s: float) -> tuple[float, ...] | None:
    """By the device's clock between the two readings of each request, if ours agrees."""
    found = []
    for received, clock, received_before, clock_before in zip(
        flat.received, flat.clocks_cs, base.received, base.clocks_cs, strict=True
    ):
        ours = received - received_before
        theirs = (clock - clock_before) / 100
        if ours < spare_s or ours <= 0 or not 0 < theirs <= late_s:
            return None
        if abs(theirs - ours) > CLOCKS_AGREE_S + CLOCKS_AGREE_SHARE * ours:
            return None
        found.append(theirs)
    return tuple(found)


@lru_cache(maxsize=1024)
def _divisors(seconds: tuple[float, ...], interfaces: int) -> Sequence[float]:
    """Change over this is the rate, factor included: one for each counter.

    They are hundredths of a second about the interval: few are ever seen.
    """
    found: list[float] = []
    for at, each in enumerate(seconds):
        count = min(PER_REQUEST, interfaces - at * PER_REQUEST)
        found += [each / metric.factor for metric in _METRICS] * count
    return found


def limits_of(
    owner: Owner, readings: Sequence[Reading], alarms: AlarmSettings
) -> tuple[float, ...]:
    """What each rate may be without being looked at: its line rate, or less where less is told."""
    return _limits(
        tuple(
            (line_rate(reading, reading, end.link.bandwidth_bps), end.link.allowed_bps)
            for end, reading in zip(owner.ends, readings, strict=True)
        ),
        alarms.degraded_errors_ps,
    )


@lru_cache(maxsize=4096)
def _limits(lines: tuple[tuple[float, float], ...], allowed_errors_ps: float) -> tuple[float, ...]:
    """For each interface's (line rate, allowed use); devices of one kind share them."""
    found = []
    for line_bps, allowed_bps in lines:
        for metric in _METRICS:
            limit = line_bps / (SMALLEST_PACKET_BITS if metric.per_packet else 8) * metric.factor
            if metric.series in {"in_bps", "out_bps"} and allowed_bps > 0:
                limit = min(limit, allowed_bps)
            if metric.series in {"in_errors_ps", "out_errors_ps"}:
                limit = min(limit, allowed_errors_ps / 2)  # half of what both together may be
            found.append(limit)
    return tuple(found)
