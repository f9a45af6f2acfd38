"""What the provisioning commands work on: the live network, its devices, and where to record."""

import getpass
import logging
import os
import secrets as randomness
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.context import Context
from cli.prober import lab_prober
from inventory.model import Device, Network

if TYPE_CHECKING:
    from lab.state import LabState
    from nornir_tasks.render import Renderer
    from nornir_tasks.session import Access, Files
    from nornir_tasks.work import Work


def record_folder(context: Context) -> Path:
    """Audit log, backup and locks: one folder for the real network, one for each lab."""
    target = f"lab-{context.lab.name}" if context.lab else "real"
    return context.settings.paths.state / "provision" / target


def changeable(devices: tuple[Device, ...]) -> tuple[str, ...]:
    """Names of the devices that can be changed; a lab's bridges can't."""
    from nornir_tasks.open_session import PLATFORMS

    return tuple(device.name for device in devices if device.platform in PLATFORMS)


@contextmanager
def workplace(context: Context, network: Network | None = None) -> Iterator["Work"]:
    """Everything that a task needs; sessions end with it. `network`: instead of the live one."""
    from nornir_tasks.audit import AuditLog
    from nornir_tasks.backup import Backups
    from nornir_tasks.fleet import Fleet
    from nornir_tasks.session import candidate_of
    from nornir_tasks.work import Work

    if not context.verbose:  # what failed is told in the device's line
        for library in ("nornir", "paramiko"):
            logging.getLogger(library).setLevel(logging.CRITICAL)
    live = network or context.live
    folder = record_folder(context)
    paths, who = context.settings.paths, person()
    renderer = renderer_of(context, live)

    def candidate(name: str) -> "Files":
        device = live.devices[name]
        return candidate_of(device, renderer.render(device))

    fleet = Fleet(live, access_of(context), context.settings.provision.workers)
    try:
        with lab_prober(context, live) as prober:
            yield Work(
                network=live,
                fleet=fleet,
                candidate=candidate,
                secrets=context.secrets,
                audit=AuditLog(folder / "audit.jsonl", who, context.secrets.mask),
                backups=Backups(folder / "backup", who),
                locks=folder / "locks",
                revision=model_revision(paths.inventory, live),
                prober=prober,
                say=context.say,
            )
    finally:
        fleet.close()


def renderer_of(context: Context, network: Network) -> "Renderer":
    """Renders the devices of `network` with the templates of config.yaml."""
    from nornir_tasks.render import Renderer, environment

    paths = context.settings.paths
    return Renderer(network, environment(paths.templates, paths.state / "templates"))


def forget_host_key(context: Context, device: Device) -> None:
    """Remove what is known of the device's host key: another device stands in its place."""
    file = known_hosts_file(context)
    if not file.exists():
        return
    port = context.settings.ssh.port
    names = {str(device.management), f"[{device.management}]:{port}"}
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not names & set(line.split(" ", 1)[0].split(","))]
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text("".join(kept), encoding="utf-8")
    fresh.replace(file)


def known_hosts_file(context: Context) -> Path:
    """Host keys of the devices: the lab's own file, or the one beside the audit log."""
    return context.lab.known_hosts_file if context.lab else record_folder(context) / "known_hosts"


def person() -> str:
    """Who works here, as the audit log names them."""
    name = os.environ.get("SUDO_USER") or getpass.getuser()
    return f"{name}@{socket.gethostname()}"


def new_change_id() -> str:
    """Sorts by time, and is short enough to type."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{randomness.token_hex(2)}"


def model_revision(folder: Path, network: Network) -> str:
    """`<git commit>[+]/<hash of the files>`: the + says that files differ from the commit."""
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    dirty = "+" if commit and _git(folder, "status", "--porcelain", "--", ".") else ""
    return f"{commit or 'no-git'}{dirty}/{network.revision}"


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def access_of_lab(lab: "LabState", timeout_s: float) -> "Callable[[Device], Access]":
    """How to log in to a lab's devices: all let the lab's own key in."""
    from nornir_tasks.drivers.known_hosts import KnownHosts
    from nornir_tasks.session import Access

    hosts = KnownHosts(lab.known_hosts_file, accept_new=False)
    access = Access("", "", "", lab.key_file, hosts, 22, timeout_s)
    return lambda _device: access


def access_of(context: Context) -> "Callable[[Device], Access]":
    """How to log in to each device; SecretError, when it is called, for a missing password."""
    from nornir_tasks.drivers.known_hosts import KnownHosts
    from nornir_tasks.session import Access

    ssh, services = context.settings.ssh, context.live.region.services
    if context.lab is not None:
        return access_of_lab(context.lab, ssh.timeout_s)
    hosts = KnownHosts(known_hosts_file(context), accept_new=ssh.accept_new_keys)

    def access(device: Device) -> Access:
        by_password = device.platform == "cisco_ios"
        return Access(
            user=ssh.user or (services.admin_user if by_password else ""),
            password=context.secrets.get(services.admin_secret) if by_password else "",
            enable=context.secrets.get(services.enable_secret) if by_password else "",
            key_file=Path(ssh.key).expanduser() if ssh.key else None,
            known_hosts=hosts,
            port=ssh.port,
            timeout_s=ssh.timeout_s,
        )

    return access
