"""The base of a judgement: inventory and templates of a git revision, in a folder of their own."""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import ImeretiError, UsageError

GIT_TIMEOUT_S = 60


class RevisionError(ImeretiError):
    """git does not answer, or the revision does not hold the folder."""


@dataclass(frozen=True, slots=True)
class Revision:
    """Where the files of one side lie, and what the side is called."""

    name: str
    """As it was typed; `working tree` for the new side."""
    commit: str
    """First 12 digits, with a + when files differ from it."""
    inventory: Path
    templates: Path


def base_revision(name: str, into: Path, inventory: Path, templates: Path) -> Revision:
    """`name`'s version of both folders, unpacked in `into`; nothing is fetched.

    UsageError when git lacks the revision, RevisionError when that lacks one of the folders.
    """
    places = {}
    commit = ""
    for what, folder in (("inventory", inventory), ("templates", templates)):
        top = Path(_git(folder, "rev-parse", "--show-toplevel"))
        commit = _commit(folder, name)
        within = folder.resolve().relative_to(top.resolve())
        places[what] = _unpacked(top, commit, within, into / what)
    return Revision(name, commit[:12], places["inventory"], places["templates"])


def working_tree(inventory: Path, templates: Path) -> Revision:
    """What lies in the folders now."""
    commit = _git(inventory, "rev-parse", "--short=12", "HEAD")
    dirty = any(_git(f, "status", "--porcelain", "--", ".") for f in (inventory, templates))
    return Revision("working tree", f"{commit}{'+' * dirty}", inventory, templates)


def _commit(folder: Path, name: str) -> str:
    try:
        return _git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except RevisionError:
        message = f"git knows no revision {name} in {folder.parent}."
        hint = f"Run: git fetch origin {name.removeprefix('origin/')}, or name another with --base"
        raise UsageError.of("--base", message, hint) from None


def _unpacked(top: Path, commit: str, within: Path, into: Path) -> Path:
    if not _git(top, "ls-tree", "--name-only", commit, "--", str(within)):
        raise RevisionError(f"revision {commit[:12]} has no folder {within}.")
    packed = _run(["git", "-C", str(top), "archive", "--format=tar", commit, "--", str(within)])
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:  # git keeps no path that leads out; a link would
                target = into / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
    return into / within


def _git(folder: Path, *words: str) -> str:
    if not folder.is_dir():
        raise RevisionError(f"there is no folder {folder}. See paths in config.yaml")
    return _run(["git", "-C", str(folder), *words]).decode().strip()


def _run(command: list[str]) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, timeout=GIT_TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise RevisionError("there is no git here. Run: apt-get install -y git") from None
    except subprocess.TimeoutExpired:
        raise RevisionError(f"git did not answer within {GIT_TIMEOUT_S} s.") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
        raise RevisionError(f"{' '.join(command[3:5])}: {said}")
    return done.stdout
