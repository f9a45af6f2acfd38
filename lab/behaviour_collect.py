"""Look at a running lab, from the daemons' sockets and with pings, until it has settled."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from inventory.errors import LabError
from inventory.model import Network
from inventory.secrets import Secrets
from lab import behaviour_read, control, running, vty
from lab.behaviour import MANY, Behaviour, Kind, Observation, Setting, Subject
from lab.behaviour_names import Names
from lab.behaviour_paths import Table, Walker, Way, shown
from lab.behaviour_reach import reach_facts, targets_of
from lab.behaviour_read import READERS, ROUTE_TABLES, Asked
from lab.plan import LabPlan
from lab.reach import allowed_probes
from lab.state import LabState

PATIENCE_S = 45.0
"""How long a lab may take to settle."""
QUIET_S = 1.0
"""How long nothing may change before it counts as settled."""


def collect(
    lab: LabState, plan: LabPlan, network: Network, hopeful_s: float, hold_s: float = 0.0
) -> Behaviour:
    """Everything about the lab; `network` is the virtual view that it runs.

    Waits up to `hopeful_s` for adjacencies that the model promises and that are not up, and then
    until nothing changes; at least `hold_s` after a change that nobody has watched, because a wrong
    key is noticed only when OSPF's dead interval has run out. LabError when a router is silent.
    """
    began = time.monotonic()
    control.wait_missing(lab, plan.adjacencies, hopeful_s)
    seen = _settled(lambda: _daemons(lab, plan, network), began + hold_s)
    keys = _keys(lab, plan)
    facts = {**seen.facts, **reach_facts(lab, plan, network)}
    return replace(seen, facts=facts, settings={**seen.settings, **keys})


def _settled(read: Callable[[], Behaviour], not_before: float) -> Behaviour:
    """What `read` says once it said the same for QUIET_S; after PATIENCE_S, as unsettled."""
    began = time.monotonic()
    before, since = read(), began
    while True:
        time.sleep(QUIET_S / 4)
        seen, now = read(), time.monotonic()
        if _values(seen) != _values(before):
            before, since = seen, now
        elif now - since >= QUIET_S and now >= not_before:
            return seen
        if now - began > PATIENCE_S:
            return replace(seen, settled=False)


def _values(seen: Behaviour) -> dict[Subject, str]:
    return {subject: one.value for subject, one in seen.facts.items()}


def _daemons(lab: LabState, plan: LabPlan, network: Network) -> Behaviour:
    """One look at all daemons of all routers."""
    names = Names(network)
    facts: dict[Subject, Observation] = {}
    settings: dict[Setting, str] = {}
    answers: dict[tuple[str, str], str] = {}
    tables: dict[str, Table] = {}
    for device, run in control.router_runs(lab, plan).items():
        ways: list[Way] = []
        for reader in READERS:
            raw = _ask(device, run, reader.daemon, reader.command)
            if raw is None:
                continue
            if len(raw) <= MANY:
                answers[device, reader.command] = raw
            asked = Asked(device, reader.command, json.loads(raw or "{}"), names)
            facts.update(reader.facts(asked) if reader.facts else ())
            settings.update(reader.settings(asked) if reader.settings else ())
            if reader.command in ROUTE_TABLES:
                ways += behaviour_read.ways(asked)
            if reader.command == "show bgp neighbors json":
                facts.update(_prefixes(run, asked))
        tables[device] = Table.of(ways)
    facts.update(_paths(tables, plan, network, names))
    return Behaviour(facts, settings, answers)


def _ask(device: str, run: Path, daemon: str, command: str) -> str | None:
    """The answer; None when the router does not run that daemon."""
    if not (run / "frr" / f"{daemon}.vty").exists():
        return None
    try:
        return vty.show(run, daemon, command)
    except OSError as error:
        raise LabError(f"{device}: {daemon} does not answer `{command}`: {error}.") from None


def _prefixes(run: Path, sessions: Asked) -> Iterable[behaviour_read.Fact]:
    for address, session in sessions.answer.items():
        families = session.get("addressFamilyInfo", {}) if isinstance(session, dict) else {}
        for family in families:
            words = family.replace("Unicast", " unicast")
            peer = sessions.names.owner(address)
            for what, read in (
                ("advertised-routes", behaviour_read.sent),
                ("routes", behaviour_read.accepted),
            ):
                command = f"show bgp {words} neighbors {address} {what} json"
                raw = _ask(sessions.device, run, "bgpd", command) or "{}"
                if raw.lstrip().startswith("{"):
                    answer = Asked(sessions.device, command, json.loads(raw), sessions.names)
                    yield from read(answer, peer)


def _keys(lab: LabState, plan: LabPlan) -> Mapping[Setting, str]:
    secrets: Secrets = lab.secrets()
    return {
        setting: value
        for device, run in control.router_runs(lab, plan).items()
        for setting, value in behaviour_read.keys(
            device, secrets.unfill(running.running_configuration(run))
        )
    }


def _paths(
    tables: Mapping[str, Table], plan: LabPlan, network: Network, names: Names
) -> Iterable[behaviour_read.Fact]:
    """The path of every allowed pair, both families."""
    walker = Walker(tables, lambda device, interface: names.behind(device, interface).neighbour)
    lans = {host.node: host.lan for host in plan.hosts}
    targets = targets_of(plan)
    for probe in allowed_probes(plan):
        lan = lans[probe.source]
        router = network.lans[lan].router
        paths = walker.paths(router, probe.target)
        subject = Subject(Kind.PATH, lan, f"{targets[probe.target]} IPv{probe.target.version}")
        on_way = {name for path in paths for name in path}
        text = "\n".join(
            f"{hop}: {tables[hop].lookup(probe.target)}" for hop in sorted(on_way) if hop in tables
        )
        about = frozenset({lan, targets[probe.target], *on_way})
        command = f"the tables of all routers, walked from {router} to {probe.target}"
        yield subject, Observation(shown(paths), command, text, about)
