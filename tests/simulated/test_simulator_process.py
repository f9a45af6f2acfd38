"""The agents in a process of their own: it serves, obeys, and can't outlive its parent."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from gufo.snmp.sync import SnmpSession

from inventory.errors import LabError
from inventory.load import load_network
from lab.simulator import SimulatorProcess

IF_OPER_STATUS = "1.3.6.1.2.1.2.2.1.8"
SYS_NAME = "1.3.6.1.2.1.1.5.0"


def alive(pid: int) -> bool:
    """Whether it runs; a process that has ended, but that nobody has asked about, does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_all_76_devices_of_the_default_network_answer_with_their_names(checkout: Path) -> None:
    network = load_network(checkout / "inventory")
    with SimulatorProcess(network, checkout / "inventory") as running:
        names = []
        for device in running.network.devices.values():
            address = str(device.management)
            with SnmpSession(
                address, port=device.snmp_port, community="public", timeout=2.0
            ) as client:
                names.append(client.get(SYS_NAME))
        assert names == [name.encode() for name in network.devices]
    assert not alive(running.pid)


def test_commands_reach_the_agents_and_unknown_names_are_refused(checkout: Path) -> None:
    network = load_network(checkout / "inventory")
    link = network.links["kut-zes"]
    with SimulatorProcess(network, checkout / "inventory") as running:
        running.control("cut", "kut-zes")
        for end in (link.a, link.b):
            device = network.devices[end.device]
            names = [interface.name for interface in device.interfaces]
            at = names.index(end.interface) + 1
            port = running.ports[end.device]
            with SnmpSession("127.0.0.1", port=port, community="public", timeout=2.0) as client:
                assert client.get(f"{IF_OPER_STATUS}.{at}") == 2
        with pytest.raises(LabError, match="There is no link 'nowhere'"):
            running.control("cut", "nowhere")


def test_the_agents_end_when_their_parent_is_killed(checkout: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from inventory.load import load_network\n"
        "from lab.simulator import SimulatorProcess\n"
        "folder = Path(sys.argv[1])\n"
        "print(SimulatorProcess(load_network(folder), folder).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(checkout / "inventory")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=checkout,
    ) as parent:
        assert parent.stdout is not None
        agents = int(parent.stdout.readline())
        assert alive(agents)
        parent.kill()
    until = time.monotonic() + 10
    while alive(agents) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(agents)


def test_a_broken_inventory_is_reported_and_nothing_is_left(tmp_path: Path, checkout: Path) -> None:
    network = load_network(checkout / "inventory")
    with pytest.raises(LabError, match="did not start"):
        SimulatorProcess(network, tmp_path / "nowhere")
