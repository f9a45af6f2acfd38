"""containerlab's topology file for a plan: the routers of a lab, wired to its patch panel.

Format: containerlab 0.79, https://containerlab.dev/manual/topo-def-file/
"""

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

from lab.plan import LabPlan, Node, Port

IMAGE = "imereti-frr"
MTU_OCTETS = 1500
HOST = "host"
"""containerlab's name for the namespace that it runs in; here, the panel's."""
UNUSED_KEY_BITS = 1024
"""Of the authority that containerlab makes for certificates, none of which any node has."""
UNCONNECTED = {"LAB_NETWORK": "none"}
"""In the environment of a container without a Docker network: see lab/clab/oci-runtime."""


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
    """`routers` as containers, each of whose wires leads to a port of the panel.

    They run /boot/start, which `binds` must bring. `run` is a folder that
    holds, for each router, the folder that becomes its /run.
    """
    routers = tuple(routers)
    return {
        "name": plan.name,
        "prefix": "",
        "settings": {"certificate-authority": {"key-size": UNUSED_KEY_BITS}},
        "topology": {
            "kinds": {
                "linux": {
                    "image": IMAGE,
                    "image-pull-policy": "never",
                    "restart-policy": "no",  # started again by Docker, it would have no wires
                    "network-mode": "none",
                    "cmd": "sh /boot/start",
                    "env": {**environment, **UNCONNECTED},
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


def _panel_links(plan: LabPlan, routers: Iterable[Node]) -> Iterable[dict[str, Any]]:
    for node in routers:
        for wire in plan.wires_at(node.name):
            near, far = wire.near(node.name).interface, wire.panel_port(node.name)
            yield _link(f"{node.name}:{near}", f"{HOST}:{far}")
        for number, port in enumerate(plan.management_ports):
            if port.node == node.name:
                yield _link(f"{node.name}:{port.interface}", f"{HOST}:m{number}")


def _link(one: str, other: str) -> dict[str, Any]:
    """Both ends with the MTU of the lab's wires: containerlab's own is 9500."""
    return {"endpoints": [one, other], "mtu": MTU_OCTETS}


def direct_topology(
    plan: LabPlan, addresses: Mapping[str, IPv4Address], bridge: str
) -> dict[str, Any]:
    """Every node as a container that starts by itself, each wire a link between two of them.

    Paths are relative to the file. Devices with a management port get its address in Docker's
    network `bridge`, on an interface that their start renames.
    """
    managed = {port.node for port in plan.management_ports}
    return {
        "name": plan.name,
        "mgmt": {
            "network": bridge,
            "bridge": bridge,
            "ipv4-subnet": str(plan.management),
            "external-access": False,
        },
        "topology": {
            "kinds": {
                "linux": {
                    "image": IMAGE,
                    "image-pull-policy": "never",
                    "restart-policy": "no",
                    "cmd": "sh /start/node",
                    "binds": ["start:/start:ro", "nodes/__clabNodeName__:/node:ro"],
                }
            },
            "nodes": {
                node.name: {
                    "kind": "linux",
                    "group": node.kind.value,
                    "sysctls": {n: v for n, v in sysctls(node).items() if n.startswith("net.ipv")},
                    **(
                        {"mgmt-ipv4": str(addresses[node.name])}
                        if node.name in managed
                        else {"network-mode": "none"}
                    ),
                }
                for node in plan.nodes
            },
            "links": [
                _link(_endpoint(wire.a, managed), _endpoint(wire.b, managed)) for wire in plan.wires
            ],
        },
    }


DOCKER_PORT = "eth0"
"""How Docker names the management port that it makes."""


def first_name(port: Port, managed: Collection[str]) -> str:
    """The name under which an interface comes: another where Docker's own has its name."""
    taken = port.interface == DOCKER_PORT and port.node in managed
    return f"wire-{port.interface}" if taken else port.interface


def _endpoint(port: Port, managed: Collection[str]) -> str:
    return f"{port.node}:{first_name(port, managed)}"
