"""What a machine needs for a lab: rights, programs, kernel features; each with what mends it."""

import os
import re
import shutil
import subprocess
import sys
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

from inventory.errors import LabError, MachineError
from lab import netns
from lab.plan import LabPlan
from lab.state import interface_name

PROGRAMS = {
    "vtysh": "frr",
    "/usr/lib/frr/zebra": "frr",
    "/usr/lib/frr/ospfd": "frr",
    "/usr/lib/frr/ospf6d": "frr",
    "/usr/lib/frr/bgpd": "frr",
    "/usr/lib/frr/bfdd": "frr",
    "/usr/lib/frr/frr-reload.py": "frr-pythontools",
    "/usr/lib/x86_64-linux-gnu/frr/modules/zebra_snmp.so": "frr-snmp",
    "/usr/sbin/snmpd": "snmpd",
    "/usr/sbin/sshd": "openssh-server",
    "nft": "nftables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "ssh-keygen": "openssh-client",
    "openssl": "openssl",
}
"""Program (or file, where its path is fixed) -> Debian package."""
OLDEST_FRR = (8, 4)
HIDDEN = ("/run/", "/var/tmp/", "/proc/", "/sys/")  # noqa: S108  (compared, never written)
"""A lab's folder can't be under these: its nodes have their own."""

SPACE_BASE_MIB, SPACE_NODE_MIB = 16, 0.25
"""What the lab's folder may come to: in all, and for each node in which programs run."""

NEIGHBOUR_LIMITS = Path("/proc/sys/net")

TRIAL = """
set -e
ip link add name trial0 up type veth peer name trial1
ip link add name trial2 type bridge mcast_snooping 0
nft -f - <<'RULES'
table netdev t { chain c { type filter hook ingress device trial0 priority 0; fwd to trial1; }; }
table inet t { chain c { type filter hook input priority 0; ct state established accept; }; }
RULES
"""


def lacking(path: str = os.environ.get("PATH", os.defpath)) -> tuple[str, ...]:
    """Debian packages of the programs that this machine lacks, sorted."""
    return tuple(
        sorted(
            {
                package
                for program, package in PROGRAMS.items()
                if not (_module(program) if program.endswith(".so") else _found(program, path))
            }
        )
    )


def _found(program: str, path: str) -> bool:
    if program.startswith("/"):
        return Path(program).exists()
    return shutil.which(program, path=f"{path}:/usr/sbin:/sbin") is not None


def _module(file: str) -> bool:
    """A module's folder has the machine's architecture in it."""
    name = Path(file).name
    return any(Path("/usr/lib").glob(f"*/frr/modules/{name}"))


def check_machine(folder: Path) -> None:
    """MachineError naming the first thing that is lacking, and the command that mends it."""
    if sys.platform != "linux":
        raise MachineError("the lab needs Linux: its routers are network namespaces.")
    if os.geteuid() != 0:
        raise MachineError("the lab needs root to make namespaces. Run: sudo imereti lab up")
    if packages := lacking():
        raise MachineError(
            f"the lab needs {', '.join(packages)}, which this machine lacks. "
            f"Run: apt-get install -y {' '.join(packages)}"
        )
    _check_version()
    if str(folder).startswith(HIDDEN):
        raise MachineError(
            f"the lab's folder {folder} lies where each router has a folder of its own. "
            "Set paths.state in config.yaml to another place."
        )
    _check_kernel()


def _check_version() -> None:
    said = _run(["/usr/lib/frr/zebra", "--version"]).stdout
    found = re.search(r"version (\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_FRR:
        oldest = ".".join(map(str, OLDEST_FRR))
        shown = f"{found[1]}.{found[2]}" if found else f"{said.strip()[:60] or 'no answer'!r}"
        raise MachineError(
            f"FRRouting: expected {oldest} or later, found {shown}. Run: apt-get install -y frr"
        )


def check_space(folder: Path, nodes: int) -> None:
    """MachineError unless the disk has room for the folders of so many nodes."""
    place = next(one for one in (folder, *folder.parents) if one.exists())
    disk = os.statvfs(place)
    free_mib = disk.f_bavail * disk.f_frsize // 2**20
    needed_mib = round(SPACE_BASE_MIB + SPACE_NODE_MIB * nodes)
    if free_mib < needed_mib:
        raise MachineError(
            f"the lab needs {needed_mib} MiB on the disk of {place}, which has {free_mib} MiB "
            "left. Make room there, or set paths.state in config.yaml to another place."
        )


def _check_kernel() -> None:
    """Try what the lab is made of, in namespaces that vanish with the trial."""
    done = _run(
        ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "sh", "-c", TRIAL]
    )
    if done.returncode != 0:
        raise MachineError(
            f"this kernel refuses what the lab is made of: {done.stderr.strip()}. Expected "
            "namespaces, veth, bridge, nftables with netdev and inet tables; in a container, "
            "run it with --privileged; else run: modprobe -a veth bridge nf_tables nft_fwd_netdev"
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=netns.ENVIRONMENT, capture_output=True, text=True, timeout=30, check=False
    )


def neighbours_needed(plan: LabPlan) -> int:
    """Neighbours of one family that a lab has at the same time, at least.

    Each end of a wire and of a management port is a neighbour of the other, by IPv6 often by two
    addresses.
    """
    return 2 * (len(plan.wires) + len(plan.management_ports))


def neighbour_limits(limits: Path = NEIGHBOUR_LIMITS) -> dict[str, int]:
    """ipv4, ipv6 -> how many neighbours the kernel keeps, over all namespaces (gc_thresh3).

    Empty inside a network namespace, where that can't be read.
    """
    files = {family: limits / family / "neigh/default/gc_thresh3" for family in ("ipv4", "ipv6")}
    return {f: int(file.read_text(encoding="ascii")) for f, file in files.items() if file.exists()}


def more_neighbours(family: str, needed: int) -> str:
    """The command that lets the kernel keep enough for a few labs that need so many each."""
    name = f"net.{family}.neigh.default"
    return f"sysctl -w {name}.gc_thresh2={4 * needed} {name}.gc_thresh3={8 * needed}"


def check_neighbours(plan: LabPlan, limits: Path = NEIGHBOUR_LIMITS) -> None:
    """MachineError when the kernel forgets neighbours that the lab needs at the same time."""
    needed = neighbours_needed(plan)
    for family, limit in neighbour_limits(limits).items():
        if limit < needed:
            raise MachineError(
                f"the lab has {needed} {family} neighbours or more, but this kernel keeps {limit} "
                f"in all (gc_thresh3). Run: {more_neighbours(family, needed)}"
            )


def check_management(management: IPv4Network, name: str) -> None:
    """LabError when the machine, or another lab, uses addresses of the management network."""
    for owner in netns.address_owners():
        for address in owner.get("addr_info", []):
            used = IPv4Interface(f"{address['local']}/{address['prefixlen']}").network
            if owner["ifname"] != interface_name(name) and used.overlaps(management):
                raise LabError(
                    f"lab.management {management} is in use: interface {owner['ifname']} has "
                    f"{address['local']}/{address['prefixlen']}. Set another prefix: "
                    "IMERETI_LAB__MANAGEMENT=172.20.21.0/24 imereti lab up"
                )
