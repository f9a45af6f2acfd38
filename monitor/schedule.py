"""When each device is polled. Pure: times in, names out.

Devices are spread over the interval by their names, each always at the same moment of it, so that
neither the network nor the store gets everything at once. Moments fall on a grid: devices that are
due together cost one wake-up. A device that does not answer is asked ever more rarely.
"""

import heapq
from dataclasses import dataclass
from zlib import crc32

GRID_S = 0.25
PATIENCE = 3
"""So many polls without an answer, then the time between them doubles."""
LONGEST_INTERVALS = 4
"""At most so many intervals lie between two polls of a device that does not answer."""
LATE_INTERVALS = 1.5
"""A poll that ends so many intervals after it was due is late."""
FIRST_ROUND_S = 1.0
"""All devices are asked once within so much of the start."""


@dataclass(slots=True)
class _Entry:
    due: float
    failures: int = 0
    in_flight: bool = False


class Schedule:
    """Who is due when. Times are those of a monotonic clock."""

    def __init__(self, devices: tuple[str, ...], interval_s: float, now: float) -> None:
        self.interval_s = interval_s
        self._grid_s = min(GRID_S, interval_s / 10)
        self._origin = now
        self._entries: dict[str, _Entry] = {}
        self._heap: list[tuple[float, str]] = []
        self.late = 0
        """Polls that ended long after they were due."""
        spread_s = min(FIRST_ROUND_S, interval_s / 2)
        for device in devices:
            due = now + self._on_grid(share(device) * spread_s)
            self._entries[device] = _Entry(due)
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
        self._set(device, self._next(device, entry.failures, now, due))

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

    def _next(self, device: str, failures: int, now: float, due: float) -> float:
        doublings = max(0, failures - PATIENCE + 1)
        apart = self.interval_s * min(2 ** min(doublings, 10), LONGEST_INTERVALS)
        phase = self._on_grid(share(device) * self.interval_s)
        # The next of its own moments that is at least half an interval after this one.
        earliest = max(due + apart - self.interval_s / 2, now)
        turns = -(-(earliest - self._origin - phase) // self.interval_s)
        return float(self._origin + phase + max(0.0, turns) * self.interval_s)

    def _set(self, device: str, due: float) -> None:
        self._entries[device].due = due
        heapq.heappush(self._heap, (due, device))

    def _on_grid(self, seconds: float) -> float:
        return round(seconds / self._grid_s) * self._grid_s


def share(device: str) -> float:
    """A device's own moment of the interval, 0 to 1: the same on every machine and every day."""
    return crc32(device.encode()) / 2**32
