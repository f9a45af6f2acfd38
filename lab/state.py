"""What the lab leaves on disk: a journal, its secrets, its folders; and how to find a running lab.

state/lab/<name>.lock         held by whoever changes the lab
state/lab/<name>/lab.json     the journal: written before each thing that it tells is done
state/lab/<name>/plan.json    the plan it was booted from
state/lab/<name>/secrets      NAME=value, mode 0600, made for this lab
state/lab/<name>/id_ed25519   the key that automation logs in with, mode 0600
state/lab/<name>/known_hosts  host keys of its routers
state/lab/<name>/nodes/       each router's own /etc/frr, /etc/ssh, ...
state/lab/<name>/shared/      what they have in common: accounts, and empty folders
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, TextIO

from inventory.errors import LabError
from inventory.secrets import Secrets, load_secrets

MARKER = "IMERETI_LAB"
"""Environment variable of every process of a lab; its value is the lab's folder."""
LOCK_WAIT_S = 2.0

NETNS = "netns"
CONTAINERLAB = "containerlab"

CUT = "cut"
BLACKHOLE = "blackhole"
LOSS = "loss"
DELAY = "delay"
RATE = "rate"
MANAGEMENT_LOSS = "management-loss"
POWER_OFF = "power-off"

Parameter = str | int | float


@dataclass(frozen=True, slots=True)
class Fault:
    """Something broken on purpose."""

    kind: str
    """A word of lab.fault_kinds."""
    target: str
    """Id of a link or an external peer; name of a device; id of a LAN."""
    since: float
    """Unix time, seconds."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    """How much, in which direction: what the kind asks for, checked and with defaults filled in."""

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(self.parameters[name])

    def word(self, name: str) -> str:
        """A parameter as text; empty when it was left out."""
        return str(self.parameters.get(name, ""))

    def __str__(self) -> str:
        shown = {n: f"{v:g}" if isinstance(v, float) else v for n, v in self.parameters.items()}
        given = [f"{name}={value}" for name, value in shown.items()]
        return " ".join([self.kind, self.target, *given])


@dataclass(frozen=True, slots=True)
class LabState:
    """The journal of one lab."""

    name: str
    folder: Path
    keeper: int
    """Process id of the one process that holds all others; 0 while it is being started."""
    keeper_started: int
    """Its start in clock ticks since boot: tells it from a later process of the same id."""
    management: IPv4Network
    addresses: Mapping[str, IPv4Address] = field(default_factory=dict)
    """Device -> management address."""
    phase: str = "starting"
    """starting or up."""
    since: float = 0.0
    """When it was up, Unix time."""
    faults: tuple[Fault, ...] = ()
    revision: str = ""
    driver: str = NETNS
    """What its routers run in: netns or containerlab."""
    traffic: int = 0
    """Process id of the traffic generator; 0 without one."""

    @property
    def secrets_file(self) -> Path:
        """Values for the placeholders, made for this lab."""
        return self.folder / "secrets"

    @property
    def key_file(self) -> Path:
        """Private key of the automation login."""
        return self.folder / "id_ed25519"

    @property
    def known_hosts_file(self) -> Path:
        """Host keys of all routers, by management address."""
        return self.folder / "known_hosts"

    @property
    def shared_folder(self) -> Path:
        """What all nodes have on disk."""
        return self.folder / "shared"

    def node_folder(self, node: str) -> Path:
        """What a node has on disk for itself."""
        return self.folder / "nodes" / node

    @property
    def interface(self) -> str:
        """The one interface that the lab has in the machine's own namespace."""
        return interface_name(self.name)

    def secrets(self) -> Secrets:
        """The lab's own secrets; SecretError when the file is unreadable."""
        return load_secrets(self.secrets_file)

    def alive(self) -> bool:
        """Whether its keeper still runs."""
        return self.keeper > 0 and process_start(self.keeper) == self.keeper_started


def interface_name(name: str) -> str:
    """The management interface of lab `name`; a lab's name has at most ten characters."""
    return f"lab-{name}"


def lab_folder(state: Path, name: str) -> Path:
    """Where lab `name` keeps its things."""
    return state / "lab" / name


def running_lab(state: Path, name: str) -> LabState | None:
    """The lab of that name when it is up and its processes live; None otherwise. Cheap."""
    found = read_state(lab_folder(state, name))
    return found if found is not None and found.phase == "up" and found.alive() else None


def read_state(folder: Path) -> LabState | None:
    """The journal in `folder`; None when there is none or a crash left half of one."""
    try:
        values: dict[str, Any] = json.loads((folder / "lab.json").read_text(encoding="utf-8"))
        values["management"] = IPv4Network(values["management"])
        addresses = values["addresses"].items()
        values["addresses"] = {device: IPv4Address(text) for device, text in addresses}
        values["faults"] = tuple(Fault(**fault) for fault in values["faults"])
        return LabState(folder=folder, **values)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_state(state: LabState) -> None:
    """Replace the journal at once, so that a reader never sees half of it."""
    values = asdict(state)
    del values["folder"]
    written = state.folder / "lab.json.new"
    written.write_text(json.dumps(values, default=str), encoding="utf-8")
    written.replace(state.folder / "lab.json")


def with_faults(state: LabState, faults: tuple[Fault, ...]) -> LabState:
    """Journal a new set of faults."""
    changed = replace(state, faults=faults)
    write_state(changed)
    return changed


def process_start(process: int) -> int:
    """Start of a process in clock ticks since boot; 0 when there is no such process."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] in {"Z", "X"} else int(fields[19])


def marked_processes(folder: Path) -> list[int]:
    """Every process that was started for the lab in `folder`, whatever the journal says."""
    wanted = f"{MARKER}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                marked = wanted in (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if marked:
                found.append(int(entry.name))
    return sorted(found)


@contextmanager
def locked(state: Path, name: str) -> Iterator[None]:
    """Hold the lab's lock; LabError at once when another command is changing the lab.

    The kernel drops the lock with the process that holds it, so a crash leaves none behind.
    """
    with _lock_file(lab_folder(state, name).parent / f"{name}.lock") as file:
        deadline = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    file.seek(0)
                    raise LabError(
                        f"lab {name} is being changed by process {file.read() or '?'}. "
                        "Wait for it to end."
                    ) from None
                time.sleep(0.05)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock_file(file: Path) -> TextIO:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("a+", encoding="utf-8")
    except OSError as error:
        raise LabError(
            f"{error.filename or file}: {error.strerror}. The lab keeps its things under "
            "paths.state of config.yaml."
        ) from None
