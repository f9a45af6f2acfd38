"""A change of an FRRouting router over SSH: the controller's half of `frr_transaction/`.

What changes the router is that one script, sent along with each candidate; every step of it ends
on the router even when this end dies. Raises NAPALM's exceptions, as its driver must.
"""

import io
import shlex
import tarfile
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from napalm.base.exceptions import (
    CommandErrorException,
    CommitConfirmException,
    CommitError,
    ConnectAuthError,
    ConnectionClosedException,
    ConnectionException,
    ReplaceConfigException,
)

from nornir_tasks.drivers import frr_text
from nornir_tasks.drivers.frr_text import FILES
from nornir_tasks.drivers.shell import Completed, Login, LostError, RefusedError, Shell, ShellError
from nornir_tasks.drivers.vtysh import answers, joined

_PARTS = ("frr.sh", "nftables.sh", "snmpd.sh", "transaction.sh")
_STATE = "/run/imereti"
_PENDING, _NOT_PENDING, _REVERTED = 3, 4, 5
_FRESH_S = 1.0


class FrrRouter:
    """One router: its session, its candidate, its pending change."""

    def __init__(
        self, login: Login, commit_timeout_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shell = Shell(login)
        self._commit_timeout_s = commit_timeout_s
        self._clock = clock
        self._token = ""
        self._candidate: dict[str, str] = {}
        self._committed = False
        self.load_at: float | None = None
        """Unix seconds at which the next commit loads FRR's lines; None: at once."""
        self._fresh: tuple[float, dict[str, str]] = (0.0, {})

    def open(self) -> None:
        """Connect; ConnectAuthError or ConnectionException."""
        try:
            self._shell.open()
        except RefusedError as error:
            raise ConnectAuthError(str(error)) from None
        except ShellError as error:
            raise ConnectionException(str(error)) from None

    def close(self) -> None:
        """Disconnect."""
        self._shell.close()

    @property
    def alive(self) -> bool:
        """Whether the session is open."""
        return self._shell.alive

    @property
    def token(self) -> str:
        """Names the loaded candidate on the router, before and after its commit."""
        return self._token

    def load(self, files: Mapping[str, str]) -> None:
        """Load whole files of FILES by name; nothing changes until the commit."""
        unknown = sorted(set(files) - set(FILES))
        if unknown:
            raise ReplaceConfigException(f"expected {', '.join(FILES)}, found {', '.join(unknown)}")
        self._token, self._candidate, self._committed = uuid4().hex, dict(files), False
        folder = shlex.quote(self._folder)
        script = f"sh {folder}/transaction.sh"
        # The script travels inside the archive that it unpacks, so its first step is written here.
        # One exchange for all: the time of a plan is the number of exchanges.
        loaded = self.run(
            f"umask 077; mkdir -p {folder}/candidate && tar -x -C {folder}/candidate && "
            f"mv {folder}/candidate/transaction.sh {folder}/ && "
            f"{script} tidy && {script} check {folder} && {script} show {folder}",
            stdin=_tar({**files, "transaction.sh": _script()}),
        )
        if loaded.status != 0:
            self.discard()
            raise ReplaceConfigException(loaded.said or "the candidate was refused")
        self._fresh = self._clock(), _sections(loaded.out, *FILES)

    def difference(self) -> str:
        """The router's own difference between what runs and the candidate; empty when none."""
        if not self._candidate:
            return ""
        running = self._just_shown() or self._shown()
        parts: dict[str, str] = {}
        if "frr.conf" in self._candidate:
            parts[""] = self._frr_difference(running["frr.conf"])
        if "nftables.conf" in self._candidate:
            parts[" nftables.conf\n"] = frr_text.unified(
                running["nftables.running"], running["nftables.candidate"]
            )
        if "snmpd.conf" in self._candidate:
            wanted = self._candidate["snmpd.conf"]
            parts[" snmpd.conf\n"] = frr_text.unified(running["snmpd.conf"], wanted)
        return "\n".join(f"{file}{lines}" for file, lines in parts.items() if lines)

    def discard(self) -> None:
        """Forget the candidate; what runs stays."""
        if self._token and not self._committed:
            self.run(f"rm -rf {shlex.quote(self._folder)}")
        self._token, self._candidate = "", {}

    def commit(self, timer_s: int, who: str) -> None:
        """Arm the timer (0: none), then load; CommitError when the router took it back."""
        if not self._candidate:
            raise CommitError("no candidate is loaded")
        self._committed = True
        moment = "" if self.load_at is None else f"{self.load_at:.3f}"
        committed = self._step("commit", self._folder, self._token, str(timer_s), who, moment)
        if committed.status == _PENDING:
            raise CommitError(f"another change waits for its confirmation: {committed.said}")
        if committed.status == _REVERTED:
            raise CommitError(f"the change was taken back by the router: {committed.said}")
        if committed.status != 0:
            raise CommitError(f"the router could not go back by itself: {committed.said}")

    def confirm(self) -> None:
        """Disarm the timer and make the candidate the start-up configuration."""
        confirmed = self._step("confirm", self._pending_token())
        if confirmed.status == _NOT_PENDING:
            raise CommitConfirmException("the change is no longer pending: its timer has run out")
        if confirmed.status != 0:
            raise CommitConfirmException(confirmed.said)
        self._token, self._candidate = "", {}

    def revert(self) -> None:
        """Back to what ran before the pending commit."""
        reverted = self._step("revert", self._pending_token())
        if reverted.status == _NOT_PENDING:
            raise CommitConfirmException("no commit is pending: its timer has run out")
        if reverted.status != 0:
            raise CommitError(f"the router could not go back: {reverted.said}")
        self._token, self._candidate = "", {}

    def running(self) -> dict[str, str]:
        """FILES as they run, in the form of a candidate."""
        return {name: text for name, text in self._shown().items() if name in FILES}

    def last_command(self) -> str:
        """The newest line about a configuration command in FRR's own log; empty without one."""
        found = self.run(
            "grep -hE 'configure terminal|\\[CONFIG\\]' /var/log/frr/*.log 2>/dev/null | tail -n 1"
        )
        return found.out.strip()

    def status(self) -> dict[str, str]:
        """`armed`: token, deadline (Unix seconds) and who; `last`: token, outcome and when."""
        said = self._piped("status").out
        pairs = (line.split(" ", 1) for line in said.splitlines() if " " in line)
        return {word: rest.strip() for word, rest in pairs}

    def ask(self, commands: tuple[str, ...]) -> tuple[Any, ...]:
        """The JSON answers of several vtysh commands, in one exchange; {} where one has none."""
        said = self.run(joined(commands))
        if said.status != 0:
            raise CommandErrorException(said.said)
        return answers(said.out, len(commands))

    def run(self, command: str, stdin: bytes = b"", timeout_s: float | None = None) -> Completed:
        """One command; ConnectionClosedException when its end was not seen."""
        try:
            return self._shell.run(command, stdin, timeout_s)
        except LostError as error:
            raise ConnectionClosedException(str(error)) from None

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
        armed = self.status().get("armed", "")
        if not armed:
            raise CommitConfirmException("no commit is pending")
        return armed.split(" ")[0]

    def _shown(self) -> dict[str, str]:
        folder = self._folder if self._token else "/nowhere"
        shown = self._piped("show", folder)
        if shown.status != 0:
            raise CommandErrorException(f"what runs can't be read: {shown.said}")
        return _sections(shown.out, *FILES)

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
        return self.run(
            f"umask 077; test -e {shlex.quote(script)} || exit {_NOT_PENDING}; "
            f"setsid sh {shlex.quote(script)} {line} >{out} 2>&1 </dev/null & "
            f"wait $!; status=$?; cat {out}; rm -f {out}; exit $status",
            timeout_s=bound,
        )

    def _piped(self, step: str, *words: str, timeout_s: float | None = None) -> Completed:
        """A step with the script sent along, for when no candidate has left it on the router."""
        line = " ".join(shlex.quote(word) for word in (step, *words))
        return self.run(
            f'script=$(cat); setsid -w sh -c "$script" sh {line} </dev/null',
            _script().encode(),
            timeout_s,
        )


@cache
def _script() -> str:
    """The script that runs on the router, its parts behind each other."""
    folder = Path(__file__).with_name("frr_transaction")
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in _PARTS)


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
