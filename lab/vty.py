"""Ask an FRR daemon over its vty socket, as vtysh does, without starting a process.

The protocol: the command and a zero byte; the answer, three zero bytes and the command's status.
"""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ANSWER_TIMEOUT_S = 2.0
_END = b"\0\0\0"
_SUCCESS = 0
_CHUNK = 65536


def show(run: Path, daemon: str, command: str) -> str:
    """The answer of `daemon`; OSError when it doesn't run or doesn't answer in time."""
    with _enabled(run, daemon) as vty:
        return _ask(vty, command)[0]


def configure(run: Path, daemon: str, lines: Iterable[str]) -> None:
    """Change the running configuration. OSError as for `show`, ValueError for a refused line."""
    with _enabled(run, daemon) as vty:
        for line in ("configure terminal", *lines):
            said, status = _ask(vty, line)
            if status != _SUCCESS:
                raise ValueError(f"{daemon} refuses {line!r}: {said.strip() or status}")


@contextmanager
def _enabled(run: Path, daemon: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as vty:
        vty.settimeout(ANSWER_TIMEOUT_S)
        vty.connect(str(run / "frr" / f"{daemon}.vty"))
        _ask(vty, "enable")  # some commands exist only there
        yield vty


def _ask(vty: socket.socket, command: str) -> tuple[str, int]:
    """The answer and its status."""
    vty.sendall(command.encode() + b"\0")
    answer = b""
    while answer[-4:-1] != _END:
        chunk = vty.recv(_CHUNK)
        if not chunk:
            raise ConnectionError("the daemon closed its vty")
        answer += chunk
    return answer[:-4].decode(errors="replace"), answer[-1]


def show_json(run: Path, daemon: str, command: str) -> Any:
    """The parsed answer; None when the daemon doesn't run, is starting, or says no JSON."""
    try:
        return json.loads(show(run, daemon, f"{command} json") or "null")
    except (OSError, ValueError):
        return None
