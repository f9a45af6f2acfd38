"""Made-up traffic that behaves: a day curve with ripples, and never more than the circuit carries.

A flow's rate is a constant plus cosines, so the octets carried since any moment are known in
closed form: no timer adds anything up, and a counter read twice at the same time is the same.
Rates are octets a second; times are Unix seconds.
"""

import math
from dataclasses import dataclass
from zlib import crc32

DAY_S = 86_400
RIPPLES_S = (540.0, 97.0)
BUSIEST_S = 10 * 3600.0
"""Second of the UTC day at which offices here are busiest: 14:00 in Kutaisi."""
MAX_UTILISATION = 0.85
MEAN_PACKET_OCTETS = 640

_PERIODS = (float(DAY_S), *RIPPLES_S)
Basis = tuple[float, ...]


def basis(now: float, epoch: float) -> Basis:
    """What all flows share at `now`: seconds since `epoch`, then sine and cosine of each period.

    `epoch` keeps the first number small: octets of a 10 Gb/s circuit since 1970 would not fit
    the 53 bits of a float.
    """
    terms = [now - epoch]
    for period in _PERIODS:
        angle = math.tau * (now % period) / period
        terms += (math.sin(angle), math.cos(angle))
    return tuple(terms)


def fraction(*words: str) -> float:
    """A number from 0 to 1 that depends on nothing but `words`."""
    return crc32("/".join(words).encode()) / 2**32


@dataclass(slots=True)
class Flow:
    """One direction of a circuit. Frozen while the circuit is down: what waits is not carried."""

    coefficients: Basis
    lost: float = 0.0
    """Octets that the curve offered while the circuit was down."""
    frozen: float | None = None
    """Octets carried when the circuit went down."""
    errors_ps: float = 0.0
    errors_before: float = 0.0
    errors_since: float = 0.0

    def octets(self, now: Basis) -> float:
        """Octets carried since the epoch."""
        if self.frozen is not None:
            return self.frozen
        return sum(map(float.__mul__, self.coefficients, now)) - self.lost

    def errors(self, now: Basis) -> float:
        """Frames that arrived damaged since the epoch."""
        if self.frozen is not None or not self.errors_ps:
            return self.errors_before
        return self.errors_before + self.errors_ps * (now[0] - self.errors_since)

    def freeze(self, now: Basis) -> None:
        """The circuit goes down."""
        if self.frozen is None:
            self.errors_before = self.errors(now)
            self.frozen = self.octets(now)

    def thaw(self, now: Basis) -> None:
        """The circuit comes up."""
        if self.frozen is not None:
            carried, self.frozen = self.frozen, None
            self.lost += self.octets(now) - carried
            self.errors_since = now[0]

    def damage(self, now: Basis, errors_ps: float) -> None:
        """From now on so many frames a second arrive damaged."""
        self.errors_before = self.errors(now)
        self.errors_since = now[0]
        self.errors_ps = errors_ps


def make_flow(key: str, bandwidth_bps: int, *, share: float = 1.0) -> Flow:
    """The flow named `key`; the same key always gives the same curve.

    `share` scales it down: a backup carries little, a VLAN a part of its trunk.
    """
    peak = bandwidth_bps / 8 * MAX_UTILISATION * share
    load = 0.15 + 0.55 * fraction(key, "load")
    mean = peak * load / 1.8
    swings = (0.5, 0.2, 0.1)
    coefficients = [mean]
    for period, swing in zip(_PERIODS, swings, strict=True):
        late = (
            BUSIEST_S + 3600 * (fraction(key, "late") - 0.5)
            if period == DAY_S
            else period * fraction(key, str(period))
        )
        phase = math.tau * late / period
        # The integral of swing * cos(w t - phase) is swing / w * sin(w t - phase).
        scale = mean * swing * period / math.tau
        coefficients += (scale * math.cos(phase), -scale * math.sin(phase))
    return Flow(tuple(coefficients))
