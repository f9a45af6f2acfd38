"""A lab's life: two side by side, killed half-way, refused lines, machines that lack something."""

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.config_file import load_settings
from inventory.errors import LabError, MachineError
from lab import control, preflight
from lab.reach import allowed_probes
from lab.state import interface_name, locked, marked_processes
from tests.labfixture import CHECKOUT, LabUnderTest, WholeLab, booted, make_lab

SMALL = CHECKOUT / "tests" / "regions" / "small"
KILLS = 4


@pytest.fixture
def small(tmp_path: Path) -> Iterator[LabUnderTest]:
    """A lab of the second region; not booted."""
    lab = make_lab(tmp_path, f"s{tmp_path.stat().st_ino % 1_000_000}", SMALL)
    yield lab
    control.down(lab.state_folder, lab.name)


def nothing_left(lab: LabUnderTest) -> bool:
    folder = (lab.state_folder / "lab" / lab.name).resolve()
    interface = Path("/sys/class/net", interface_name(lab.name))
    return not (marked_processes(folder) or interface.exists() or folder.exists())


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
def test_killed_at_any_moment_it_is_cleaned_by_the_next_command(small: LabUnderTest) -> None:
    chance = random.Random(small.name)
    for number in range(KILLS):
        going_up = subprocess.Popen(
            small.command("lab", "up"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        time_out = time.monotonic() + chance.uniform(0.5, 6)
        while going_up.poll() is None and time.monotonic() < time_out:
            time.sleep(0.02)
        going_up.send_signal(signal.SIGKILL)
        going_up.wait(10)
        if number < KILLS - 1:
            assert small.run("lab", "down").returncode == 0
            assert nothing_left(small)
    with booted(small) as report:  # the last one is cleaned by `up` itself
        assert report["ok"] or report["already"]
    assert nothing_left(small)


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


def test_the_default_management_network_has_room_for_every_device() -> None:
    settings = load_settings(CHECKOUT / "config.yaml", {})
    assert settings.lab.management.num_addresses >= 256
