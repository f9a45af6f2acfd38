"""A machine with Docker and containerlab, for what a person types on such a one.

It is namespaces of its own with an engine in them, which see nothing of this machine's Docker and
end with the process that holds them.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

from lab import containerlab, netns
from lab.containerlab import Containerlab
from lab.state import LabState


@contextmanager
def docker_machine(folder: Path) -> Iterator[LabState]:
    """It keeps its programs in `folder`, which it makes. The image of routers is loaded."""
    folder.mkdir()
    keeper, started = netns.start_keeper(folder)
    state = LabState("machine", folder, keeper, started, IPv4Network("172.31.0.0/24"))
    try:
        Containerlab().start(state)
        program = folder / "containerlab"
        words = " ".join(containerlab.ANYWHERE)
        program.write_text(f'#!/bin/sh\nexec {words} {containerlab.program()} "$@"\n')
        program.chmod(0o755)
        yield state
    finally:
        for processes in netns.marked(folder):
            netns.end(processes)
        Containerlab().discard(folder)


def on_machine(
    machine: LabState, folder: Path, *command: str, variables: Mapping[str, str] | None = None
) -> str:
    """What a person types on that machine, in `folder`; it must succeed."""
    enter = ["nsenter", f"--target={machine.keeper}", "--mount", "--pid", "--net", "--uts", "--ipc"]
    path = f"{machine.folder}:{os.environ['PATH']}:/usr/sbin"
    done = subprocess.run(
        [*enter, "--", "env", f"--chdir={folder}", *command],
        env={"PATH": path, "HOME": str(Path.home()), **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
    return done.stdout
