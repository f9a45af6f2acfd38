"""Try what is allowed and what is not: the first must all get through, then none of the others.

`try_all` is what a comparison of two revisions calls: attempt -> whether it got through.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from lab import netns
from lab.plan import LabPlan
from lab.ports import PortProbe, PortProber
from lab.promises import PING, Attempt
from lab.reach import Probe, Prober
from lab.scenario_report import Check
from lab.state import LabState

PING_WAIT_S = 0.5
PORT_WAIT_S = 1.0
PINGS_AT_ONCE = 10_000
"""Most of them are not to be answered; each source has a socket of its own for those that are."""


class Matrix:
    """Tries attempts in one lab; a context manager that holds the sockets."""

    def __init__(self, lab: LabState, plan: LabPlan) -> None:
        self._prober = Prober(lambda node: netns.network_namespace(lab, node))
        self._ports = PortProber(lambda node: netns.network_namespace(lab, node))
        self._nodes = {node.name for node in plan.nodes}

    def __enter__(self) -> "Matrix":
        return self

    def __exit__(self, *_: object) -> None:
        self._prober.__exit__(None, None, None)

    def once(self, attempts: Sequence[Attempt], window_s: float) -> set[Attempt]:
        """Each once; those that got through within `window_s` of the last."""
        found: set[Attempt] = set()
        pings = [attempt for attempt in attempts if attempt.protocol == PING]
        by_probe = {Probe(one.source, one.target, one.from_address): one for one in pings}
        probes = list(by_probe)
        for first in range(0, len(probes), PINGS_AT_ONCE):
            answered = self._prober.ping(probes[first : first + PINGS_AT_ONCE], window_s)
            found |= {by_probe[probe] for probe in answered}
        by_port = {_port_probe(one): one for one in attempts if one.protocol != PING}
        reached = self._ports.reached(list(by_port), window_s)
        return found | {by_port[probe] for probe in reached}

    def until(
        self, attempts: Sequence[Attempt], bound_s: float, look: float = PING_WAIT_S
    ) -> set[Attempt]:
        """Again and again what did not get through; those that never did within `bound_s`."""
        left = set(attempts)
        deadline = time.monotonic() + bound_s
        while left:
            left -= self.once(sorted(left, key=str), look)
            if time.monotonic() > deadline:
                break
        return left


def _port_probe(one: Attempt) -> PortProbe:
    return PortProbe(
        one.source, one.target_node, one.target, one.protocol, one.port, one.from_address
    )


def try_all(
    lab: LabState,
    plan: LabPlan,
    attempts: Sequence[Attempt],
    *,
    bound_s: float = 20.0,
    window_s: float = 2.0,
) -> dict[Attempt, bool]:
    """Whether each got through: what is allowed within `bound_s`, the rest within a window."""
    allowed = [one for one in attempts if one.allowed]
    forbidden = [one for one in attempts if not one.allowed]
    with Matrix(lab, plan) as matrix:
        lost = matrix.until(allowed, bound_s, PORT_WAIT_S)
        leaked = matrix.once(forbidden, window_s)
    reached = {one: one not in lost for one in allowed}
    return reached | {one: one in leaked for one in forbidden}


def checks(reached: Mapping[Attempt, bool]) -> list[Check]:
    """One check for each row and service: how many got through, and who was wrong."""
    rows: dict[tuple[str, str, int, bool], list[Attempt]] = {}
    for one in reached:
        key = (one.row, one.service, one.target.version, one.allowed)
        rows.setdefault(key, []).append(one)
    return [
        _check(key, attempts, lambda one: reached[one]) for key, attempts in sorted(rows.items())
    ]


def _check(
    key: tuple[str, str, int, bool],
    attempts: Iterable[Attempt],
    got_through: Callable[[Attempt], bool],
) -> Check:
    row, service, version, allowed = key
    attempts = list(attempts)
    through = [one for one in attempts if got_through(one)]
    wrong = [one for one in attempts if got_through(one) != allowed]
    told = "answered" if allowed else "got through, which the policy forbids"
    missing = "no answer, which the policy allows"
    return Check(
        name=f"{row} IPv{version} {service}",
        ok=not wrong,
        expected=f"{len(attempts) if allowed else 0} of {len(attempts)} to get through",
        found=f"{len(through)}",
        evidence=tuple(f"{one}: {missing if allowed else told}" for one in wrong),
    )
