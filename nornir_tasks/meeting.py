"""Devices that are to be changed at one moment: they wait for each other, then agree on a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nornir_tasks.errors import CommitError

_PATIENCE_S = 60.0
_AHEAD_S = 4.0
_AHEAD_EACH_S = 1.0
"""From the last arrival until the moment: each has yet to save what runs and arm its timer, and
the routers of a lab share one machine."""


class Meeting:
    """One for each commit that is to happen everywhere at once; all must come."""

    def __init__(self, expected: int, now: Callable[[], float]) -> None:
        """`now`: Unix seconds."""
        self._now = now
        self._ahead_s = _AHEAD_S + _AHEAD_EACH_S * expected
        self._at = 0.0
        self.met = False
        """Whether all came."""
        self._barrier = threading.Barrier(expected, self._agree)

    def moment(self, device: str) -> float:
        """Waits for all the others; Unix seconds. CommitError when one of them does not come."""
        try:
            self._barrier.wait(_PATIENCE_S)
        except threading.BrokenBarrierError:
            text = "not changed: it is to change together with others, and one was not ready"
            raise CommitError(device, text) from None
        return self._at

    def give_up(self) -> None:
        """One will not come."""
        self._barrier.abort()

    def _agree(self) -> None:
        self._at = self._now() + self._ahead_s
        self.met = True


@contextmanager
def leaving(meeting: Meeting | None) -> Iterator[None]:
    """Who leaves the block without having met the others lets them know, however it leaves."""
    try:
        yield
    finally:
        if meeting is not None and not meeting.met:
            meeting.give_up()
