"""containerlab's topology file for a plan: the routers of a lab, wired to its patch panel.

Format: containerlab 0.79, https://containerlab.dev/manual/topo-def-file/
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.plan import LabPlan, Node

IMAGE = "imereti-frr"
HOST = "host"
"""containerlab's name for the namespace that it runs in; here, the panel's."""


def text(topology: Mapping[str, Any]) -> str:
    """The file, in the order of the document."""
    return yaml.safe_dump(topology, sort_keys=False, allow_unicode=True, width=100)


def sysctls(node: Node) -> dict[str, str]:
    """A node's kernel settings by the dotted names that Docker wants."""
    return {name.replace("/", "."): value for name, value in node.sysctls.items()}


def panel_topology(
    plan: LabPlan,
    routers: Iterable[Node],
    binds: Mapping[str, Iterable[tuple[str, str]]],
    run: Path,
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """`routers` as containers that wait; each of their wires leads to a port of the panel.

    `run` is a folder that holds, for each router, the folder that becomes its /run.
    """
    routers = tuple(routers)
    return {
        "name": plan.name,
        "prefix": "",
        "topology": {
            "kinds": {
                "linux": {
                    "image": IMAGE,
                    "image-pull-policy": "never",
                    "restart-policy": "no",  # started again by Docker, it would have no wires
                    "network-mode": "none",
                    "cmd": "sleep infinity",
                    "env": dict(environment),
                }
            },
            "nodes": {
                node.name: {
                    "kind": "linux",
                    "sysctls": sysctls(node),
                    "binds": [
                        *(f"{source}:{target}" for source, target in binds[node.name]),
                        f"{run / node.name / 'run'}:/run",
                    ],
                }
                for node in routers
            },
            "links": list(_panel_links(plan, routers)),
        },
    }


def _panel_links(plan: LabPlan, routers: Iterable[Node]) -> Iterable[dict[str, list[str]]]:
    for node in routers:
        for wire in plan.wires_at(node.name):
            near, far = wire.near(node.name).interface, wire.panel_port(node.name)
            yield {"endpoints": [f"{node.name}:{near}", f"{HOST}:{far}"]}
        for number, port in enumerate(plan.management_ports):
            if port.node == node.name:
                yield {"endpoints": [f"{node.name}:{port.interface}", f"{HOST}:m{number}"]}
