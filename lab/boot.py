"""Boot a plan: from nothing to every LAN reachable, phase by phase, each timed."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Self

from inventory.model import Network
from lab import adjacency, external, folders, netns, running, scripts, throttle
from lab.awaiting import await_answers
from lab.driver import Driver
from lab.plan import Adjacency, Files, LabPlan, Node, NodeKind
from lab.plan_file import save_plan
from lab.planner import make_plan
from lab.reach import Probe, Prober, allowed_probes
from lab.refusals import boot_problems, raise_failed
from lab.state import LabState, write_state

BOOTS_AT_ONCE = 4
"""Routers that start their daemons at the same time; the work is bound by CPU."""
CONVERGE_TIMEOUT_S = 60.0
REFUSED_TIMEOUT_S = 10.0
"""How long to wait where a router refused a part of its configuration: that is told already."""
STUCK_S = 15.0
"""An OSPFv3 adjacency that takes longer is one that FRRouting 8.4 has left in ExChange."""
SETTLE_S = 0.1
"""Between two looks at the adjacencies while nothing else is left to wait for."""

ROUTING = (NodeKind.ROUTER, NodeKind.EXTERNAL)
WAITING = (NodeKind.SWITCH, NodeKind.HOST)
"""What is made while the routers converge."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bootable:
    """A plan, and all that its nodes need on disk."""

    plan: LabPlan
    files: Files
    addresses: Mapping[str, IPv4Address]
    admin_user: str
    admin_secret: str


@dataclass(slots=True)
class BootReport:
    """What came of it."""

    name: str
    routers: int
    lans: int
    adjacencies: int
    phases: dict[str, float] = field(default_factory=dict)
    """Phase -> seconds."""
    missing: tuple[Adjacency, ...] = ()
    unreachable: tuple[Probe, ...] = ()
    pairs: int = 0
    """Pings that the policy lets through, all of which were tried."""
    reachable_s: float = 0.0
    """From nothing to the last LAN reachable."""
    differences: tuple[running.Difference, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the lab is what the model says."""
        return not (self.missing or self.unreachable or self.differences)


def bootable(
    network: Network,
    files: Files,
    name: str,
    management: IPv4Network,
    only: frozenset[str] | None = None,
) -> Bootable:
    """The lab of a virtual view of a network, or of the devices in `only`. Pure.

    `files` is what was rendered for each device of the view.
    """
    if only is not None:
        kept = {name: device for name, device in network.devices.items() if name in only}
        network = replace(network, devices=kept)
    plan = make_plan(network, name, management)
    needed = {node.name for node in plan.nodes if node.contained}
    given = {**files, **external.external_files(network)}
    services = network.region.services
    return Bootable(
        plan=plan,
        files={node: given[node] for node in sorted(needed)},
        addresses={device.name: device.management for device in network.devices.values()},
        admin_user=services.admin_user,
        admin_secret=services.admin_secret,
    )


class Boot:
    """One boot; its methods are its phases, in order."""

    def __init__(self, made: Bootable, folder: Path, say: Say, kind: str, driver: Driver) -> None:
        plan = made.plan
        self._made, self._plan, self._folder, self._say = made, plan, folder, say
        self._driver = driver
        self._began = time.monotonic()
        self._beside = ThreadPoolExecutor(1)
        self._accounts = folders.Accounts("", "", "", "")
        self._written: Future[None] = Future()
        self.report = BootReport(
            plan.name,
            routers=sum(node.kind is NodeKind.ROUTER for node in plan.nodes),
            lans=len(plan.hosts),
            adjacencies=len(plan.adjacencies),
        )
        self.state = LabState(plan.name, folder, 0, 0, plan.management, driver=kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Whatever became of the boot, nothing is written any more."""
        self._beside.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def _phase(self, name: str, what: str | Callable[[], str]) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.report.phases[name] = round(time.monotonic() - began, 3)
        told = what if isinstance(what, str) else what()
        self._say(f"{time.monotonic() - self._began:6.1f} s  {told}")

    def prepare(self) -> None:
        """The lab's folder with its own secrets and keys, and the routers' folders in it.

        Those are written beside what comes next, which waits for the kernel as they do for the
        disk; `connect` waits for them.
        """
        made, folder = self._made, self._folder
        with self._phase("folders", "folder, secrets and keys made"):
            folder.mkdir(parents=True, mode=0o700)
            write_state(self.state)
            save_plan(folder, self._plan)
            texts = [text for files in made.files.values() for text in files.values()]
            secrets = folders.make_secrets(self.state.secrets_file, texts, {made.admin_secret})
            key = folders.make_key(self.state.key_file)
            password = secrets.get(made.admin_secret)
            self._accounts = folders.make_accounts(made.admin_user, password, key)
            folders.write_shared(self.state.shared_folder, self._accounts)
            self._written = self._beside.submit(self._write_folders, self._of_kind(*ROUTING))

    def _write_folders(self, nodes: list[Node]) -> None:
        secrets = self.state.secrets()
        for node in nodes:
            files = self._made.files[node.name]
            folders.write_folder(self.state.node_folder(node.name), files, secrets, self._accounts)

    def _binds_when_written(self) -> dict[str, netns.Bind]:
        self._written.result()
        return self._binds(self._of_kind(*ROUTING))

    def power(self) -> None:
        """The keeper, from which everything else hangs, and what the driver needs."""
        with self._phase("keeper", "the lab's namespaces are there"):
            keeper, started = netns.start_keeper(self._folder)
            self.state = replace(
                self.state,
                keeper=keeper,
                keeper_started=started,
                addresses=self._made.addresses,
                revision=self._plan.revision,
            )
            write_state(self.state)
            self._driver.start(self.state)

    def connect(self) -> None:
        """The routers with all their interfaces, and the way in for this machine."""
        plan, folder = self._plan, self._folder
        nodes = self._of_kind(*ROUTING)
        with self._phase("routers", f"{len(nodes)} routers wired"):
            self._driver.make_routers(self.state, plan, nodes, self._binds_when_written)
            netns.connect_management(plan, self.state.keeper, folder)

    def start(self) -> None:
        """Every routing daemon, with the rendered configuration; LabError when one won't start."""
        plan, nodes = self._plan, sorted(self._of_kind(*ROUTING), key=self._importance)
        names = [node.name for node in nodes]
        with self._phase("daemons", f"routing daemons of {len(nodes)} routers started"):
            starting = self._driver.routing_step(plan, names, BOOTS_AT_ONCE)
            said = netns.inside_lab(self.state.keeper, self._folder, [starting])[0]
            self._refused(said)
            throttle.hold(self._throttles)

    def _refused(self, said: Mapping[str, tuple[int, str]]) -> None:
        """Report what routers refused of their configuration; once, though two daemons tell."""
        for node in self._of_kind(*ROUTING):
            told = boot_problems(self._made.files, node.name, *said[node.name])
            known = self.report.differences
            self.report.differences += tuple(one for one in told if one not in known)

    def _importance(self, node: Node) -> tuple[bool, bool, int, str]:
        external = node.kind is NodeKind.EXTERNAL
        outward = node.name in self._plan.outward
        return (not external, not outward, -len(self._plan.wires_at(node.name)), node.name)

    def populate(self) -> None:
        """Join the circuits; then switches and hosts, while the routers get to know each other.

        They meet when all of them run: those that met earlier would reckon their routes anew with
        each one that comes, which takes more time than all else in a large network.
        """
        nodes = self._of_kind(*WAITING)
        with self._phase("hosts", f"{len(nodes)} switches and hosts wired"):
            joined = netns.joining_steps(self._plan, (), [node.name for node in nodes])
            steps = [*joined, *netns.node_steps(self._plan, nodes, ())]
            netns.inside_lab(self.state.keeper, self._folder, steps)

    @cached_property
    def _throttles(self) -> list[throttle.Throttles]:
        files = self._made.files
        return [
            throttle.Throttles(run, throttle.modelled(files[node]["frr.conf"]))
            for node, run in self.state_runs().items()
        ]

    def _binds(self, nodes: list[Node]) -> dict[str, netns.Bind]:
        return {node.name: folders.binds(self.state, node.name) for node in nodes if node.contained}

    def converge(self) -> None:
        """Wait until every allowed ping between LANs is answered."""
        probes = allowed_probes(self._plan)
        self.report.pairs = len(probes)
        with (
            self._phase(
                "reachable",
                lambda: f"{len(probes) - len(left)} of {len(probes)} pings between LANs answered",
            ),
            Prober(lambda node: netns.network_namespace(self.state, node)) as prober,
        ):
            left = await_answers(prober, probes, time.monotonic() + self._timeout_s)
        self.report.reachable_s = round(time.monotonic() - self._began, 2)
        self.report.unreachable = left
        throttle.release(self._throttles)

    def serve(self) -> None:
        """What only quickens recovery, and what management needs: SSH, SNMP, the watchdog.

        After routing, which it would slow; every adjacency is waited for.
        """
        nodes = self._of_kind(*ROUTING, NodeKind.SWITCH)
        with self._phase("management", "SSH and SNMP answer"):
            switches = self._of_kind(NodeKind.SWITCH)
            self._write_folders(switches)
            steps = [
                netns.containers_step(switches, self._binds(switches)),
                netns.scripts_step(scripts.services(nodes), BOOTS_AT_ONCE),
            ]
            said = netns.inside_lab(self.state.keeper, self._folder, steps)[-1]
            raise_failed(said)
            self._refused(said)
            folders.write_known_hosts(self.state, [node.name for node in nodes])
        self._meet()

    def _meet(self) -> None:
        missing, runs = self._plan.adjacencies, self.state_runs()
        expected = len(missing)
        deadline = time.monotonic() + self._timeout_s
        stuck = time.monotonic() + STUCK_S
        with self._phase("adjacencies", lambda: f"{expected - len(missing)} of {expected} up"):
            missing = _await_up(missing, runs, min(stuck, deadline))
            if stuck < deadline:
                for one in adjacency.begin_again(missing, runs):
                    self._say(f"  {one}: stood still; told ospf6d to begin again")
            missing = _await_up(missing, runs, deadline)
        self.report.missing = missing

    def compare(self) -> None:
        """The running configuration of every router against the rendered one."""
        secrets = self.state.secrets()
        with self._phase("compared", "running configurations compared with the rendered ones"):
            self.report.differences += tuple(
                difference
                for node, run in self.state_runs().items()
                for difference in running.differences(
                    node,
                    "frr.conf",
                    self._made.files[node]["frr.conf"],
                    secrets.unfill(running.running_configuration(run)),
                )
            )

    def finish(self) -> None:
        """Journal that the lab is up: from now on the other commands find it."""
        self._driver.grown(self.state, self._plan)
        self.state = replace(self.state, phase="up", since=time.time())
        write_state(self.state)

    @property
    def _timeout_s(self) -> float:
        return REFUSED_TIMEOUT_S if self.report.differences else CONVERGE_TIMEOUT_S

    def state_runs(self) -> dict[str, Path]:
        """Router -> its /run."""
        return {
            node.name: netns.run_folder(self.state, node.name)
            for node in self._of_kind(NodeKind.ROUTER)
        }

    def _of_kind(self, *kinds: NodeKind) -> list[Node]:
        return [node for node in self._plan.nodes if node.kind in kinds]


def _await_up(
    wanted: tuple[Adjacency, ...], runs: Mapping[str, Path], until: float
) -> tuple[Adjacency, ...]:
    """Wait until each was up once, or a moment of the monotonic clock; those that were not."""
    while (wanted := adjacency.missing(wanted, runs)) and time.monotonic() < until:
        time.sleep(SETTLE_S)
    return wanted
