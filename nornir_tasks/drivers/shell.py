"""Commands on a device over SSH, each in a channel of its own, so that its exit status is known.

An interactive session, which netmiko would keep, has prompts to guess and no exit statuses; here
a command that failed can't be taken for one that printed nothing. paramiko's own exceptions stop
in this file.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.ssh_exception import (
    AuthenticationException,
    NoValidConnectionsError,
    SSHException,
)

from nornir_tasks.drivers.known_hosts import HostKeyError, KnownHosts

LARGEST_OUTPUT = 8 * 2**20


class ShellError(Exception):
    """The session could not be opened, or was lost."""


class RefusedError(ShellError):
    """Credentials or host key."""


class LostError(ShellError):
    """An open session ended, or went silent, before the command did."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return "\n".join(part for part in (self.out.strip(), self.err.strip()) if part)


@dataclass(frozen=True, slots=True)
class Login:
    """How to get into a device."""

    host: str
    port: int
    user: str
    password: str | None
    key_file: Path | None
    known_hosts: KnownHosts
    timeout_s: float

    def __repr__(self) -> str:
        return f"Login({self.user}@{self.host}:{self.port})"


class Shell:
    """One SSH connection."""

    def __init__(self, login: Login, clock: Callable[[], float] = time.monotonic) -> None:
        self._login = login
        self._clock = clock
        self._client: paramiko.SSHClient | None = None

    def open(self) -> None:
        """Connect; RefusedError or ShellError with a sentence for a person."""
        login = self._login
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(login.known_hosts)
        try:
            client.connect(
                login.host,
                port=login.port,
                username=login.user,
                password=login.password,
                key_filename=str(login.key_file) if login.key_file else None,
                allow_agent=login.key_file is None and login.password is None,
                look_for_keys=login.key_file is None and login.password is None,
                timeout=login.timeout_s,
                banner_timeout=login.timeout_s,
                auth_timeout=login.timeout_s,
                channel_timeout=login.timeout_s,
            )
        except (OSError, EOFError, SSHException, ValueError) as error:
            client.close()
            where = f"{login.host}:{login.port}"
            raise explained(where, login.user, login.timeout_s, error) from None
        self._client = client

    def close(self) -> None:
        """End the connection; never raises."""
        if self._client is not None:
            with suppress(Exception):
                self._client.close()
            self._client = None

    @property
    def alive(self) -> bool:
        """Whether the connection is open as far as this end knows."""
        transport = self._client.get_transport() if self._client else None
        return transport is not None and transport.is_active()

    def run(self, command: str, stdin: bytes = b"", timeout_s: float | None = None) -> Completed:
        """Run `command`; LostError when no end of it was seen within the time-out."""
        transport = self._client.get_transport() if self._client else None
        if transport is None:
            raise LostError("no session is open")
        bound = self._login.timeout_s if timeout_s is None else timeout_s
        try:
            channel = transport.open_session(timeout=self._login.timeout_s)
            channel.settimeout(bound)
            channel.exec_command(command)
            if stdin:
                channel.sendall(stdin)
            channel.shutdown_write()
            return self._read(channel, command, bound)
        except (OSError, EOFError, SSHException) as error:
            reason = str(error) or type(error).__name__
            raise LostError(f"the session was lost during `{_short(command)}`: {reason}") from None

    def _read(self, channel: paramiko.Channel, command: str, bound: float) -> Completed:
        deadline = self._clock() + bound
        out, err = bytearray(), bytearray()
        with channel:
            while True:
                left = deadline - self._clock()
                if left <= 0:
                    raise LostError(f"`{_short(command)}` did not end within {bound:g} s")
                channel.settimeout(left)
                with suppress(TimeoutError, socket.timeout):
                    block = channel.recv(65536)
                    out += block
                    while channel.recv_stderr_ready():
                        err += channel.recv_stderr(65536)
                    if len(out) + len(err) > LARGEST_OUTPUT:
                        raise LostError(
                            f"`{_short(command)}` printed more than {LARGEST_OUTPUT >> 20} MiB"
                        )
                    if not block:
                        break
            while more := channel.recv_stderr(65536):
                err += more
            status = channel.recv_exit_status() if channel.status_event.wait(bound) else -1
        if status == -1:
            raise LostError(f"the session was lost during `{_short(command)}`")
        return Completed(status, out.decode(errors="replace"), err.decode(errors="replace"))


def _short(command: str) -> str:
    return command if len(command) <= 60 else command[:57] + "..."


def explained(where: str, user: str, timeout_s: float, error: BaseException) -> ShellError:
    """Why no session with `where` could be opened, in a sentence for a person."""
    if isinstance(error, HostKeyError):
        return RefusedError(str(error))
    if isinstance(error, AuthenticationException):
        return RefusedError(f"{where} refused the login of {user}: {error}")
    expected = f"SSH to {where} - expected a session, found"
    if isinstance(error, NoValidConnectionsError):
        reasons = sorted({str(inner) for inner in error.errors.values()})
        return ShellError(f"{expected}: {'; '.join(reasons)}")
    if isinstance(error, TimeoutError):
        return ShellError(f"{expected} no answer in {timeout_s:g} s")
    return ShellError(f"{expected}: {error or 'end of stream'}")
