"""How a network that comes up is asked whether it is there. Real pings: tests/lab/test_lab_life."""

import time
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

from lab.awaiting import FEWEST, await_answers
from lab.reach import Probe, Prober

PROBES = tuple(Probe(f"host{n // 50}", IPv4Address(n + 1)) for n in range(3000))


class Answering(Prober):
    """A stand-in for the network: what answers is said by the test."""

    def __init__(self, converged_after: int, never: frozenset[Probe] = frozenset()) -> None:
        super().__init__(Path)
        self.rounds: list[tuple[Probe, ...]] = []
        self._converged_after, self._never = converged_after, never

    def ping(self, probes: Iterable[Probe], wait_s: float) -> dict[Probe, float]:  # noqa: ARG002
        asked = tuple(probes)
        self.rounds.append(asked)
        there = len(self.rounds) > self._converged_after
        return {one: 0.001 for one in asked if there and one not in self._never}


def test_few_are_asked_until_the_network_is_there_then_each_exactly_once() -> None:
    with Answering(converged_after=9) as prober:
        assert await_answers(prober, PROBES, time.monotonic() + 60) == ()
    unanswered, rest = prober.rounds[:9], prober.rounds[9:]
    assert {len(asked) for asked in unanswered} == {FEWEST}
    assert len({probe.source for asked in unanswered for probe in asked}) == 60, "of everybody"
    assert sorted(map(str, (p for asked in rest for p in asked))) == sorted(map(str, PROBES))
    assert len(rest) < 8, "a network that answers is asked more and more at once"


def test_those_that_never_answer_are_named_and_hold_up_none_of_the_others() -> None:
    never = frozenset(PROBES[::10])
    with Answering(0, never) as prober:
        assert frozenset(await_answers(prober, PROBES, time.monotonic() + 0.2)) == never
    assert {probe for asked in prober.rounds[:8] for probe in asked} == set(PROBES)


def test_no_time_asks_nothing() -> None:
    with Answering(0) as prober:
        assert len(await_answers(prober, PROBES, time.monotonic() - 1)) == len(PROBES)
    assert not prober.rounds
