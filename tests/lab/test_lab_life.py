"""A lab's life: two side by side, killed half-way, refused lines, machines that lack something."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from inventory.config_file import load_settings
from inventory.errors import LabError, MachineError
from inventory.load import load_network
from inventory.view import virtual
from lab import control, netns, preflight
from lab.planner import make_plan
from lab.reach import allowed_probes
from lab.state import LabState, interface_name, locked, marked_processes, process_start
from tests.lab.sandbox import run_sandbox
from tests.labfixture import CHECKOUT, LabUnderTest, WholeLab, booted, make_lab

SMALL = CHECKOUT / "tests" / "regions" / "small"
BOOTS = 2
KILLS = 6
ENTER = ["unshare", "--mount", "sh", "-ec"]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[LabUnderTest]:
    """A lab of the second region; not booted."""
    lab = make_lab(tmp_path, f"s{tmp_path.stat().st_ino % 1_000_000}", SMALL)
    yield lab
    control.down(lab.state_folder, lab.name)


def nothing_left(lab: LabUnderTest) -> bool:
    folder = (lab.state_folder / "lab" / lab.name).resolve()
    interfaces = {name for _, name in socket.if_nameindex()}
    there = interface_name(lab.name) in interfaces
    return not (marked_processes(folder) or there or folder.exists())


@pytest.mark.lab
@pytest.mark.slow
def test_another_region_boots_beside_the_first_and_goes_without_a_trace(
    whole_lab: WholeLab, small: LabUnderTest
) -> None:
    with booted(small) as report:
        assert report["ok"]
        assert report["routers"] == 6
        assert small.ping_until(allowed_probes(small.plan), 10) == []
        whole_lab.wait_adjacencies()
        assert small.management != whole_lab.management
    assert nothing_left(small)
    whole_lab.wait_adjacencies()


@pytest.mark.lab
@pytest.mark.slow
def test_boots_teardowns_and_kills_at_any_moment_leave_nothing(small: LabUnderTest) -> None:
    """The bench `boots` does the same a hundred times."""
    lives = run_sandbox(small.folder / "config.yaml", boots=BOOTS, kills=KILLS)
    assert len(lives) == BOOTS + KILLS
    for life in lives:
        assert life.ok, life
        assert life.left == {}, life
        if life.killed_after_s is None:
            assert {"processes", "namespaces", "interfaces", "files"} <= set(life.up), life
    killed = [life for life in lives if life.killed_after_s is not None]
    half_up = [life for life in killed if "processes" in life.up]
    assert len(half_up) >= KILLS // 3, "no kill came in time to leave anything"


@pytest.mark.lab
@pytest.mark.slow
def test_part_of_the_network_boots_alone(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, f"p{tmp_path.stat().st_ino % 1_000_000}", SMALL)
    with booted(lab, "--site", "alp,hq") as report:
        assert report["ok"]
        assert report["routers"] == 3
        assert {node.name for node in lab.plan.nodes} >= {"alp-r1", "hq-core1", "alp-staff"}
        assert "bet-r1" not in {node.name for node in lab.plan.nodes}
        whole = lab.run("lab", "up")
        assert whole.returncode == 1
        assert "is up with other devices" in whole.stderr


@pytest.mark.lab
@pytest.mark.slow
def test_a_line_that_frr_refuses_is_an_error_with_its_template(tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(CHECKOUT / "templates", templates)
    ospf = templates / "frr" / "_ospf.j2"
    lines = ospf.read_text().splitlines()
    where = lines.index("router ospf") + 2
    lines.insert(where - 1, " ospf nonsense {{ d.router_id }}")
    ospf.write_text("\n".join([*lines, ""]))
    lab = make_lab(tmp_path, f"r{tmp_path.stat().st_ino % 1_000_000}", SMALL, templates)
    try:
        done = lab.run("lab", "up", "--host", "hq-core1")
        assert done.returncode == 1
        assert "hq-core1 frr.conf:" in done.stdout
        assert "ospf nonsense" in done.stdout
        assert f"templates/frr/_ospf.j2:{where}" in done.stdout
    finally:
        lab.run("lab", "down")


@pytest.mark.lab
def test_a_management_network_in_use_is_refused(whole_lab: WholeLab, small: LabUnderTest) -> None:
    with pytest.raises(LabError, match="is in use: interface lab-t") as refused:
        preflight.check_management(whole_lab.management, small.name)
    assert "IMERETI_LAB__MANAGEMENT" in str(refused.value)


@pytest.mark.lab
def test_two_commands_do_not_change_a_lab_at_once(small: LabUnderTest) -> None:
    with locked(small.state_folder, small.name):
        done = small.run("lab", "down")
    assert done.returncode == 1
    assert "is being changed by process" in done.stderr


@pytest.mark.lab
def test_without_a_lab_every_command_says_how_to_get_one(small: LabUnderTest) -> None:
    for words in (("status",), ("exec", "hq-core1", "--", "true"), ("heal",)):
        done = small.run("lab", *words)
        assert done.returncode == 1
        assert done.stderr.strip() == f"lab {small.name} is not up. Run: imereti lab up"
    assert small.run("lab", "down").returncode == 0


def test_a_machine_without_frr_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # the list itself is replaced: no test can uninstall a package
    monkeypatch.setattr(preflight, "PROGRAMS", {"/nonexistent/zebra": "frr", "no-nft": "nftables"})
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(MachineError) as lacking:
        preflight.check_machine(tmp_path)
    assert str(lacking.value) == (
        "the lab needs frr, nftables, which this machine lacks. "
        "Run: apt-get install -y frr nftables"
    )


def test_without_root_the_lab_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)  # tests run as root in CI
    with pytest.raises(MachineError, match="Run: sudo imereti lab up"):
        preflight.check_machine(tmp_path)


def test_a_kernel_that_forgets_neighbours_is_told_with_the_command_that_mends_it(
    tmp_path: Path,
) -> None:
    management = IPv4Network("172.20.20.0/24")
    plan = make_plan(virtual(load_network(SMALL), management), "small", management)
    for family, limit in (("ipv4", 1024), ("ipv6", 50)):
        file = tmp_path / family / "neigh/default/gc_thresh3"
        file.parent.mkdir(parents=True)
        file.write_text(f"{limit}\n")
    needed = 2 * (len(plan.wires) + len(plan.management_ports))
    assert 50 < needed < 1024
    with pytest.raises(MachineError) as lacking:
        preflight.check_neighbours(plan, tmp_path)
    assert str(lacking.value) == (
        f"the lab has {needed} ipv6 neighbours or more, but this kernel keeps 50 in all "
        f"(gc_thresh3). Run: sysctl -w net.ipv6.neigh.default.gc_thresh2={4 * needed} "
        f"net.ipv6.neigh.default.gc_thresh3={8 * needed}"
    )
    (tmp_path / "ipv6/neigh/default/gc_thresh3").write_text("1024\n")
    preflight.check_neighbours(plan, tmp_path)
    preflight.check_neighbours(plan, tmp_path / "inside a namespace")


def in_own_mounts(lab: LabUnderTest, preparation: str) -> "subprocess.CompletedProcess[str]":
    """`lab up` where the machine's files differ: `preparation` mounts over them."""
    return subprocess.run(
        [*ENTER, f'{preparation}; exec "$@"', "sh", *lab.command("lab", "up")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"LAB_FOLDER": str(lab.folder)},
    )


@pytest.mark.lab
def test_a_disk_without_room_is_told_in_a_line_and_nothing_is_left(small: LabUnderTest) -> None:
    full = 'mkdir -p "$LAB_FOLDER/state"; mount -t tmpfs -o size=2m none "$LAB_FOLDER/state"'
    done = in_own_mounts(small, full)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"the lab needs 19 MiB on the disk of {small.state_folder}/lab, which has 1 MiB left. "
        "Make room there, or set paths.state in config.yaml to another place."
    )
    done = in_own_mounts(small, f'{full}; mount -o remount,ro "$LAB_FOLDER/state"')
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"{small.state_folder}/lab: Read-only file system. "
        "The lab keeps its things under paths.state of config.yaml."
    )
    assert nothing_left(small)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("answer", "found"),
    [("zebra version 7.5.1", "7.5"), ("whatever", "'whatever'")],
    ids=["too old", "not FRR"],
)
def test_another_frr_is_told_in_a_line(small: LabUnderTest, answer: str, found: str) -> None:
    fake = small.folder / "zebra"
    fake.write_text(f"#!/bin/sh\necho {answer}\n")
    fake.chmod(0o755)
    done = in_own_mounts(small, f"mount --bind {fake} /usr/lib/frr/zebra")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"FRRouting: expected 8.4 or later, found {found}. Run: apt-get install -y frr"
    )
    assert nothing_left(small)


def test_the_default_management_network_has_room_for_every_device() -> None:
    settings = load_settings(CHECKOUT / "config.yaml", {})
    assert settings.lab.management.num_addresses >= 256


NETWORK = IPv4Network("172.31.0.0/24")


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a file appears instead of the end of all processes of a namespace."""
    file = tmp_path / "entered"
    monkeypatch.setattr(netns, "END_ALL", f"touch {file}")
    return file


@pytest.mark.parametrize("later", [0, 1], ids=["the machine's own", "another process"])
def test_the_machines_own_processes_are_never_ended(
    tmp_path: Path, entered: Path, later: int
) -> None:
    """The journal's keeper has the machine's namespace; or it ended, another has its number."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        started = process_start(stranger.pid) - later
        netns.end_below(LabState("x", tmp_path, stranger.pid, started, NETWORK))
        alive = stranger.poll() is None
        stranger.kill()
    assert alive
    assert not entered.exists()


@pytest.mark.lab
def test_a_lab_is_ended_by_its_own_keeper_alone(tmp_path: Path, entered: Path) -> None:
    keeper, started = netns.start_keeper(tmp_path)
    try:
        netns.end_below(LabState("x", tmp_path, keeper, started - 1, NETWORK))
        assert not entered.exists()  # another lab's, which has its number now
        netns.end_below(LabState("x", tmp_path, keeper, started, NETWORK))
        assert entered.exists()
    finally:
        netns.end([keeper])
