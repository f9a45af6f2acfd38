"""The kinds of faults: what each can be done to, what it asks for, what it means. Values only.

To add a kind: a row here; its effect in lab.panel (wires), lab.device_faults (devices) or
lab.lan_faults (what is plugged into a LAN); a row in MAKERS of lab.faults; a test that sees it
from the hosts; a row in docs/lab.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network

from inventory.nearest import nearest
from lab.plan import LabPlan, NodeKind
from lab.state import (
    BLACKHOLE,
    CUT,
    DELAY,
    LOSS,
    MANAGEMENT_LOSS,
    POWER_OFF,
    RATE,
    Parameter,
)

KILL, FREEZE, REBOOT = "kill", "freeze", "reboot"
DUPLICATE_ADDRESS, ROGUE_ROUTER = "duplicate-address", "rogue-router"
WRONG_KEY, ANNOUNCE, WITHDRAW = "wrong-key", "announce", "withdraw"
CLOCK_STEP = "clock-step"

DAEMONS = ("zebra", "ospfd", "ospf6d", "bgpd", "bfdd", "staticd")
DEFAULT_ROUTE = "default"


class Target(StrEnum):
    """What a fault can be done to."""

    LINK = "link"
    """A circuit, or the wire to an external peer by the peer's id."""
    DEVICE = "device"
    """A router, a switch, or an external peer's stand-in."""
    ROUTER = "router"
    """Where FRRouting runs, the stand-ins included."""
    MANAGED = "managed device"
    """A router or a switch with a management port."""
    LAN = "LAN"
    PEER = "external peer"


Read = Callable[[str], Parameter]
"""Text of a person -> value; ValueError tells what was expected."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One parameter."""

    name: str
    read: Read
    means: str
    default: Parameter | None = None
    """None: it must be given, unless `optional`."""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault."""

    name: str
    target: Target
    means: str
    asks: tuple[Asked, ...] = ()


def _number(least: float, most: float) -> Read:
    def read(text: str) -> Parameter:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise ValueError(f"a number from {least:g} to {most:g}")
        return value

    return read


def _one_of(*words: str) -> Read:
    def read(text: str) -> Parameter:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return read


def _word(text: str) -> Parameter:
    if not text:
        raise ValueError("a name")
    return text


def _address(text: str) -> Parameter:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("an IPv4 or IPv6 address") from None


def _prefixes(text: str) -> Parameter:
    words = [word.strip() for word in text.split(",")]
    try:
        return ",".join(w if w == DEFAULT_ROUTE else str(ip_network(w)) for w in words)
    except ValueError:
        raise ValueError(f"prefixes or `{DEFAULT_ROUTE}`, separated by commas") from None


_TOWARDS = Asked("towards", _word, "only frames on their way to this device", optional=True)
_DAEMON = Asked("daemon", _one_of(*DAEMONS), "which routing daemon")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(CUT, Target.LINK, "both ends lose their carrier"),
        Kind(
            BLACKHOLE,
            Target.LINK,
            "frames vanish, both ends keep their carrier",
            (_TOWARDS,),
        ),
        Kind(
            LOSS,
            Target.LINK,
            "a share of the frames vanishes at random",
            (Asked("percent", _number(0.01, 100), "how many of a hundred frames"), _TOWARDS),
        ),
        Kind(
            DELAY,
            Target.LINK,
            "frames arrive later, in each direction",
            (
                Asked("ms", _number(0.1, 10_000), "milliseconds one way"),
                Asked("jitter_ms", _number(0, 10_000), "up to so much more, at random", 0.0),
            ),
        ),
        Kind(
            RATE,
            Target.LINK,
            "no more than so much gets through, in each direction",
            (Asked("mbps", _number(0.05, 10_000), "megabits a second"),),
        ),
        Kind(POWER_OFF, Target.DEVICE, "all its processes end, its neighbours lose their carrier"),
        Kind(
            KILL,
            Target.ROUTER,
            "a routing daemon crashes (SIGKILL); its watchdog starts it again",
            (_DAEMON,),
        ),
        Kind(FREEZE, Target.ROUTER, "a routing daemon hangs (SIGSTOP)", (_DAEMON,)),
        Kind(
            REBOOT,
            Target.ROUTER,
            "the power goes and comes back at once",
            (
                Asked(
                    "configuration",
                    _one_of("saved", "running", "none"),
                    "what it starts with: what was saved; what ran, saved just before; nothing",
                    "saved",
                ),
            ),
        ),
        Kind(MANAGEMENT_LOSS, Target.MANAGED, "its management port loses its carrier"),
        Kind(
            DUPLICATE_ADDRESS,
            Target.LAN,
            "another machine in the LAN claims an address",
            (Asked("address", _address, "which one; left out: the LAN's host's", optional=True),),
        ),
        Kind(
            ROGUE_ROUTER,
            Target.LAN,
            "a foreign router in the LAN speaks OSPF and offers ways elsewhere",
            (Asked("offers", _prefixes, "what it offers ways to", DEFAULT_ROUTE),),
        ),
        Kind(
            WRONG_KEY,
            Target.LINK,
            "one end authenticates OSPF with another key",
            (Asked("device", _word, "which end; left out: the first", optional=True),),
        ),
        Kind(
            ANNOUNCE,
            Target.PEER,
            "it announces prefixes that it should not",
            (Asked("prefixes", _prefixes, "which ones, separated by commas"),),
        ),
        Kind(
            WITHDRAW,
            Target.PEER,
            "it no longer announces prefixes that it should",
            (Asked("prefixes", _prefixes, "which ones, or `default`"),),
        ),
        Kind(
            CLOCK_STEP,
            Target.ROUTER,
            "refused: all namespaces of a kernel share its time of day",
            (Asked("seconds", _number(-1e9, 1e9), "forward, or back when negative"),),
        ),
    )
}


def checked(
    plan: LabPlan, kind: str, target: str, given: Mapping[str, object]
) -> tuple[dict[str, Parameter], list[str]]:
    """Values of all parameters, defaults filled in; and everything that is wrong, a line each."""
    known = KINDS.get(kind)
    if known is None:
        return {}, [f"there is no fault {kind}. {nearest(kind, list(KINDS))}".strip()]
    problems = []
    names = targets(plan, known.target)
    if target not in names:
        nouns = f"lab {plan.name} has no {known.target} {target}."
        problems.append(f"{nouns} {nearest(target, names)}".strip())
    values, wrong = _values(known, given)
    if not problems and not wrong:
        wrong = _ends(plan, target, values)
    return values, problems + wrong


def _values(kind: Kind, given: Mapping[str, object]) -> tuple[dict[str, Parameter], list[str]]:
    values: dict[str, Parameter] = {}
    asked = {one.name: one for one in kind.asks}
    problems = [
        f"{kind.name} has no parameter {name}. {nearest(name, list(asked))}".strip()
        for name in given
        if name not in asked
    ]
    for one in kind.asks:
        if one.name in given:
            text = str(given[one.name])
            try:
                values[one.name] = one.read(text)
            except ValueError as expected:
                problems.append(
                    f"{kind.name} {one.name}: expected {expected}, found {text or 'nothing'}."
                )
        elif one.default is not None:
            values[one.name] = one.default
        elif not one.optional:
            problems.append(f"{kind.name} needs {one.name}= ({one.means}).")
    return values, problems


def _ends(plan: LabPlan, target: str, values: Mapping[str, Parameter]) -> list[str]:
    """A parameter that names one end of the link must name one."""
    ends = sorted({port.node for wire in plan.wires_of(target) for port in (wire.a, wire.b)})
    return [
        f"{name}: expected an end of {target}, {' or '.join(ends)}, found {values[name]}."
        for name in ("towards", "device")
        if name in values and ends and values[name] not in ends
    ]


def targets(plan: LabPlan, kind: Target) -> list[str]:
    """All that a lab has of a kind, sorted."""
    routing = {NodeKind.ROUTER, NodeKind.EXTERNAL}
    if kind is Target.LINK:
        return sorted({wire.link for wire in plan.wires if wire.link is not None})
    if kind is Target.LAN:
        return sorted(host.lan for host in plan.hosts)
    if kind is Target.PEER:
        return sorted(beyond.peer for beyond in plan.beyond)
    if kind is Target.MANAGED:
        return sorted(port.node for port in plan.management_ports)
    wanted = routing if kind is Target.ROUTER else {*routing, NodeKind.SWITCH}
    return sorted(node.name for node in plan.nodes if node.kind in wanted)
