"""When each device is polled. Pure: times in, names out.

Devices are spread over the interval by their names, each always at the same moment of it, so that
neither the network nor the store gets everything at once. Moments fall on a grid: devices that are
due together cost one wake-up. A device that does not answer is asked ever more rarely.
"""

import heapq
from dataclasses import dataclass
from zlib import crc32

SHORTEST_GRID_S, LONGEST_GRID_S, GRID_MOMENTS = 0.1, 5.0, 2
"""Seconds between two moments, and how many there are in an interval at least."""
DEVICES_AT_ONCE = 40
"""As many devices on average are due at one moment of the grid, within the bounds above: the first
polls of a moment, which find the processor's caches cold, cost more than all others."""
PATIENCE = 3
"""So many polls without an answer, then the time between them doubles."""
LONGEST_INTERVALS = 4
"""At most so many intervals lie between two polls of a device that does not answer."""
LATE_INTERVALS = 1.5
"""A poll that ends so many intervals after it was due is late."""
FIRST_ROUND_S, FIRST_ROUND_PS = 1.0, 400
"""All devices are asked once within so much of the start; of thousands, so many a second, as the
first poll of a device costs ten others."""


@dataclass(slots=True)
class _Entry:
    due: float
    phase: float
    """Its own moment, in seconds from the beginning of an interval."""
    failures: int = 0
    in_flight: bool = False


class Schedule:
    """Who is due when. Times are those of a monotonic clock."""

    def __init__(self, devices: tuple[str, ...], interval_s: float, now: float) -> None:
        self.interval_s = interval_s
        self.grid_s = grid_s(len(devices), interval_s)
        self._origin = now
        self._entries: dict[str, _Entry] = {}
        self._heap: list[tuple[float, str]] = []
        self.late = 0
        """Polls that ended long after they were due."""
        spread_s = max(min(FIRST_ROUND_S, interval_s / 2), len(devices) / FIRST_ROUND_PS)
        for device in devices:
            due = now + _rounded(share(device) * spread_s, SHORTEST_GRID_S)
            phase = _rounded(share(device) * interval_s, self.grid_s)
            self._entries[device] = _Entry(due, phase)
            heapq.heappush(self._heap, (due, device))

    def due(self, now: float) -> list[tuple[str, float]]:
        """Devices to poll now, with when they were due; each is in flight until `done`."""
        found = []
        while self._heap and self._heap[0][0] <= now:
            due, device = heapq.heappop(self._heap)
            entry = self._entries[device]
            if entry.due != due or entry.in_flight:
                continue  # it was asked for sooner, or is being asked
            entry.in_flight = True
            found.append((device, due))
        return found

    def done(self, device: str, now: float, *, answered: bool, due: float) -> None:
        """A poll that was `due` ended."""
        entry = self._entries[device]
        entry.in_flight = False
        self.late += now > due + LATE_INTERVALS * self.interval_s
        entry.failures = 0 if answered else entry.failures + 1
        self._set(device, self._next(entry, now, due))

    def ask_again(self, device: str, now: float) -> None:
        """Poll it as soon as can be, out of turn."""
        entry = self._entries.get(device)
        if entry is not None and not entry.in_flight and entry.due > now:
            self._set(device, now)

    def next_due(self, now: float) -> float:
        """Seconds until the next one is due, rounded up to the grid."""
        if not self._heap:
            return self.interval_s
        return max(0.0, self._heap[0][0] - now)

    def _next(self, entry: _Entry, now: float, due: float) -> float:
        apart = self.interval_s
        if entry.failures >= PATIENCE:
            doublings = min(entry.failures - PATIENCE + 1, 10)
            apart *= min(2**doublings, LONGEST_INTERVALS)
        # The next of its own moments that is at least half an interval after this one.
        earliest = max(due + apart - self.interval_s / 2, now)
        first = self._origin + entry.phase
        turns = -(-(earliest - first) // self.interval_s)
        return float(first + max(0.0, turns) * self.interval_s)

    def _set(self, device: str, due: float) -> None:
        self._entries[device].due = due
        heapq.heappush(self._heap, (due, device))


def grid_s(devices: int, interval_s: float) -> float:
    """Seconds between two moments of the grid: the fewer devices, the longer."""
    wanted = interval_s * DEVICES_AT_ONCE / max(devices, 1)
    return min(max(wanted, SHORTEST_GRID_S), LONGEST_GRID_S, interval_s / GRID_MOMENTS)


def _rounded(seconds: float, grid_s: float) -> float:
    return round(seconds / grid_s) * grid_s


def share(device: str) -> float:
    """A device's own moment of the interval, 0 to 1: the same on every machine and every day."""
    return crc32(device.encode()) / 2**32
