"""The patch panel: text for `ip`, `tc` and nftables that joins the plan's wires, or breaks them.

Panel ports w<n>a and w<n>b are the far ends of the two veths of wire n; a rule at the ingress of
each hands every frame to the other, untouched. A management bridge joins the management ports.
What a fault does to a wire is done here, where no router can tell it from a bad circuit:

cut              both ports of the panel down: the interfaces behind them lose their carrier
blackhole, loss  frames are dropped between the two ports, in one direction or both
rate             a token bucket on the port that a frame leaves by
delay            frames take the way through lab.relay, by the TAPs d<n>a and d<n>b
management-loss  the management port's half in the panel is down
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from lab.plan import LabPlan, Port, Wire
from lab.state import BLACKHOLE, CUT, DELAY, LOSS, MANAGEMENT_LOSS, POWER_OFF, RATE, Fault

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
LOSS_STEPS = 10_000
"""Loss is told in hundredths of a percent."""
BURST_S = 0.01
MIN_BURST_OCTETS = 16_000
"""Of the token bucket: what may pass at once; less than some frames would stop them all."""
QUEUE_MS = 100
"""What waits longer for the token bucket is dropped, as the queue of a real port does."""


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
    faults = tuple(faults)
    cut, off = _targets(faults, CUT), _targets(faults, POWER_OFF)
    lines = []
    for wire in wires:
        dark = wire.link in cut or wire.a.node in off or wire.b.node in off
        lines += [
            f"link set {wire.panel_port(port.node)} {'down' if dark else 'up'}"
            for port in (wire.a, wire.b)
            if port.node not in off
        ]
    return lines


def management_lines(plan: LabPlan, faults: Iterable[Fault], node: str) -> list[str]:
    """Give or take the carrier of the node's management port, as the faults in force demand."""
    faults = tuple(faults)
    if node in _targets(faults, POWER_OFF):
        return []
    way = "down" if node in _targets(faults, MANAGEMENT_LOSS) else "up"
    return [
        f"link set m{number} {way}"
        for number, port in enumerate(plan.management_ports)
        if port.node == node
    ]


def rate_lines(faults: Iterable[Fault], wires: Iterable[Wire]) -> list[str]:
    """Lines for `tc -batch`: the token buckets of `wires`, put on or taken off.

    Taking off puts one on first: `tc` has no word for "if there is one".
    """
    faults = tuple(faults)
    limits = {fault.target: fault for fault in faults if fault.kind == RATE}
    off = _targets(faults, POWER_OFF)
    lines = []
    for wire in wires:
        fault = limits.get(wire.link or "")
        for port in (wire.a, wire.b):
            if port.node in off:
                continue
            device = f"dev {wire.panel_port(port.node)} root"
            if fault is None:
                lines += [f"qdisc replace {device} pfifo", f"qdisc delete {device}"]
            else:
                lines.append(f"qdisc replace {device} {_bucket(fault.number('mbps'))}")
    return lines


def _bucket(mbps: float) -> str:
    bits = round(mbps * 1_000_000)
    burst = max(MIN_BURST_OCTETS, round(bits / 8 * BURST_S))
    return f"tbf rate {bits}bit burst {burst} latency {QUEUE_MS}ms"


def up_lines(plan: LabPlan, node: str) -> list[str]:
    """Bring up the node's own ends, each with its own MAC address, which a cold boot keeps."""
    ports = [port for wire in plan.wires_at(node) for port in (wire.a, wire.b)]
    ports += plan.management_ports
    return [
        f"link set {port.interface} address {mac(port)} up" for port in ports if port.node == node
    ]


def mac(port: Port) -> str:
    """A locally administered address that only this port of the lab has."""
    number = sha256(f"{port.node}/{port.interface}".encode()).digest()[:5]
    return ":".join(f"{octet:02x}" for octet in b"\x02" + number)


def relay_ports(wire: Wire) -> tuple[str, str]:
    """The TAPs by which a delayed wire's frames go into the relay and come out of it."""
    return f"d{wire.number}a", f"d{wire.number}b"


def panel_rules(plan: LabPlan, faults: Iterable[Fault] = (), loose: Iterable[str] = ()) -> str:
    """The whole ruleset of the panel, replacing what was there. A pure function.

    `loose` are nodes without wires as yet; so are those that have no power.
    """
    faults = tuple(faults)
    without = frozenset(loose) | _targets(faults, POWER_OFF)
    on_wires = _OnWires(faults)
    lines = ["table netdev panel", "delete table netdev panel", "table netdev panel {"]
    for wire in plan.wires:
        if wire.a.node not in without and wire.b.node not in without:
            lines += _wire_chains(wire, on_wires)
    return "\n".join([*lines, "}", ""])


def _wire_chains(wire: Wire, on_wires: "_OnWires") -> Iterator[str]:
    a, b = f"w{wire.number}a", f"w{wire.number}b"
    losses_ab, losses_ba = on_wires.drops(wire, wire.b), on_wires.drops(wire, wire.a)
    if wire.link not in on_wires.delayed:
        yield _chain(a, losses_ab, b)
        yield _chain(b, losses_ba, a)
        return
    into_a, into_b = relay_ports(wire)
    yield _chain(a, losses_ab, into_a)
    yield _chain(b, losses_ba, into_b)
    yield _chain(into_a, "", a)
    yield _chain(into_b, "", b)


class _OnWires:
    """The faults that the ruleset makes."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.delayed = _targets(faults, DELAY)
        self._dropping = [fault for fault in faults if fault.kind in {BLACKHOLE, LOSS}]

    def drops(self, wire: Wire, towards: Port) -> str:
        """Statements that drop what should not arrive at `towards`."""
        return "".join(
            _drop(fault)
            for fault in self._dropping
            if fault.target == wire.link and fault.word("towards") in {"", towards.node}
        )


def _drop(fault: Fault) -> str:
    percent = 100.0 if fault.kind == BLACKHOLE else fault.number("percent")
    share = round(percent * LOSS_STEPS / 100)
    if share == LOSS_STEPS:
        return "counter drop; "
    return f"numgen random mod {LOSS_STEPS} < {share} counter drop; "


def _targets(faults: tuple[Fault, ...], kind: str) -> frozenset[str]:
    return frozenset(fault.target for fault in faults if fault.kind == kind)


def _chain(source: str, drops: str, target: str) -> str:
    hook = f"type filter hook ingress device {source} priority 0;"
    return f"  chain {source} {{ {hook} {drops}fwd to {target}; }}"


@dataclass(frozen=True, slots=True)
class Relayed:
    """What lab.relay is told of one circuit."""

    link: str
    pairs: tuple[tuple[str, str], ...]
    """The TAPs of each of its wires."""
    delay_s: float
    jitter_s: float


def relayed(plan: LabPlan, fault: Fault) -> Relayed:
    """The relay that a fault of kind delay needs."""
    return Relayed(
        link=fault.target,
        pairs=tuple(relay_ports(wire) for wire in plan.wires_of(fault.target)),
        delay_s=fault.number("ms") / 1000,
        jitter_s=fault.number("jitter_ms") / 1000,
    )
