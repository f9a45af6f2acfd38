"""What `imereti doctor` looks at. A check returns findings, never raises and changes nothing."""

import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from cli.checks_store import influxdb
from cli.findings import Finding
from inventory.errors import ImeretiError, MachineError, SecretError
from inventory.model import Network
from inventory.secrets import load_secrets
from inventory.settings import SECRET_PREFIX, Settings

SETUP = "make setup (as root)"
COMMAND_TIMEOUT_S = 10
SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/lib/frr"
ENOUGH_DISK_BYTES = 2 * 10**9


def check_all(settings: Settings | ImeretiError, network: Network | ImeretiError) -> list[Finding]:
    """Every finding, the required ones of each kind first."""
    findings = [*_python(), *_configuration(settings, network), *_machine()]
    if isinstance(settings, Settings):
        findings += [*_state(settings), *_port(settings), *_dashboard()]
        if settings.probes.enable:
            findings.append(_pings())
        findings += influxdb(settings)
        findings.append(_lab(settings.paths.state))
        if isinstance(network, Network):
            findings += _neighbours(settings, network)
        if settings.lab.driver == "containerlab":
            findings.append(_containers())
        if isinstance(network, Network):
            findings += _secrets(settings, network)
    return findings


def _python() -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python 3.11", sys.version_info >= (3, 11), found, "make clean setup")
    try:
        wanted = requires("imereti") or []
    except PackageNotFoundError:
        yield Finding("Python packages", False, "this checkout is not installed", "make setup")
        return
    missing = []
    for requirement in wanted:
        name = requirement.split(";")[0]
        name = "".join(c if c.isalnum() or c in "-_." else " " for c in name).split()[0]
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    found = f"missing: {', '.join(missing)}" if missing else f"all {len(wanted)}"
    yield Finding("Python packages", not missing, found, "make setup")


def _configuration(
    settings: Settings | ImeretiError, network: Network | ImeretiError
) -> Iterator[Finding]:
    if isinstance(settings, ImeretiError):
        yield Finding("config.yaml", False, _first_line(settings), "mend the line that it names")
        return
    yield Finding("config.yaml", True, "valid")
    if isinstance(network, ImeretiError):
        yield Finding("inventory", False, _first_line(network), "imereti validate")
    else:
        size = f"{len(network.sites)} sites, {len(network.devices)} devices"
        yield Finding("inventory", True, f"{size}, {len(network.links)} links")
    templates = settings.paths.templates
    found = str(templates) if templates.is_dir() else f"no folder {templates}"
    yield Finding("templates", templates.is_dir(), found, "set paths.templates in config.yaml")


def _pings() -> Finding:
    """Whether this user may ping: the monitor probes links and sites."""
    for kind, word in ((socket.SOCK_DGRAM, "unprivileged"), (socket.SOCK_RAW, "as root")):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except OSError:
            continue
        return Finding("pings of links and sites", True, f"allowed, {word}", required=False)
    mend = "sudo sysctl -w net.ipv4.ping_group_range='0 2147483647'"
    return Finding("pings of links and sites", False, "not allowed", mend, required=False)


def _state(settings: Settings) -> Iterator[Finding]:
    folders = [settings.paths.state]
    if settings.store.kind == "sqlite":
        folders.append(settings.store.path.parent)
    for folder in dict.fromkeys(folders):
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
        found = "writable" if writable else f"{existing} can't be written to"
        mend = f"mkdir -p {folder} && sudo chown -R $USER {folder}"
        yield Finding(f"folder {folder.name}", writable, found, mend)
        free = shutil.disk_usage(existing).free
        yield Finding(
            f"disk under {folder.name}",
            free >= ENOUGH_DISK_BYTES,
            f"{free / 1e9:.1f} GB free",
            "free some space: a year of the default network takes about 2 GB",
            required=False,
        )
    database = settings.store.path
    if settings.store.kind == "sqlite" and database.exists():
        usable = os.access(database, os.R_OK | os.W_OK)
        found = str(database) if usable else f"{database} can't be read and written"
        yield Finding("database", usable, found, f"sudo chown $USER {database}*")


def _port(settings: Settings) -> Iterator[Finding]:
    where = f"{settings.http.host}:{settings.http.port}"
    family = socket.AF_INET6 if ":" in settings.http.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.http.host, settings.http.port))
            found, free = "free", True
        except OSError as error:
            found, free = (error.strerror or str(error)).lower(), False
    mend = "IMERETI_HTTP__PORT=8081 imereti serve"
    yield Finding(f"address {where}", free, found, mend, required=False)


def _secrets(settings: Settings, network: Network) -> Iterator[Finding]:
    file = Path(settings.secrets.file).expanduser() if settings.secrets.file else None
    try:
        secrets = load_secrets(file, command=settings.secrets.command)
    except SecretError as error:
        yield Finding("secrets", False, str(error), "chmod 600, or set secrets.file in config.yaml")
        return
    names = secret_names(network)
    missing = [name for name in names if name not in secrets.values]
    found = f"missing: {', '.join(missing)}" if missing else f"all {len(names)}"
    mend = f"export {SECRET_PREFIX}<NAME>=..., or a file named by secrets.file (real devices only)"
    yield Finding("secrets", not missing, found, mend, required=False)


def secret_names(network: Network) -> list[str]:
    """Names of all secrets that the network's own plans mention, sorted."""
    region = network.region
    services = region.services
    names = {
        region.ospf.key_secret,
        region.bgp.ibgp_secret,
        services.admin_secret,
        services.enable_secret,
        services.snmp.auth_secret,
        services.snmp.priv_secret,
        *(peer.password_secret for peer in region.bgp.externals),
    }
    return sorted(name for name in names if name)


def _machine() -> Iterator[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= 4096
    found = f"{soft} soft, {hard} hard"
    yield Finding("open files", enough, found, "ulimit -Hn 65536", required=False)
    for name, program, words, mend in (
        ("FRRouting", "zebra", ("--version",), SETUP),
        ("frr-reload.py", "frr-reload.py", (), SETUP),
        ("nftables", "nft", ("--version",), SETUP),
        ("iproute2", "ip", ("-V",), SETUP),
        ("net-snmp agent", "snmpd", ("-v",), SETUP),
        ("net-snmp tools", "snmpbulkwalk", ("-V",), SETUP),
        ("OpenSSH server", "sshd", (), SETUP),
        ("iperf3", "iperf3", ("--version",), SETUP),
        ("Chromium", "chromium", (), SETUP),
    ):
        yield _program(name, program, words, mend)


def _program(name: str, program: str, words: tuple[str, ...], mend: str) -> Finding:
    path = shutil.which(program, path=SYSTEM_PATH)
    if path is None:
        return Finding(name, False, f"no {program}", mend, required=False)
    found = _said([path, *words]) if words else path
    return Finding(name, True, found or path, required=False)


def _lab(folder: Path) -> Finding:
    """Whether virtual routers could boot with their files in `folder`."""
    from lab.preflight import check_machine

    try:
        check_machine(folder)
    except MachineError as error:
        words, _, mend = str(error).partition(" Run: ")
        return Finding("virtual routers", False, words, mend, required=False)
    return Finding("virtual routers", True, "can boot", required=False)


def _neighbours(settings: Settings, network: Network) -> Iterator[Finding]:
    """Whether the kernel's one table, which all namespaces share, has room for a lab."""
    from inventory.view import virtual
    from lab import preflight
    from lab.planner import make_plan

    management = settings.lab.management
    try:
        plan = make_plan(virtual(network, management), settings.lab.name, management)
    except ImeretiError:
        return  # `lab up` says what is wrong with the lab's own settings
    needed = preflight.neighbours_needed(plan)
    for family, limit in preflight.neighbour_limits().items():
        found = f"{limit} in all namespaces (gc_thresh3), a lab needs {needed}"
        mend = f"sudo {preflight.more_neighbours(family, needed)}"
        yield Finding(f"{family} neighbours", limit >= needed, found, mend, required=False)


def _containers() -> Finding:
    """Whether virtual routers could run in containers; only where config.yaml wants that."""
    from lab.containerlab import lacking

    absent = lacking()
    found = f"no {absent}" if absent else "can be deployed"
    mend = "scripts/install-containerlab"
    return Finding("driver containerlab", not absent, found, mend, required=False)


def _dashboard() -> Iterator[Finding]:
    vendor = Path(__file__).parent.parent / "api" / "static" / "vendor"
    there = vendor.is_dir() and any(vendor.iterdir())
    found = "installed" if there else f"nothing in {vendor}"
    yield Finding("dashboard's JavaScript", there, found, "scripts/install-assets", required=False)


def _said(command: list[str]) -> str:
    """First line that a command prints; empty when it fails."""
    try:
        finished = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (finished.stdout + finished.stderr).strip().splitlines()
    return lines[0].strip() if lines else ""


def _first_line(error: ImeretiError) -> str:
    lines = str(error).splitlines()
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return f"{lines[0]}{more}" if lines else type(error).__name__
