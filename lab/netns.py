"""The lab on network namespaces of this machine: how to boot a plan, enter it and remove it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from inventory.errors import LabError
from lab import inside, panel
from lab.plan import LabPlan, Node
from lab.state import (
    MARKER,
    Fault,
    LabState,
    interface_name,
    marked_processes,
    process_start,
)

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(PACKAGE_ROOT),
}
"""Of every process of a lab: the caller's may hold the real network's secrets."""
STEP_TIMEOUT_S = 180
END_TIMEOUT_S = 30.0
POLL_S = 0.01
END_ALL = "while kill -KILL -1; do sleep 0.01; done"
"""Within a namespace of processes, until there are none but its process 1."""

Step = dict[str, Any]
Bind = list[tuple[str, str]]
"""(folder or file of the lab, where the node sees it)."""


def enter_lab(keeper: int) -> list[str]:
    """What to put before a command so that it runs in the keeper's namespaces."""
    return ["nsenter", f"--target={keeper}", "--mount", "--pid", "--net", "--uts", "--ipc", "--"]


def start_keeper(folder: Path) -> tuple[int, int]:
    """Start the process that holds the lab; its id and its start in clock ticks."""
    done = _python("lab.keeper", [], "", {MARKER: str(folder)})
    keeper = int(done)
    return keeper, process_start(keeper)


def end_below(lab: LabState) -> None:
    """Kill what the lab's keeper holds, all at once; what that leaves is found by `marked`.

    To the kernel these are the processes of a namespace, and to end them is one call. To find a
    thousand in /proc takes a tenth of a second, and they die slower for having been looked at.
    """
    try:
        namespace = os.open(f"/proc/{lab.keeper}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # nobody is left
    try:
        # In the machine's own namespace the same call would end the machine.
        ours = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116  (not the link's target)
        if lab.alive() and os.fstat(namespace).st_ino != ours:
            enter = ["nsenter", f"--pid=/proc/self/fd/{namespace}", "--"]
            subprocess.run(
                [*enter, "sh", "-c", END_ALL],
                env=ENVIRONMENT,
                pass_fds=[namespace],
                capture_output=True,
                timeout=END_TIMEOUT_S,
                check=False,
            )
    except subprocess.TimeoutExpired:
        pass  # `end` names who does not die
    finally:
        os.close(namespace)


def marked(folder: Path) -> tuple[list[int], list[int]]:
    """The processes of the lab in `folder`: all but the oldest, and this one, which goes last.

    It is the keeper, which holds the network namespaces. While the kernel takes those apart it has
    no time for anything else, and whoever has a socket to close has to wait.
    """
    found = sorted(marked_processes(folder), key=process_start)
    return found[1:], found[:1]


def end(processes: list[int]) -> None:
    """Kill them, and wait for their end; LabError when one takes too long."""
    deadline = time.monotonic() + END_TIMEOUT_S
    for process in processes:
        _signalled(process, signal.SIGKILL)
    for process in processes:
        if _signalled(process, 0):  # a zombie hears it, too; of most there is nothing left
            _await_end(process, deadline)


def _signalled(process: int, number: int) -> bool:
    """Whether there was such a process."""
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return False
    return True


def remove_interface(name: str) -> None:
    """Delete the lab's interface, which would vanish with the namespace at its other end.

    But the kernel takes namespaces apart one after the other, those of everybody: on a busy machine
    that can last longer than anybody waits.
    """
    interface = interface_name(name)
    deadline = time.monotonic() + END_TIMEOUT_S
    while interface in {each for _, each in socket.if_nameindex()}:
        if time.monotonic() > deadline:
            raise LabError(
                f"interface {interface} did not go away. Run: ip link delete {interface}"
            )
        subprocess.run(
            ["ip", "link", "delete", interface],
            env=ENVIRONMENT,
            capture_output=True,
            timeout=STEP_TIMEOUT_S,
            check=False,  # it may have gone just now
        )


def inside_lab(keeper: int, folder: Path, steps: Iterable[Step]) -> list[Any]:
    """Do the steps (see lab.inside) within the keeper's namespaces; LabError when one fails."""
    marked = {MARKER: str(folder)}
    results: list[Any] = json.loads(
        _python("lab.inside", enter_lab(keeper), json.dumps(list(steps)), marked)
    )
    return results


def _python(
    module: str,
    enter: list[str],
    text: str,
    environment: dict[str, str],
    arguments: Iterable[str] = (),
    *,
    site: bool = False,
) -> str:
    """Run one of our modules; without site packages it starts three times as fast."""
    isolated = [] if site else ["-S"]
    done = subprocess.run(
        [*enter, sys.executable, *isolated, "-m", module, *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=STEP_TIMEOUT_S,
        check=False,
        cwd="/",
        env={**ENVIRONMENT, **environment},
    )
    if done.returncode != 0:
        raise LabError(f"{module} failed: {done.stderr.strip()}")
    return done.stdout


def start_traffic(state: Path, name: str, folder: Path) -> int:
    """Start the traffic generator, which outlives this command; its process id."""
    return int(_python("lab.flows", [], "", {MARKER: str(folder)}, [str(state), name], site=True))


def start_relay(keeper: int, folder: Path, arguments: list[str]) -> None:
    """Start the relay of a delayed circuit (see lab.relay); LabError when it gets no TAPs."""
    _python("lab.relay", enter_lab(keeper), "", {MARKER: str(folder)}, arguments)


def end_process(process: int) -> None:
    """SIGTERM, and wait for its end; LabError when it takes too long."""
    if not process_start(process):
        return
    os.kill(process, signal.SIGTERM)
    _await_end(process, time.monotonic() + END_TIMEOUT_S)


def _await_end(process: int, deadline: float) -> None:
    while process_start(process):
        if time.monotonic() > deadline:
            raise LabError(f"process {process} did not end within {END_TIMEOUT_S:g} s.")
        time.sleep(POLL_S)


def panel_steps() -> list[Step]:
    """The patch panel, still without wires."""
    return [
        {"do": "sysctls", "sysctls": panel.PANEL_SYSCTLS},
        {"do": "ip", "namespace": "", "lines": ["link set lo up", panel.MANAGEMENT_LINE]},
    ]


def node_steps(
    plan: LabPlan, nodes: Iterable[Node], loose: Iterable[str], faults: Iterable[Fault] = ()
) -> list[Step]:
    """Namespaces, near halves of wires and addresses of `nodes`; wires of `loose` ones join later.

    Wires are joined as the faults in force demand.
    """
    nodes = tuple(nodes)
    namespaces = {
        "do": "namespaces",
        "names": [node.name for node in nodes],
        "sysctls": [dict(node.sysctls) for node in nodes],
    }
    return [namespaces, *wiring_steps(plan, nodes), *joining_steps(plan, nodes, loose, faults)]


def wiring_steps(plan: LabPlan, nodes: Iterable[Node]) -> list[Step]:
    """The near halves of all wires of `nodes`, whose namespaces are there."""
    lines = [line for node in nodes for line in panel.wire_lines(plan, node.name)]
    return [{"do": "ip", "namespace": "", "lines": lines}]


def joining_steps(
    plan: LabPlan, nodes: Iterable[Node], loose: Iterable[str], faults: Iterable[Fault] = ()
) -> list[Step]:
    """Join all wires in the panel but those of `loose` nodes, and give `nodes` their addresses.

    Wires are joined as the faults in force demand.
    """
    rules: Step = {"do": "nft", "text": panel.panel_rules(plan, faults, loose)}
    return [rules, *(_setup_step(plan, node) for node in nodes)]


def _setup_step(plan: LabPlan, node: Node) -> Step:
    lines = panel.up_lines(plan, node.name)
    return {"do": "ip", "namespace": node.name, "lines": [*lines, *node.setup]}


def power_off_steps(plan: LabPlan, node: Node, faults: Iterable[Fault]) -> list[Step]:
    """End a device and take its wires away; its neighbours lose their carrier."""
    faults = tuple(faults)
    lines = panel.carrier_lines(faults, plan.wires_at(node.name))
    return [
        {"do": "ip", "namespace": "", "lines": [*lines, *panel.unwire_lines(plan, node.name)]},
        {"do": "kill", "names": [node.name]},
        {"do": "nft", "text": panel.panel_rules(plan, faults)},
    ]


def power_on_steps(plan: LabPlan, node: Node, faults: Iterable[Fault], bind: Bind) -> list[Step]:
    """One device again from nothing: namespace, wires, container; the rest keeps running."""
    faults = tuple(faults)
    carriers = panel.carrier_lines(faults, plan.wires_at(node.name))
    return [
        *node_steps(plan, [node], (), faults),
        containers_step([node], {node.name: bind}),
        {"do": "ip", "namespace": "", "lines": carriers},
    ]


def containers_step(nodes: Iterable[Node], binds: Mapping[str, Bind]) -> Step:
    """A process tree of its own for each node in which programs run."""
    return {
        "do": "containers",
        "containers": [
            {"name": node.name, "binds": binds[node.name]} for node in nodes if node.contained
        ],
    }


def scripts_step(scripts: Mapping[str, str], parallel: int, nice: int = 0) -> Step:
    """A script in each node."""
    return {"do": "scripts", "scripts": dict(scripts), "parallel": parallel, "nice": nice}


def connect_management(plan: LabPlan, keeper: int, folder: Path) -> None:
    """Give this machine its one interface into the lab, with the management network's address."""
    name = interface_name(plan.name)
    lines = [
        f"link add name {name} type veth peer name {panel.UPLINK} netns {keeper}",
        f"address add {plan.gateway} dev {name}",
        f"link set {name} up",
    ]
    _ip(["-batch", "-"], "\n".join(lines) + "\n")
    lines = [f"link set {panel.UPLINK} up master {panel.MANAGEMENT_BRIDGE}"]
    inside_lab(keeper, folder, [{"do": "ip", "namespace": "", "lines": lines}])


def _ip(arguments: list[str], text: str = "") -> str:
    done = subprocess.run(
        ["ip", *arguments],
        env=ENVIRONMENT,
        input=text,
        capture_output=True,
        text=True,
        timeout=STEP_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def address_owners() -> list[dict[str, Any]]:
    """Interfaces of this machine's own namespace with their IPv4 addresses, as `ip -j` says."""
    owners: list[dict[str, Any]] = json.loads(_ip(["-j", "-4", "address"]) or "[]")
    return owners


def network_namespace(state: LabState, node: str) -> Path:
    """The file by which any process of this machine enters the node's network."""
    return Path(f"/proc/{state.keeper}/root{inside.NETNS}/{node}")


def run_folder(state: LabState, node: str) -> Path:
    """The node's /run, seen from outside: the sockets of its daemons are here."""
    return Path(f"/proc/{state.keeper}/root{inside.NODES}/{node}/run")


def exec_command(state: LabState, node: Node) -> list[str]:
    """What to put before a command so that it runs inside the node; LabError when it is off."""
    if not node.contained:
        return ["nsenter", f"--net={network_namespace(state, node.name)}", "--"]
    try:
        return inside.enter_command(Path(f"/proc/{state.keeper}/root"), node.name)
    except OSError:
        raise LabError(f"{node.name} is powered off. Run: imereti lab heal {node.name}") from None
