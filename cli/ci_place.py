"""Where a judgement's lab lives: a name, a management network and a folder of its own.

Everything lies in state/ci/<name>. A judgement that was killed leaves that folder; the next one
removes it, lab and all. Two judgements on one machine do not meet.
"""

import fcntl
import secrets as randomness
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from cli.context import Context
from inventory.errors import LabError

CANDIDATES = 64
"""Management networks that are tried."""


@dataclass(frozen=True, slots=True)
class Place:
    """One judgement's own."""

    folder: Path
    name: str
    management: IPv4Network

    @property
    def state(self) -> Path:
        """`paths.state` of the lab."""
        return self.folder / "state"


@contextmanager
def place(context: Context) -> Iterator[Place]:
    """A place for the time of a judgement; what is in it is removed at the end."""
    root = context.settings.paths.state / "ci"
    name = f"ci{randomness.token_hex(3)}"
    folder = root / name
    try:
        root.mkdir(parents=True, exist_ok=True)
        remove_leftovers(root, context)
        folder.mkdir(mode=0o700)
    except OSError as error:
        reason = error.strerror or error
        raise LabError(f"{root} can't be written to: {reason}. Set paths.state.") from None
    with (folder / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            management = free_management(context.settings.lab.management, name)
            yield Place(folder.resolve(), name, management)
        finally:
            _remove(folder, name)


def remove_leftovers(root: Path, context: Context) -> None:
    """Remove places whose judgement has ended without doing so."""
    for folder in sorted(root.iterdir()):
        try:
            with (folder / "lock").open("a", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder, folder.name)
                context.say(f"removed what an unfinished judgement had left in {folder}")
        except OSError:  # it lives; or it is not a place
            continue


def _remove(folder: Path, name: str) -> None:
    from lab import control

    if (folder / "state").exists():
        control.down(folder / "state", name)
    shutil.rmtree(folder, ignore_errors=True)


def free_management(wanted: IPv4Network, name: str) -> IPv4Network:
    """The lab's usual management network, or the next of its size that nothing here uses."""
    from lab.preflight import check_management

    size = wanted.num_addresses
    first = int(wanted.network_address)
    for number in range(CANDIDATES):
        candidate = IPv4Network((first + number * size, wanted.prefixlen))
        try:
            check_management(candidate, name)
        except LabError:
            continue
        return candidate
    raise LabError(
        f"{CANDIDATES} management networks from {wanted} on are all in use. Set lab.management."
    )
