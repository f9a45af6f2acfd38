"""A raw terminal: paramiko's channel, read until a text appears."""

import re
import time
from types import TracebackType

import paramiko

from lab.ios_standin.device import CREDENTIALS

TIMEOUT_S = 10.0


class Shell:
    """One interactive SSH session of `user`."""

    def __init__(
        self,
        port: int,
        user: str = "admin",
        password: str = CREDENTIALS["admin"],
        *,
        height: int = 24,
    ) -> None:
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        self.client.connect(
            "127.0.0.1", port, user, password, look_for_keys=False, allow_agent=False, timeout=10
        )
        self.channel = self.client.invoke_shell(width=200, height=height)
        self.channel.settimeout(TIMEOUT_S)

    def __enter__(self) -> "Shell":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()

    def until(self, pattern: str) -> str:
        """Everything up to what matches `pattern` at the end; AssertionError after 10 s."""
        text = ""
        deadline = time.monotonic() + TIMEOUT_S
        while not re.search(pattern + r"\Z", text.replace("\r\n", "\n")):
            assert time.monotonic() < deadline, f"{pattern!r} never came: {text!r}"
            more = self.channel.recv(65536)
            assert more, f"closed before {pattern!r}: {text!r}"
            text += more.decode()
        return text.replace("\r\n", "\n")

    def send(self, line: str, pattern: str = r"[>#]") -> str:
        """Types a line; what came back, up to the next prompt."""
        self.channel.sendall(line.encode() + b"\r")
        return self.until(pattern)

    def closed(self) -> bool:
        """Whether the device ends the session, within 10 s."""
        while True:
            if not self.channel.recv(65536):
                return True
