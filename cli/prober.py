"""The lab's hosts as the provisioner's and the monitor's prober: middle rooms meet here."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from cli.context import Context

if TYPE_CHECKING:
    from inventory.model import Network, Region
    from lab import reach
    from lab.plan import LabPlan
    from lab.state import LabState
    from monitor.probes_icmp import OpenSocket
    from nornir_tasks.probes import Probe, Prober, ProbeResult

WAIT_S = 0.4
"""After the last of a round of pings; a round trip through the whole lab takes 2 ms."""
ROUNDS = 3
SLOW_S = 0.025
"""A longer round trip may be the machine's: it is measured again, and the best one counts."""


@contextmanager
def lab_prober(context: Context, network: Network) -> Iterator[Prober | None]:
    """A prober while a lab is talked to; None with real devices, which have no hosts to use.

    `network` says who manages: a change of the management lists may take that from somebody.
    """
    if context.lab is None:
        yield None
        return
    with ExitStack() as sockets:
        yield _LaterProber(context.lab, network, sockets)


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

    def __init__(self, lab: LabState, network: Network, sockets: ExitStack) -> None:
        self._lab, self._network, self._sockets = lab, network, sockets

    @cached_property
    def _prober(self) -> HostProber:
        from lab import netns, reach
        from lab.plan_file import load_plan

        pinger = reach.Prober(lambda node: netns.network_namespace(self._lab, node))
        entered = self._sockets.enter_context(pinger)
        return HostProber(load_plan(self._lab), self._network.region, entered)

    def lans(self) -> frozenset[str]:
        return self._prober.lans()

    def probe(self, probes: tuple[Probe, ...]) -> tuple[ProbeResult, ...]:
        return self._prober.probe(probes)


class HostProber:
    """See `nornir_tasks.probes.Prober`. Of the management LANs only the NOC's has users."""

    def __init__(self, plan: LabPlan, region: Region, pinger: reach.Prober) -> None:
        self._nodes = {
            host.lan: host.node
            for host in plan.hosts
            if host.zone != region.management_zone or any(host.ipv4 in noc for noc in region.noc4)
        }
        self._pinger = pinger

    def lans(self) -> frozenset[str]:
        return frozenset(self._nodes)

    def probe(self, probes: tuple[Probe, ...]) -> tuple[ProbeResult, ...]:
        """Each once; those that should have been answered, and soon, again if they were not."""
        from lab.reach import Probe as Ping
        from nornir_tasks.probes import ProbeResult

        pings = {probe: Ping(self._nodes[probe.lan], probe.target) for probe in probes}
        sent: dict[Probe, int] = dict.fromkeys(probes, 0)
        round_trips_s: dict[Probe, list[float]] = {probe: [] for probe in probes}
        waiting = list(probes)
        for _ in range(ROUNDS):
            answered = self._pinger.ping([pings[probe] for probe in waiting], WAIT_S)
            for probe in waiting:
                sent[probe] += 1
                if pings[probe] in answered:
                    round_trips_s[probe].append(answered[pings[probe]])
            waiting = [p for p in waiting if p.reach and _slow(round_trips_s[p])]
            if not waiting:
                break
        return tuple(
            ProbeResult(
                probe,
                loss=1 - len(round_trips_s[probe]) / sent[probe],
                rtt_ms=1000 * min(round_trips_s[probe]) if round_trips_s[probe] else None,
            )
            for probe in probes
        )


def _slow(round_trips_s: list[float]) -> bool:
    return min(round_trips_s, default=SLOW_S) >= SLOW_S
