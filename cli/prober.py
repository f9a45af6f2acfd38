"""The lab's hosts as the provisioner's prober: the two middle rooms meet here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.context import Context

if TYPE_CHECKING:
    from lab import reach
    from lab.plan import LabPlan
    from nornir_tasks.probes import Probe, Prober, ProbeResult

WAIT_S = 0.4
"""After the last of a round of pings; a round trip through the whole lab takes 2 ms."""
ROUNDS = 3


@contextmanager
def lab_prober(context: Context) -> Iterator[Prober | None]:
    """A prober while a lab is talked to; None with real devices, which have no hosts to use."""
    state = context.lab
    if state is None:
        yield None
        return
    from lab import netns, reach
    from lab.plan_file import load_plan

    plan = load_plan(state)
    with reach.Prober(lambda node: netns.network_namespace(state, node)) as pinger:
        yield HostProber(plan, context.live.region.management_zone, pinger)


class HostProber:
    """See `nornir_tasks.probes.Prober`. In management LANs there are switches, no users."""

    def __init__(self, plan: LabPlan, management_zone: str, pinger: reach.Prober) -> None:
        self._nodes = {h.lan: h.node for h in plan.hosts if h.zone != management_zone}
        self._pinger = pinger

    def lans(self) -> frozenset[str]:
        return frozenset(self._nodes)

    def probe(self, probes: tuple[Probe, ...]) -> tuple[ProbeResult, ...]:
        """Each once; those that should have been answered and were not, again."""
        from lab.reach import Probe as Ping
        from nornir_tasks.probes import ProbeResult

        pings = {probe: Ping(self._nodes[probe.lan], probe.target) for probe in probes}
        answered: dict[Ping, float] = {}
        sent: dict[Probe, int] = dict.fromkeys(probes, 0)
        waiting = list(probes)
        for _ in range(ROUNDS):
            for probe in waiting:
                sent[probe] += 1
            answered |= self._pinger.ping([pings[probe] for probe in waiting], WAIT_S)
            waiting = [p for p in waiting if p.reach and pings[p] not in answered]
            if not waiting:
                break
        return tuple(
            ProbeResult(
                probe,
                loss=(sent[probe] - (pings[probe] in answered)) / sent[probe],
                rtt_ms=1000 * answered[pings[probe]] if pings[probe] in answered else None,
            )
            for probe in probes
        )
