"""A lab of the small second region, and the provisioner's work on it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from cli.prober import HostProber
from inventory.load import load_network
from inventory.model import Device, Network
from inventory.secrets import Secrets
from inventory.view import virtual
from lab import control, netns, reach
from lab.boot import bootable
from lab.plan_file import load_plan
from lab.state import LabState
from nornir_tasks.apply import ApplyOptions, ApplyReport, execute
from nornir_tasks.drivers.known_hosts import KnownHosts
from nornir_tasks.open_session import open_session
from nornir_tasks.plan import Plan, make_plan
from nornir_tasks.render import Renderer, environment
from nornir_tasks.session import Access, Session
from nornir_tasks.work import Work
from tests.provisioning.ios_region import ServedRegion, served_region
from tests.provisioning.working import Bench, Edit, unedited, working

MANAGEMENT = IPv4Network(f"172.29.{os.getpid() % 250}.0/24")
QUICK = ApplyOptions(confirm_s=90, settle_s=8, hold_s=0.5, largest_batch=8)


@dataclass(frozen=True)
class Ground:
    """A running lab and what a test needs to change it."""

    network: Network
    state: LabState
    renderer: Renderer

    @property
    def routers(self) -> tuple[str, ...]:
        return tuple(name for name, device in self.network.devices.items() if device.routes)

    @property
    def secrets(self) -> Secrets:
        return self.state.secrets()

    def access(self, _device: Device) -> Access:
        hosts = KnownHosts(self.state.known_hosts_file, accept_new=False)
        return Access("", "", "", self.state.key_file, hosts, timeout_s=10)

    def session(self, device: Device) -> Session:
        """A session beside those of any work."""
        return open_session(device, self.access(device), ())

    @contextmanager
    def work(
        self,
        folder: Path,
        edit: Edit = unedited,
        *,
        network: Network | None = None,
        access: Callable[[Device], Access] | None = None,
        say: Callable[[str], None] = print,
    ) -> Iterator[Work]:
        """The provisioner's work, with candidates that `edit` may have spoilt."""
        used = network or self.network
        renderer = Renderer(used, self.renderer._templates) if network else self.renderer
        bench = Bench(renderer, used, self.secrets, access or self.access, 8)
        with reach.Prober(lambda node: netns.network_namespace(self.state, node)) as pinger:
            prober = HostProber(load_plan(self.state), used.region, pinger)
            with working(bench, folder, edit, say, prober) as work:
                yield work

    def apply(self, work: Work, plan: Plan | None = None, change: str = "c1") -> ApplyReport:
        """Plan and apply to every router."""
        made = plan or make_plan(work, self.routers)
        return execute(work, made, QUICK, change, f"test@noc, apply {change}")

    def wait_adjacencies(self) -> None:
        """Fails unless every modelled adjacency is up before long; a test may have cut one."""
        missing = control.wait_missing(self.state, load_plan(self.state).adjacencies, 60)
        assert not missing, missing

    def is_as_rendered(self, folder: Path) -> None:
        """Fails unless every router runs, and starts with, what was rendered for it."""
        with self.work(folder) as work:
            found = make_plan(work, self.routers)
        assert [(one.device, one.diff, one.error) for one in found.devices if one.diff] == []
        assert found.exit_code == 0, [one.error for one in found.devices if one.error]


@pytest.fixture
def region(tmp_path: Path) -> Iterator[ServedRegion]:
    """The small region's cisco_ios devices, served by stand-ins."""
    with served_region(tmp_path / "region") as served:
        yield served


@pytest.fixture(scope="session")
def booted(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The small region, up."""
    folder = tmp_path_factory.mktemp("ground")
    network = virtual(load_network(checkout / "tests" / "regions" / "small"), MANAGEMENT)
    renderer = Renderer(network, environment(checkout / "templates"))
    files = {name: renderer.render(device) for name, device in network.devices.items()}
    name = f"prv{os.getpid() % 100000}"
    report = control.up(folder, bootable(network, files, name, MANAGEMENT), print)
    try:
        assert report is not None
        assert report.ok, report
        yield Ground(network, control.require(folder, name), renderer)
    finally:
        control.down(folder, name)


@pytest.fixture
def ground(booted: Ground, tmp_path: Path) -> Iterator[Ground]:
    """The lab, handed back as it was."""
    yield booted
    with booted.work(tmp_path / "restore") as work:
        report = booted.apply(work, change="restore")
        assert report.exit_code == 0, report
