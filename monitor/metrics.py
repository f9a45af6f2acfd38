"""What is read from devices: a metric is one row. Objects of RFC 2863 (IF-MIB) and RFC 3418.

Adding an interface counter or gauge is adding a row: it is then asked for, turned into a rate,
stored in a column of its own name and offered as a series. docs/monitoring.md lists every row.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a value behaves."""

    COUNTER64 = "counter64"
    """Only grows; going back means that it was set anew."""
    COUNTER32 = "counter32"
    """Only grows, and passes from 4,294,967,295 to 0."""
    GAUGE = "gauge"
    """Goes up and down; stored as it is."""
    STATE = "state"
    """One of a few numbers with names."""
    TIMETICKS = "timeticks"
    """Hundredths of a second; passes its top after 497 days."""
    TEXT = "text"


class Per(StrEnum):
    """What has one value of it."""

    DEVICE = "device"
    INTERFACE = "interface"


@dataclass(frozen=True, slots=True)
class Metric:
    """One object of a MIB."""

    object: str
    """Its name in the MIB."""
    oid: str
    """Numeric, without leading dot; an interface's has the ifIndex appended, a device's its .0."""
    per: Per
    kind: Kind
    unit: str
    series: str = ""
    """Stored under this name; empty for what is only looked at. `in_` and `out_` change places
    when end b of a link was read."""
    factor: float = 1.0
    """Series value = value (or change a second) times this: 8 for octets to bits."""
    per_packet: bool = False
    """Counts packets, so it can't grow faster than the line carries packets of 64 octets."""
    narrow: str = ""
    """OID of the 32-bit counter of the same, for devices without 64-bit ones."""
    fact: str = ""
    """Of a device's own health: what it tells; `oid` is then a scalar's, which ends in .0, or a
    column, which is walked."""
    platforms: frozenset[str] = frozenset()
    """Those that have it; empty: all."""


_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_I, _D = Per.INTERFACE, Per.DEVICE
_LINUX, _IOS = frozenset({"frr", "linux_bridge"}), frozenset({"cisco_ios"})


def _fact(name: str, column: str, unit: str, fact: str, platforms: frozenset[str]) -> Metric:
    """A gauge of a device's own health."""
    return Metric(name, column, _D, Kind.GAUGE, unit, fact=fact, platforms=platforms)


METRICS: tuple[Metric, ...] = (
    Metric("sysUpTime", "1.3.6.1.2.1.1.3.0", _D, Kind.TIMETICKS, "1/100 s"),
    Metric("ifName", f"{_IFX}.1", _I, Kind.TEXT, ""),
    Metric("ifAdminStatus", f"{_IF}.7", _I, Kind.STATE, ""),
    Metric("ifOperStatus", f"{_IF}.8", _I, Kind.STATE, ""),
    Metric("ifHighSpeed", f"{_IFX}.15", _I, Kind.GAUGE, "Mb/s"),
    Metric("ifCounterDiscontinuityTime", f"{_IFX}.19", _I, Kind.TIMETICKS, "1/100 s"),
    Metric(
        "ifHCInOctets", f"{_IFX}.6", _I, Kind.COUNTER64, "octets", "in_bps", 8, False, f"{_IF}.10"
    ),
    Metric(
        "ifHCOutOctets", f"{_IFX}.10", _I, Kind.COUNTER64, "octets", "out_bps", 8, False,
        f"{_IF}.16",
    ),
    Metric("ifInErrors", f"{_IF}.14", _I, Kind.COUNTER32, "packets", "in_errors_ps", 1, True),
    Metric("ifOutErrors", f"{_IF}.20", _I, Kind.COUNTER32, "packets", "out_errors_ps", 1, True),
    Metric("ifInDiscards", f"{_IF}.13", _I, Kind.COUNTER32, "packets", "in_discards_ps", 1, True),
    Metric("ifOutDiscards", f"{_IF}.19", _I, Kind.COUNTER32, "packets", "out_discards_ps", 1, True),
    Metric(
        "ifHCInUcastPkts", f"{_IFX}.7", _I, Kind.COUNTER64, "packets", "in_ucast_pps", 1, True,
        f"{_IF}.11",
    ),
    Metric(
        "ifHCOutUcastPkts", f"{_IFX}.11", _I, Kind.COUNTER64, "packets", "out_ucast_pps", 1, True,
        f"{_IF}.17",
    ),
    _fact("hrProcessorLoad", "1.3.6.1.2.1.25.3.3.1.2", "%", "cpu", _LINUX),
    _fact("memTotalReal", "1.3.6.1.4.1.2021.4.5.0", "kB", "memory_total", _LINUX),
    _fact("memSysAvail", "1.3.6.1.4.1.2021.4.27.0", "kB", "memory_free", _LINUX),
    _fact("lmTempSensorsValue", "1.3.6.1.4.1.2021.13.16.2.1.3", "1/1000 degree", "millidegrees",
          _LINUX),
    _fact("cpmCPUTotal1minRev", "1.3.6.1.4.1.9.9.109.1.1.1.1.7", "%", "cpu", _IOS),
    _fact("ciscoMemoryPoolUsed", "1.3.6.1.4.1.9.9.48.1.1.1.5", "octets", "memory_used", _IOS),
    _fact("ciscoMemoryPoolFree", "1.3.6.1.4.1.9.9.48.1.1.1.6", "octets", "memory_free", _IOS),
    _fact("ciscoEnvMonTemperatureStatusValue", "1.3.6.1.4.1.9.9.13.1.3.1.3", "degree",
          "temperature", _IOS),
)  # fmt: skip

INTERFACE_METRICS = tuple(metric for metric in METRICS if metric.per is Per.INTERFACE)
"""One reading of an interface holds a value for each, in this order."""
COLUMN = {metric.object: index for index, metric in enumerate(INTERFACE_METRICS)}
"""MIB object -> its place in a reading."""
SYS_UP_TIME = METRICS[0].oid
IF_NAME = METRICS[1].oid

DEVICE_FACTS = tuple(metric for metric in METRICS if metric.fact)
"""What tells how a device itself does; monitor/facts.py."""

PROBE_SERIES = ("loss", "rtt_ms", "jitter_ms")
"""Series that come from probes, not from SNMP: a ratio, and milliseconds."""
SERIES_METRICS = (*(metric.series for metric in METRICS if metric.series), *PROBE_SERIES)
"""Every name that can be stored, drawn and asked for."""
SERIES_INDEX = {name: index for index, name in enumerate(SERIES_METRICS)}
NO_VALUES: tuple[float | None, ...] = (None,) * len(SERIES_METRICS)


def mirrored(series: str) -> str:
    """The same as seen from the other end: in_bps <-> out_bps; others stay."""
    if series.startswith("in_"):
        return f"out_{series.removeprefix('in_')}"
    if series.startswith("out_"):
        return f"in_{series.removeprefix('out_')}"
    return series


MIRROR = tuple(SERIES_INDEX[mirrored(name)] for name in SERIES_METRICS)
"""Place i of a sample of end b is place MIRROR[i] of the reading there."""
