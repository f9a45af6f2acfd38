"""Faults that somebody plugs into a LAN: one more namespace at a port of the LAN's switch.

The intruder `x-<lan>` has the name of a node, so that probes can be sent from it; it is no node of
the plan. It goes with the fault, its port and its processes too.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from inventory.errors import LabError
from lab import netns, planner, vty
from lab.fault_kinds import DEFAULT_ROUTE
from lab.inside import NETNS
from lab.plan import LabPlan, LanHost
from lab.state import MARKER, POWER_OFF, Fault, LabState

ROUTER_ADDRESS = 66
"""Last part of the addresses that a rogue router takes in the LAN."""
ROGUE_TIMEOUT_S = 30
HELLOS_TIMEOUT_S = 15.0
POLL_S = 0.1
HELLOS = {
    "ospfd": ("show ip ospf interface traffic", "helloOut"),
    "ospf6d": ("show ipv6 ospf6 interface traffic", "helloTx"),
}
"""Daemon -> what shows its counters, and how that of sent hellos is called."""

START_ROGUE = """
set -e
here=/run/{node}
mkdir -p $here/frr
chown frr:frr $here $here/frr
cat > $here/frr.conf
for daemon in zebra staticd ospfd ospf6d; do
  /usr/lib/frr/$daemon -d -F traditional -f $here/frr.conf -i $here/$daemon.pid \\
    -z $here/zserv.api --vty_socket $here/frr -A 127.0.0.1 -P 0 >> $here/said 2>&1 \\
    || {{ echo "$daemon did not start:"; cat $here/said; exit 12; }}
done
"""
END_ROGUE = """
for pid in /run/{node}/*.pid; do [ -e "$pid" ] && kill -9 $(cat "$pid") 2>/dev/null; done
rm -rf /run/{node}
"""


def intruder(lan: str) -> str:
    """Name of the namespace that a fault plugs into a LAN."""
    return f"x-{lan}"


def plug_in(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """Plug the intruder in; LabError when the LAN has no switch with power."""
    host, switch = _place(plan, fault.target)
    if _is_off(switch, lab.faults):
        raise LabError(f"{switch}, the switch of {fault.target}, is powered off.")
    _unplug(lab, fault.target)  # of an attempt that was interrupted
    node, port = intruder(fault.target), _port(plan, fault.target)
    wire = f"link add name {port} up netns {switch} type veth"
    wire += f" peer name {planner.HOST_PORT} netns {node}"
    steps: list[netns.Step] = [
        {"do": "namespaces", "names": [node], "sysctls": [planner.QUIET]},
        {"do": "ip", "namespace": "", "lines": [wire]},
        {
            "do": "ip",
            "namespace": switch,
            "lines": [f"link set {port} master vlan{host.vlan}"],
        },
        {"do": "ip", "namespace": node, "lines": list(_addresses(fault, host))},
    ]
    netns.inside_lab(lab.keeper, lab.folder, steps)
    if offers := fault.word("offers"):
        _in_intruder(lab, node, START_ROGUE.format(node=node), rogue_text(offers))
        _await_hellos(lab, node)
    else:
        _in_intruder(lab, node, _claim(node, _claimed(fault, host)), "")


def _await_hellos(lab: LabState, node: str) -> None:
    """Until both of a rogue's daemons have sent to the LAN, as they count; LabError else."""
    run = Path(f"/proc/{lab.keeper}/root", "run", node)
    deadline = time.monotonic() + HELLOS_TIMEOUT_S
    while silent := [daemon for daemon in HELLOS if not hellos_sent(run, daemon)]:
        if time.monotonic() > deadline:
            raise LabError(f"{node}: no hello of {silent[0]} left within {HELLOS_TIMEOUT_S:g} s.")
        time.sleep(POLL_S)


def hellos_sent(run: Path, daemon: str) -> int:
    """How many hellos have left a router's interfaces, as ospfd or ospf6d itself counts."""
    command, counter = HELLOS[daemon]
    interfaces = vty.show_json(run, daemon, command) or {}
    return sum(one.get(counter, 0) for one in interfaces.values() if isinstance(one, dict))


def unplug(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """Take the intruder away, and forget what the LAN's switch and hosts learned of it."""
    host, switch = _place(plan, fault.target)
    _unplug(lab, fault.target)
    nodes = {host.node, switch, _router(plan, host, switch)}
    steps: list[netns.Step] = [
        {"do": "ip", "namespace": node, "lines": [f"neigh flush to {_claimed(fault, host)}"]}
        for node in sorted(nodes)
        if not _is_off(node, left)
    ]
    netns.inside_lab(lab.keeper, lab.folder, steps)


def _unplug(lab: LabState, lan: str) -> None:
    node = intruder(lan)
    if not netns.network_namespace(lab, node).exists():
        return
    _in_intruder(lab, node, END_ROGUE.format(node=node), "")
    _in_intruder(lab, node, f"ip link delete {planner.HOST_PORT} 2>/dev/null; true", "")
    netns.inside_lab(lab.keeper, lab.folder, [{"do": "kill", "names": [node]}])


def _place(plan: LabPlan, lan: str) -> tuple[LanHost, str]:
    """The LAN's host, and the node with the LAN's bridge."""
    host = next(host for host in plan.hosts if host.lan == lan)
    if host.node != host.lan:  # the switch itself answers there
        return host, host.node
    wire = plan.wires_at(host.node)[0]
    switch = (wire.b if wire.a.node == host.node else wire.a).node
    if f"vlan{host.vlan}" not in " ".join(plan.node(switch).setup):
        raise LabError(f"{lan}: its switch is not in this lab, so nothing can be plugged in.")
    return host, switch


def _router(plan: LabPlan, host: LanHost, switch: str) -> str:
    """The other end of the switch's uplink, where the LAN's gateway is."""
    for wire in plan.wires_at(switch):
        for port in (wire.a, wire.b):
            if port.node != switch and port.interface.endswith(f".{host.vlan}"):
                return port.node
    return switch


def _port(plan: LabPlan, lan: str) -> str:
    lans = [host.lan for host in plan.hosts]
    return f"x{lans.index(lan)}"


def _is_off(node: str, faults: tuple[Fault, ...]) -> bool:
    return any((fault.kind, fault.target) == (POWER_OFF, node) for fault in faults)


def _claimed(fault: Fault, host: LanHost) -> IPv4Address | IPv6Address:
    """The address that an intruder claims: one that is somebody's, or a free one of the LAN's."""
    if fault.word("offers"):
        return _nearby(host.ipv4)
    return ip_address(fault.word("address") or str(host.ipv4))


def _nearby(address: IPv4Address) -> IPv4Address:
    return IPv4Address(int(address) >> 8 << 8 | ROUTER_ADDRESS)


def _addresses(fault: Fault, host: LanHost) -> Iterator[str]:
    yield "link set lo up"
    claimed = _claimed(fault, host)
    length = 24 if claimed.version == 4 else 64
    yield f"address add {claimed}/{length} dev {planner.HOST_PORT}"
    yield f"link set {planner.HOST_PORT} up"


def _claim(node: str, address: IPv4Address | IPv6Address) -> str:
    pid_file = f"/run/{node}/claimant.pid"
    claimant = f"{sys.executable} -S -m lab.claimant {pid_file} {planner.HOST_PORT} {address}"
    return f"mkdir -p /run/{node} && {claimant}"


def _in_intruder(lab: LabState, node: str, script: str, text: str) -> None:
    """A shell script in the intruder's network and the lab's own processes and files."""
    enter = ["nsenter", f"--target={lab.keeper}", "--mount", "--pid", "--uts", "--ipc", "--"]
    enter += ["nsenter", f"--net={NETNS / node}", "--", "sh", "-c", script]
    done = subprocess.run(
        enter,
        input=text,
        capture_output=True,
        text=True,
        timeout=ROGUE_TIMEOUT_S,
        check=False,
        env={**netns.ENVIRONMENT, MARKER: str(lab.folder)},
    )
    if done.returncode != 0:
        raise LabError(f"{node}: {(done.stdout + done.stderr).strip() or done.returncode}")


def rogue_text(offers: str) -> str:
    """frr.conf of a router that nobody asked for: OSPF without a key, ways to whatever it likes."""
    lines = ["hostname rogue", "frr defaults traditional"]
    redistribute4, redistribute6 = " redistribute static", " redistribute static"
    for word in offers.split(","):
        if word == DEFAULT_ROUTE:
            redistribute4 = " default-information originate always metric 1"
            redistribute6 = redistribute4
            continue
        family = "ip" if ip_network(word).version == 4 else "ipv6"
        lines.append(f"{family} route {word} blackhole")
    return "\n".join(
        [
            *lines,
            f"interface {planner.HOST_PORT}",
            " ip ospf area 0",
            " ip ospf hello-interval 1",
            " ip ospf dead-interval 4",
            " ip ospf network point-to-point",
            " ipv6 ospf6 area 0",
            " ipv6 ospf6 hello-interval 1",
            " ipv6 ospf6 dead-interval 4",
            " ipv6 ospf6 network point-to-point",
            "router ospf",
            " ospf router-id 6.6.6.6",
            redistribute4,
            "router ospf6",
            " ospf6 router-id 6.6.6.6",
            redistribute6,
            "",
        ]
    )
