"""Routers as containers: containerlab and a Docker engine of the lab's own, inside its keeper.

The engine lives in the keeper's namespaces, with its files on the keeper's tmpfs. So it can't
touch the machine's own Docker, firewall or forwarding, and ends with the keeper. containerlab
makes the routers and the near halves of their wires; the other halves are ports of the panel,
where faults are made as on the other driver.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from inventory.errors import LabError, MachineError
from lab import clab_topology, inside, netns, panel, scripts
from lab.driver import Binds, Namespaces
from lab.plan import LabPlan, Node, NodeKind
from lab.state import MARKER, Fault, LabState

VERSION = "0.79.0"
SCRIPTS = Path(__file__).parent / "clab"
ANYWHERE = (str(SCRIPTS / "containerlab-anywhere"),)
"""What runs containerlab, also on a kernel that it would refuse."""
ENGINE = Path("/run/engine")
"""In the keeper's mount namespace: all that the engine writes."""
PROGRAMS = ("dockerd", "containerd", "runc", "docker", "iptables", "tini")
INSTALL = "Run: scripts/install-containerlab"
TIMEOUT_S = 170
PACKAGES = Path("/var/lib/dpkg/status")
"""What Debian has installed, with versions."""
GROUPS_TIMEOUT_S = 10.0
POLL_S = 0.01
PROCESSES, PROCESSES_A_ROUTER = 2_000, 400
"""What is started in the lab at most until all containers run, threads counted."""
CGROUPS = Path("/sys/fs/cgroup")
TASK_SHARES, MOST_SHARES = 1024, 262_144
TASK_WEIGHT, MOST_WEIGHT = 100, 10_000
"""What one process weighs beside a control group, and the most that a group may: in cpu.shares of
version 1 and cpu.weight of version 2."""
MAKERS = 4
"""containerlab makes so many routers at once. Its own choice is one a processor, which then waits
for the disk and the kernel: a twentieth of the boot."""
GARBAGE = {"GOGC": "400"}
"""Docker, its shims and containerlab collect garbage four times as seldom: another twentieth of the
boot, for 30 MiB."""


def cache() -> Path:
    """Where what takes long to build is kept between labs and checkouts."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "imereti"


def program() -> Path:
    """The containerlab that scripts/install-containerlab built."""
    return cache() / f"containerlab-{VERSION}-{platform.machine()}"


def lacking() -> str:
    """What this machine lacks for the driver; empty when it has all."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if not program().exists():
        absent.insert(0, f"containerlab {VERSION}")
    return ", ".join(absent)


class Containerlab(Namespaces):
    """See lab.driver.Driver. What is no router, and how power is lost, is as with Namespaces."""

    def check(self, folder: Path) -> None:
        super().check(folder)
        if not PACKAGES.exists():
            raise MachineError(
                "driver containerlab makes its image of Debian's packages, and this is no Debian. "
                "Run: imereti lab export --format containerlab --out DIR"
            )
        if absent := lacking():
            raise MachineError(f"driver containerlab: this machine lacks {absent}. {INSTALL}")

    def start(self, lab: LabState) -> None:
        """The engine, and the image made of this machine's packages."""
        image = host_image()
        engine = [str(SCRIPTS / "engine"), str(ENGINE), control_group(lab.folder)]
        in_engine(lab, engine, GARBAGE)
        entry = 'ENTRYPOINT ["/usr/bin/tini","--"]'
        in_engine(lab, ["docker", "import", "-c", entry, str(image), clab_topology.IMAGE])

    def make_routers(
        self,
        lab: LabState,
        plan: LabPlan,
        routers: Sequence[Node],
        binds: Binds,
    ) -> None:
        steps = netns.panel_steps()
        names = [node.name for node in routers]
        steps.append({"do": "folders", "names": names})
        netns.inside_lab(lab.keeper, lab.folder, steps)
        marked = {MARKER: str(lab.folder)}
        bound = binds()
        more = {node.name: [*bound[node.name], _boot_bind(lab, plan, node)] for node in routers}
        topology = clab_topology.panel_topology(plan, routers, more, inside.NODES, marked)
        file = lab.folder / f"{plan.name}.clab.yml"
        file.write_text(clab_topology.text(topology), encoding="utf-8")
        deploy = [*command("deploy", file), "--max-workers", str(MAKERS)]
        processes = str(PROCESSES + PROCESSES_A_ROUTER * len(names))
        in_engine(lab, deploy, GARBAGE | {"PROCESSES": processes})
        masters = [
            f"link set m{number} master {panel.MANAGEMENT_BRIDGE} up"
            for number, port in enumerate(plan.management_ports)
            if port.node in more
        ]
        steps = [
            {"do": "adopt", "pids": dict.fromkeys(names)},
            {"do": "ip", "namespace": "", "lines": masters},
        ]
        netns.inside_lab(lab.keeper, lab.folder, steps)

    def routing_step(self, plan: LabPlan, routers: Sequence[str], parallel: int) -> netns.Step:
        """They started by themselves, see lab.scripts.START_IN_CONTAINER."""
        del plan, parallel
        said = {"status": scripts.ROUTING_STATUS, "said": scripts.ROUTING_SAID}
        return {"do": "await", "names": list(routers), **said}

    def power_on(
        self,
        lab: LabState,
        plan: LabPlan,
        node: Node,
        faults: Sequence[Fault],
        bind: netns.Bind,
    ) -> None:
        if node.name not in _containers(lab):
            super().power_on(lab, plan, node, faults, bind)
            return
        in_engine(lab, ["docker", "start", node.name])
        carriers = panel.carrier_lines(faults, plan.wires_at(node.name))
        steps = [
            {"do": "adopt", "pids": _pids(lab, [node.name])},
            *netns.wiring_steps(plan, [node]),
            *netns.joining_steps(plan, [node], (), faults),
            {"do": "ip", "namespace": "", "lines": carriers},
        ]
        netns.inside_lab(lab.keeper, lab.folder, steps)

    def grown(self, lab: LabState, plan: LabPlan) -> None:
        """Let the containers weigh as much as so many routers.

        Together they weigh no more than one process at first, which serves the boot. Beside
        others' work a router that has lost its neighbour would then wait for seconds.
        """
        count = sum(node.kind is NodeKind.ROUTER for node in plan.nodes)
        group = control_group(lab.folder)
        for file, one, most in (
            (CGROUPS / "cpu" / group / "cpu.shares", TASK_SHARES, MOST_SHARES),
            (CGROUPS / group / "cpu.weight", TASK_WEIGHT, MOST_WEIGHT),
        ):
            if file.exists():
                file.write_text(str(min(count * one, most)), encoding="ascii")

    def discard(self, folder: Path) -> None:
        """The control groups of the containers, which outlive their processes."""
        deadline = time.monotonic() + GROUPS_TIMEOUT_S
        name = control_group(folder)  # of one hierarchy (v2), or in each of several
        for group in (CGROUPS / name, *CGROUPS.glob(f"*/{name}")):
            while not _removed(group):
                if time.monotonic() > deadline:
                    raise LabError(f"control group {group} is still in use. Run: imereti lab down")
                time.sleep(POLL_S)


def _removed(group: Path) -> bool:
    """Remove a control group with all below it; False while a process in it is still ending."""
    try:
        for path, _, _ in os.walk(group, topdown=False):
            Path(path).rmdir()
    except OSError:
        return not group.exists()
    return True


def _boot_bind(lab: LabState, plan: LabPlan, node: Node) -> tuple[str, str]:
    """What the container needs to start by itself, and where it finds it."""
    folder = lab.node_folder(node.name) / "boot"
    folder.mkdir(exist_ok=True)
    ports = [wire.near(node.name).interface for wire in plan.wires_at(node.name)]
    ports += [port.interface for port in plan.management_ports if port.node == node.name]
    setup = [*panel.up_lines(plan, node.name), *node.setup]
    for name, lines in (("links", ports), ("setup", setup)):
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    routing = scripts.start_early(plan, node.name)
    (folder / "routing").write_text(routing, encoding="utf-8")
    (folder / "start").write_text(scripts.START_IN_CONTAINER, encoding="utf-8")
    return str(folder), "/boot"


def command(verb: str, topology: Path) -> list[str]:
    """containerlab's command line, for `in_engine`."""
    return [*ANYWHERE, str(program()), verb, "--topo", str(topology)]


def control_group(folder: Path) -> str:
    """Name of the control group that holds a lab's containers; two labs never share it."""
    return f"imereti-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def host_image() -> Path:
    """The image of this machine's packages, made anew when a package changed."""
    made_by = SCRIPTS / "image-from-host"
    of = hashlib.sha256(made_by.read_bytes())
    of.update(PACKAGES.read_bytes())
    file = cache() / f"frr-image-{of.hexdigest()[:16]}.tar"
    if not file.exists():
        cache().mkdir(parents=True, exist_ok=True)
        for old in cache().glob("frr-image-*.tar"):
            old.unlink(missing_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        try:
            _run([str(made_by), str(part)])
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    return file


def _containers(lab: LabState) -> frozenset[str]:
    said = in_engine(lab, ["docker", "ps", "--all", "--format", "{{.Names}}"])
    return frozenset(said.split())


def _pids(lab: LabState, names: Sequence[str]) -> dict[str, int]:
    """Container -> its process 1, as the keeper counts."""
    form = "{{.Name}} {{.State.Pid}}"
    said = in_engine(lab, ["docker", "inspect", "--format", form, *names])
    pairs = (line.lstrip("/").split() for line in said.splitlines() if line)
    pids = {name: int(pid) for name, pid in pairs}
    ended = [name for name in names if not pids.get(name)]
    if ended:
        raise LabError(f"the container of {', '.join(ended)} ended while it was made.")
    return pids


def in_engine(
    lab: LabState, command: list[str], environment: Mapping[str, str] | None = None
) -> str:
    """Run a command in the keeper's namespaces, where the engine is; LabError when it fails."""
    enter = [f"--target={lab.keeper}", "--mount", "--pid", "--net", "--uts", "--ipc"]
    more = {MARKER: str(lab.folder), **(environment or {})}
    return _run(["nsenter", *enter, "--", *command], more)


def _run(command: list[str], more: Mapping[str, str] | None = None) -> str:
    environment = {**netns.ENVIRONMENT, "HOME": str(Path.home()), **(more or {})}
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{command[-1]} did not end within {TIMEOUT_S} s.") from None
    if done.returncode != 0:
        raise LabError(f"{' '.join(command[-4:])}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout
