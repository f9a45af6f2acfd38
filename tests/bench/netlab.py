"""netlab with its containerlab provider and the same FRRouting: the peer of the labs.

No benchmark of its own. netlab comes from outside this project (`pip install networklab` in an
environment of its own) and is measured where `netlab` is found on PATH. It gets the routers and
routed links of the default network with their OSPF costs, hello and dead intervals as ours; it
brings neither LANs nor filters nor IPv6, SSH and SNMP, which makes its work less than ours.
"""

import shutil
import tempfile
import time
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

from inventory.errors import MachineError
from inventory.load import load_network
from inventory.model import Link, Network
from lab import clab_topology, containerlab
from lab.awaiting import await_answers
from lab.reach import Probe, Prober
from lab.state import LabState
from tests.dockermachine import docker_machine, on_machine
from tests.labfixture import CHECKOUT

NAME = "netlab, the same routers and links, OSPFv2 alone, every loopback from every other"
PROGRAM = "netlab"
CONVERGE_TIMEOUT_S = 120.0
START_FRR = (
    'sh -c "mkdir -p /run/frr /var/tmp/frr; chown frr:frr /run/frr /var/tmp/frr; '
    '/usr/lib/frr/frrinit.sh start; exec sleep infinity"'
)
"""The image of this machine's packages starts nothing by itself."""


def peers() -> tuple[tuple[tuple[str, float], ...], str]:
    """For a Figure: (name, seconds from `netlab up` to the last ping), and a remark for its note.

    No peer where netlab is not installed, or where its lab does not come up.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        return (), "; netlab is not installed here"
    try:
        return ((NAME, _seconds(Path(program))),), ""
    except MachineError as error:
        return (), f"; {str(error).strip().splitlines()[-1]}"


def _seconds(program: Path) -> float:
    network = load_network(CHECKOUT / "inventory")
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        folder = Path(name) / "netlab"
        folder.mkdir()
        topology = yaml.safe_dump(_topology(network), sort_keys=False, width=1000)
        (folder / "topology.yml").write_text(topology, encoding="utf-8")
        with docker_machine(Path(name) / "machine") as machine:
            return _measure(machine, folder, program, list(_numbers(network).values()))


def _routed(network: Network) -> list[Link]:
    return [link for link in network.links.values() if link.routed]


def _numbers(network: Network) -> dict[str, int]:
    """Router -> its number at netlab: the last part of its loopback 10.0.0.N."""
    ends = (end.device for link in _routed(network) for end in (link.a, link.b))
    return {device: number for number, device in enumerate(dict.fromkeys(ends), 1)}


def _topology(network: Network) -> dict[str, Any]:
    numbers = _numbers(network)
    costs = {
        (device.name, port.name): port.ospf.cost
        for device in network.devices.values()
        for port in device.interfaces
        if port.ospf is not None
    }
    return {
        "name": PROGRAM,
        "provider": "clab",
        "defaults": {"device": "frr", "devices.frr.clab.image": clab_topology.IMAGE},
        "module": ["ospf"],
        "ospf": {"timers": {"hello": 1, "dead": 4}},
        "groups": {"all": {"clab": {"network-mode": "none", "cmd": START_FRR}}},
        "nodes": [f"r{number}" for number in numbers.values()],
        "links": [
            {
                f"r{numbers[end.device]}": {"ospf": {"cost": costs[end.device, end.interface]}}
                for end in (link.a, link.b)
            }
            for link in _routed(network)
        ],
    }


def _measure(machine: LabState, folder: Path, program: Path, numbers: Iterable[int]) -> float:
    """Seconds from the command until each loopback has answered each other router."""
    variables = {"HOME": str(folder), "CLAB_VERSION_CHECK": "disable"}
    began = time.monotonic()
    try:
        on_machine(machine, folder, *containerlab.ANYWHERE, str(program), "up", variables=variables)
    except AssertionError as error:
        raise MachineError(f"`netlab up` failed: {error}") from None
    names = [f"r{number}" for number in numbers]
    namespaces = _namespaces(machine, names)
    addresses = {name: IPv4Address(f"10.0.0.{name[1:]}") for name in names}
    probes = [Probe(a, addresses[b]) for a in names for b in names if a != b]
    with Prober(namespaces.__getitem__) as prober:
        unanswered = await_answers(prober, probes, began + CONVERGE_TIMEOUT_S)
    if unanswered:
        raise MachineError(f"netlab: {len(unanswered)} pings unanswered, as {unanswered[0]}")
    return time.monotonic() - began


def _namespaces(machine: LabState, names: list[str]) -> dict[str, Path]:
    form = "{{.State.Pid}}"
    containers = [f"clab-{PROGRAM}-{name}" for name in names]
    said = containerlab.in_engine(machine, ["docker", "inspect", "--format", form, *containers])
    proc = Path(f"/proc/{machine.keeper}/root", "proc")
    return {name: proc / pid / "ns/net" for name, pid in zip(names, said.split(), strict=True)}
