"""/metrics: what is known now, for Prometheus. What is not known has no sample, never a 0."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from api.now import Now
from api.showing import Showing
from inventory.model import Network
from monitor.store.base import Latest, PollerStatus
from monitor.values import LinkState

Row = TypeVar("Row")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LINK_GAUGES = (
    ("receive_bits_per_second", "Traffic towards end a.", "in_bps"),
    ("transmit_bits_per_second", "Traffic away from end a.", "out_bps"),
    ("receive_utilisation_ratio", "Traffic towards end a, of the bandwidth.", "in_utilisation"),
    ("transmit_utilisation_ratio", "Traffic from end a, of the bandwidth.", "out_utilisation"),
    ("receive_errors_per_second", "Errors at the receiver of end a.", "in_errors_ps"),
    ("transmit_errors_per_second", "Errors at the sender of end a.", "out_errors_ps"),
    ("loss_ratio", "Share of probes lost.", "loss"),
    ("rtt_milliseconds", "Round trip over the link.", "rtt_ms"),
    ("jitter_milliseconds", "Difference between one round trip and the next.", "jitter_ms"),
)
SITE_GAUGES = (
    ("loss_ratio", "Share of pings to the site that were lost.", "loss"),
    ("rtt_milliseconds", "Round trip to the site.", "rtt_ms"),
    ("jitter_milliseconds", "Difference between one round trip and the next.", "jitter_ms"),
)
DEVICE_GAUGES = (
    ("cpu_ratio", "CPU in use.", "cpu"),
    ("memory_ratio", "Memory in use.", "memory"),
    ("temperature_celsius", "The hottest sensor.", "temperature_c"),
    ("ospf_adjacencies", "Full OSPF neighbours of the model.", "adjacencies"),
    ("ospf_expected_adjacencies", "OSPF neighbours in the model.", "expected_adjacencies"),
    ("ospfv3_adjacencies", "Full OSPFv3 neighbours of the model.", "adjacencies6"),
    ("ospfv3_expected_adjacencies", "OSPFv3 neighbours in the model.", "expected_adjacencies6"),
)
COUNTED_NOW = {
    "probe_targets": "Addresses that are pinged.",
    "probe_targets_lost": "Of these, those that answer no ping.",
}
SITE_COUNTERS = (
    ("packets", "Packets to and from the site's devices for SNMP since the monitor's start."),
    ("bytes", "Bytes in these, with their IPv4 and UDP headers."),
)
POLLER_COUNTERS = (
    ("polls", "Polls of devices since the poller's start.", "polls"),
    ("late_polls", "Polls that began late.", "late_polls"),
    ("timeouts", "Requests without an answer.", "timeouts"),
    ("refused_answers", "Answers thrown away.", "refused"),
    ("dropped_samples", "Samples and batches of states lost: no room for them.", "dropped"),
    ("rejected_samples", "Samples that the store refused for good; kept in a file.", "rejected"),
)
POLLER_GAUGES = (
    ("targets", "Devices that are polled.", "targets"),
    ("answered", "Devices that answered their last poll.", "answered"),
    ("spooled_samples", "Samples that wait for the store on disk.", "spooled"),
    ("waiting_samples", "Samples that wait for the store in memory.", "waiting"),
    ("cycle_seconds", "From the first request of a cycle to its last answer.", "cycle_s"),
    ("interval_seconds", "Time between two polls of a device.", "interval_s"),
)


class _Collector:
    """Makes the families from one Now; lives as long as one request."""

    def __init__(self, network: Network, now: Now, clients: int) -> None:
        self._network = network
        self._now = now
        self._clients = clients

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        yield from self._links()
        device = GaugeMetricFamily(
            "imereti_device_state",
            "1 for the state that the device is in.",
            labels=["device", "state"],
        )
        for name, status in self._now.devices.items():
            for state in LinkState:
                device.add_metric([name, state], float(status.state is state))
        yield device
        yield GaugeMetricFamily(
            "imereti_incidents_open", "Incidents not closed.", len(self._now.incidents)
        )
        yield GaugeMetricFamily(
            "imereti_store_reachable",
            "1 when the store can be read.",
            self._now.health.store == "ok",
        )
        yield GaugeMetricFamily(
            "imereti_stream_clients", "Clients of the live stream.", self._clients
        )
        yield from self._told()
        yield from self._sites()
        if self._now.poller:
            yield from self._poller(self._now.poller)

    def _told(self) -> Iterator[Metric]:
        """Services, devices' own health, and what traps, syslog and probes came to."""
        services = GaugeMetricFamily(
            "imereti_service_state", "1 for the state it is in.", labels=["service", "state"]
        )
        for name, service in self._now.services.items():
            for state in LinkState:
                services.add_metric([name, state], float(service.state is state))
        yield services
        yield from _gauges("device", DEVICE_GAUGES, self._now.facts, _told)
        yield from self._sessions()
        for name, value in sorted(self._now.counts.items()):
            if name in COUNTED_NOW:
                yield GaugeMetricFamily(f"imereti_{name}", COUNTED_NOW[name], value)
            else:
                yield CounterMetricFamily(f"imereti_{name}", "Since the monitor's start.", value)

    def _sessions(self) -> Iterator[Metric]:
        """BGP, as each device of the model sees it."""
        labels = ["device", "peer"]
        established = GaugeMetricFamily(
            "imereti_bgp_session_established", "1 when it is.", labels=labels
        )
        prefixes = GaugeMetricFamily("imereti_bgp_prefixes", "Received.", labels=labels)
        for device, facts in self._now.facts.items():
            for session in facts.document.get("sessions", ()):
                key = [device, session["peer"]]
                established.add_metric(key, float(session["state"] == "established"))
                if session["prefixes"] is not None:
                    prefixes.add_metric(key, session["prefixes"])
        yield established
        yield prefixes

    def _sites(self) -> Iterator[Metric]:
        """Pings to each site, and what polling takes on its lines."""
        yield from _gauges("site", SITE_GAUGES, self._now.pings, _told)
        for at, (name, text) in enumerate(SITE_COUNTERS):
            family = CounterMetricFamily(f"imereti_site_snmp_{name}", text, labels=["site", "way"])
            for site, counted in self._now.costs.items():
                family.add_metric([site, "sent"], counted[at])
                family.add_metric([site, "received"], counted[2 + at])
            yield family

    def _links(self) -> Iterator[Metric]:
        state_of = GaugeMetricFamily(
            "imereti_link_state", "1 for the state that the link is in.", labels=["link", "state"]
        )
        for link, status in self._now.links.items():
            for state in LinkState:
                state_of.add_metric([link, state], float(status.state is state))
        yield state_of
        bandwidth = GaugeMetricFamily(
            "imereti_link_bandwidth_bits_per_second", "Of the circuit.", labels=["link", "role"]
        )
        for one in self._network.links.values():
            bandwidth.add_metric([one.id, one.role], one.bandwidth_bps)
        yield bandwidth
        yield from _gauges("link", LINK_GAUGES, self._now.links, getattr)

    def _poller(self, poller: PollerStatus) -> Iterator[Metric]:
        slow = GaugeMetricFamily(
            "imereti_poller_slow_device_seconds",
            "The slowest of the last cycle.",
            labels=["device"],
        )
        for device, seconds in poller.slow:
            slow.add_metric([device], seconds)
        yield slow
        yield GaugeMetricFamily(
            "imereti_poller_last_timestamp_seconds", "When the poller last wrote.", poller.at
        )
        for name, text, field in POLLER_COUNTERS:
            yield CounterMetricFamily(f"imereti_poller_{name}", text, getattr(poller, field))
        for name, text, field in POLLER_GAUGES:
            yield GaugeMetricFamily(f"imereti_poller_{name}", text, getattr(poller, field))


def _gauges(
    kind: str,
    gauges: Sequence[tuple[str, str, str]],
    rows: Mapping[str, Row],
    value_of: Callable[[Row, str], float | None],
) -> Iterator[Metric]:
    """A family for each gauge, a sample for each row that has a value of it."""
    for name, text, field in gauges:
        family = GaugeMetricFamily(f"imereti_{kind}_{name}", text, labels=[kind])
        for row_id, row in rows.items():
            value = value_of(row, field)
            if value is not None:
                family.add_metric([row_id], value)
        yield family


def _told(row: Latest, field: str) -> float | None:
    value: float | None = row.document.get(field)
    return value


def exposition(showing: Showing) -> bytes:
    """The whole page for Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(showing.network, showing.live.now, showing.live.clients))
    return generate_latest(registry)
