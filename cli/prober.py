"""The lab's hosts as the provisioner's and the monitor's prober: middle rooms meet here."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from cli.context import Context

if TYPE_CHECKING:
    from lab import reach
    from lab.plan import LabPlan
    from lab.state import LabState
    from monitor.probes_icmp import OpenSocket
    from nornir_tasks.probes import Probe, Prober, ProbeResult

WAIT_S = 0.4
"""After the last of a round of pings; a round trip through the whole lab takes 2 ms."""
ROUNDS = 3


@contextmanager
def lab_prober(context: Context) -> Iterator[Prober | None]:
    """A prober while a lab is talked to; None with real devices, which have no hosts to use."""
    if context.lab is None:
        yield None
        return
    with ExitStack() as sockets:
        yield _LaterProber(context, sockets)


def probe_sockets(state: LabState | None) -> OpenSocket:
    """Where the monitor's probes leave from: this machine, or the NOC's host in a running lab.

    The lab's routers forward nothing between their management ports and their circuits, so pings
    through links have to come from inside.
    """
    from monitor.probes_icmp import open_here

    if state is None:
        return open_here
    from lab import kernel, netns
    from lab.plan_file import load_plan

    plan = load_plan(state)
    inside = [host.node for host in plan.hosts if any(host.ipv4 in noc for noc in plan.noc)]
    if not inside:
        return open_here
    namespace = netns.network_namespace(state, inside[0])

    def open_inside(family: int, kind: int, protocol: int) -> socket.socket:
        with kernel.inside(namespace):
            return socket.socket(family, kind, protocol)

    return open_inside


class _LaterProber:
    """Reads the lab's plan and opens sockets when first asked: a plan sends no probe."""

    def __init__(self, context: Context, sockets: ExitStack) -> None:
        self._context, self._sockets = context, sockets

    @cached_property
    def _prober(self) -> HostProber:
        from lab import netns, reach
        from lab.plan_file import load_plan

        state = self._context.lab
        assert state is not None  # noqa: S101  (lab_prober makes none without a lab)
        pinger = reach.Prober(lambda node: netns.network_namespace(state, node))
        zone = self._context.live.region.management_zone
        return HostProber(load_plan(state), zone, self._sockets.enter_context(pinger))

    def lans(self) -> frozenset[str]:
        return self._prober.lans()

    def probe(self, probes: tuple[Probe, ...]) -> tuple[ProbeResult, ...]:
        return self._prober.probe(probes)


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
