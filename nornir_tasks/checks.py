"""The declared checks: what the model promises of a device's operation, against what it says.

A new check is a function from (network, device, state) to results, and a row in CHECKS. `verify`
prints them; `apply` runs them before and after each batch and reverts when one got worse. Pure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from inventory.model import Device, InterfaceKind, Network
from nornir_tasks.bgp import bgp_intent
from nornir_tasks.session import DeviceState

LATENCY = "latency"
LOOKS = 3
"""In a row, at which a latency must be worse."""
_LLDP_RUNS = frozenset({"cisco_ios"})
"""Platforms whose templates have it."""
_LAYER3 = frozenset(
    {
        InterfaceKind.LOOPBACK,
        InterfaceKind.TRANSIT,
        InterfaceKind.TRUNK,
        InterfaceKind.GATEWAY,
        InterfaceKind.EXTERNAL,
    }
)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One promise, kept or not."""

    check: str
    device: str
    """The device, or the LAN's id for a probe from its host."""
    subject: str
    """Interface, peer or destination; empty for the device itself."""
    ok: bool
    expected: str
    found: str
    value: float | None = None
    """A measurement that must not grow from before a change to after it by more than `slack`."""
    slack: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        """The same promise at another moment has the same key."""
        return self.check, self.device, self.subject

    def __str__(self) -> str:
        where = f"{self.device} {self.subject}".rstrip()
        return f"{where}: {self.check} - expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the table."""

    name: str
    needs: str
    """What the device must tell: the field of DeviceState that it reads."""
    promise: str
    run: Callable[[Network, Device, DeviceState], Iterable[CheckResult]]


def check_state(network: Network, device: Device, state: DeviceState) -> tuple[CheckResult, ...]:
    """Every declared check of one device."""
    reached = CheckResult("management", device.name, "", True, "a session", "a session")
    return (reached, *(found for check in CHECKS for found in check.run(network, device, state)))


def unreached(device: str, reason: str) -> CheckResult:
    """The device gave no state at all."""
    return CheckResult("management", device, "", False, "a session", reason)


def got_worse(
    before: Iterable[CheckResult], after: Iterable[CheckResult]
) -> tuple[CheckResult, ...]:
    """Checks that were kept before and are not now, or whose measurement grew beyond its slack.

    Of a device that answers, a check that is no longer told of is not kept either.
    """
    now: Mapping[tuple[str, str, str], CheckResult] = {one.key: one for one in after}
    worse: list[CheckResult] = []
    untold: list[CheckResult] = []
    for was in before:
        result = now.get(was.key)
        if not was.ok:
            continue
        if result is None:
            untold.append(replace(was, ok=False, found="nothing told of it"))
        elif not result.ok:
            worse.append(result)
        elif _grown(was, result):
            worse.append(replace(result, found=f"{result.found}; before: {was.found}"))
    known = {one.device for one in worse}
    return (*worse, *(one for one in untold if one.device not in known))


def lasting(
    looks: Sequence[tuple[CheckResult, ...]], in_a_row: int = LOOKS
) -> tuple[CheckResult, ...]:
    """What is worse at the last of some looks; a latency when it was at `in_a_row` of them.

    Of a thousand probes one is always late on a busy machine, each time another one.
    """
    of_late = [{one.key for one in look} for look in looks[-in_a_row:]]
    late = set.intersection(*of_late) if len(of_late) == in_a_row else set()
    return tuple(one for one in looks[-1] if one.check != LATENCY or one.key in late)


def _grown(was: CheckResult, result: CheckResult) -> bool:
    if was.value is None or result.value is None:
        return False
    return result.value > was.value + result.slack


def _interfaces(_network: Network, device: Device, state: DeviceState) -> Iterator[CheckResult]:
    for interface in device.interfaces:
        if interface.kind in _LAYER3:
            up = state.interfaces.get(interface.name)
            found = {True: "up", False: "down", None: "no such interface"}[up]
            yield CheckResult("interface", device.name, interface.name, up is True, "up", found)


def _adjacencies(_network: Network, device: Device, state: DeviceState) -> Iterator[CheckResult]:
    for interface in device.interfaces:
        if interface.ospf is None or interface.ospf.passive:
            continue
        families = (
            ("OSPF adjacency", interface.ipv4, state.adjacencies4),
            ("OSPFv3 adjacency", interface.ipv6, state.adjacencies6),
        )
        for name, address, adjacencies in families:
            if address is not None and adjacencies is not None:
                found = adjacencies.get(interface.name, "no neighbour")
                full = found.casefold() == "full"
                yield CheckResult(name, device.name, interface.name, full, "Full", found)


def _bfd(_network: Network, device: Device, state: DeviceState) -> Iterator[CheckResult]:
    if state.bfd is None:
        return
    for interface in device.interfaces:
        if interface.ospf is None or not interface.ospf.bfd or interface.ospf.passive:
            continue
        families = (("BFD", 4, interface.ipv4), ("BFD of IPv6", 6, interface.ipv6))
        for name, version, address in families:
            if address is not None:
                up = state.bfd.get((interface.name, version))
                found = {True: "up", False: "down", None: "no session"}[up]
                yield CheckResult(name, device.name, interface.name, up is True, "up", found)


def _sessions(network: Network, device: Device, state: DeviceState) -> Iterator[CheckResult]:
    intent = bgp_intent(network, device)
    if intent is None:
        return
    for neighbor in (*intent.neighbors4, *intent.neighbors6):
        session = state.sessions.get(ip_address(neighbor.address))
        subject = f"{neighbor.description} {neighbor.address}"
        up = session is not None and session.established
        found = session.state if session else "no such neighbour"
        yield CheckResult("BGP session", device.name, subject, up, "Established", found)
        if session is not None and session.established:
            count = session.received
            within = not neighbor.max_prefix or count <= neighbor.max_prefix
            most = f"at most {neighbor.max_prefix} prefixes" if neighbor.max_prefix else "prefixes"
            yield CheckResult(
                "BGP prefixes accepted", device.name, subject, within, most, str(count), -count
            )


def _announced(network: Network, device: Device, state: DeviceState) -> Iterator[CheckResult]:
    """Only the region's aggregates leave it."""
    plan = network.region.bgp
    allowed = {str(prefix) for prefix in (*plan.aggregates4, *plan.aggregates6)}
    for peer in plan.externals:
        if peer.device != device.name:
            continue
        for address in (peer.remote4, peer.remote6):
            sent = state.advertised.get(address)
            if sent is None:
                continue
            leaked = sorted(set(sent) - allowed)
            yield CheckResult(
                "BGP prefixes announced",
                device.name,
                f"{peer.id} {address}",
                not leaked,
                "only the region's aggregates",
                f"also {', '.join(leaked)}" if leaked else f"{len(sent)} of them",
            )


def _neighbours(network: Network, device: Device, state: DeviceState) -> Iterator[CheckResult]:
    if state.neighbours is None:
        return
    for interface in device.interfaces:
        if interface.peer is None or interface.kind is InterfaceKind.GATEWAY:
            continue
        expected = interface.peer[0]
        if network.devices[expected].platform not in _LLDP_RUNS:
            continue
        found = state.neighbours.get(interface.name, ("nobody", ""))[0].partition(".")[0]
        right = found == expected
        yield CheckResult("LLDP neighbour", device.name, interface.name, right, expected, found)


CHECKS: tuple[Check, ...] = (
    Check("interface", "interfaces", "every modelled interface is up", _interfaces),
    Check("adjacency", "adjacencies4, adjacencies6", "OSPF is Full on every link", _adjacencies),
    Check("bfd", "bfd", "BFD is up where the model has it", _bfd),
    Check("session", "sessions", "BGP is Established and within its maximum", _sessions),
    Check("announced", "advertised", "only aggregates leave the region", _announced),
    Check("neighbour", "neighbours", "LLDP sees the modelled neighbour", _neighbours),
)
