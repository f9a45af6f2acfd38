"""Real traffic between the lab's hosts, so that counters and graphs have something true.

`python -m lab.flows STATE_FOLDER NAME` sends UDP datagrams of a declared matrix at its rates until
the lab ends or it is told to stop. The matrix is traffic.json in the lab's folder; without one it
is a small one that follows from the zones, with slow waves. One process, one socket a flow: a few
hundred datagrams a second are about 3 % of a core, whatever the number of routers.
"""

import json
import math
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from inventory.errors import LabError
from lab import kernel, netns
from lab.plan import LabPlan, LanHost
from lab.plan_file import load_plan
from lab.state import LabState, running_lab

PORT = 9
"""discard (RFC 863): nobody listens; a host's one ICMP answer a second is lost in the noise."""
DATAGRAM_OCTETS = 1200
HEADERS_OCTETS = {4: 14 + 20 + 8, 6: 14 + 40 + 8}
"""Ethernet, IP, UDP: an interface's counters hold them too, and a rate is what those say."""
TICK_S = 0.05
TOTAL_BPS = 4_000_000
"""All flows of the small matrix together, at most."""
MOST_BPS = 200_000_000
"""Of one declared matrix: what this process can send without being late."""
DECLARED = "traffic.json"
SWING_S = 120.0
"""Period of the slow wave on every flow: a flat line looks like a broken graph."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Datagrams from a host to an address."""

    source: str
    target: IPv4Address | IPv6Address
    bps: float
    """At its peak, as the counters of an interface see it."""
    phase: float | None
    """0 to 1: where on the wave it starts; None for a flow that does not swing."""


def matrix(plan: LabPlan) -> tuple[Flow, ...]:
    """Every LAN to the servers and back, and to the Internet and back, as policy allows. Pure.

    The answer's direction is a flow of its own only where the policy lets the other side begin.
    """
    hosts = [host for host in plan.hosts if host.node == host.lan]
    servers = [host for host in hosts if host.also4]
    pairs: list[tuple[LanHost, IPv4Address]] = []
    for host in hosts:
        reaches = plan.zone_reaches[host.zone]
        for server in servers:
            if server is not host and server.zone in reaches:
                pairs.append((host, server.ipv4))
            if server is not host and host.zone in plan.zone_reaches[server.zone]:
                pairs.append((server, host.ipv4))
        if "external" in reaches:
            pairs += ((host, beyond.ipv4[-1]) for beyond in plan.beyond)
    return tuple(
        Flow(host.node, target, TOTAL_BPS / len(pairs), number / len(pairs))
        for number, (host, target) in enumerate(pairs)
    )


def declare(folder: Path, flows: Sequence[Flow]) -> None:
    """Write the matrix that a generator started from now on sends; none: the small one."""
    file = folder / DECLARED
    if not flows:
        file.unlink(missing_ok=True)
        return
    total = sum(flow.bps for flow in flows)
    if total > MOST_BPS:
        raise LabError(
            f"traffic: expected at most {MOST_BPS / 1e6:g} Mb/s in all, found {total / 1e6:g}."
        )
    rows = [(flow.source, str(flow.target), flow.bps, flow.phase) for flow in flows]
    file.write_text(json.dumps(rows), encoding="utf-8")


def declared(folder: Path) -> tuple[Flow, ...]:
    """The declared matrix; empty when there is none."""
    file = folder / DECLARED
    if not file.exists():
        return ()
    rows = json.loads(file.read_text(encoding="utf-8"))
    return tuple(
        Flow(source, ip_address(target), bps, phase) for source, target, bps, phase in rows
    )


def rate_bps(flow: Flow, at_s: float) -> float:
    """The flow's rate at a time: between a quarter and all of its peak, or always that."""
    if flow.phase is None:
        return flow.bps
    wave = math.sin(math.tau * (at_s / SWING_S + flow.phase))
    return flow.bps * (0.625 + 0.375 * wave)


class Sender:
    """Sends each flow's datagrams when they are due; a flow that can't be sent is skipped."""

    def __init__(self, lab: LabState, flows: tuple[Flow, ...]) -> None:
        self._flows = [(flow, self._open(lab, flow)) for flow in flows]
        self._due = [0.0] * len(flows)
        self._payload = bytes(DATAGRAM_OCTETS)

    @staticmethod
    def _open(lab: LabState, flow: Flow) -> socket.socket:
        family = socket.AF_INET if flow.target.version == 4 else socket.AF_INET6
        with kernel.inside(netns.network_namespace(lab, flow.source)):
            one = socket.socket(family, socket.SOCK_DGRAM)
        one.setblocking(False)
        return one

    def tick(self, at_s: float, elapsed_s: float) -> int:
        """Send what `elapsed_s` more seconds call for; how many datagrams that was."""
        sent = 0
        for number, (flow, one) in enumerate(self._flows):
            octets = DATAGRAM_OCTETS + HEADERS_OCTETS[flow.target.version]
            self._due[number] += rate_bps(flow, at_s) * elapsed_s / (octets * 8)
            while self._due[number] >= 1:
                self._due[number] -= 1
                try:
                    one.sendto(self._payload, (str(flow.target), PORT))
                    sent += 1
                except OSError:  # no carrier, no route: what a cut does to traffic
                    continue
        return sent

    def close(self) -> None:
        """Close every socket."""
        for _, one in self._flows:
            one.close()


def send(
    lab: LabState,
    going_on: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send until `going_on` says no; after a pause of the machine nothing is made up for."""
    sender = Sender(lab, declared(lab.folder) or matrix(load_plan(lab)))
    last = clock()
    try:
        while going_on():
            sleep(TICK_S)
            now = clock()
            sender.tick(now, min(now - last, 5 * TICK_S))
            last = now
    finally:
        sender.close()


def main() -> int:
    """Go into the background, the process id on stdout; send until SIGTERM or the lab's end."""
    state, name = Path(sys.argv[1]), sys.argv[2]
    if sender := os.fork():
        sys.stdout.write(f"{sender}\n")
        return 0
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    lab = running_lab(state, name)
    if lab is None:
        return 1
    send(lab, lambda: not stopped and lab.alive())
    return 0


if __name__ == "__main__":
    sys.exit(main())
