"""Routers in containers, for real: containerlab, a Docker engine of the lab's own, FRRouting."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import containerlab
from lab.containerlab import control_group
from lab.plan import LanHost
from lab.planner import make_plan
from lab.reach import Probe, allowed_probes
from lab.state import LabState, interface_name, marked_processes
from tests.dockermachine import docker_machine, on_machine
from tests.labfixture import CHECKOUT, LabUnderTest, WholeLab, booted, make_lab

pytestmark = [pytest.mark.containerlab, pytest.mark.slow, pytest.mark.timeout(600)]

SMALL = CHECKOUT / "tests" / "regions" / "small"
SCENARIOS = CHECKOUT / "tests" / "lab"
WINDOW_S = 3.0
"""How long nothing forbidden may arrive, once everything allowed does."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeLab]:
    """The whole default network on containerlab, booted once; gone without a trace afterwards."""
    folder = tmp_path_factory.mktemp("containers")
    name = f"c{os.getpid() % 1_000_000}"
    lab = make_lab(folder, name, CHECKOUT / "inventory", driver="containerlab")
    with booted(lab) as report:
        yield WholeLab(lab.name, lab.folder, lab.inventory, lab.management, report)
    assert traces(lab) == []


@pytest.fixture
def mended(whole: WholeLab) -> Iterator[WholeLab]:
    """`whole` for a test that breaks something."""
    whole.wait_adjacencies()
    yield whole
    whole.mend()


def traces(lab: LabUnderTest) -> list[str]:
    """All that a lab which was taken down has left on this machine."""
    folder = (lab.state_folder / "lab" / lab.name).resolve()
    found = [f"process {one}" for one in marked_processes(folder)]
    places = [folder, Path("/sys/class/net", interface_name(lab.name))]
    places += Path("/sys/fs/cgroup").glob(f"**/{control_group(folder)}")
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    found += [f"mount {line}" for line in mounts.splitlines() if str(folder) in line]
    return found + [str(place) for place in places if place.exists()]


def government(lab: LabUnderTest) -> list[LanHost]:
    return [host for host in lab.plan.hosts if host.zone in {"gov", "council"}]


# --- the exported folder ------------------------------------------------------------------
# First: later the whole network runs in containers beside it, and the labs starve.


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[LabState]:
    with docker_machine(tmp_path / "machine") as state:
        yield state


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("inventory", "names"),
    [
        (SMALL, ("hq-core1", "alp-r1", "alp-lyc-guests", "alp-staff")),
        # So many containers and another lab take each other's time, for minutes.
        pytest.param(
            CHECKOUT / "inventory",
            ("kut-core1", "zes-rtr1", "zes-sch-public", "zes-gov"),
            marks=pytest.mark.alone,
        ),
    ],
    ids=["small", "whole"],
)
def test_an_exported_lab_deploys_unchanged(
    machine: LabState, tmp_path: Path, inventory: Path, names: tuple[str, str, str, str]
) -> None:
    """`names`: a core router, another, a LAN of guests, and a LAN that is closed to them."""
    core, router, guests, closed = names
    lab = make_lab(tmp_path, "exported", inventory)
    folder = tmp_path / "folder"
    written = lab.answer("lab", "export", "--format", "containerlab", "--out", str(folder))
    assert f"all {written['pings']} pings answered" in on_machine(machine, folder, "./up")
    said = on_machine(machine, folder, "./in", core, "vtysh", "-c", "show ip ospf neighbor")
    assert said.count("Full/") >= 2
    plan = make_plan(lab.network, "exported", lab.management)
    target = next(host for host in plan.hosts if host.lan == closed)
    ping = f"for turn in 1 2 3; do ping -c 1 -W 1 {target.ipv4} && exit 1; done; true"
    on_machine(machine, folder, "./in", guests, "sh", "-c", ping)
    address = lab.network.devices[router].management
    login = ["ssh", "-i", "id_ed25519", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes"]
    login += ["-o", f"UserKnownHostsFile={tmp_path / 'hosts'}", f"root@{address}", "hostname"]
    assert on_machine(machine, folder, *login).strip() == router
    on_machine(machine, folder, "./down")
    assert on_machine(machine, folder, "docker", "ps", "--all", "--quiet") == ""


LEFT_BEHIND = """
docker run --detach --network none --label containerlab=exported --name left imereti-frr sleep 999
ps -o ppid= -p "$(docker inspect --format '{{.State.Pid}}' left)" >shim
kill -STOP $(cat shim)
"""
"""A container of the lab `exported` that Docker can't remove while its shim stands still."""
ENDPOINT_LEFT = """
docker network create lab-exported
docker run --detach --network lab-exported --name stranger imereti-frr sleep 999
"""
"""Something else keeps the lab's network, as an endpoint does that Docker forgot to remove."""
GO_ON = "sh -c 'sleep 3; kill -CONT $(cat shim)' & ./down"


def test_down_of_an_exported_lab_removes_what_containerlab_left_or_says_so(
    machine: LabState, tmp_path: Path
) -> None:
    lab = make_lab(tmp_path, "exported", SMALL)
    folder = tmp_path / "folder"
    lab.answer("lab", "export", "--format", "containerlab", "--out", str(folder))
    on_machine(machine, folder, "sh", "-ec", LEFT_BEHIND)
    variables = {"LEFT_TIMEOUT_S": "2"}
    said = on_machine(machine, folder, "sh", "-c", "./down 2>&1; echo $?", variables=variables)
    assert "down: lab exported: Docker did not remove within 2 s: left. Run ./down again" in said
    assert said.splitlines()[-1] == "1"
    on_machine(machine, folder, "sh", "-ec", ENDPOINT_LEFT)
    on_machine(machine, folder, "sh", "-c", GO_ON)
    ps = ["docker", "ps", "--all", "--format", "{{.Names}}"]
    assert on_machine(machine, folder, *ps).split() == ["stranger"]
    networks = on_machine(machine, folder, "docker", "network", "ls", "--format", "{{.Name}}")
    assert "lab-exported" not in networks.split()


# --- the whole network --------------------------------------------------------------------


def test_the_whole_network_is_up_and_runs_what_was_rendered(whole: WholeLab) -> None:
    assert (whole.report["routers"], whole.report["lans"]) == (31, 104)
    assert whole.report["missing"] == []
    assert whole.report["unreachable"] == []
    assert whole.report["differences"] == []
    assert whole.report["pings"] > 2_500
    assert whole.state.driver == "containerlab"


def test_every_router_is_a_container_of_an_engine_that_only_the_lab_sees(whole: WholeLab) -> None:
    said = containerlab.in_engine(whole.state, ["docker", "ps", "--format", "{{.Names}}"])
    routers = {node.name for node in whole.plan.nodes if node.kind in {"router", "external"}}
    assert set(said.split()) == routers
    topology = whole.state.folder / f"{whole.name}.clab.yml"
    deployed = containerlab.in_engine(whole.state, containerlab.command("inspect", topology))
    assert deployed.count("running") == len(routers)
    assert whole.inside("zes-rtr1", "hostname").strip() == "zes-rtr1"
    routes = Path("/proc/net/route").read_text(encoding="utf-8")
    assert "docker" not in routes


def test_schools_are_kept_away_from_the_government(mended: WholeLab) -> None:
    assert mended.ping_until(allowed_probes(mended.plan), 20) == []
    forbidden = [
        Probe(school.node, address)
        for school in mended.plan.hosts
        if school.zone == "public"
        for other in government(mended)
        for address in (other.ipv4, other.ipv6)
    ]
    assert mended.ping(forbidden, WINDOW_S) == set()


def test_a_cut_circuit_is_routed_around_and_healed(mended: WholeLab) -> None:
    link = mended.network.links["kut-zes"]
    host = next(one for one in government(mended) if one.lan == "zes-gov")
    inmis = next(one for one in mended.plan.hosts if one.zone == "inmis")
    mended.answer("lab", "fault", "cut", link.id)
    for end in (link.a, link.b):
        said = mended.inside(end.device, "ip", "-j", "link", "show", "dev", end.interface)
        assert {"UP", "NO-CARRIER"} <= set(json.loads(said)[0]["flags"])
    probes = [Probe(host.node, inmis.ipv4), Probe(host.node, inmis.ipv6)]
    assert mended.ping_until(probes, 15) == []
    mended.answer("lab", "heal", link.id)
    mended.wait_adjacencies()


def test_a_core_router_without_power_is_routed_around_and_boots_again(mended: WholeLab) -> None:
    core = "kut-core2"
    mended.answer("lab", "fault", "power-off", core)
    assert mended.run("lab", "exec", core, "--", "true").returncode == 1
    inmis = next(one for one in mended.plan.hosts if one.zone == "inmis")
    sources = [host for host in government(mended) if host.node != core]
    assert mended.ping_until([Probe(host.node, inmis.ipv4) for host in sources], 20) == []
    mended.answer("lab", "heal", core)
    mended.wait_adjacencies()
    assert mended.ping_until(allowed_probes(mended.plan), 20) == []


def test_a_configuration_saved_on_a_router_survives_a_loss_of_power(mended: WholeLab) -> None:
    words = ["-c", "configure terminal", "-c", "interface lo", "-c", "description kept"]
    mended.inside("zes-rtr1", "vtysh", *words, "-c", "end", "-c", "write memory")
    mended.answer("lab", "fault", "power-off", "zes-rtr1")
    mended.answer("lab", "heal", "zes-rtr1")
    mended.wait_adjacencies()
    assert "description kept" in mended.inside("zes-rtr1", "vtysh", "-c", "show running-config")


PROMISES = ("promises", "policy-lans", "policy-ports", "spoofed", "leak", "wrong-key")
OF_CONTAINERS = SCENARIOS / "containers"
SWEEPS = ((SCENARIOS, "sweep-silent"), (OF_CONTAINERS, "cut-wan"), (OF_CONTAINERS, "down-cores"))
"""CI has no time for all cuts and all routers without power twice: it runs them on namespaces."""


@pytest.mark.timeout(900)
def test_the_promises_of_the_network_hold_in_containers(mended: WholeLab) -> None:
    scenarios(mended, SCENARIOS, *PROMISES, "rogue-router")


@pytest.mark.timeout(900)
def test_changes_are_applied_and_kept_from_harm_in_containers(mended: WholeLab) -> None:
    scenarios(mended, SCENARIOS, "change", "max-prefix")


@pytest.mark.alone
@pytest.mark.timeout(1500)
def test_a_circuit_carries_what_it_must_in_containers(mended: WholeLab) -> None:
    scenarios(mended, SCENARIOS, "traffic")


@pytest.mark.alone
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("folder", "sweep"), SWEEPS, ids=[name for _, name in SWEEPS])
def test_every_single_failure_is_survived_in_containers(
    mended: WholeLab, folder: Path, sweep: str
) -> None:
    scenarios(mended, folder, sweep)


def scenarios(lab: WholeLab, folder: Path, *names: str) -> None:
    """Run scenarios in the lab that is up; each must pass."""
    done = subprocess.run(
        lab.command("--json", "lab", "test", "--scenarios", str(folder), *names),
        capture_output=True,
        text=True,
        timeout=1400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-8000:]
    document = json.loads(done.stdout)
    assert document["boot_s"] == 0, "it booted a lab of its own"
    assert {one["name"] for one in document["scenarios"] if one["ok"]} == set(names)


# --- its life -----------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[LabUnderTest]:
    """A lab of the second region; not booted."""
    name = f"k{tmp_path.stat().st_ino % 1_000_000}"
    lab = make_lab(tmp_path, name, SMALL, driver="containerlab")
    yield lab
    lab.run("lab", "down")


def test_killed_half_way_it_is_cleaned_by_the_next_command(small: LabUnderTest) -> None:
    folder = (small.state_folder / "lab" / small.name).resolve()
    group = control_group(folder)
    with subprocess.Popen(
        small.command("lab", "up"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as going_up:
        deadline = time.monotonic() + 120  # until containers are being made
        while not any(Path("/sys/fs/cgroup").glob(f"**/{group}/*")) and time.monotonic() < deadline:
            assert going_up.poll() is None, "it was up or failed before it could be killed"
            time.sleep(0.02)
        going_up.send_signal(signal.SIGKILL)
    assert traces(small) != []
    assert small.run("lab", "down").returncode == 0
    assert traces(small) == []
