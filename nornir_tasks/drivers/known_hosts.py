"""Host keys of the devices: a changed one is refused, a new one is remembered or refused."""

import os
import socket
import threading
from pathlib import Path

import paramiko
from paramiko.ssh_exception import SSHException

SSH_PORT = 22


class HostKeyError(SSHException):
    """The key that a device showed is not the one expected."""


class KnownHosts(paramiko.MissingHostKeyPolicy):
    """Keys by host, read once and shared by every connection of a run.

    The file has OpenSSH's form. `accept_new`: the first key seen of a host is taken and appended.
    """

    def __init__(self, path: Path | None, *, accept_new: bool) -> None:
        self._path = path
        self._accept_new = accept_new
        self._lock = threading.Lock()
        self._keys = _read(path) if path else {}

    def ensured(self, host: str, port: int, timeout_s: float) -> Path | None:
        """The file for a client that reads it itself, with the key of `host` in it if need be.

        None when any key is taken. HostKeyError when the key is unknown and may not be taken;
        OSError and SSHException when the host does not answer.
        """
        if self._path is None:
            return None
        name = name_of(host, port)
        if name not in self._keys:
            with socket.create_connection((host, port), timeout_s) as connection:
                transport = paramiko.Transport(connection)
                try:
                    transport.start_client(timeout=timeout_s)
                    self.missing_host_key(None, name, transport.get_remote_server_key())
                finally:
                    transport.close()
        return self._path

    def changed(self, hostname: str, key: paramiko.PKey) -> HostKeyError:
        """What to say of a host whose key is not the known one."""
        return HostKeyError(
            f"host key of {hostname} - expected that of {self._path}, found another "
            f"({key.get_name()} {key.fingerprint}). If the device was replaced, remove "
            f"its line: ssh-keygen -R '{hostname}' -f {self._path}"
        )

    def missing_host_key(
        self,
        client: paramiko.SSHClient | None,  # noqa: ARG002  (paramiko's signature)
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        """Called by paramiko with the key that the server proved to have."""
        shown = (key.get_name(), key.get_base64())
        with self._lock:
            known = self._keys.get(hostname, set())
            if shown in known or self._path is None:
                return
            if known:
                raise self.changed(hostname, key)
            if not self._accept_new:
                raise HostKeyError(
                    f"host key of {hostname} - expected one in {self._path}, found none. "
                    f"Compare {key.fingerprint} with the device's console and add it."
                )
            self._keys[hostname] = {shown}
            _append(self._path, f"{hostname} {shown[0]} {shown[1]}\n")


def name_of(host: str, port: int) -> str:
    """As OpenSSH's file names a host."""
    return host if port == SSH_PORT else f"[{host}]:{port}"


def _read(path: Path) -> dict[str, set[tuple[str, str]]]:
    keys: dict[str, set[tuple[str, str]]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return keys
    for line in lines:
        words = line.split()
        if len(words) >= 3 and not line.startswith(("#", "@")):
            for host in words[0].split(","):
                keys.setdefault(host, set()).add((words[1], words[2]))
    return keys


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
