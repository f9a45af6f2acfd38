"""Every kind of fault on real routers: seen from outside, listed, and healed without a trace."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inventory.errors import LabError
from lab import adjacency, control, netns
from lab.device_faults import OVER_LIMIT
from lab.faults import inject
from lab.lan_faults import HELLOS, hellos_sent, intruder
from lab.reach import Probe, Prober
from lab.state import marked_processes
from tests.labfixture import LabUnderTest

pytestmark = [pytest.mark.lab, pytest.mark.slow]

STAFF, OTHER = "alp-staff", "bet-staff"
WATCHFRR_S = 10
"""For longer no daemon is frozen: watchfrr starts it anew (`-t`)."""
UPLINK, CIRCUIT = "alp-acc", "hq-alp"


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.2)


def host4(lab: LabUnderTest, lan: str) -> Probe:
    """A ping to the host of a LAN, from the other town's staff."""
    target = next(host for host in lab.plan.hosts if host.lan == lan)
    return Probe(OTHER if lan != OTHER else STAFF, target.ipv4)


def answered(lab: LabUnderTest, probe: Probe, count: int = 1, wait_s: float = 1.0) -> list[float]:
    """Round-trip seconds of those that came back."""
    state = lab.state
    with Prober(lambda node: netns.network_namespace(state, node)) as prober:
        rounds = [prober.ping([probe], wait_s / count) for _ in range(count)]
    return [seconds for one in rounds for seconds in one.values()]


def faults(lab: LabUnderTest) -> list[str]:
    status = json.loads(lab.run("--json", "lab", "status").stdout)
    return [f"{one['kind']} {one['target']}" for one in status["faults"]]


@pytest.fixture
def traceless(breakable: LabUnderTest) -> Iterator[LabUnderTest]:
    """After healing: the same processes, panel rules, queues and ports as before."""
    before = trace(breakable)
    yield breakable
    assert breakable.run("lab", "heal").returncode == 0
    assert faults(breakable) == []
    assert trace(breakable) == before


def trace(lab: LabUnderTest) -> dict[str, object]:
    enter = ["nsenter", f"--target={lab.state.keeper}", "--net", "--mount", "--"]
    return {
        "processes": len(marked_processes(lab.state.folder)),
        "rules": without_counters(run([*enter, "nft", "list", "ruleset"])),
        "queues": sorted(run([*enter, "tc", "qdisc", "show"]).splitlines()),
        "ports": sorted(
            line.split()[0] for line in run([*enter, "ip", "-br", "link"]).splitlines()
        ),
        "namespaces": sorted(
            p.name for p in Path(f"/proc/{lab.state.keeper}/root", "run", "netns").iterdir()
        ),
    }


def without_counters(rules: str) -> str:
    return "\n".join(line for line in rules.splitlines() if "counter" not in line)


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def test_a_silent_circuit_keeps_its_carrier_and_carries_nothing(traceless: LabUnderTest) -> None:
    lab, probe = traceless, host4(traceless, STAFF)
    assert answered(lab, probe)
    lab.answer("lab", "fault", "blackhole", UPLINK)
    assert not answered(lab, probe)
    flags = json.loads(lab.inside("alp-r1", "ip", "-j", "link", "show", "ge0-0-3"))[0]["flags"]
    assert "LOWER_UP" in flags
    lab.answer("lab", "heal", UPLINK)
    until(lambda: bool(answered(lab, probe)), 10, "it answers again")


def test_loss_is_as_much_as_was_asked_for_and_in_the_direction_asked_for(
    traceless: LabUnderTest,
) -> None:
    lab, probe = traceless, host4(traceless, STAFF)
    lab.answer("lab", "fault", "loss", UPLINK, "percent=40", "towards=alp-sw1")
    assert 75 < len(answered(lab, probe, 200, 4)) < 165  # 120 on average; 9 sigma each way
    lab.answer("lab", "heal", UPLINK)
    lab.answer("lab", "fault", "loss", UPLINK, "percent=100", "towards=alp-r1")
    before = received(lab)
    assert not answered(lab, probe, 5)
    assert received(lab) >= before + 5, "the way towards the host was to stay open"


def received(lab: LabUnderTest) -> int:
    """ICMP echo requests that the staff host took in."""
    text = lab.inside(STAFF, "cat", "/proc/net/snmp")
    names, values = (line.split() for line in text.splitlines() if line.startswith("Icmp:"))
    return int(dict(zip(names, values, strict=True))["InEchos"])


def test_delay_is_added_in_each_direction(traceless: LabUnderTest) -> None:
    lab, probe = traceless, host4(traceless, STAFF)
    lab.answer("lab", "fault", "delay", UPLINK, "ms=60")
    times = sorted(answered(lab, probe, 5, 5))
    assert len(times) == 5
    assert 0.120 <= times[0] < 0.3
    lab.answer("lab", "heal", UPLINK)
    assert min(answered(lab, probe, 5, 5)) < 0.06


def test_a_rate_limits_what_gets_through(traceless: LabUnderTest) -> None:
    lab = traceless
    lab.answer("lab", "fault", "rate", UPLINK, "mbps=2")
    target = str(next(host.ipv4 for host in lab.plan.hosts if host.lan == "hq-servers"))
    lab.inside("hq-servers", "iperf3", "--server", "--one-off", "--daemon")
    report = json.loads(lab.inside(STAFF, "iperf3", "-J", "-c", target, "-t", "2"))
    assert 0.5e6 < report["end"]["sum_received"]["bits_per_second"] < 3e6


def test_several_faults_at_once_heal_one_by_one(traceless: LabUnderTest) -> None:
    lab = traceless
    lab.answer("lab", "fault", "delay", CIRCUIT, "ms=5")
    lab.answer("lab", "fault", "power-off", "alp-r1")
    lab.answer("lab", "fault", "rate", CIRCUIT, "mbps=5")
    assert faults(lab) == [f"delay {CIRCUIT}", "power-off alp-r1", f"rate {CIRCUIT}"]
    lab.answer("lab", "heal", "alp-r1")
    lab.wait_adjacencies()
    far = lab.network.links[CIRCUIT].a
    assert far.ipv4 is not None
    times = answered(lab, Probe("alp-r1", far.ipv4.ip), 3, 3)
    assert min(times) >= 0.010, "a router that boots finds the circuit as it left it"


def test_management_is_lost_and_comes_back(traceless: LabUnderTest) -> None:
    lab = traceless
    address = str(lab.state.addresses["alp-r1"])
    ping = ["ping", "-c", "1", "-W", "1", address]
    run(ping)
    lab.answer("lab", "fault", "management-loss", "alp-r1")
    flags = json.loads(lab.inside("alp-r1", "ip", "-j", "link", "show", "mgmt0"))[0]["flags"]
    assert "NO-CARRIER" in flags
    lab.answer("lab", "heal")
    run(ping)


@pytest.mark.parametrize("kind", ["kill", "freeze"])
def test_a_daemon_that_fails_is_back_when_healed(breakable: LabUnderTest, kind: str) -> None:
    lab = breakable
    assert lab.run("lab", "fault", kind, "alp-r1", "daemon=bgpd").returncode == 1
    before, began = daemon(lab, "ospfd"), time.monotonic()
    lab.answer("lab", "fault", kind, "alp-r1", "daemon=ospfd")
    if kind == "freeze":
        assert daemon_state(lab, "ospfd") == "T"
    assert faults(lab) == [f"{kind} alp-r1"]
    lab.answer("lab", "heal", "alp-r1")
    took_s = time.monotonic() - began
    assert daemon_state(lab, "ospfd") in {"S", "R"}
    if kind == "kill":
        assert daemon(lab, "ospfd") != before
    elif took_s < WATCHFRR_S:
        assert daemon(lab, "ospfd") == before
    lab.wait_adjacencies()


def daemon(lab: LabUnderTest, name: str) -> str:
    return lab.inside("alp-r1", "cat", f"/run/frr/{name}.pid").strip()


def daemon_state(lab: LabUnderTest, name: str) -> str:
    words = lab.inside("alp-r1", "cat", f"/proc/{daemon(lab, name)}/stat").rpartition(")")[2]
    return words.split()[0]


def test_a_reboot_keeps_what_was_saved_and_only_that(breakable: LabUnderTest) -> None:
    lab, router = breakable, "alp-lyc-r1"
    add = ["vtysh", "-c", "configure terminal", "-c", "ip route 203.0.113.0/24 Null0"]

    def has_route() -> bool:
        shown = lab.inside(router, "vtysh", "-c", "show running-config")
        return "ip route 203.0.113.0/24 Null0" in shown

    lab.inside(router, *add)
    lab.answer("lab", "fault", "reboot", router)
    lab.answer("lab", "heal", router)
    lab.wait_adjacencies()
    assert not has_route(), "it was not saved"
    lab.inside(router, *add)
    lab.answer("lab", "fault", "reboot", router, "configuration=running")
    assert has_route()
    lab.answer("lab", "heal", router)
    lab.inside(router, "vtysh", "-c", "configure terminal", "-c", "no " + add[-1])
    lab.inside(router, "vtysh", "-c", "write memory")


def test_a_router_without_configuration_is_mended_with_the_one_it_had(
    breakable: LabUnderTest,
) -> None:
    lab, router = breakable, "alp-lyc-r1"
    before = lab.inside(router, "vtysh", "-c", "show running-config")
    lab.answer("lab", "fault", "reboot", router, "configuration=none")
    blank = lab.inside(router, "vtysh", "-c", "show running-config")
    assert "router ospf" in before
    assert "router ospf" not in blank
    lab.answer("lab", "heal", router)
    lab.wait_adjacencies()
    assert lab.inside(router, "vtysh", "-c", "show running-config") == before


def test_a_second_owner_of_an_address_is_noticed_by_its_gateway(traceless: LabUnderTest) -> None:
    lab, probe = traceless, host4(traceless, STAFF)
    assert answered(lab, probe)

    def owner() -> str:
        known = json.loads(lab.inside("alp-r1", "ip", "-j", "neigh", "show", str(probe.target)))
        return str(known[0].get("lladdr")) if known else ""

    before = owner()
    lab.answer("lab", "fault", "duplicate-address", STAFF)
    until(lambda: owner() not in {before, ""}, 15, "the gateway believes the other one")
    lab.answer("lab", "heal", STAFF)
    until(lambda: bool(answered(lab, probe)) and owner() == before, 15, "the first one is back")


def test_a_rogue_router_sends_hellos_and_is_gone_when_healed(traceless: LabUnderTest) -> None:
    lab = traceless

    def dropped() -> int:
        """Packets that the LAN's router would not have from the LAN."""
        shown = lab.inside("alp-r1", "nft", "-j", "list", "chain", "inet", "router", "from_lan")
        rules = [one["rule"]["expr"] for one in json.loads(shown)["nftables"] if "rule" in one]
        return sum(
            part["counter"]["packets"] for rule in rules for part in rule if "counter" in part
        )

    before = dropped()
    lab.answer("lab", "fault", "rogue-router", STAFF, "offers=default")
    root = Path(f"/proc/{lab.state.keeper}/root", "run")
    assert (root / "netns" / intruder(STAFF)).exists()
    assert all(hellos_sent(root / intruder(STAFF), daemon) for daemon in HELLOS)
    until(lambda: dropped() >= before + 6, 15, "the router drops hellos, two a second")
    lab.answer("lab", "heal", STAFF)
    assert not (root / "netns" / intruder(STAFF)).exists()


def test_a_rogue_router_that_says_nothing_is_no_fault(
    traceless: LabUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a router without OSPF: no such thing can be asked for, but a daemon may fail to speak
    monkeypatch.setattr("lab.lan_faults.rogue_text", lambda _: "hostname rogue\n")
    monkeypatch.setattr("lab.lan_faults.HELLOS_TIMEOUT_S", 2.0)
    lab = traceless
    with pytest.raises(LabError, match="no hello of ospfd left within 2 s"):
        inject(lab.state_folder, lab.state, "rogue-router", STAFF)
    assert faults(lab) == []
    assert not Path(f"/proc/{lab.state.keeper}/root", "run", "netns", intruder(STAFF)).exists()


def test_a_wrong_key_ends_the_adjacency_and_the_right_one_brings_it_back(
    traceless: LabUnderTest,
) -> None:
    lab = traceless
    before = lab.inside("alp-r1", "vtysh", "-c", "show running-config")
    lab.answer("lab", "fault", "wrong-key", CIRCUIT, "device=alp-r1")

    def lost() -> bool:
        status = json.loads(lab.run("--json", "lab", "status").stdout)
        return any("ospf with hq-core1" in one for one in status["adjacencies"]["missing"])

    until(lost, 20, "OSPF notices the key")
    lab.answer("lab", "heal", CIRCUIT)
    lab.wait_adjacencies()
    assert lab.inside("alp-r1", "vtysh", "-c", "show running-config") == before


def test_an_external_peer_announces_and_withdraws_and_is_as_before(
    traceless: LabUnderTest,
) -> None:
    lab = traceless

    def known() -> set[str]:
        shown = lab.inside("hq-core1", "vtysh", "-c", "show bgp ipv4 unicast json")
        return set(json.loads(shown)["routes"])

    before = known(), lab.inside("carrier", "vtysh", "-c", "show running-config")
    assert "0.0.0.0/0" in before[0]
    lab.answer("lab", "fault", "withdraw", "carrier", "prefixes=default,10.220.0.0/16")
    until(lambda: known() == before[0] - {"0.0.0.0/0", "10.220.0.0/16"}, 20, "withdrawn")
    lab.answer("lab", "fault", "announce", "carrier", "prefixes=172.16.0.0/12,fd99::/32")
    sent = lab.inside("carrier", "vtysh", "-c", "show bgp ipv4 unicast json")
    assert "172.16.0.0/12" in json.loads(sent)["routes"]
    lab.answer("lab", "heal")
    until(lambda: known() == before[0], 20, "as before")
    assert lab.inside("carrier", "vtysh", "-c", "show running-config") == before[1]


def test_a_session_that_the_limit_of_prefixes_ends_comes_up_when_healed(
    traceless: LabUnderTest,
) -> None:
    lab = traceless
    enter = ["vtysh", "-c", "configure terminal", "-c"]
    lab.inside("hq-core1", *enter, "ip prefix-list carrier-in4 seq 90 permit 10.221.0.0/16 le 24")

    def state(address: str) -> str:
        shown = lab.inside("hq-core1", "vtysh", "-c", "show bgp summary json")
        families = json.loads(shown).values()
        return str(next(f["peers"][address]["state"] for f in families if address in f["peers"]))

    limit = next(iter(lab.network.region.bgp.externals)).max_prefix
    allowed = ",".join(f"10.221.{number}.0/24" for number in range(limit))
    lab.answer("lab", "fault", "announce", "carrier", f"prefixes={allowed}")
    until(lambda: state("192.0.2.130") == OVER_LIMIT, 20, "the limit ends the session")
    assert state("2001:db8:77::2") == "Established"
    lab.answer("lab", "heal", "carrier")
    until(lambda: state("192.0.2.130") == "Established", 20, "it is up again")
    lab.inside("hq-core1", *enter, "no ip prefix-list carrier-in4 seq 90")


def test_the_clock_of_one_router_cannot_be_stepped_and_that_is_said(small_up: LabUnderTest) -> None:
    done = small_up.run("lab", "fault", "clock-step", "alp-r1", "seconds=60")
    assert done.returncode == 1
    assert "all namespaces of a kernel share it" in done.stderr
    assert faults(small_up) == []


def test_a_parameter_without_a_value_is_said(small_up: LabUnderTest) -> None:
    done = small_up.run("lab", "fault", "loss", CIRCUIT, "percent")
    assert done.returncode == 64
    assert done.stderr.strip().startswith("command line: expected KEY=VALUE, found percent.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fault", "cutt", CIRCUIT), "there is no fault cutt. Did you mean 'cut'?"),
        (("fault", "cut", "hq-alb"), "has no link hq-alb. Did you mean 'hq-alp'?"),
        (("fault", "loss", CIRCUIT, "percnt=3"), "no parameter percnt. Did you mean 'percent'?"),
        (("heal", "hq-alb"), "has no hq-alb. Did you mean 'hq-alp'?"),
        (("exec", "alp-r9", "--", "true"), "has no node alp-r9. Did you mean 'alp-r1'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_name_that_the_lab_has_not_is_a_wrong_command_line(
    small_up: LabUnderTest, words: tuple[str, ...], said: str
) -> None:
    done = small_up.run("lab", *words)
    assert done.returncode == 64
    assert said in done.stderr
    assert faults(small_up) == []


def test_what_exists_and_is_whole_can_not_be_healed(small_up: LabUnderTest) -> None:
    done = small_up.run("lab", "heal", CIRCUIT)
    assert done.returncode == 1
    assert f"{CIRCUIT} has no fault." in done.stderr


def test_ospf6_that_stands_still_is_told_to_begin_again(breakable: LabUnderTest) -> None:
    """It stands still once in thousands; here one that stands well begins anew, and comes back."""
    runs = control.router_runs(breakable.state, breakable.plan)
    one = next(each for each in breakable.plan.adjacencies if each.protocol == "ospf6")
    other = next(each for each in breakable.plan.adjacencies if each.protocol == "ospf")
    assert adjacency.begin_again((one, other), runs) == (one,)
    deadline = time.monotonic() + 10
    while one not in adjacency.missing((one,), runs) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert adjacency.missing((one,), runs) == (one,)
    breakable.wait_adjacencies()
