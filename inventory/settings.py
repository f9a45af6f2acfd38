"""Settings: config.yaml section by section, overridden by IMERETI_<SECTION>__<KEY>."""

import os
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inventory.errors import Problem, SettingsError
from inventory.marked_yaml import Key, MarkedYaml, nearest, read_marked

PREFIX = "IMERETI_"
CONFIG_VARIABLE = "IMERETI_CONFIG"
SECRET_PREFIX = "IMERETI_SECRET_"  # noqa: S105  (the name of a variable, not a value)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(_Section):
    """Folders; absolute once loaded."""

    inventory: Path = Path("inventory")
    templates: Path = Path("templates")
    build: Path = Path("build")
    state: Path = Path("state")


class LabSettings(_Section):
    """The virtual network."""

    name: str = Field("imereti", pattern=r"^[a-z][a-z0-9]{0,9}$")
    driver: Literal["netns", "containerlab"] = "netns"
    management: IPv4Network = IPv4Network("172.20.20.0/24")


class PollSettings(_Section):
    """How devices are asked."""

    engine: Literal["gufo", "pysnmp", "native"] = "gufo"
    interval_s: float = Field(10, gt=0, le=3600)
    timeout_s: float = Field(2, gt=0, le=60)
    retries: int = Field(1, ge=0, le=5)
    deadline_s: float = Field(8, gt=0, le=3600)
    concurrency: int = Field(64, ge=1, le=10_000)


class StoreSettings(_Section):
    """Where samples go."""

    kind: Literal["sqlite", "influxdb"] = "sqlite"
    path: Path = Path("state/samples.sqlite")
    retention_days: int = Field(400, ge=1)
    url: str = "http://127.0.0.1:8086"
    org: str = "imereti"
    bucket: str = "links"
    token: str = "INFLUX_TOKEN"  # noqa: S105  (the name of a secret)


class HttpSettings(_Section):
    """Where the API and the dashboard listen."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)


class AlarmSettings(_Section):
    """When a link that is up is called degraded, and when a value is too old to be known."""

    degraded_errors_ps: float = Field(1, gt=0)
    degraded_utilisation: float = Field(0.9, gt=0, le=1)
    degraded_loss: float = Field(0.05, gt=0, le=1)
    stale_after_s: float = Field(30, gt=0)


class SecretSettings(_Section):
    """Where secrets' values are, never the values."""

    file: str = ""
    command: str = ""


class SshSettings(_Section):
    """How provisioning logs in to real devices; a lab brings its own key."""

    user: str = ""
    key: str = ""
    port: int = Field(22, ge=1, le=65535)
    timeout_s: float = Field(15, gt=0, le=600)
    accept_new_keys: bool = False


class ProvisionSettings(_Section):
    """How plan and apply go about it."""

    workers: int = Field(10, ge=1, le=200)
    largest_batch: int = Field(8, ge=1)
    confirm_s: int = Field(120, ge=5, le=7200)
    settle_s: float = Field(20, ge=0, le=3600)
    hold_s: float = Field(2, ge=0, le=600)


class LogSettings(_Section):
    """What is logged to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(_Section):
    """All of config.yaml."""

    paths: Paths = Paths()
    target: Literal["auto", "real", "lab"] = "auto"
    lab: LabSettings = LabSettings()
    poll: PollSettings = PollSettings()
    store: StoreSettings = StoreSettings()
    http: HttpSettings = HttpSettings()
    alarms: AlarmSettings = AlarmSettings()
    secrets: SecretSettings = SecretSettings()
    ssh: SshSettings = SshSettings()
    provision: ProvisionSettings = ProvisionSettings()
    log: LogSettings = LogSettings()

    def resolved(self, folder: Path) -> "Settings":
        """The same with every relative path taken from `folder`."""
        paths = Paths(**{name: folder / value for name, value in self.paths})
        store = self.store.model_copy(update={"path": folder / self.store.path})
        return self.model_copy(update={"paths": paths, "store": store})


def find_config(start: Path, environ: Mapping[str, str]) -> Path | None:
    """IMERETI_CONFIG, else the nearest config.yaml from `start` upward, else None."""
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    for folder in (start, *start.parents):
        if (folder / "config.yaml").is_file():
            return folder / "config.yaml"
    return None


def load_settings(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `path` (None: all defaults, relative to the current folder) and the environment.

    Raises SettingsError with every problem: unreadable file, bad YAML, unknown key, wrong value.
    """
    marked = read_marked(path, str(path)) if path else MarkedYaml("(no config.yaml)", {})
    if marked.content is None and not marked.problems:
        marked.content = {}
    if not marked.problems and not isinstance(marked.content, dict):
        marked.problems.append(marked.problem((), "expected sections, such as `poll:`."))
    if marked.problems:
        raise SettingsError(tuple(marked.problems))
    values, origins = _with_environment(marked.content, environ)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems = (_problem(marked, origins, dict(item)) for item in error.errors())
        raise SettingsError(tuple(sorted(problems))) from None
    folder = path.resolve().parent if path else Path.cwd()
    return settings.resolved(folder)


def _with_environment(
    content: dict[str, Any], environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[Key, str]]:
    """Overlay IMERETI_A__B=value; `origins` tells which key came from which variable."""
    values = {k: dict(v) if isinstance(v, dict) else v for k, v in content.items()}
    origins: dict[Key, str] = {}
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable.startswith(SECRET_PREFIX):
            continue
        if variable == CONFIG_VARIABLE:
            continue
        key = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        section = values.setdefault(key[0], {}) if len(key) == 2 else values
        if len(key) <= 2 and isinstance(section, dict):
            section[key[-1]] = value
            origins[key] = variable
    return values, origins


def _problem(marked: MarkedYaml, origins: dict[Key, str], item: dict[str, Any]) -> Problem:
    key: Key = item["loc"]
    message, hint = item["msg"], ""
    if item["type"] == "extra_forbidden":
        model: type[BaseModel] = Settings
        if len(key) > 1:
            model = type(getattr(Settings(), str(key[0])))
        message, hint = f"unknown key '{key[-1]}'.", nearest(key[-1], list(model.model_fields))
    else:
        message = f"{message[0].lower()}{message[1:]}, found {item['input']!r}."
    if key in origins:
        return Problem(f"environment variable {origins[key]}", 0, "", message, hint)
    return marked.problem(key, message, hint)
