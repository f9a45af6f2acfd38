"""NAPALM driver for FRRouting: frr-reload, vtysh and nft over SSH, with a commit that is confirmed.

It needs a login with root's rights on the router, by key. What changes the router is one script
(`frr_transaction.sh`), sent along with each candidate; every step of it ends on the router
even when this end dies. `napalm.get_network_driver("frr")` finds the class through `napalm_frr`.
"""

import io
import shlex
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from napalm.base.base import NetworkDriver
from napalm.base.exceptions import (
    CommandErrorException,
    CommitConfirmException,
    CommitError,
    ConnectAuthError,
    ConnectionClosedException,
    ConnectionException,
    MergeConfigException,
    ReplaceConfigException,
)

from nornir_tasks.drivers import frr_text
from nornir_tasks.drivers.frr_getters import FrrGetters
from nornir_tasks.drivers.known_hosts import KnownHosts
from nornir_tasks.drivers.shell import Completed, Login, LostError, RefusedError, Shell, ShellError

_SCRIPT = Path(__file__).with_name("frr_transaction.sh")
_STATE = "/run/imereti"
_REFUSED, _PENDING, _NOT_PENDING, _REVERTED = 2, 3, 4, 5
_FRESH_S = 1.0
FILES = ("frr.conf", "nftables.conf")
"""What a candidate may hold."""


class FrrDriver(FrrGetters, NetworkDriver):  # type: ignore[misc]  # NAPALM has no types
    """NAPALM's methods on a router that runs FRRouting 8.4 or later, nftables and OpenSSH.

    optional_args: port (22), key_file, known_hosts (a path, or a KnownHosts shared by a run),
    accept_new_keys (False), commit_timeout_s (180).
    """

    def __init__(
        self,
        hostname: str,
        username: str,
        password: str | None,
        timeout: int = 60,
        optional_args: Mapping[str, Any] | None = None,
    ) -> None:
        args = dict(optional_args or {})
        known = args.get("known_hosts")
        if not isinstance(known, KnownHosts):
            accept = bool(args.get("accept_new_keys"))
            known = KnownHosts(Path(known) if known else None, accept_new=accept)
        key_file = args.get("key_file")
        self.hostname, self.username, self.password = hostname, username, password
        self.timeout = timeout
        self.platform = "frr"
        self._commit_timeout_s = float(args.get("commit_timeout_s", 180))
        self._shell = Shell(
            Login(
                host=hostname,
                port=int(args.get("port") or 22),
                user=username,
                password=password or None,
                key_file=Path(key_file).expanduser() if key_file else None,
                known_hosts=known,
                timeout_s=float(timeout),
            )
        )
        self._token = ""
        self._candidate: dict[str, str] = {}
        self._committed = False
        self._clock = time.monotonic
        self._fresh: tuple[float, dict[str, str]] = (0.0, {})

    # -- session

    def open(self) -> None:
        """Connect; ConnectAuthError or ConnectionException."""
        try:
            self._shell.open()
        except RefusedError as error:
            raise ConnectAuthError(str(error)) from None
        except ShellError as error:
            raise ConnectionException(str(error)) from None

    def close(self) -> None:
        """Disconnect; a pending commit stays pending and its timer runs."""
        self._shell.close()

    def is_alive(self) -> dict[str, bool]:
        """Whether the session is open."""
        return {"is_alive": self._shell.alive}

    # -- candidate

    def load_replace_candidate(
        self, filename: str | None = None, config: str | None = None
    ) -> None:
        """Load a whole frr.conf; ReplaceConfigException when vtysh refuses a line of it."""
        text = Path(filename).read_text(encoding="utf-8") if filename else config or ""
        self.load_replace_files({"frr.conf": text})

    def load_replace_files(self, files: Mapping[str, str]) -> None:
        """Load whole files of FILES by name; nothing changes until the commit."""
        unknown = sorted(set(files) - set(FILES))
        if unknown:
            raise ReplaceConfigException(f"expected {', '.join(FILES)}, found {', '.join(unknown)}")
        self._token, self._candidate, self._committed = uuid4().hex, dict(files), False
        folder = shlex.quote(self._folder)
        script = f"sh {folder}/transaction.sh"
        # The script travels inside the archive that it unpacks, so its first step is written here.
        # One exchange for all: the time of a plan is the number of exchanges.
        loaded = self._run(
            f"umask 077; mkdir -p {folder}/candidate && tar -x -C {folder}/candidate && "
            f"mv {folder}/candidate/transaction.sh {folder}/ && "
            f"{script} tidy && {script} check {folder} && {script} show {folder}",
            stdin=_tar({**files, "transaction.sh": _SCRIPT.read_text(encoding="utf-8")}),
        )
        if loaded.status != 0:
            self.discard_config()
            raise ReplaceConfigException(loaded.said or "the candidate was refused")
        self._fresh = self._clock(), _sections(loaded.out, "frr.conf", "nftables.conf")

    def load_merge_candidate(self, filename: str | None = None, config: str | None = None) -> None:
        """Load lines to be added to what runs; MergeConfigException when vtysh refuses one."""
        text = Path(filename).read_text(encoding="utf-8") if filename else config or ""
        running = self._running()["frr.conf"]
        whole = "\n".join(line for line in running.splitlines() if line.strip() != "end")
        try:
            self.load_replace_files({"frr.conf": f"{whole}\n{text}\n"})
        except ReplaceConfigException as error:
            raise MergeConfigException(str(error)) from None

    def compare_config(self) -> str:
        """The router's own difference between what runs and the candidate; empty when none."""
        if not self._candidate:
            return ""
        running = self._just_shown() or self._running()
        parts: list[str] = []
        if "frr.conf" in self._candidate:
            parts.append(self._frr_difference(running["frr.conf"]))
        if "nftables.conf" in self._candidate:
            changes = frr_text.unified(running["nftables.running"], running["nftables.candidate"])
            parts.append(changes)
        return "\n".join(part for part in parts if part)

    def discard_config(self) -> None:
        """Forget the candidate; what runs stays."""
        if self._token and not self._committed:
            self._run(f"rm -rf {shlex.quote(self._folder)}")
        self._token, self._candidate = "", {}

    # -- commit

    def commit_config(self, message: str = "", revert_in: int | None = None) -> None:
        """Load the candidate; with `revert_in` seconds, arm the router's revert timer before.

        Without it the commit is confirmed, and so saved, at once. What could not be loaded whole
        is taken back by the router itself (CommitError).
        """
        if not self._candidate:
            raise CommitError("no candidate is loaded")
        by = message or self.username
        self._committed = True
        committed = self._step("commit", self._folder, self._token, str(revert_in or 0), by)
        if committed.status == _PENDING:
            raise CommitError(f"another change waits for its confirmation: {committed.said}")
        if committed.status == _REVERTED:
            raise CommitError(f"the change was taken back by the router: {committed.said}")
        if committed.status != 0:
            raise CommitError(f"the router could not go back by itself: {committed.said}")
        if revert_in is None:
            self.confirm_commit()

    def confirm_commit(self) -> None:
        """Disarm the timer and make the candidate the start-up configuration."""
        confirmed = self._step("confirm", self._pending_token())
        if confirmed.status == _NOT_PENDING:
            raise CommitConfirmException("the change is no longer pending: its timer has run out")
        if confirmed.status != 0:
            raise CommitConfirmException(confirmed.said)
        self._token, self._candidate = "", {}

    def rollback(self) -> None:
        """Back to what ran before the pending commit."""
        reverted = self._step("revert", self._pending_token())
        if reverted.status == _NOT_PENDING:
            raise CommitConfirmException("no commit is pending: its timer has run out")
        if reverted.status != 0:
            raise CommitError(f"the router could not go back: {reverted.said}")
        self._token, self._candidate = "", {}

    def has_pending_commit(self) -> bool:
        """Whether the router waits for a confirmation, of whomever."""
        return "armed" in self.transaction_status()

    def running_files(self) -> dict[str, str]:
        """FILES as they run, in the form of a candidate."""
        return {name: text for name, text in self._running().items() if name in FILES}

    def last_command(self) -> str:
        """The newest line about a configuration command in FRR's own log; empty without one."""
        found = self._run(
            "grep -hE 'configure terminal|\\[CONFIG\\]' /var/log/frr/*.log 2>/dev/null | tail -n 1"
        )
        return found.out.strip()

    def transaction_status(self) -> dict[str, str]:
        """`armed`: token, deadline (Unix seconds) and who; `last`: token, outcome and when."""
        said = self._piped("status").out
        pairs = (line.split(" ", 1) for line in said.splitlines() if " " in line)
        return {word: rest.strip() for word, rest in pairs}

    @property
    def token(self) -> str:
        """Names the loaded candidate on the router, before and after its commit."""
        return self._token

    # -- inside

    @property
    def _folder(self) -> str:
        return f"{_STATE}/{self._token}"

    def _just_shown(self) -> dict[str, str]:
        """What the load itself read, once, while it is as good as read now."""
        at, shown = self._fresh
        self._fresh = 0.0, {}
        return shown if self._clock() - at < _FRESH_S else {}

    def _pending_token(self) -> str:
        if self._token:
            return self._token
        armed = self.transaction_status().get("armed", "")
        if not armed:
            raise CommitConfirmException("no commit is pending")
        return armed.split(" ")[0]

    def _running(self) -> dict[str, str]:
        folder = self._folder if self._token else "/nowhere"
        shown = self._piped("show", folder)
        if shown.status != 0:
            raise CommandErrorException(f"what runs can't be read: {shown.said}")
        return _sections(shown.out, "frr.conf", "nftables.conf")

    def _frr_difference(self, running: str) -> str:
        # The same lines in the same contexts: frr-reload would find nothing, at ten times the cost.
        if frr_text.same_meaning(running, self._candidate["frr.conf"]):
            return ""
        differed = self._step("differ", self._folder)
        if differed.status != 0:
            raise CommandErrorException(f"frr-reload --test failed: {differed.said}")
        gone, come = frr_text.read_delta(differed.out)
        return frr_text.shown(gone, come)

    def _step(self, step: str, *words: str) -> Completed:
        """One step of the transaction, which goes on to its end if this session dies."""
        line = " ".join(shlex.quote(word) for word in (step, *words))
        script = f"{self._folder}/transaction.sh"
        bound = self._commit_timeout_s if step in {"commit", "confirm", "revert"} else None
        if not self._token:
            return self._piped(step, *words, timeout_s=bound)
        out = shlex.quote(f"{self._folder}.{step}")
        return self._run(
            f"umask 077; test -e {shlex.quote(script)} || exit {_NOT_PENDING}; "
            f"setsid sh {shlex.quote(script)} {line} >{out} 2>&1 </dev/null & "
            f"wait $!; status=$?; cat {out}; rm -f {out}; exit $status",
            timeout_s=bound,
        )

    def _piped(self, step: str, *words: str, timeout_s: float | None = None) -> Completed:
        """A step with the script sent along, for when no candidate has left it on the router."""
        line = " ".join(shlex.quote(word) for word in (step, *words))
        return self._run(
            f'script=$(cat); setsid -w sh -c "$script" sh {line} </dev/null',
            _SCRIPT.read_bytes(),
            timeout_s,
        )

    def _run(self, command: str, stdin: bytes = b"", timeout_s: float | None = None) -> Completed:
        try:
            return self._shell.run(command, stdin, timeout_s)
        except LostError as error:
            raise ConnectionClosedException(str(error)) from None


def _tar(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _sections(text: str, *expected: str) -> dict[str, str]:
    """`@@ name` lines and what follows each -> text by name; all of `expected` are among them."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("@@ "):
            lines = found.setdefault(line[3:].strip(), [])
        else:
            lines.append(line)
    if not set(expected) <= set(found):
        raise CommandErrorException(f"expected what runs, found {text[:200]!r}")
    return {name: "\n".join(content) + "\n" for name, content in found.items()}
