"""Settings: what config.yaml may say, section by section, with its defaults and limits.

Plain dataclasses: importing what checks them (inventory/config_file.py) costs more than most
commands do, so values that were found good once are kept (inventory/cache.py). A setting is one
line here: `retries: int = limited(1, ge=0, le=5)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Literal

VARIABLE_PREFIX = "IMERETI_"
CONFIG_VARIABLE = "IMERETI_CONFIG"
SECRET_PREFIX = "IMERETI_SECRET_"  # noqa: S105  (the name of a variable, not a value)

_MANAGEMENT = IPv4Network("172.20.20.0/24")
"""containerlab's own default."""


def limited(default: Any, **limits: float | str) -> Any:
    """A field with pydantic's limits: gt, ge, lt, le; pattern for a text."""
    return field(default=default, metadata=limits)


@dataclass(frozen=True)
class Paths:
    """Folders; absolute once loaded."""

    inventory: Path = Path("inventory")
    templates: Path = Path("templates")
    build: Path = Path("build")
    state: Path = Path("state")


@dataclass(frozen=True)
class LabSettings:
    """The virtual network."""

    name: str = limited("imereti", pattern=r"^[a-z][a-z0-9]{0,9}$")
    driver: Literal["netns", "containerlab"] = "netns"
    management: IPv4Network = _MANAGEMENT


@dataclass(frozen=True)
class PollSettings:
    """How devices are asked."""

    engine: Literal["native", "gufo", "pysnmp"] = "native"
    interval_s: float = limited(10, gt=0, le=3600)
    timeout_s: float = limited(2, gt=0, le=60)
    retries: int = limited(1, ge=0, le=5)
    deadline_s: float = limited(8, gt=0, le=3600)
    concurrency: int = limited(64, ge=1, le=10_000)
    facts_interval_s: float = limited(30, ge=1, le=3600)
    device_interval_s: float = limited(120, ge=0, le=86_400)


@dataclass(frozen=True)
class TrapSettings:
    """Traps and informs: what they name is polled at once. Heard from the model's devices only."""

    enable: bool = True
    host: str = ""
    port: int = limited(0, ge=0, le=65535)
    community: str = ""


@dataclass(frozen=True)
class SyslogSettings:
    """The devices' own log lines."""

    enable: bool = True
    host: str = ""
    port: int = limited(5514, ge=1, le=65535)


@dataclass(frozen=True)
class ProbeSettings:
    """Pings to both ends of every link and to every site; services that people use."""

    enable: bool = True
    interval_s: float = limited(2, ge=0.2, le=60)
    services_interval_s: float = limited(60, ge=1, le=3600)
    timeout_s: float = limited(10, gt=0, le=60)
    certificate_days: float = limited(14, ge=0, le=365)
    ca_file: str = ""


@dataclass(frozen=True)
class StoreSettings:
    """Where samples go."""

    kind: Literal["sqlite", "influxdb"] = "sqlite"
    path: Path = Path("state/samples.sqlite")
    retention_days: int = limited(400, ge=1)
    spool: str = ""
    spool_mb: int = limited(1024, ge=1)
    url: str = "http://127.0.0.1:8086"
    org: str = "imereti"
    bucket: str = "links"
    token: str = "INFLUX_TOKEN"  # noqa: S105  (the name of a secret)

    @property
    def spool_folder(self) -> Path:
        """Where samples wait for a store that is away."""
        return Path(self.spool) if self.spool else self.path.with_name(f"{self.path.name}.spool")


@dataclass(frozen=True)
class HttpSettings:
    """Where the API and the dashboard listen."""

    host: str = "127.0.0.1"
    port: int = limited(8080, ge=0, le=65535)


@dataclass(frozen=True)
class AlarmSettings:
    """When a link that is up is called degraded, and when a value is too old to be known."""

    degraded_errors_ps: float = limited(1, gt=0)
    degraded_utilisation: float = limited(0.9, gt=0, le=1)
    degraded_loss: float = limited(0.05, gt=0, le=1)
    stale_after_s: float = limited(30, gt=0)


@dataclass(frozen=True)
class SecretSettings:
    """Where secrets' values are, never the values."""

    file: str = ""
    command: str = ""


@dataclass(frozen=True)
class SshSettings:
    """How provisioning logs in to real devices; a lab brings its own key."""

    user: str = ""
    key: str = ""
    port: int = limited(22, ge=1, le=65535)
    timeout_s: float = limited(15, gt=0, le=600)
    accept_new_keys: bool = False


@dataclass(frozen=True)
class ProvisionSettings:
    """How plan and apply go about it."""

    workers: int = limited(10, ge=1, le=200)
    largest_batch: int = limited(8, ge=1)
    confirm_s: int = limited(120, ge=5, le=7200)
    settle_s: float = limited(20, ge=0, le=3600)
    hold_s: float = limited(2, ge=0, le=600)


@dataclass(frozen=True)
class LogSettings:
    """What is logged to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


@dataclass(frozen=True)
class Settings:
    """All of config.yaml."""

    paths: Paths = Paths()
    target: Literal["auto", "real", "lab"] = "auto"
    lab: LabSettings = LabSettings()
    poll: PollSettings = PollSettings()
    traps: TrapSettings = TrapSettings()
    syslog: SyslogSettings = SyslogSettings()
    probes: ProbeSettings = ProbeSettings()
    store: StoreSettings = StoreSettings()
    http: HttpSettings = HttpSettings()
    alarms: AlarmSettings = AlarmSettings()
    secrets: SecretSettings = SecretSettings()
    ssh: SshSettings = SshSettings()
    provision: ProvisionSettings = ProvisionSettings()
    log: LogSettings = LogSettings()

    def resolved(self, folder: Path) -> "Settings":
        """The same with every relative path taken from `folder`."""
        paths = {one.name: folder / getattr(self.paths, one.name) for one in fields(self.paths)}
        spool = self.store.spool and str(folder / self.store.spool)
        store = replace(self.store, path=folder / self.store.path, spool=spool)
        return replace(self, paths=Paths(**paths), store=store)


def find_config(start: Path, environ: Mapping[str, str]) -> Path | None:
    """IMERETI_CONFIG, else the nearest config.yaml from `start` upward, else None."""
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    for folder in (start, *start.parents):
        if (folder / "config.yaml").is_file():
            return folder / "config.yaml"
    return None
