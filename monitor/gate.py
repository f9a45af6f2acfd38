"""Whether a database may be tried now, after it failed."""

import structlog

from inventory.errors import StoreError
from monitor.clock import Clock

RETRY_S, LONGEST_RETRY_S = 1.0, 30.0

log = structlog.get_logger("monitor")


class Gate:
    """One database: what is wrong with it, and when it is tried again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.problem = ""
        """Why it can't be written now; empty when it can."""
        self.retry_at = 0.0
        self.asked_at: float | None = None
        """Since when it is busy with what it was given; None when it is not."""
        self._retry_s = RETRY_S

    @property
    def open(self) -> bool:
        """Whether it may be tried now."""
        return self._clock.monotonic() >= self.retry_at

    def slow(self, limit_s: float) -> bool:
        """Whether it has been busy for longer than `limit_s`."""
        return self.asked_at is not None and self._clock.monotonic() - self.asked_at > limit_s

    def failed(self, error: StoreError, waiting: int) -> None:
        """Say it once, and wait twice as long as the last time."""
        if str(error) != self.problem:
            log.error("store_failed", problem=str(error), waiting=waiting)
        self.problem = str(error)
        self.retry_at = self._clock.monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)

    def worked(self, waiting: int, dropped: int) -> None:
        """It is as it should be."""
        if self.problem:
            log.warning("store_is_back", waiting=waiting, dropped=dropped)
        self.problem, self.retry_at, self._retry_s = "", 0.0, RETRY_S
