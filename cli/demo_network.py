"""What a demo polls: virtual routers where the machine can boot them, else simulated agents."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from pathlib import Path

from cli.context import Context
from cli.demo_place import Steps
from cli.lab import make_bootable
from inventory.errors import LabError, MachineError
from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import LabSettings, Settings
from monitor.probes_icmp import OpenSocket
from monitor.routing_spoken import AskDevice
from monitor.targets import Credentials

FREE_TRIES = 10
SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class DemoNetwork:
    """A running network, real enough to poll."""

    kind: str
    """`virtual routers` or `simulated`."""
    network: Network
    """With the addresses and ports where its agents answer."""
    credentials: Credentials | None
    """None: as the region's plan says."""
    secrets: Secrets
    control: Callable[..., None]
    """Carries out one step of lab.timeline; LabError."""
    faults: frozenset[str]
    """Kinds of faults that `control` can make."""
    problem: Callable[[], str]
    """Why it is not there any more; empty while it is."""
    open_socket: OpenSocket | None
    """Where probes leave from; None where there is nothing to probe, and nobody sends traps."""
    ask_device: AskDevice | None
    """Asks over SSH what no agent tells; None where nobody listens."""


def why_no_lab(folder: Path) -> str:
    """Why this machine can't boot virtual routers in `folder`; empty when it can."""
    from lab.preflight import check_machine

    try:
        check_machine(folder)
    except MachineError as error:
        return str(error)
    return ""


@contextmanager
def simulated_network(settings: Settings, network: Network, steps: Steps) -> Iterator[DemoNetwork]:
    """Simulated agents in a process of their own."""
    from lab.simulated import COMMUNITY
    from lab.simulator import SimulatorProcess
    from lab.timeline import FAULTS

    with SimulatorProcess(network, settings.paths.inventory) as agents:
        steps.done(f"{len(agents.ports)} simulated SNMP agents; their traffic is made up")
        yield DemoNetwork(
            kind="simulated",
            network=agents.network,
            credentials=Credentials("2c", community=COMMUNITY),
            secrets=Secrets({}, "nowhere: simulated devices have none"),
            control=agents.control,
            faults=FAULTS,
            problem=lambda: "" if agents.alive else "the simulated agents ended by themselves",
            open_socket=None,
            ask_device=None,
        )


@contextmanager
def lab_network(context: Context, settings: Settings, steps: Steps) -> Iterator[DemoNetwork]:
    """Virtual routers, in a lab of the demo's own beside whatever other lab there is."""
    from cli.device_asker import asking
    from cli.prober import probe_sockets
    from cli.workplace import access_of_lab
    from inventory.view import virtual
    from lab import control, faults

    settings = replace(settings, lab=_free_place(settings.lab))
    state, name = settings.paths.state, settings.lab.name
    booting = replace(context)  # the same options, nothing loaded yet
    booting.settings, booting.network = settings, context.network
    made = make_bootable(booting)
    steps.done(f"configurations of {len(made.addresses)} devices rendered")
    try:
        report = control.up(state, made, context.say, templates=settings.paths.templates)
        lab = control.require(state, name)
        if report is not None and not report.ok:
            problems = [*report.missing, *report.unreachable, *report.differences]
            context.say(f"The lab is not quite what the model says, in {len(problems)} points:")
            for problem in problems[:SHOWN_PROBLEMS]:
                context.say(f"    {problem}")
        control.start_traffic(state, lab)
        steps.done(f"lab of {len(made.addresses)} virtual devices, with some traffic in it")

        def play(kind: str, target: str) -> None:
            current = control.require(state, name)
            if kind in {"heal", "power-on"}:
                faults.heal(state, current, target)
            else:
                faults.inject(state, current, kind, target)

        yield DemoNetwork(
            kind="virtual routers",
            network=virtual(context.network, settings.lab.management),
            credentials=None,
            secrets=lab.secrets(),
            control=play,
            faults=frozenset({"cut", "power-off"}),
            problem=lambda: "" if lab.alive() else "the lab ended by itself",
            open_socket=probe_sockets(lab),
            ask_device=asking(access_of_lab(lab, settings.ssh.timeout_s), lab.secrets()),
        )
    finally:
        control.down(state, name)


def _free_place(wanted: LabSettings) -> LabSettings:
    """A name and a management prefix that no other lab on this machine has; LabError."""
    from lab.preflight import check_management
    from lab.state import interface_name

    size = wanted.management.num_addresses
    refusal = LabError("ten demos run already. Stop one.")
    for number in range(1, FREE_TRIES + 1):
        name = f"demo{number}"
        first = wanted.management.network_address + number * size
        management = IPv4Network((first, wanted.management.prefixlen))
        if Path("/sys/class/net", interface_name(name)).exists():
            continue
        try:
            check_management(management, name)
        except LabError as error:
            refusal = error
            continue
        return replace(wanted, name=name, management=management)
    raise refusal
