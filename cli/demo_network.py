"""What a demo polls: virtual routers where the machine can boot them, else simulated agents."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cli.demo_place import Steps
from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import Settings
from monitor.targets import Credentials

LAB_PROGRAMS = ("zebra", "vtysh", "nft", "snmpd", "ip", "tini", "unshare")
SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/lib/frr"


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
    problem: Callable[[], str]
    """Why it is not there any more; empty while it is."""


def why_no_lab() -> str:
    """Why this machine can't boot virtual routers; empty when it can."""
    if os.geteuid() != 0:
        return "not root"
    missing = [name for name in LAB_PROGRAMS if shutil.which(name, path=SYSTEM_PATH) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


@contextmanager
def simulated_network(
    settings: Settings, network: Network, steps: Steps, reason: str
) -> Iterator[DemoNetwork]:
    """Simulated agents in a process of their own."""
    from lab.simulated import COMMUNITY
    from lab.simulator import SimulatorProcess

    with SimulatorProcess(network, settings.paths.inventory) as agents:
        steps.done(
            f"{len(agents.ports)} simulated SNMP agents ({reason}); their traffic is made up"
        )
        yield DemoNetwork(
            kind="simulated",
            network=agents.network,
            credentials=Credentials("2c", community=COMMUNITY),
            secrets=Secrets({}, "nowhere: simulated devices have none"),
            control=agents.control,
            problem=lambda: "" if agents.alive else "the simulated agents ended by themselves",
        )
