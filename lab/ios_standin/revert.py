"""The revert timer: the promise that an unconfirmed change goes away by itself."""

from collections.abc import Callable
from datetime import timedelta

from lab.ios_standin.clock import Alarm, Clock
from lab.ios_standin.state import Pending


class RevertTimer:
    """At most one change that waits for its confirmation.

    `restore(pending)` puts the earlier configuration back; `kept()` is called whenever what a
    state file has to hold has changed.
    """

    def __init__(
        self,
        clock: Clock,
        minute_s: float,
        restore: Callable[[Pending], None],
        kept: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._minute_s = minute_s
        self._restore = restore
        self._kept = kept
        self._alarm: Alarm | None = None
        self.pending: Pending | None = None

    def arm(self, file: str, text: str, user: str, minutes: int) -> None:
        """Starts counting; `text`, kept in `file` of the archive, is what comes back."""
        now = self._clock.now()
        due = now + timedelta(seconds=minutes * self._minute_s)
        self.pending = Pending(file, text, user, minutes, now, due)
        self.resume()
        self._kept()

    def rearm(self, minutes: int) -> bool:
        """`configure revert timer N`; False when nothing was pending."""
        if self.pending is None:
            return False
        due = self._clock.now() + timedelta(seconds=minutes * self._minute_s)
        self.pending = self.pending.until(minutes, due)
        self.resume()
        self._kept()
        return True

    def resume(self) -> None:
        """Counts on from the deadline that stands, a passed one included."""
        self._silence()
        if self.pending is not None:
            left = max(0.0, (self.pending.due - self._clock.now()).total_seconds())
            self._alarm = self._clock.call_later(left, self._expire)

    def confirm(self) -> bool:
        """`configure confirm`; False when nothing was pending."""
        was = self.pending is not None
        self.forget()
        self._kept()
        return was

    def revert_now(self) -> bool:
        """`configure revert now`, and what happens at the deadline; False when nothing was due."""
        pending = self.pending
        self.forget()
        if pending is None:
            return False
        self._restore(pending)
        return True

    def forget(self) -> None:
        """Drops what is pending without a trace, as a loss of power does."""
        self._silence()
        self.pending = None

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None

    def _expire(self) -> None:
        self._alarm = None
        self.revert_now()
