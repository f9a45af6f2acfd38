"""The backup: a git repository of its own with what runs, and what each change meant to run.

`running/<device>/<file>` on the branch `main` is the history of what ran. Each apply keeps its
candidates, placeholders and all, as a commit under `refs/applies/<id>`, written before anything is
applied: a rollback needs nothing else.
"""

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import UsageError
from nornir_tasks.errors import RecordError
from nornir_tasks.scrub import same_but_noise
from nornir_tasks.session import Files

RUNNING = "running"
CANDIDATE = "candidate"
_GIT_TIMEOUT_S = 60
_APPLIES = "refs/applies"
_COMMITTER = "imereti@localhost"


@dataclass(frozen=True, slots=True)
class Backed:
    """What one backup did."""

    commit: str
    """Empty when nothing but noise changed."""
    changed: tuple[str, ...]
    """Devices."""


@dataclass(frozen=True, slots=True)
class Backups:
    """One repository."""

    folder: Path
    who: str

    def save(self, running: Mapping[str, Files], reason: str) -> Backed:
        """Commit what runs, by device; nothing is committed when only noise changed."""
        with self._locked():
            changed = [name for name, files in sorted(running.items()) if self._put(name, files)]
            if not changed:
                return Backed("", ())
            self._git("add", "--all", RUNNING)
            if not self._git("diff", "--cached", "--name-only"):
                return Backed("", ())
            summary = self._git("diff", "--cached", "--stat")
            names = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" * (len(changed) > 5))
            message = f"{reason}: {names}\n\nBy {self.who}.\n\n{summary}\n"
            self._git("commit", "--quiet", "--file=-", text=message)
            return Backed(self._git("rev-parse", "--short=12", "HEAD"), tuple(changed))

    def keep(self, change: str, candidates: Mapping[str, Files], reason: str) -> str:
        """Commit the candidates of a change, so that it can be gone back to; the commit's hash."""
        with self._locked(), tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            for device, files in sorted(candidates.items()):
                for name, text in sorted(files.items()):
                    blob = self._git("hash-object", "-w", "--stdin", text=text)
                    path = f"{CANDIDATE}/{device}/{name}"
                    entry = f"100644,{blob},{path}"
                    self._git("update-index", "--add", "--cacheinfo", entry, environment=index)
            tree = self._git("write-tree", environment=index)
            message = f"{reason}\n\nBy {self.who}.\n"
            commit = self._git("commit-tree", tree, text=message)
            self._git("update-ref", f"{_APPLIES}/{change}", commit)
            return commit[:12]

    def read(self, revision: str) -> dict[str, dict[str, str]]:
        """Files by device of an apply's id or of a backup's commit; UsageError when unknown."""
        with self._locked():
            for name in (f"{_APPLIES}/{revision}", revision):
                commit = self._try("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
                if commit:
                    return self._files(commit)
        message = f"no apply and no backup is called '{revision}'."
        hint = "Run: imereti history, or imereti history --backups"
        raise UsageError.of("REVISION", message, hint)

    def applied_lines(self, start: str) -> tuple[str, ...]:
        """Distinct lines beginning with `start` of all that any apply meant to run."""
        with self._locked():
            applies = self._git("for-each-ref", "--format=%(refname)", _APPLIES).split()
            found = self._try("grep", "-h", "-F", "-e", start, *applies) if applies else ""
        return tuple(dict.fromkeys(line for line in found.splitlines() if line.startswith(start)))

    def revisions(self) -> tuple[tuple[str, str, str], ...]:
        """(commit, RFC 3339 time, subject) of every backup, newest first."""
        with self._locked():
            if not self._try("rev-parse", "--verify", "--quiet", "HEAD"):
                return ()
            lines = self._git("log", "--format=%h%x09%aI%x09%s", "--abbrev=12").splitlines()
        rows = (line.split("\t", 2) for line in lines)
        return tuple((row[0], row[1], row[2]) for row in rows)

    def _put(self, device: str, files: Files) -> bool:
        folder = self.folder / RUNNING / device
        changed = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                file = folder / name
                old = file.read_text(encoding="utf-8") if file.exists() else None
                if old is not None and same_but_noise(name, old, text):
                    continue
                fresh = folder / f".{name}.new"
                fresh.write_text(text, encoding="utf-8")
                fresh.replace(file)
                changed = True
        except OSError as error:
            raise RecordError(
                f"{folder}: the backup can't be written ({error.strerror}). "
                f"Nothing is applied that is not recorded: make room, then repeat."
            ) from None
        return changed

    def _files(self, commit: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for path in self._git("ls-tree", "-r", "--name-only", commit).splitlines():
            parts = path.split("/")
            if len(parts) == 3 and parts[0] in {RUNNING, CANDIDATE}:
                text = self._git("cat-file", "blob", f"{commit}:{path}", strip=False)
                found.setdefault(parts[1], {})[parts[2]] = text
        return found

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time; a git that was killed leaves a lock that is then nobody's."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RecordError(
                f"{self.folder}: the backup can't be written ({error.strerror})."
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (self.folder / ".git" / "index.lock").unlink(missing_ok=True)
            if not (self.folder / ".git" / "HEAD").exists():
                self._git("init", "--quiet", "--initial-branch=main")
                (self.folder / ".git" / "info" / "exclude").write_text(".lock\n*.new\n")
            yield
        finally:
            os.close(lock)

    def _try(self, *words: str) -> str:
        try:
            return self._git(*words)
        except RecordError:
            return ""

    def _git(
        self,
        *words: str,
        text: str = "",
        environment: Mapping[str, str] | None = None,
        strip: bool = True,
    ) -> str:
        try:
            done = subprocess.run(
                ["git", *words],
                input=text,
                capture_output=True,
                text=True,
                timeout=_GIT_TIMEOUT_S,
                check=False,
                cwd=self.folder,
                env=_environment(self.who) | dict(environment or {}),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RecordError(f"{self.folder}: git {words[0]} failed: {error}.") from None
        if done.returncode != 0:
            said = " ".join(done.stderr.split())
            raise RecordError(f"{self.folder}: git {words[0]} failed: {said}")
        return done.stdout.strip() if strip else done.stdout


def _environment(who: str) -> dict[str, str]:
    """Nobody's own git configuration or hooks have a say in here."""
    name = who.partition("@")[0] or "imereti"
    people = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", who if "@" in who else _COMMITTER))
    }
    fixed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    return {"PATH": os.environ.get("PATH", os.defpath), **fixed, **people}
