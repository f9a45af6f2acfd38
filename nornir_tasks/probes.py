"""Reachability and isolation as the users of the LANs see them. Pure, but for the Prober's own.

Each LAN's host probes one destination of each kind: what the policy lets it reach must answer,
what the policy forbids must not. Who sends the probes (the lab, a router) is the Prober's business.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from inventory.model import Lan, Network
from nornir_tasks.checks import LATENCY, CheckResult

LOSS_SLACK = 0.05
RTT_SLACK_MS = 50.0


@dataclass(frozen=True, slots=True)
class Probe:
    """ICMP echo from the host of a LAN."""

    lan: str
    target: IPv4Address | IPv6Address
    label: str
    """What the target is: a LAN's id, or an external peer's host."""
    reach: bool
    """Whether the policy lets it through."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of a probe."""

    probe: Probe
    loss: float
    """0 to 1."""
    rtt_ms: float | None
    """None without an answer."""


class Prober(Protocol):
    """Sends probes from LAN hosts."""

    def lans(self) -> frozenset[str]:
        """Ids of the LANs that it has a host in."""

    def probe(self, probes: tuple[Probe, ...]) -> tuple[ProbeResult, ...]:
        """All of them at once, in their order; bounded in time."""


def probes_for(network: Network, lans: Iterable[str]) -> tuple[Probe, ...]:
    """From each of `lans`, both families: one destination of every kind."""
    return tuple(probe for name in sorted(lans) for probe in _from(network, network.lans[name]))


def check_probes(results: Iterable[ProbeResult]) -> tuple[CheckResult, ...]:
    """Results of probes as checks."""
    return tuple(_checked(result) for result in results)


def check_latency(results: Iterable[ProbeResult]) -> tuple[CheckResult, ...]:
    """Round trips of the probes that should be and were answered: to be held against others."""
    return tuple(
        CheckResult(
            LATENCY,
            one.probe.lan,
            _subject(one.probe),
            True,
            f"at most {RTT_SLACK_MS:g} ms more than before",
            f"{one.rtt_ms:.1f} ms",
            one.rtt_ms,
            RTT_SLACK_MS,
        )
        for one in results
        if one.probe.reach and one.rtt_ms is not None
    )


def _from(network: Network, lan: Lan) -> Iterator[Probe]:
    zone = network.region.zone(lan.zone)
    for other in network.region.zones:
        target = _representative(network, lan, other.name)
        if target is None:
            continue
        # Both filters must let it through; a service's open port is not what a probe tests.
        reach = other.name in zone.reaches
        yield Probe(lan.id, target.host4, target.id, reach)
        yield Probe(lan.id, target.host6, target.id, reach)
    for peer in network.region.bgp.externals:
        reach = "external" in zone.reaches
        yield Probe(lan.id, peer.internet4, f"{peer.id} Internet", reach)
        yield Probe(lan.id, peer.internet6, f"{peer.id} Internet", reach)


def _representative(network: Network, lan: Lan, zone: str) -> Lan | None:
    """A LAN of `zone` at another site, the next by id: so that the whole network is crossed."""
    others = [o for o in network.lans.values() if o.zone == zone and o.site != lan.site]
    later = [other for other in others if other.id > lan.id]
    return next(iter(later or others), None)


def _checked(result: ProbeResult) -> CheckResult:
    probe = result.probe
    subject = _subject(probe)
    answered = result.rtt_ms is not None
    found = f"{result.rtt_ms:.1f} ms" if result.rtt_ms is not None else "no answer"
    if not probe.reach:
        return CheckResult("isolation", probe.lan, subject, not answered, "no answer", found)
    return CheckResult(
        "reachability",
        probe.lan,
        subject,
        answered,
        "an answer",
        f"{found}, {result.loss:.0%} lost" if answered else found,
        result.loss,
        LOSS_SLACK,
    )


def _subject(probe: Probe) -> str:
    return f"-> {probe.label} {probe.target}"
