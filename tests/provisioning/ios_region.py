"""The small region's cisco_ios devices as stand-ins, and the provisioner's work on them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from inventory.load import load_network
from inventory.model import Device, Network
from inventory.secrets import Secrets, names_in
from lab.ios_standin.from_network import cisco_names, standins
from lab.ios_standin.hosting import Hosted, hosted
from nornir_tasks.apply import ApplyOptions, ApplyReport, execute
from nornir_tasks.drivers.known_hosts import KnownHosts
from nornir_tasks.open_session import open_session
from nornir_tasks.plan import make_plan
from nornir_tasks.render import Renderer, environment
from nornir_tasks.session import Access, Session
from nornir_tasks.work import Work
from tests.provisioning.working import Bench, Edit, replaced, unedited, working

CHECKOUT = Path(__file__).parents[2]
OPTIONS = ApplyOptions(confirm_s=180, settle_s=2, hold_s=0, largest_batch=4)
SHORT = replace(OPTIONS, confirm_s=60)
"""For a change that only the device's timer can take back: nobody waits longer than a minute."""
NOBODY = 9
"""A port where nobody listens: devices of other platforms are not served."""
MINUTE_S = 20.0
"""The stand-ins' minutes are shorter."""


@dataclass(frozen=True)
class Region:
    """The devices, wherever they are served."""

    network: Network
    renderer: Renderer
    secrets: Secrets
    ports: Mapping[str, int]
    folder: Path

    @property
    def names(self) -> tuple[str, ...]:
        return cisco_names(self.network)

    def access(self, device: Device) -> Access:
        services = self.network.region.services
        return Access(
            services.admin_user,
            self.secrets.get(services.admin_secret),
            self.secrets.get(services.enable_secret),
            None,
            KnownHosts(self.folder / "known_hosts", accept_new=True),
            self.ports.get(device.name, NOBODY),
            10,
            "127.0.0.1",
        )

    def session(self, name: str) -> Session:
        """A session beside those of any work."""
        device = self.network.devices[name]
        return open_session(device, self.access(device), ())

    @contextmanager
    def work(
        self,
        edit: Edit = unedited,
        access: Callable[[Device], Access] | None = None,
        say: Callable[[str], None] = print,
        *,
        folder: Path | None = None,
        network: Network | None = None,
    ) -> Iterator[Work]:
        used = network or self.network
        renderer = Renderer(used, self.renderer._templates) if network else self.renderer
        bench = Bench(renderer, used, self.secrets, access or self.access, 9)
        with working(bench, folder or self.folder, edit, say, None) as work:
            yield work

    def apply(
        self, work: Work, names: tuple[str, ...] | None = None, options: ApplyOptions = OPTIONS
    ) -> ApplyReport:
        return execute(work, make_plan(work, names or self.names), options, "c1", "test@noc")


@dataclass(frozen=True)
class ServedRegion(Region):
    """The devices, served by this process."""

    hosts: Hosted

    def running(self, name: str) -> str:
        return self.hosts.call(self.hosts.device(name).running)

    def startup(self, name: str) -> str:
        return self.hosts.call(lambda: self.hosts.device(name).startup)


def small_region() -> tuple[Network, Renderer]:
    network = load_network(CHECKOUT / "tests" / "regions" / "small")
    return network, Renderer(network, environment(CHECKOUT / "templates"))


def described(name: str) -> Edit:
    """The candidate with other descriptions on the circuits from hq."""
    return replaced(name, f"{name}.cfg", "description hq-", "description changed hq-")


@contextmanager
def served_region(folder: Path, minute_s: float = MINUTE_S) -> Iterator[ServedRegion]:
    folder.mkdir(exist_ok=True)
    network, renderer = small_region()
    texts = {n: renderer.render(network.devices[n])[f"{n}.cfg"] for n in cisco_names(network)}
    needed = sorted({name for text in texts.values() for name in names_in(text)})
    secrets = Secrets({name: f"canary{at:02d}xyzzy" for at, name in enumerate(needed)}, "")
    services = network.region.services
    made = standins(
        network,
        {name: secrets.fill(text) for name, text in texts.items()},
        credentials={services.admin_user: secrets.get(services.admin_secret)},
        enable_secret=secrets.get(services.enable_secret),
        minute_s=minute_s,
    )
    with hosted(made) as hosts:
        ports = {name: hosts.port(name) for name in cisco_names(network)}
        yield ServedRegion(network, renderer, secrets, ports, folder, hosts)
