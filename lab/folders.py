"""What each node finds in its /etc: the rendered files with the lab's secrets, keys, accounts.

Everything here lies in the lab's folder (mode 0700) and is bind-mounted over the machine's own
paths inside the node, so the daemons run with their packaged paths and users.
"""

import grp
import os
import pwd
import secrets as randomness
import shutil
import string
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import LabError, MachineError
from inventory.secrets import Secrets, names_in
from lab.state import LabState

REMOVED_AT_ONCE = 4
SECRET_LENGTH = 16
"""As long as an OSPFv2 MD5 key may be (RFC 2328 D.3); SNMPv3 asks for at least 8."""
SYSTEM_ACCOUNTS = 1000
"""User and group ids below this are the machine's own daemons, taken over as they are."""

FOLDERS = {
    "frr": "/etc/frr",
    "snmp": "/etc/snmp",
    "varsnmp": "/var/lib/snmp",
    "ssh": "/etc/ssh",
    "log": "/var/log/frr",
    "root": "/root",
}
"""Folder -> where the node sees it."""
FILES = {
    "passwd": "/etc/passwd",
    "group": "/etc/group",
    "shadow": "/etc/shadow",
    "nftables.conf": "/etc/nftables.conf",
    "issue.net": "/etc/issue.net",
    "pam-frr": "/etc/pam.d/frr",
}
PLACES = {
    "frr.conf": "frr/frr.conf",
    "daemons": "frr/daemons",
    "vtysh.conf": "frr/vtysh.conf",
    "sysctl.conf": "frr/sysctl.conf",
    "nftables.conf": "nftables.conf",
    "snmp.conf": "snmp/snmp.conf",
    "snmpd.conf": "snmp/snmpd.conf",
    "frr.snmp.conf": "snmp/frr.conf",
    "snmpd.users.conf": "varsnmp/snmpd.conf",
    "sshd_config": "ssh/sshd_config",
    "issue.net": "issue.net",
}
"""Rendered file -> its place in the node's folder."""
READ_BY_ALL = frozenset({"issue.net", "snmp/frr.conf", "snmp/snmp.conf"})
OWNERS = {
    "frr": ("frr", "frr"),
    "log": ("frr", "frr"),
    "snmp": ("root", "Debian-snmp"),
    "varsnmp": ("Debian-snmp", "Debian-snmp"),
}
"""Folder, with what is in it -> its user and group."""
NOT_RUN = frozenset({"chrony.conf", "rsyslog.conf"})
"""Rendered for a real router; in the lab there is no clock to set and nobody to log to."""
PAM_FRR = "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n"
"""Debian's file lacks the account line: without it vtysh complains to everyone but root."""

AUTOMATION_USER = "root"


@dataclass(frozen=True, slots=True)
class Accounts:
    """The account files of all nodes, and the public key that automation logs in with."""

    passwd: str
    group: str
    shadow: str
    authorized_keys: str


def binds(lab: LabState, node: str) -> list[tuple[str, str]]:
    """What to mount where in the node, whose folder is written: its own, else what all share."""
    own, shared = lab.node_folder(node), lab.shared_folder
    names = FILES | FOLDERS  # /root comes last: it hides a checkout, and so this folder, in it
    return [
        (str((own if (own / name).exists() else shared) / name), target)
        for name, target in names.items()
    ]


def make_secrets(file: Path, texts: Iterable[str], also: set[str]) -> Secrets:
    """Random values for the names in `also` and each placeholder in `texts`, in a 0600 file."""
    names = sorted({name for text in texts for name in names_in(text)} | also)
    alphabet = string.ascii_letters + string.digits
    values = {
        name: "".join(randomness.choice(alphabet) for _ in range(SECRET_LENGTH)) for name in names
    }
    write_private(file, "".join(f"{name}={value}\n" for name, value in values.items()))
    return Secrets(values, str(file))


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def make_key(file: Path) -> str:
    """A fresh Ed25519 key pair; the public key's line."""
    file.unlink(missing_ok=True)
    _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "imereti-lab", "-f", str(file)])
    return file.with_name(f"{file.name}.pub").read_text(encoding="utf-8")


def make_accounts(admin: str, password: str, authorized_keys: str) -> Accounts:
    """This machine's system accounts, and one administrator whose shell is vtysh."""
    users = [user for user in pwd.getpwall() if user.pw_uid < SYSTEM_ACCOUNTS]
    groups = [group for group in grp.getgrall() if group.gr_gid < SYSTEM_ACCOUNTS]
    passwd = [
        f"{u.pw_name}:x:{u.pw_uid}:{u.pw_gid}:{u.pw_gecos}:{u.pw_dir}:{u.pw_shell}" for u in users
    ]
    group = [
        f"{g.gr_name}:x:{g.gr_gid}:"
        + ",".join([*g.gr_mem, admin] if g.gr_name in {"frrvty", "frr"} else g.gr_mem)
        for g in groups
    ]
    passwd.append(f"{admin}:x:{SYSTEM_ACCOUNTS}:{SYSTEM_ACCOUNTS}::/run:/usr/bin/vtysh")
    group.append(f"{admin}:x:{SYSTEM_ACCOUNTS}:")
    shadow = [f"{user.pw_name}:*:1:0:99999:7:::" for user in users]
    shadow.append(f"{admin}:{hashed(password)}:1:0:99999:7:::")
    return Accounts(_lines(passwd), _lines(group), _lines(shadow), authorized_keys)


def hashed(password: str) -> str:
    """SHA-512 crypt, as /etc/shadow keeps it."""
    return _run(["openssl", "passwd", "-6", "-stdin"], f"{password}\n").strip()


def _lines(lines: list[str]) -> str:
    return "\n".join([*lines, ""])


def write_shared(folder: Path, accounts: Accounts) -> None:
    """What every node finds in its /etc that has nothing of its own there."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    for name in ("nftables.conf", "issue.net"):
        (folder / name).touch()
    _write(folder / "pam-frr", PAM_FRR, 0o644)
    _write(folder / "passwd", accounts.passwd, 0o644)
    _write(folder / "group", accounts.group, 0o644)
    _write(folder / "shadow", accounts.shadow, 0o600)
    _write_root(folder / "root", accounts)


def write_folder(
    folder: Path, files: Mapping[str, str], secrets: Secrets, accounts: Accounts
) -> None:
    """What one node has for itself before it boots; owners are those that the packages use."""
    texts = {place(name): text for name, text in files.items() if name not in NOT_RUN}
    names = {name for name in FOLDERS if any(path.startswith(f"{name}/") for path in texts)}
    if "frr" in names:  # it logs, and vtysh writes down what a person typed
        names |= {"log", "root"}
    if "snmp" in names:  # snmpd keeps its engine's id there, and how often it started
        names |= {"varsnmp"}
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).mkdir()
    if "root" in names:
        _write_root(folder / "root", accounts)
    for path, text in texts.items():
        _write(folder / path, secrets.fill(text), 0o644 if path in READ_BY_ALL else 0o640)
    for name, owner in OWNERS.items():
        if name in names:
            _give(folder / name, owner)


def _write_root(folder: Path, accounts: Accounts) -> None:
    (folder / ".ssh").mkdir(mode=0o700)
    _write(folder / ".ssh" / "authorized_keys", accounts.authorized_keys, 0o600)


def place(name: str) -> str:
    """Where a rendered file lies in its node's folder; LabError for one that has no place."""
    try:
        return PLACES[name]
    except KeyError:
        raise LabError(
            f"the lab has no place for the rendered file {name}: expected one of "
            f"{', '.join(sorted(PLACES))}. Add a row to PLACES in lab/folders.py."
        ) from None


def _write(file: Path, text: str, mode: int) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def _give(folder: Path, owner: tuple[str, str]) -> None:
    user, group = pwd.getpwnam(owner[0]).pw_uid, grp.getgrnam(owner[1]).gr_gid
    for path in (folder, *folder.iterdir()):
        os.chown(path, user, group)


def write_known_hosts(state: LabState, nodes: Iterable[str]) -> None:
    """The host keys of all nodes that run sshd, by management address."""
    lines = []
    for node in nodes:
        key = state.node_folder(node) / "ssh" / "ssh_host_ed25519_key.pub"
        if node in state.addresses and key.exists():
            words = key.read_text(encoding="utf-8").split()
            lines.append(f"{state.addresses[node]} {words[0]} {words[1]}\n")
    write_private(state.known_hosts_file, "".join(lines))


def remove_nodes(folder: Path) -> None:
    """Remove what the nodes of the lab in `folder` have on disk; their processes have ended.

    Side by side: of the time that it takes, most is waiting for the disk.
    """
    nodes = folder / "nodes"
    with ThreadPoolExecutor(REMOVED_AT_ONCE) as pool:
        for node in nodes.iterdir() if nodes.is_dir() else ():
            pool.submit(shutil.rmtree, node, ignore_errors=True)


def _run(command: list[str], text: str = "") -> str:
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineError(
            f"{command[0]} failed: {error}. Run: apt-get install openssh-client openssl"
        ) from None
    return done.stdout
