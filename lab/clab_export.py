"""A lab as a folder that containerlab deploys on any machine with Docker, without this program.

Nodes are described by a few text files each, which one start script reads in the container. Files
are handed to the daemons' users there, since users have other numbers on other machines, and what
is copied loses its owner.
"""

import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template

from inventory.errors import LabError
from inventory.secrets import Secrets
from lab import clab_topology, folders, panel, scripts
from lab.boot import Bootable
from lab.clab_topology import DOCKER_PORT, first_name
from lab.plan import LabPlan, Node, NodeKind
from lab.reach import allowed_probes
from lab.state import interface_name

ASSETS = Path(__file__).parent / "clab"
PLACES = {
    "export/up": "up",
    "export/down": "down",
    "export/check": "check",
    "export/in": "in",
    "export/start-node": "start/node",
    "export/check-node": "start/check",
    "export/build-image": "image/build-image",
    "image-from-host": "image/image-from-host",
    "Containerfile": "image/Containerfile",
}
"""Of this package -> of the folder."""
NODE_MIB = {NodeKind.ROUTER: 45, NodeKind.EXTERNAL: 45, NodeKind.SWITCH: 15, NodeKind.HOST: 5}
"""Memory of a node with what Docker keeps beside it, for the README."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was written."""

    folder: Path
    topology: Path
    nodes: int
    links: int
    pings: int


def export(made: Bootable, folder: Path) -> Export:
    """Write the folder; LabError when it is there and not empty, or can't be written."""
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        if any(folder.iterdir()):
            raise LabError(
                f"{folder} is not empty: expected a new folder, since the lab's secrets are made "
                "for it. Remove it, or name another one with --out."
            )
        folder.chmod(0o700)  # secrets are in it
        return _write(made, folder)
    except OSError as error:
        raise LabError(f"{folder} can't be written: {error.strerror or error}.") from None


def _write(made: Bootable, folder: Path) -> Export:
    plan = made.plan
    for source, target in PLACES.items():
        (folder / target).parent.mkdir(exist_ok=True)
        shutil.copy(ASSETS / source, folder / target)
    topology = clab_topology.direct_topology(plan, made.addresses, interface_name(plan.name))
    file = folder / f"{plan.name}.clab.yml"
    file.write_text(clab_topology.text(topology), encoding="utf-8")
    texts = [text for files in made.files.values() for text in files.values()]
    secrets = folders.make_secrets(folder / "secrets", texts, {made.admin_secret})
    key = folders.make_key(folder / "id_ed25519")
    hashed = folders.hashed(secrets.get(made.admin_secret))
    pings: dict[str, list[str]] = {}
    for probe in allowed_probes(plan):
        pings.setdefault(probe.source, []).append(str(probe.target))
    for node in plan.nodes:
        place = folder / "nodes" / node.name
        place.mkdir(parents=True)
        _write_node(place, plan, node)
        _write_lines(place / "pings", pings.get(node.name, []))
        if node.contained:
            _write_files(place, made, node, secrets)
            _write_lines(place / "admin", [f"{made.admin_user}:{hashed}"])
            folders.write_private(place / "authorized_keys", key)
    count = sum(map(len, pings.values()))
    _write_readme(folder, made, count)
    return Export(folder, file, len(plan.nodes), len(plan.wires), count)


def _write_files(place: Path, made: Bootable, node: Node, secrets: Secrets) -> None:
    for name, text in made.files[node.name].items():
        if name not in folders.NOT_RUN:
            file = place / folders.place(name)
            file.parent.mkdir(exist_ok=True)
            folders.write_private(file, secrets.fill(text))


def _write_node(place: Path, plan: LabPlan, node: Node) -> None:
    managed = {port.node: port.interface for port in plan.management_ports}
    ports = [p for wire in plan.wires_at(node.name) for p in (wire.a, wire.b)]
    ports = [port for port in ports if port.node == node.name]
    links = [first_name(port, managed) for port in ports]
    lines: list[str] = []
    if node.name in managed:
        links.append(DOCKER_PORT)
        lines += _renamed(DOCKER_PORT, managed[node.name])
        lines.append(f"address flush dev {managed[node.name]}")
    for port in ports:
        first = first_name(port, managed)
        lines += _renamed(first, port.interface) if first != port.interface else []
    programs = scripts.services([node])[node.name] if node.contained else ""
    if node.kind in {NodeKind.ROUTER, NodeKind.EXTERNAL}:
        early = scripts.start_early(plan, node.name).rstrip()
        wait = scripts.AWAIT_DEFAULT if node.name not in plan.outward else ""
        programs = f"{early} || exit 1\n{wait}{programs}"
    _write_lines(place / "links", links)
    _write_lines(place / "sysctls", [f"{name} {value}" for name, value in node.sysctls.items()])
    _write_lines(place / "setup", [*lines, *panel.up_lines(plan, node.name), *node.setup])
    (place / "programs").write_text(programs, encoding="utf-8")


def _renamed(first: str, name: str) -> list[str]:
    return [f"link set {first} down", f"link set {first} name {name}"]


def _write_lines(file: Path, lines: Iterable[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _write_readme(folder: Path, made: Bootable, pings: int) -> None:
    plan = made.plan
    kinds = Counter(node.kind for node in plan.nodes)
    router = next(node.name for node in plan.nodes if node.kind is NodeKind.ROUTER)
    peers = [node.name for node in plan.nodes if node.kind is NodeKind.EXTERNAL]
    template = Template((ASSETS / "export" / "README.md").read_text(encoding="utf-8"))
    text = template.substitute(
        name=plan.name,
        revision=plan.revision,
        routers=kinds[NodeKind.ROUTER],
        switches=kinds[NodeKind.SWITCH],
        hosts=kinds[NodeKind.HOST],
        externals=f", stand-ins for {', '.join(peers)}" if peers else "",
        links=len(plan.wires),
        a_router=router,
        a_host=next((n.name for n in plan.nodes if n.kind is NodeKind.HOST), router),
        an_address=made.addresses[router],
        pings=pings,
        memory_gib=round(sum(NODE_MIB[kind] * count for kind, count in kinds.items()) / 1024, 1),
        management=plan.management,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
