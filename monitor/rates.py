"""Two readings of an interface -> rates and what they are worth. Pure.

A rate is a change divided by the device's own time between its two readings (sysUpTime of the same
answer), which leaves out how long answers took. Our clock only has to agree with it: if it does
not, the device restarted, or one of the clocks stepped. RFC 2863 (counters, discontinuity),
RFC 2578 7.1.6 (a counter's value alone means nothing), RFC 3418 (sysUpTime).
"""

from typing import NamedTuple

from monitor.metrics import COLUMN, INTERFACE_METRICS, NO_VALUES, SERIES_INDEX, Kind
from monitor.readings import Reading
from monitor.values import RATED, Quality

UPTIME_MODULUS_CS = 2**32
"""sysUpTime passes its top after 497.1 days."""
COUNTER32_MODULUS = 2**32
CLOCKS_AGREE_S, CLOCKS_AGREE_SHARE = 1.5, 0.01
"""How far the two clocks may differ over one interval: a retry and a crystal."""
LATE_INTERVALS = 2.5
FASTEST_BPS = 1.6e12
"""Of any Ethernet (802.3dj): bounds an interface whose speed nobody knows."""
SMALLEST_PACKET_BITS = 64 * 8

_SPEED = COLUMN["ifHighSpeed"]
_DISCONTINUITY = COLUMN["ifCounterDiscontinuityTime"]
_OCTETS = (COLUMN["ifHCInOctets"], COLUMN["ifHCOutOctets"])


class _Counter(NamedTuple):
    column: int
    series: int
    factor: float
    narrow: bool
    """Has 32 bits whatever the device is."""
    per_packet: bool


_COUNTERS = tuple(
    _Counter(
        column,
        SERIES_INDEX[metric.series],
        metric.factor,
        metric.kind is Kind.COUNTER32,
        metric.per_packet,
    )
    for column, metric in enumerate(INTERFACE_METRICS)
    if metric.series and metric.kind in {Kind.COUNTER64, Kind.COUNTER32}
)
_GAUGES = tuple(
    (column, SERIES_INDEX[metric.series], metric.factor)
    for column, metric in enumerate(INTERFACE_METRICS)
    if metric.series and metric.kind is Kind.GAUGE
)


class Rates(NamedTuple):
    """What an interface carried, in the order of SERIES_METRICS, as seen from its own side."""

    quality: Quality
    covers_s: float
    values: tuple[float | None, ...]


def rates(
    previous: Reading | None, current: Reading, interval_s: float, bandwidth_bps: int = 0
) -> Rates:
    """The rates between two readings; `bandwidth_bps` bounds a port that tells no speed.

    With a quality outside RATED every rate is None. Nothing above line rate is GOOD or WRAP, and a
    reset of any counter spoils all of the interface, since they are reset together.
    """
    quality, elapsed_s = _compare(previous, current, interval_s)
    if previous is None or quality not in RATED:
        return Rates(quality, 0.0, _gauges(current))
    line_bps = _line_rate(previous, current, bandwidth_bps)
    found = list(_gauges(current))
    for counter in _COUNTERS:
        old, new = previous.values[counter.column], current.values[counter.column]
        if old is None or new is None:
            continue
        most = _most(counter, line_bps, elapsed_s)
        judged, change = _change(counter, old, new, current.wide, most)
        if judged is Quality.WRAP and quality is Quality.GOOD:
            quality = judged
        elif judged not in RATED:
            return Rates(judged, 0.0, _gauges(current))
        found[counter.series] = change * counter.factor / elapsed_s
    if all(current.values[column] is None for column in _OCTETS):
        return Rates(Quality.MISSING, 0.0, _gauges(current))
    return Rates(quality, elapsed_s, tuple(found))


def _compare(
    previous: Reading | None, current: Reading, interval_s: float
) -> tuple[Quality, float]:
    """What the two readings have to do with each other, and the seconds between them."""
    if previous is None or previous.wide != current.wide:
        return Quality.FIRST, 0.0
    if previous.if_index != current.if_index:
        return Quality.RENUMBERED, 0.0
    ours_s = current.received - previous.received
    theirs_s = (current.uptime_cs - previous.uptime_cs) % UPTIME_MODULUS_CS / 100
    tolerance_s = CLOCKS_AGREE_S + CLOCKS_AGREE_SHARE * ours_s
    if abs(theirs_s - ours_s) > tolerance_s:
        younger = current.uptime_cs < previous.uptime_cs
        restarted = younger or current.uptime_cs / 100 < ours_s
        return (Quality.RESET if restarted else Quality.CLOCK_STEP), 0.0
    if theirs_s <= 0 or ours_s <= 0:
        return Quality.CLOCK_STEP, 0.0
    if previous.values[_DISCONTINUITY] != current.values[_DISCONTINUITY]:
        return Quality.DISCONTINUITY, 0.0
    late = theirs_s > LATE_INTERVALS * interval_s
    return (Quality.LATE if late else Quality.GOOD), theirs_s


def _line_rate(previous: Reading, current: Reading, bandwidth_bps: int) -> float:
    told = max(previous.values[_SPEED] or 0, current.values[_SPEED] or 0) * 1e6
    return told or bandwidth_bps or FASTEST_BPS


def _most(counter: _Counter, line_bps: float, elapsed_s: float) -> float:
    """The most that an honest counter can have grown."""
    return line_bps * elapsed_s / (SMALLEST_PACKET_BITS if counter.per_packet else 8)


def _change(counter: _Counter, old: int, new: int, wide: bool, most: float) -> tuple[Quality, int]:
    change = new - old
    if counter.narrow or not wide:
        # Four thousand million errors in one interval are no wrap that anybody has to allow for.
        if most >= COUNTER32_MODULUS and not counter.narrow:
            return Quality.AMBIGUOUS, 0
        if change < 0:
            change += COUNTER32_MODULUS
            wrapped = change <= most < COUNTER32_MODULUS
            return (Quality.WRAP, change) if wrapped else (Quality.RESET, 0)
    if change < 0:
        return Quality.RESET, 0
    return (Quality.GOOD, change) if change <= most else (Quality.OVER_LINE_RATE, 0)


def _gauges(reading: Reading) -> tuple[float | None, ...]:
    if not _GAUGES:
        return NO_VALUES
    found = list(NO_VALUES)
    for column, series, factor in _GAUGES:
        value = reading.values[column]
        found[series] = None if value is None else value * factor
    return tuple(found)
