"""Faults of devices: power, reboots, daemons that crash or hang, wrong words in a configuration."""

import time
from collections.abc import Callable

from inventory.errors import LabError
from lab import folders, in_node, netns, panel, scripts, vty
from lab.drivers import driver_of
from lab.fault_kinds import DEFAULT_ROUTE
from lab.plan import LabPlan, NodeKind
from lab.state import POWER_OFF, RATE, Fault, LabState

DAEMON_TIMEOUT_S = 45.0
"""The watchdog looks once a second, waits up to 10 s for an answer, then restarts."""
POLL_S = 0.1
WRONG_KEY = "not-the-key-here"
"""Sixteen characters, as long as the right one may be."""
ASIDE = "frr.conf.aside"
OVER_LIMIT = "Idle (PfxCt)"
"""What FRR calls a session that it ended because of `maximum-prefix`."""


# --- power -----------------------------------------------------------------------------------


def power_off(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """End a device at once."""
    _off(lab, plan, fault.target, (*lab.faults, Fault(POWER_OFF, fault.target, fault.since)))


def power_on(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """Boot it cold."""
    _on(lab, plan, fault.target, left)


def _off(lab: LabState, plan: LabPlan, target: str, faults: tuple[Fault, ...]) -> None:
    driver_of(lab.driver).power_off(lab, plan, plan.node(target), faults)


def _on(lab: LabState, plan: LabPlan, target: str, left: tuple[Fault, ...]) -> None:
    node = plan.node(target)
    bind = folders.binds(lab, target)
    driver_of(lab.driver).power_on(lab, plan, node, left, bind)
    steps = [_lines("ip", panel.management_lines(plan, left, target))]
    limited = {fault.target for fault in left if fault.kind == RATE}
    wires = [wire for wire in plan.wires_at(target) if wire.link in limited]
    steps.append({"do": "tc", "lines": panel.rate_lines(left, wires)})
    routing = scripts.START_ROUTING if node.kind is not NodeKind.SWITCH else ""
    script = routing + scripts.services([node])[target]
    steps.append(netns.scripts_step({target: script}, 1))
    said = netns.inside_lab(lab.keeper, lab.folder, steps)
    code, text = said[-1][target]
    if code != 0:
        raise LabError(f"{target} did not boot: {text.strip() or f'exit status {code}'}")


def _lines(do: str, lines: list[str]) -> netns.Step:
    return {"do": do, "namespace": "", "lines": lines}


def reboot(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """Power off and on, with the configuration that the fault names."""
    target, configuration = fault.target, fault.word("configuration")
    if configuration == "running":
        in_node.run(lab, plan, target, ["vtysh", "-c", "write memory"])
    power_off(lab, plan, fault)
    if configuration == "none":
        saved = lab.node_folder(target) / "frr" / "frr.conf"
        saved.rename(saved.with_name(ASIDE))
        saved.write_text(f"hostname {target}\n", encoding="utf-8")
    _on(lab, plan, target, lab.faults)


def undo_reboot(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """Give a blank router its saved configuration, and boot it with that; else nothing to do."""
    aside = lab.node_folder(fault.target) / "frr" / ASIDE
    if not aside.exists():
        return
    powered = not _is_off(fault.target, left)
    if powered:
        power_off(lab, plan, fault)
    aside.rename(aside.with_name("frr.conf"))
    if powered:
        _on(lab, plan, fault.target, left)


def _is_off(device: str, faults: tuple[Fault, ...]) -> bool:
    return any((fault.kind, fault.target) == (POWER_OFF, device) for fault in faults)


# --- daemons ---------------------------------------------------------------------------------


def kill(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """SIGKILL to a daemon."""
    _signal(lab, plan, fault, "KILL")


def freeze(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """SIGSTOP to a daemon."""
    _signal(lab, plan, fault, "STOP")


def _signal(lab: LabState, plan: LabPlan, fault: Fault, name: str) -> None:
    daemon = fault.word("daemon")
    if not (netns.run_folder(lab, fault.target) / "frr" / f"{daemon}.pid").exists():
        raise LabError(f"{fault.target} runs no {daemon}.")
    script = f"kill -{name} $(cat /run/frr/{daemon}.pid)"
    in_node.run(lab, plan, fault.target, ["sh", "-c", script])


def undo_signal(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """Let a frozen daemon go on, and wait until the daemon answers again; LabError else."""
    target, daemon = fault.target, fault.word("daemon")
    run = netns.run_folder(lab, target)
    if _is_off(target, left) or not (run / "frr" / f"{daemon}.pid").exists():
        return  # a cold boot starts it; or it never ran here
    script = f"kill -CONT $(cat /run/frr/{daemon}.pid) 2>/dev/null; true"
    in_node.run(lab, plan, target, ["sh", "-c", script])
    _until(
        lambda: _answers(lambda: vty.show(run, daemon, "show version")),
        f"{target}: {daemon} did not answer again within {DAEMON_TIMEOUT_S:g} s.",
    )


def _answers(ask: Callable[[], str]) -> bool:
    try:
        return bool(ask())
    except OSError:
        return False


def _until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + DAEMON_TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(otherwise)
        time.sleep(POLL_S)


# --- words of a configuration ------------------------------------------------------------------


def wrong_key(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """Another OSPF key at one end of a circuit."""
    device, interface = _end(plan, fault)
    lines = in_node.running_configuration(lab, plan, device)
    keys = _keys(lines, interface)
    if not keys:
        raise LabError(f"{device} {interface}: there is no OSPF key that could be wrong.")
    _set_keys(lab, plan, device, interface, [_with_key(key, WRONG_KEY) for key in keys])


def right_key(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """The key that the router would start with."""
    device, interface = _end(plan, fault)
    if not _is_off(device, left):
        keys = _keys(in_node.saved_configuration(lab, plan, device), interface)
        _set_keys(lab, plan, device, interface, keys)


def _end(plan: LabPlan, fault: Fault) -> tuple[str, str]:
    wire = plan.wires_of(fault.target)[0]
    port = wire.near(fault.word("device") or wire.a.node)
    return port.node, port.interface


def _keys(lines: list[str], interface: str) -> list[str]:
    wanted = ("ip ospf message-digest-key ", "ipv6 ospf6 authentication key-id ")
    stanza = in_node.stanza(lines, f"interface {interface}")
    return [line for line in stanza if line.startswith(wanted)]


def _with_key(line: str, key: str) -> str:
    return f"{line.rpartition(' ')[0]} {key}"


def _set_keys(lab: LabState, plan: LabPlan, device: str, interface: str, keys: list[str]) -> None:
    lines = [f"interface {interface}"]
    for key in keys:
        if key.startswith("ip ospf"):  # an OSPFv2 key can't be overwritten
            lines.append(f"no {' '.join(key.split()[:4])}")
        lines.append(key)
    in_node.configure(lab, plan, device, lines)


def announce(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """Make an external peer originate prefixes, without having a way to them."""
    lines = [_router(lab, plan, fault.target), "no bgp network import-check"]
    in_node.configure(lab, plan, fault.target, [*lines, *_networks(fault, "network")])
    wanted = {*fault.word("prefixes").replace(DEFAULT_ROUTE, "0.0.0.0/0").split(",")}
    _until(
        lambda: wanted <= _sent(lab, fault.target, wanted),
        f"{fault.target} did not send all of {fault.word('prefixes')}.",
    )


def _sent(lab: LabState, peer: str, wanted: set[str]) -> set[str]:
    """What an external peer has sent; all that is `wanted` when its neighbour hung up on that."""
    run, found = netns.run_folder(lab, peer), set[str]()
    for family, word in (("ipv4Unicast", "ipv4"), ("ipv6Unicast", "ipv6")):
        summary = vty.show_json(run, "bgpd", "show bgp summary") or {}
        for address, session in summary.get(family, {}).get("peers", {}).items():
            if session.get("state") != "Established":
                found |= wanted
            show = f"show bgp {word} unicast neighbors {address} advertised-routes"
            found |= {*(vty.show_json(run, "bgpd", show) or {}).get("advertisedRoutes", {})}
    return found


def undo_announce(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """Take them back, and let sessions up that were one prefix too many for our limit."""
    if not _is_off(fault.target, left):
        lines = [_router(lab, plan, fault.target), *_networks(fault, "no network")]
        in_node.configure(lab, plan, fault.target, [*lines, "exit", "bgp network import-check"])
    for one in plan.adjacencies:
        if (one.protocol, one.neighbour) == ("bgp", fault.target) and not _is_off(one.device, left):
            _let_up(lab, plan, one.device, one.towards)


def _let_up(lab: LabState, plan: LabPlan, device: str, neighbour: str) -> None:
    """Clear a session that exceeded its limit: FRR leaves it down until a person does that."""
    summary = vty.show_json(netns.run_folder(lab, device), "bgpd", "show bgp summary") or {}
    peers = [family.get("peers", {}).get(neighbour, {}) for family in summary.values()]
    if any(peer.get("state") == OVER_LIMIT for peer in peers):
        in_node.run(lab, plan, device, ["vtysh", "-c", f"clear bgp {neighbour}"])


def withdraw(lab: LabState, plan: LabPlan, fault: Fault) -> None:
    """Make an external peer take back what it announces."""
    _originate(lab, plan, fault, "no ")


def undo_withdraw(lab: LabState, plan: LabPlan, fault: Fault, left: tuple[Fault, ...]) -> None:
    """Let it announce that again."""
    if not _is_off(fault.target, left):
        _originate(lab, plan, fault, "")


def _originate(lab: LabState, plan: LabPlan, fault: Fault, no: str) -> None:
    saved = in_node.saved_configuration(lab, plan, fault.target)
    wanted = fault.word("prefixes").split(",")
    lines, family = [_router(lab, plan, fault.target)], ""
    for line in in_node.stanza(saved, lines[0]):
        if line.startswith("address-family"):
            family = line
        network = line.startswith("network ") and line.split()[1] in wanted
        if network or (DEFAULT_ROUTE in wanted and line.endswith(" default-originate")):
            lines += [family, f"{no}{line}", "exit"]
    if len(lines) == 1:
        raise LabError(f"{fault.target} announces none of {fault.word('prefixes')}.")
    in_node.configure(lab, plan, fault.target, lines)


def _router(lab: LabState, plan: LabPlan, peer: str) -> str:
    lines = in_node.saved_configuration(lab, plan, peer)
    return next(line for line in lines if line.startswith("router bgp "))


def _networks(fault: Fault, word: str) -> list[str]:
    lines: list[str] = []
    for prefix in fault.word("prefixes").split(","):
        family = "ipv6" if ":" in prefix else "ipv4"
        shown = "0.0.0.0/0" if prefix == DEFAULT_ROUTE else prefix
        lines += [f"address-family {family} unicast", f"{word} {shown}", "exit"]
    return lines[:-1]
