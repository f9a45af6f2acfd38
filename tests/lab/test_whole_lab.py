"""The default network on real routers: what design section 7 promises, and how it breaks."""

import json
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest

from lab import kernel, netns
from lab.folders import make_accounts, write_shared
from lab.plan import LanHost, NodeKind
from lab.reach import Probe
from lab.state import marked_processes
from tests.labfixture import WholeLab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

GOVERNMENT = ("gov", "council")
WINDOW_S = 3.0
"""How long nothing forbidden may arrive, once everything allowed does."""


def hosts(lab: WholeLab, *zones: str) -> list[LanHost]:
    return [host for host in lab.plan.hosts if host.zone in zones]


def both(source: str, *targets: IPv4Address | IPv6Address) -> list[Probe]:
    return [Probe(source, target) for target in targets]


def test_every_modelled_adjacency_is_up_and_every_lan_answers(whole_lab: WholeLab) -> None:
    report = whole_lab.report
    assert (report["routers"], report["lans"]) == (31, 104)
    assert report["missing"] == []
    assert report["unreachable"] == []
    assert report["pings"] > 2_500
    protocols = {one.protocol for one in whole_lab.plan.adjacencies}
    assert protocols == {"ospf", "ospf6", "bfd", "bgp"}
    ospf = [one for one in whole_lab.plan.adjacencies if one.protocol == "ospf"]
    assert len(ospf) == 2 * 46


def test_the_running_configurations_are_the_rendered_ones(whole_lab: WholeLab) -> None:
    assert whole_lab.report["differences"] == []


def test_every_government_lan_reaches_inmis_and_tbilisi(mended_lab: WholeLab) -> None:
    inmis = hosts(mended_lab, "inmis")[0]
    peer = mended_lab.network.region.bgp.externals[0]
    targets = (inmis.ipv4, inmis.ipv6, peer.probe4, peer.probe6)
    sources = hosts(mended_lab, *GOVERNMENT)
    assert len(sources) >= 23 + 22
    probes = [probe for host in sources for probe in both(host.node, *targets)]
    assert mended_lab.ping_until(probes, 20) == []


def test_a_school_reaches_the_internet_and_nothing_of_the_government(
    mended_lab: WholeLab,
) -> None:
    peer = mended_lab.network.region.bgp.externals[0]
    schools = hosts(mended_lab, "public")
    allowed = [
        probe for host in schools for probe in both(host.node, peer.internet4, peer.internet6)
    ]
    assert mended_lab.ping_until(allowed, 20) == []
    forbidden = [
        probe
        for school in schools
        for other in hosts(mended_lab, *GOVERNMENT, "inmis", "mgmt")
        for probe in both(school.node, other.ipv4, other.ipv6)
    ]
    assert mended_lab.ping(forbidden, WINDOW_S) == set()


def test_a_school_may_ask_the_resolver_on_port_53_and_nothing_else_of_it(
    mended_lab: WholeLab,
) -> None:
    resolver = mended_lab.network.region.services.resolver4
    server = next(host for host in mended_lab.plan.hosts if resolver in host.also4)
    with (
        udp_listener(mended_lab, server.node, resolver, 53) as dns,
        udp_listener(mended_lab, server.node, resolver, 54) as other,
    ):
        for port in (53, 54):
            send_udp(mended_lab, "zes-sch-public", resolver, port, b"question")
        assert received(dns, WINDOW_S) == b"question"
        assert received(other, WINDOW_S) is None


def test_a_spoofed_source_does_not_leave_its_lan(mended_lab: WholeLab) -> None:
    peer = mended_lab.network.region.bgp.externals[0]
    gov, council = (next(h for h in hosts(mended_lab, z) if "zes" in h.lan) for z in GOVERNMENT)
    with udp_listener(mended_lab, peer.id, peer.probe4, 7000) as listener:
        send_udp(mended_lab, gov.node, peer.probe4, 7000, b"honest")
        assert received(listener, 5) == b"honest"
        send_udp(mended_lab, gov.node, peer.probe4, 7000, b"spoofed", source=council.ipv4)
        assert received(listener, WINDOW_S) is None


def test_traffic_takes_the_backup_while_a_circuit_is_cut_and_comes_back(
    mended_lab: WholeLab,
) -> None:
    link = mended_lab.network.links["kut-zes"]
    host = next(h for h in hosts(mended_lab, "gov") if h.lan == "zes-gov")
    inmis = hosts(mended_lab, "inmis")[0]
    router = link.b.device
    before = way_out(mended_lab, router, inmis.ipv4), addresses(mended_lab, router)
    assert before[0] == link.b.interface

    began = time.monotonic()
    mended_lab.answer("lab", "fault", "cut", link.id)
    assert mended_lab.ping_until(both(host.node, inmis.ipv4, inmis.ipv6), 10) == []
    assert time.monotonic() - began < 10
    assert way_out(mended_lab, router, inmis.ipv4) != link.b.interface
    for end in (link.a, link.b):
        flags = interface(mended_lab, end.device, end.interface)["flags"]
        assert "NO-CARRIER" in flags, f"{end.device} still has its carrier"
        assert "UP" in flags, f"{end.device}'s port was shut, which a broken fibre does not do"
    status = json.loads(mended_lab.run("--json", "lab", "status").stdout)
    assert [fault["target"] for fault in status["faults"]] == [link.id]
    assert any(router in one for one in status["adjacencies"]["missing"])

    mended_lab.answer("lab", "heal", link.id)
    mended_lab.wait_adjacencies()
    assert way_out_until(mended_lab, router, inmis.ipv4, link.b.interface)
    assert addresses(mended_lab, router) == before[1]


def test_a_router_without_power_is_routed_around_and_boots_again_as_before(
    mended_lab: WholeLab,
) -> None:
    lab = mended_lab
    before = addresses(lab, "kut-core2")
    lab.answer("lab", "fault", "power-off", "kut-core2")
    done = lab.run("lab", "exec", "kut-core2", "--", "true")
    assert done.returncode == 1
    assert "powered off" in done.stderr
    inmis = hosts(lab, "inmis")[0]
    away = [host for host in hosts(lab, *GOVERNMENT) if host.node != "kut-core2"]
    assert lab.ping_until([Probe(host.node, inmis.ipv4) for host in away], 15) == []
    assert lab.run("lab", "fault", "power-off", "kut-core2").returncode == 1

    lab.answer("lab", "heal", "kut-core2")
    lab.wait_adjacencies()
    assert addresses(lab, "kut-core2") == before


def test_routers_and_switches_answer_snmpv3_and_automation_logs_in(whole_lab: WholeLab) -> None:
    state, snmp = whole_lab.state, whole_lab.network.region.services.snmp
    secrets = state.secrets()
    for device in ("kut-core1", "zes-sw1"):
        address = str(state.addresses[device])
        words = ["snmpget", "-v3", "-l", "authPriv", "-u", snmp.user, "-a", snmp.auth_protocol]
        words += ["-A", secrets.get(snmp.auth_secret), "-x", "AES", "-r", "2"]
        words += ["-X", secrets.get(snmp.priv_secret), "-Oqv", address, "1.3.6.1.2.1.1.5.0"]
        assert output(words).strip('"') == device
    shell = ["ssh", "-i", str(state.key_file), "-o", f"UserKnownHostsFile={state.known_hosts_file}"]
    shell += ["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"]
    address = str(state.addresses["kut-core1"])
    assert output([*shell, f"root@{address}", "hostname"]) == "kut-core1"


def test_every_agent_is_an_engine_of_its_own_and_answers(whole_lab: WholeLab) -> None:
    polled = whole_lab.run("poll", "--quick")
    assert polled.returncode == 0, polled.stdout + polled.stderr
    nodes = [node.name for node in whole_lab.plan.nodes if node.kind is NodeKind.ROUTER]
    engines = set()
    for node in nodes:
        kept = whole_lab.state.node_folder(node) / "varsnmp" / "snmpd.conf"
        engines |= {line for line in kept.read_text().splitlines() if "oldEngineID" in line}
    assert len(engines) == len(nodes)


def test_no_node_writes_to_what_all_share(whole_lab: WholeLab, tmp_path: Path) -> None:
    shared, fresh = whole_lab.state.shared_folder, tmp_path / "shared"
    write_shared(fresh, make_accounts("admin", "password", "key"))
    found, written = (
        {str(file.relative_to(top)) for file in top.rglob("*")} for top in (shared, fresh)
    )
    assert found == written
    assert max(file.stat().st_mtime for file in shared.rglob("*")) < whole_lab.state.since


def test_secrets_are_private_and_stand_in_no_journal_or_plan(whole_lab: WholeLab) -> None:
    state = whole_lab.state
    for file in (state.secrets_file, state.key_file, state.known_hosts_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    shown = (state.folder / "lab.json").read_text() + (state.folder / "plan.json").read_text()
    shown += whole_lab.run("--json", "lab", "status").stdout
    assert not [name for name, value in state.secrets().values.items() if value in shown]
    # nor does a process of the lab inherit what the caller's environment may hold
    for process in marked_processes(state.folder):
        environment = Path(f"/proc/{process}/environ").read_bytes()
        assert b"PYTEST_CURRENT_TEST" not in environment


def test_a_second_up_says_that_the_lab_is_up(whole_lab: WholeLab) -> None:
    assert whole_lab.answer("lab", "up") == {"ok": True, "name": whole_lab.name, "already": True}


def test_exec_gives_the_exit_code_of_the_command(whole_lab: WholeLab) -> None:
    assert whole_lab.run("lab", "exec", "zes-rtr1", "--", "sh", "-c", "exit 7").returncode == 7
    assert whole_lab.run("lab", "exec", "zes-gov", "--", "false").returncode == 1
    done = whole_lab.run("lab", "exec", "zes-rtr9", "--", "true")
    assert done.returncode == 64
    assert "has no node zes-rtr9. Did you mean 'zes-rtr1'?" in done.stderr


def test_the_traffic_generator_moves_the_counters_and_stays_within_its_rate(
    whole_lab: WholeLab,
) -> None:
    server = next(host for host in whole_lab.plan.hosts if host.also4)
    wire = whole_lab.plan.wires_at(server.node)[0]
    port = wire.b if wire.a.node == server.node else wire.a

    def octets() -> int:
        counters = interface(whole_lab, port.node, port.interface, "-s")["stats64"]
        return int(counters["tx"]["bytes"])

    before, began = octets(), time.monotonic()
    deadline = began + 20
    while octets() - before < 100_000 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert octets() - before >= 100_000
    assert (octets() - before) * 8 / (time.monotonic() - began) < 20_000_000


def test_the_machine_itself_has_one_interface_more_and_nothing_else(whole_lab: WholeLab) -> None:
    links = json.loads(output(["ip", "-j", "link"]))
    ours = [link for link in links if whole_lab.name in link["ifname"]]
    assert [link["ifname"] for link in ours] == [f"lab-{whole_lab.name}"]
    assert whole_lab.name not in output(["ip", "netns", "list"])
    assert whole_lab.name not in output(["findmnt", "-n", "-o", "TARGET"])


def test_every_kind_of_node_is_there(whole_lab: WholeLab) -> None:
    kinds = [node.kind for node in whole_lab.plan.nodes]
    assert [kinds.count(kind) for kind in NodeKind] == [31, 45, 59, 1]


# --- helpers -------------------------------------------------------------------------------


def output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def interface(lab: WholeLab, device: str, name: str, *options: str) -> dict[str, Any]:
    found: list[dict[str, Any]]
    found = json.loads(lab.inside(device, "ip", "-j", *options, "link", "show", "dev", name))
    return found[0]


def addresses(lab: WholeLab, device: str) -> set[tuple[str, str]]:
    """All but link-local ones, which a kernel makes from a random MAC."""
    return {
        (one["ifname"], address["local"])
        for one in json.loads(lab.inside(device, "ip", "-j", "address"))
        for address in one["addr_info"]
        if address["scope"] == "global"
    }


def way_out(lab: WholeLab, router: str, target: IPv4Address) -> str:
    found = json.loads(lab.inside(router, "ip", "-j", "route", "get", str(target)))
    return str(found[0]["dev"])


def way_out_until(lab: WholeLab, router: str, target: IPv4Address, wanted: str) -> bool:
    deadline = time.monotonic() + 15
    while way_out(lab, router, target) != wanted:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


@contextmanager
def udp_listener(
    lab: WholeLab, node: str, address: IPv4Address, port: int
) -> Iterator[socket.socket]:
    with kernel.inside(netns.network_namespace(lab.state, node)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listener:
        listener.bind((str(address), port))
        yield listener


def received(listener: socket.socket, wait_s: float) -> bytes | None:
    listener.settimeout(wait_s)
    try:
        return listener.recv(100)
    except TimeoutError:
        return None


IP_TRANSPARENT = 19
"""Send from an address that is not this host's own."""


def send_udp(
    lab: WholeLab,
    node: str,
    target: IPv4Address,
    port: int,
    payload: bytes,
    *,
    source: IPv4Address | None = None,
) -> None:
    with kernel.inside(netns.network_namespace(lab.state, node)):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        if source is not None:
            sender.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
            sender.bind((str(source), 0))
        sender.sendto(payload, (str(target), port))
