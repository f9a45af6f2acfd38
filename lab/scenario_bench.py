"""What the parts of a running scenario share: the lab, the model, the pings, the time line."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from inventory.errors import ImeretiError
from inventory.model import Network
from lab import adjacency, control
from lab.endpoints import Endpoints
from lab.matrix import Matrix
from lab.outside import Outside
from lab.pinging import Pinging
from lab.plan import Adjacency, LabPlan
from lab.promises import Attempt, Promises
from lab.state import LabState

Say = Callable[[str], None]
POLL_S = 0.1
BUSY_LATE_S = 0.25
"""When a process that only has to wake up is so late, nothing that was measured counts."""


class UnsettledError(ImeretiError):
    """The lab did not come to what the model says, so nothing can be measured in it."""


@dataclass
class Bench:
    """One lab under test."""

    state: Path
    network: Network
    plan: LabPlan
    pinging: Pinging
    matrix: Matrix
    outside: Outside
    settle_s: float
    """How long the lab may take to settle between scenarios."""
    began: float = field(default_factory=time.monotonic)
    timeline: list[str] = field(default_factory=list)
    late_s: float = 0.0
    """By how much the pings were late at worst, since the scenario began."""

    @property
    def lab(self) -> LabState:
        """The journal as it is now; LabError when the lab is gone."""
        return control.require(self.state, self.plan.name)

    @cached_property
    def endpoints(self) -> Endpoints:
        """What the words for hosts mean."""
        return Endpoints(self.network, self.plan)

    @cached_property
    def promises(self) -> Promises:
        """What follows from the zones."""
        return Promises(self.network, self.plan)

    @cached_property
    def _allowed(self) -> tuple[Attempt, ...]:
        return tuple(one for one in self.promises.every_lan() if one.allowed)

    def note(self, what: str) -> None:
        """A line of the time line."""
        self.timeline.append(f"{time.monotonic() - self.began:8.2f} s  {what}")

    def start(self) -> None:
        """A new time line."""
        self.began, self.timeline, self.late_s = time.monotonic(), [], 0.0

    def missing(self, wanted: Iterable[Adjacency]) -> tuple[Adjacency, ...]:
        """Those of `wanted` that are not up now."""
        return adjacency.missing(wanted, control.router_runs(self.lab, self.plan))

    def settle(self) -> float:
        """Wait until everything modelled is up and every allowed ping is answered; seconds.

        UnsettledError names what is missing.
        """
        began = time.monotonic()
        self.wait_up(self.plan.adjacencies)
        left = began + self.settle_s - time.monotonic()
        lost = self.matrix.until(self._allowed, max(left, 2.0))
        if lost:
            first = ", ".join(sorted(map(str, lost))[:3])
            raise UnsettledError(
                f"did not converge within {self.settle_s:g} s: {len(lost)} of "
                f"{len(self._allowed)} allowed pings are not answered ({first})"
            )
        return time.monotonic() - began

    def wait_up(self, wanted: Sequence[Adjacency]) -> None:
        """Wait until all of `wanted` are up; UnsettledError names those that are not."""
        deadline = time.monotonic() + self.settle_s
        while missing := self.missing(wanted):
            if time.monotonic() > deadline:
                first = ", ".join(map(str, missing[:3]))
                raise UnsettledError(
                    f"did not converge within {self.settle_s:g} s: {len(missing)} of "
                    f"{len(wanted)} adjacencies are not up ({first})"
                )
            time.sleep(POLL_S)

    def wait_steady(self, seconds: float, bound_s: float) -> bool:
        """Wait until every way has answered for `seconds` without a gap; whether it came so."""
        deadline = time.monotonic() + bound_s
        while self.pinging.steady_s() < seconds:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S / 4)
        return True
