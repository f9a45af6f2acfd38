"""The patch panel: text for `ip -batch` and nftables that joins the plan's wires.

Panel ports w<n>a and w<n>b are the far ends of the two veths of wire n; a rule at the ingress of
each hands every frame to the other, untouched. A management bridge joins the management ports.
"""

from collections.abc import Iterable

from lab.plan import LabPlan, Wire
from lab.state import CUT, POWER_OFF, Fault

MANAGEMENT_BRIDGE = "mgmt"
MANAGEMENT_LINE = (
    f"link add name {MANAGEMENT_BRIDGE} up type bridge mcast_snooping 0 forward_delay 0"
)
UPLINK = "uplink"
"""The panel's end of the one veth that leads out of the lab, to the machine's own namespace."""
PANEL_SYSCTLS = {
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
}


def wire_lines(plan: LabPlan, node: str) -> list[str]:
    """Make the near halves of a node's wires, and its management port; all up in the panel."""
    lines = [
        f"link add name {wire.panel_port(node)} up type veth "
        f"peer name {wire.near(node).interface} netns {node}"
        for wire in plan.wires_at(node)
    ]
    for number, port in enumerate(plan.management_ports):
        if port.node == node:
            lines += [
                f"link add name m{number} up type veth peer name {port.interface} netns {node}",
                f"link set m{number} master {MANAGEMENT_BRIDGE}",
            ]
    return lines


def unwire_lines(plan: LabPlan, node: str) -> list[str]:
    """Take away the near halves of a node's wires, both ends of each at once."""
    lines = [f"link delete {wire.panel_port(node)}" for wire in plan.wires_at(node)]
    for number, port in enumerate(plan.management_ports):
        if port.node == node:
            lines.append(f"link delete m{number}")
    return lines


def carrier_lines(faults: Iterable[Fault], wires: Iterable[Wire]) -> list[str]:
    """Give or take the carrier of both ends of `wires`, as the faults in force demand.

    A port of the panel that is down takes the carrier from the interface behind it, which itself
    stays as its owner configured it: that is what a cut fibre looks like.
    """
    cut = {fault.target for fault in faults if fault.kind == CUT}
    off = {fault.target for fault in faults if fault.kind == POWER_OFF}
    lines = []
    for wire in wires:
        dark = wire.link in cut or wire.a.node in off or wire.b.node in off
        lines += [
            f"link set {wire.panel_port(port.node)} {'down' if dark else 'up'}"
            for port in (wire.a, wire.b)
            if port.node not in off
        ]
    return lines


def up_lines(plan: LabPlan, node: str) -> list[str]:
    """Bring up the node's own ends."""
    ports = [port for wire in plan.wires_at(node) for port in (wire.a, wire.b)]
    ports += plan.management_ports
    return [f"link set {port.interface} up" for port in ports if port.node == node]


def panel_rules(plan: LabPlan, off: Iterable[str] = ()) -> str:
    """The whole ruleset of the panel, replacing what was there; nodes in `off` have no wires."""
    loose = frozenset(off)
    lines = ["table netdev panel", "delete table netdev panel", "table netdev panel {"]
    for wire in plan.wires:
        if wire.a.node in loose or wire.b.node in loose:
            continue
        a, b = f"w{wire.number}a", f"w{wire.number}b"
        lines += [_chain(a, b), _chain(b, a)]
    return "\n".join([*lines, "}", ""])


def _chain(source: str, target: str) -> str:
    hook = f"type filter hook ingress device {source} priority 0;"
    return f"  chain {source} {{ {hook} fwd to {target}; }}"
