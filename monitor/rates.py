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


_NO_RATES = {quality: Rates(quality, 0.0, NO_VALUES) for quality in Quality}


def rates(
    previous: Reading | None, current: Reading, interval_s: float, bandwidth_bps: int = 0
) -> Rates:
    """The rates between two readings; `bandwidth_bps` bounds a port that tells no speed.

    With a quality outside RATED every rate is None. Nothing above line rate is GOOD or WRAP, and a
    reset of any counter spoils all of the interface, since they are reset together.
    """
    quality, elapsed_s = _compare(previous, current, interval_s)
    if previous is None or quality not in RATED:
        return no_rates(quality, current)
    line_bps = line_rate(previous, current, bandwidth_bps)
    octets_most = line_bps * elapsed_s / 8
    packets_most = line_bps * elapsed_s / SMALLEST_PACKET_BITS
    wide = current.wide
    if not wide and octets_most >= COUNTER32_MODULUS:
        return no_rates(Quality.AMBIGUOUS, current)
    found = list(_gauges(current))
    before, after = previous.values, current.values
    for column, series, factor, narrow, per_packet in _COUNTERS:
        old, new = before[column], after[column]
        if old is None or new is None:
            continue
        change = new - old
        most = packets_most if per_packet else octets_most
        if not 0 <= change <= most:
            judged, change = _odd(change, narrow or not wide, most)
            if judged is not Quality.WRAP:
                return no_rates(judged, current)
            quality = judged if quality is Quality.GOOD else quality
        found[series] = change * factor / elapsed_s
    if after[_OCTETS[0]] is None and after[_OCTETS[1]] is None:
        return no_rates(Quality.MISSING, current)
    return Rates(quality, elapsed_s, tuple(found))


def no_rates(quality: Quality, reading: Reading) -> Rates:
    """A sample that says why there are none."""
    return Rates(quality, 0.0, _gauges(reading)) if _GAUGES else _NO_RATES[quality]


def came_back(fell_from: Reading, low: Reading, current: Reading) -> bool:
    """Whether a counter that went back is where it was before: then it never was set anew, and
    what it seems to have counted since is not to be believed either."""
    columns = (each.column for each in _COUNTERS)
    three = ((fell_from.values[at], low.values[at], current.values[at]) for at in columns)
    return any(
        before is not None and then is not None and now is not None and then < before <= now
        for before, then, now in three
    )


def _compare(
    previous: Reading | None, current: Reading, interval_s: float
) -> tuple[Quality, float]:
    """What the two readings have to do with each other, and the seconds between them."""
    if previous is None or previous.wide != current.wide:
        return Quality.FIRST, 0.0
    if previous.if_index != current.if_index:
        return Quality.RENUMBERED, 0.0
    clocks, elapsed_s = _clocks(previous, current)
    if clocks is not Quality.GOOD:
        return clocks, 0.0
    if previous.values[_DISCONTINUITY] != current.values[_DISCONTINUITY]:
        return Quality.DISCONTINUITY, 0.0
    late = elapsed_s > LATE_INTERVALS * interval_s
    return (Quality.LATE if late else Quality.GOOD), elapsed_s


def _clocks(previous: Reading, current: Reading) -> tuple[Quality, float]:
    """What the device's clock and ours tell together, and the seconds by the device's."""
    ours_s = current.received - previous.received
    theirs_s = (current.uptime_cs - previous.uptime_cs) % UPTIME_MODULUS_CS / 100
    younger = current.uptime_cs < previous.uptime_cs
    if abs(theirs_s - ours_s) > CLOCKS_AGREE_S + CLOCKS_AGREE_SHARE * ours_s:
        restarted = younger or current.uptime_cs / 100 < ours_s
        return (Quality.RESET if restarted else Quality.CLOCK_STEP), 0.0
    if younger and not current.wide:
        # Its clock passed its top, or it restarted when that was about to happen: with counters
        # that pass their own tops nothing more tells which. 64-bit ones that go back do.
        return Quality.RESET, 0.0
    stood_still = theirs_s <= 0 or ours_s <= 0
    return (Quality.CLOCK_STEP if stood_still else Quality.GOOD), theirs_s


def line_rate(previous: Reading, current: Reading, bandwidth_bps: int) -> float:
    """Bits a second that the interface can carry at most."""
    told = max(previous.values[_SPEED] or 0, current.values[_SPEED] or 0) * 1e6
    return told or bandwidth_bps or FASTEST_BPS


def _odd(change: int, narrow: bool, most: float) -> tuple[Quality, int]:
    """A counter that went back, or further than an honest one can: what that was."""
    if change > 0:
        return Quality.OVER_LINE_RATE, 0
    wrapped = change + COUNTER32_MODULUS
    # Octets that could pass the top more than once are ruled out before; of packets and errors
    # nobody has four thousand million in an interval, so there it is a counter that began anew.
    if narrow and 0 <= wrapped <= most < COUNTER32_MODULUS:
        return Quality.WRAP, wrapped
    return Quality.RESET, 0


def _gauges(reading: Reading) -> tuple[float | None, ...]:
    if not _GAUGES:
        return NO_VALUES
    found = list(NO_VALUES)
    for column, series, factor in _GAUGES:
        value = reading.values[column]
        found[series] = None if value is None else value * factor
    return tuple(found)
