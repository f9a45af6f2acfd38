"""Real routers, `imereti monitor`, `imereti serve`: how soon a cut shows, how true rates are."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab import faults
from monitor.store.base import LinkSample
from monitor.store.sqlite import SqliteStore
from monitor.values import LatestKind
from tests.e2e.test_one_cut_from_router_to_page import free_port, within
from tests.labfixture import CHECKOUT, LabUnderTest, booted, make_lab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

LINK, SOURCE, SINK = "hq-alp", "alp-staff", "hq-servers"
RATE_BPS, SECONDS, PAYLOAD = 20_000_000, 15, 1400
HEADERS = 14 + 20 + 8
"""Ethernet, IPv4 and UDP: what an interface counts beside the payload."""


@pytest.fixture(scope="module")
def small_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabUnderTest]:
    """The second region, without any traffic but its own."""
    name = f"e{os.getpid() % 1_000_000}"
    folder = tmp_path_factory.mktemp("small-lab")
    lab = make_lab(folder, name, CHECKOUT / "tests" / "regions" / "small")
    with booted(lab):
        yield lab


@dataclass(frozen=True)
class Watched:
    """A lab, and the API over its monitor."""

    lab: LabUnderTest
    address: str

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.address}{path}", timeout=10).raise_for_status().json()

    def state(self, link: str = LINK) -> str:
        found: str = self.get(f"/api/v1/links/{link}")["state"]
        return found

    def cut(self) -> float:
        """When the wire was gone (time.monotonic)."""
        faults.inject(self.lab.state_folder, self.lab.state, "cut", LINK)
        return time.monotonic()

    def heal(self) -> float:
        faults.heal(self.lab.state_folder, self.lab.state, LINK)
        return time.monotonic()

    def all_up(self) -> bool:
        links = self.get("/api/v1/links")
        return {link["state"] for link in links} == {"up"}


@contextmanager
def watching(
    lab: LabUnderTest, folder: Path, interval_s: float, *, traps: bool, device_interval_s: int = 0
) -> Iterator[Watched]:
    """`device_interval_s`: how often devices are asked past their agents; 0: never."""
    port = free_port()
    environ = os.environ | {
        "IMERETI_POLL__INTERVAL_S": str(interval_s),
        "IMERETI_ALARMS__STALE_AFTER_S": str(4 * interval_s),
        "IMERETI_STORE__PATH": str(folder / "samples.sqlite"),
        "IMERETI_TRAPS__ENABLE": str(traps),
        "IMERETI_PROBES__INTERVAL_S": "0.5",
        "IMERETI_POLL__FACTS_INTERVAL_S": "5",
        "IMERETI_POLL__DEVICE_INTERVAL_S": str(device_interval_s),
        "IMERETI_LOG__LEVEL": "debug",
    }
    processes = []
    try:
        for words in (("monitor",), ("serve", "--port", str(port))):
            with (folder / f"{words[0]}.log").open("wb") as output:
                processes.append(
                    subprocess.Popen(
                        lab.command(*words), stdout=output, stderr=subprocess.STDOUT, env=environ
                    )
                )
        watched = Watched(lab, f"http://127.0.0.1:{port}")
        within(90 + 2 * interval_s, "all links up", watched.all_up)
        yield watched
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        statuses = [process.wait(20) for process in processes]
        assert statuses == [0, 0], (folder / "monitor.log").read_text()[-3000:]


def say(text: str) -> None:
    """What was measured is read in the log of a run (`pytest -s`, and CI keeps it)."""
    print(text)  # noqa: T201


def seen(watched: Watched, state: str, since: float, bound_s: float) -> float:
    """Seconds from `since` until the API shows LINK in `state`."""
    within(bound_s, f"{LINK} is {state}", lambda: watched.state() == state)
    return time.monotonic() - since


def test_with_traps_a_cut_shows_long_before_the_next_poll(
    small_lab: LabUnderTest, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """At 60 s between polls, whatever shows within 20 s a trap has shown."""
    with watching(small_lab, tmp_path, 60, traps=True) as watched:
        took = seen(watched, "down", watched.cut(), 20)
        again = seen(watched, "up", watched.heal(), 25)
        record_property("cut_shown_s", round(took, 2))
        record_property("mended_shown_s", round(again, 2))
        say(f"with traps: a cut shows after {took:.2f} s, its end after {again:.2f} s")


def test_without_traps_a_cut_shows_in_one_interval_and_rates_are_what_was_sent(
    small_lab: LabUnderTest, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    interval_s = 5.0
    with watching(small_lab, tmp_path, interval_s, traps=False) as watched:
        with collecting(tmp_path / "samples.sqlite") as samples:
            within(60, "the link is idle", lambda: quiet(samples))
            sent_octets = send(small_lab)
            within(60, "the link is idle again", lambda: quiet(samples))
        counted = octets(samples)
        record_property("sent_octets", sent_octets)
        record_property("counted_octets", counted)
        say(
            f"sent {sent_octets} octets, the monitor counted {counted:.0f} "
            f"({counted / sent_octets - 1:+.2%})"
        )
        assert counted == pytest.approx(sent_octets, rel=0.01)

        took = seen(watched, "down", watched.cut(), 2 * interval_s + 10)
        record_property("cut_shown_s", round(took, 2))
        say(f"without traps, every {interval_s:g} s: a cut shows after {took:.2f} s")
        watched.heal()


def test_a_lost_adjacency_and_a_lossy_circuit_degrade_the_link_and_say_why(
    small_lab: LabUnderTest, tmp_path: Path
) -> None:
    router, port = "alp-r1", "ge0-0-0"

    def vtysh(*lines: str) -> None:
        words = [
            word
            for line in ("configure terminal", f"interface {port}", *lines)
            for word in ("-c", line)
        ]
        small_lab.inside(router, "vtysh", *words)

    def reason() -> str:
        found = watched.get(f"/api/v1/links/{LINK}")
        return f"{found['state']}: {found['reason']}"

    def told() -> list[str]:
        return [each["text"] for each in watched.get(f"/api/v1/devices/{router}/events")]

    def routing_known() -> bool:
        """FRRouting's daemons join snmpd one after the other, up to half a minute later."""
        rows = store.latest(LatestKind.DEVICE)
        return rows.keys() == small_lab.network.devices.keys() and all(
            rows[name].document[what]
            for name, what in (
                (router, "adjacencies"),
                (router, "adjacencies6"),
                ("hq-core1", "sessions"),
            )
        )

    with watching(small_lab, tmp_path, 5, traps=True) as watched:
        store = SqliteStore.open(tmp_path / "samples.sqlite", write=False)
        try:
            within(90, "routing is known", routing_known)
            devices = {name: row.document for name, row in store.latest(LatestKind.DEVICE).items()}
            assert devices[router]["adjacencies"] == devices[router]["expected_adjacencies"] == 3
            assert devices[router]["adjacencies6"] == devices[router]["expected_adjacencies6"] == 3
            sessions = devices["hq-core1"]["sessions"]
            assert sessions
            assert {session["state"] for session in sessions} == {"established"}
            assert all(session["prefixes"] > 0 for session in sessions)
            assert 0 <= (devices[router]["cpu"] or 0) <= 1
            assert 0 < devices[router]["memory"] < 1

            vtysh("ip ospf passive")
            within(40, "the adjacency is missed", lambda: "OSPF adjacency with" in reason())
            assert reason().startswith("degraded: ")
            within(
                10, "the trap is shown", lambda: any("NbrStateChange" in each for each in told())
            )
            vtysh("no ip ospf passive")
            within(60, "the adjacency is back", lambda: watched.state() == "up")

            loss = (
                "add table netdev lossy; add chain netdev lossy ingress "
                f"{{ type filter hook ingress device {port} priority 0; }}; add rule netdev lossy "
                "ingress icmp type echo-request numgen random mod 100 < 50 drop"
            )
            small_lab.inside(
                router,
                "logger",
                "-n",
                str(small_lab.management[1]),
                "-P",
                "5514",
                "-d",
                "--rfc5424",
                "-p",
                "daemon.err",
                "-t",
                "tester",
                "circuit is lossy",
            )
            within(20, "the line is shown", lambda: "tester: circuit is lossy" in told())
            small_lab.inside(router, "nft", loss)
            within(60, "the loss shows", lambda: reason().startswith("degraded: loss"))
            # the state is told at once, the numbers with the next poll
            within(
                20,
                "the loss is read",
                lambda: 0.05 <= watched.get(f"/api/v1/links/{LINK}")["loss"] < 1,
            )
            assert 0 < watched.get(f"/api/v1/links/{LINK}")["rtt_ms"] < 1000
            small_lab.inside(router, "nft", "delete table netdev lossy")
            within(60, "the loss is over", lambda: watched.state() == "up")
            # A busy machine loses a ping of another circuit, too; its window ends like this one's.
            within(60, "every link is up", watched.all_up)
            assert all(one["loss"] is not None for one in watched.get("/api/v1/links"))
        finally:
            small_lab.inside(router, "nft", "add table netdev lossy; delete table netdev lossy")
            store.close()


def snmpd(lab: LabUnderTest, node: str, *, agentx: bool) -> None:
    """Start the agent of a router anew, with FRRouting behind it or alone."""
    kept = "cat" if agentx else "grep -vi agentx"
    lab.inside(
        node,
        "sh",
        "-c",
        f"{kept} /etc/snmp/snmpd.conf > /run/as-tested.conf; kill $(cat /run/snmpd.pid); sleep 1; "
        "/usr/sbin/snmpd -LF e /run/snmpd.log -u Debian-snmp -g Debian-snmp -I -smux "
        "-C -c /run/as-tested.conf -p /run/snmpd.pid",
    )


def ask(lab: LabUnderTest, node: str, oid: str) -> str:
    """What net-snmp's own client is told."""
    plan, secrets = lab.network.region.services.snmp, lab.state.secrets()
    words = [
        "snmpwalk",
        "-v3",
        "-On",
        "-l",
        "authPriv",
        "-u",
        plan.user,
        "-a",
        "SHA-256",
        "-A",
        secrets.get(plan.auth_secret),
        "-x",
        "AES",
        "-X",
        secrets.get(plan.priv_secret),
        str(lab.network.devices[node].management),
        oid,
    ]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout


def test_routing_is_seen_by_mib_and_where_an_agent_has_none_through_the_device(
    small_lab: LabUnderTest, tmp_path: Path
) -> None:
    router, border = "alp-r1", "hq-core1"

    def known(device: str, since: float = 0.0) -> dict[str, Any]:
        row = store.latest(LatestKind.DEVICE).get(device)
        document = row.document if row and row.at > since else {}
        names = ("adjacencies", "adjacencies6", "neighbours", "sessions")
        return {name: document.get(name) for name in names}

    def complete() -> bool:
        found, sessions = known(router), known(border)["sessions"]
        counted = bool(sessions) and all(each["prefixes"] for each in sessions)
        counted = counted and any(":" in each["address"] for each in sessions)
        return (found["adjacencies"], found["adjacencies6"], counted) == (3, 3, True)

    def reason() -> str:
        return str(watched.get(f"/api/v1/links/{LINK}")["reason"])

    with watching(small_lab, tmp_path, 5, traps=False, device_interval_s=5) as watched:
        store = SqliteStore.open(tmp_path / "samples.sqlite", write=False)
        try:
            within(90, "the MIBs tell all of it", complete)
            within(
                60,
                "sites are pinged",
                lambda: all(
                    site["loss"] == 0 and 0 < site["rtt_ms"] < 1000
                    for site in watched.get("/api/v1/sites")
                ),
            )
            by_mib = {device: known(device) for device in (router, border)}
            assert {one["state6"] for one in by_mib[router]["neighbours"]} == {"full"}

            for device in by_mib:
                snmpd(small_lab, device, agentx=False)
                for oid in (".1.3.6.1.2.1.14", ".1.3.6.1.2.1.191", ".1.3.6.1.2.1.15"):
                    assert "No Such Object" in ask(small_lab, device, oid)
            since = time.time()
            within(
                90,
                "the devices tell the same",
                lambda: all(known(each, since) == found for each, found in by_mib.items()),
            )
            set_passive = ("vtysh", "-c", "configure terminal", "-c", "interface ge0-0-0", "-c")
            small_lab.inside(router, *set_passive, "ipv6 ospf6 passive")
            within(90, "the adjacency is missed", lambda: "OSPFv3 adjacency with" in reason())
            small_lab.inside(router, *set_passive, "no ipv6 ospf6 passive")
            within(90, "the adjacency is back", lambda: watched.state() == "up")
            log = (tmp_path / "monitor.log").read_text()
            assert not [
                name for name, value in small_lab.state.secrets().values.items() if value in log
            ]
        finally:
            store.close()
            for device in (router, border):
                snmpd(small_lab, device, agentx=True)


def send(lab: LabUnderTest) -> int:
    """Octets on the wire of LINK, one way: UDP at a steady rate from a host behind it."""
    address = next(host.ipv4 for host in lab.plan.hosts if host.node == SINK)
    server = subprocess.Popen(
        lab.command("lab", "exec", SINK, "--", "iperf3", "-s", "-1"), stdout=subprocess.DEVNULL
    )
    try:
        words = (
            "iperf3",
            "-c",
            str(address),
            "-u",
            "-b",
            str(RATE_BPS),
            "-t",
            str(SECONDS),
            "-l",
            str(PAYLOAD),
            "-J",
        )
        for _ in range(20):
            done = lab.run("lab", "exec", SOURCE, "--", *words)
            report = json.loads(done.stdout) if done.stdout.startswith("{") else {}
            if "sum" in report.get("end", {}):
                break
            time.sleep(0.5)
        assert "sum" in report.get("end", {}), done.stdout + done.stderr
    finally:
        server.terminate()
        server.wait(30)
    whole = report["end"]["sum"]
    # What a busy receiver's socket drops, it drops behind the link, which carried it all the same.
    lost_on_the_way = whole["lost_packets"] - receiver_drops(lab)
    assert lost_on_the_way <= 0.003 * whole["packets"]
    return int(whole["packets"]) * (PAYLOAD + HEADERS)


def receiver_drops(lab: LabUnderTest) -> int:
    """UDP datagrams that no socket of SINK had room for since it booted."""
    names, values = (
        line.split()
        for line in lab.inside(SINK, "cat", "/proc/net/snmp").splitlines()
        if line.startswith("Udp:")
    )
    return int(dict(zip(names, values, strict=True))["RcvbufErrors"])


@contextmanager
def collecting(database: Path) -> Iterator[dict[float, LinkSample]]:
    """Every sample of LINK that is stored meanwhile, by its time."""
    store, over = SqliteStore.open(database, write=False), threading.Event()
    found: dict[float, LinkSample] = {}

    def collect() -> None:
        while not over.wait(0.3):
            sample = store.last_samples().get(LINK)
            if sample:
                found[sample.at] = sample

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join(10)
        store.close()


def octets(samples: dict[float, LinkSample]) -> float:
    """What samples add up to in the busier direction, beyond the idle rate.

    From before the transfer until after it: agents renew their counters at moments of their own,
    so that a single sample may hold what belongs to its neighbour.
    """
    sums = []
    for metric in ("in_bps", "out_bps"):
        rated = [(each.value(metric) or 0.0, each.covers_s) for each in samples.values()]
        idle = min(rate for rate, covers_s in rated if covers_s)
        sums.append(sum((rate - idle) * covers_s for rate, covers_s in rated) / 8)
    return max(sums)


def quiet(samples: dict[float, LinkSample]) -> bool:
    """Whether the last two samples carry next to nothing."""
    last = [samples[at] for at in sorted(samples)[-2:]]
    rates = [each.value(metric) or 0.0 for each in last for metric in ("in_bps", "out_bps")]
    return len(last) == 2 and max(rates) < RATE_BPS / 100 and all(each.covers_s for each in last)
