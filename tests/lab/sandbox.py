"""Boots and kills labs again and again where nothing else runs, and looks for what they leave.

`run_sandbox` starts `python -m tests.lab.sandbox` in process, network and mount namespaces of its
own: whatever is there after a lab and was not before it is the lab's doing, however busy the
machine is.
"""

import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
KINDS = ("net", "mnt", "uts", "ipc", "pid")
CACHES = ("cache", "templates")
"""Under paths.state: what any command keeps for the next."""
GONE_WITHIN_S = 30.0
COMMAND_TIMEOUT_S = 120
PROGRAM = [sys.executable, "-c", "from cli.main import main; main()"]
SANDBOX = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]


@dataclass(frozen=True)
class Traces:
    """All that a lab could leave."""

    processes: frozenset[str]
    namespaces: frozenset[str]
    interfaces: frozenset[str]
    mounts: frozenset[str]
    files: frozenset[str]

    @staticmethod
    def now(state: Path) -> "Traces":
        """What this process sees; files in `state`, and where the lab's programs write by habit."""
        processes, namespaces = set(), set()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                inside = {str((entry / "ns" / kind).readlink()) for kind in KINDS}
            except OSError:  # ended meanwhile
                continue
            if command:  # else it has ended, and waits for its parent to notice
                processes.add(f"{entry.name} {command}")
                namespaces |= inside
        kept = {state / name for name in CACHES}
        own = [one for one in state.iterdir() if one not in kept] if state.exists() else []
        folders = *own, *map(Path, ("/run/frr", "/run/netns", "/run/nodes", "/var/tmp"))
        return Traces(
            processes=frozenset(processes),
            namespaces=frozenset(namespaces),
            interfaces=frozenset(name for _, name in socket.if_nameindex()),
            mounts=frozenset(Path("/proc/self/mountinfo").read_text().splitlines()),
            files=frozenset(str(file) for folder in folders for file in folder.rglob("*")),
        )

    def added(self, state: Path) -> dict[str, list[str]]:
        """What is there now and was not then."""
        now = Traces.now(state)
        new = {one.name: getattr(now, one.name) - getattr(self, one.name) for one in fields(self)}
        return {name: sorted(things) for name, things in new.items() if things}

    def left(self, state: Path) -> dict[str, list[str]]:
        """The same once what is still ending has ended."""
        deadline = time.monotonic() + GONE_WITHIN_S
        while (found := self.added(state)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found


@dataclass(frozen=True)
class Life:
    """One lab: booted or killed, and taken away."""

    killed_after_s: float | None
    """None when it was let come up."""
    ok: bool
    """Whether it came up as it should, and whether every command succeeded."""
    said: str
    """What a command that failed said; empty when none did."""
    up: tuple[str, ...]
    """Of what kinds its traces were while it was there; a killed one may have had none yet."""
    left: dict[str, list[str]]
    """Its traces after `lab down`."""
    s: float


def run_sandbox(config: Path, boots: int, kills: int) -> list[Life]:
    """`boots` whole labs, at least two, and before the last of them `kills` that die on the way up.

    The moments of the kills are spread over the time of the first boot, each at a random place of
    its share. After every third kill, and the last, the next `up` has to clean, else `down`.
    """
    done = subprocess.run(
        [*SANDBOX, sys.executable, "-m", "tests.lab.sandbox", str(config), str(boots), str(kills)],
        capture_output=True,
        text=True,
        timeout=60 + COMMAND_TIMEOUT_S * (boots + kills),
        check=False,
        cwd=CHECKOUT,
    )
    if done.returncode != 0:
        raise AssertionError(f"the sandbox failed: {done.stderr.strip()}")
    return [Life(**{**row, "up": tuple(row["up"])}) for row in json.loads(done.stdout)]


def _lives(config: Path, boots: int, kills: int) -> Iterator[Life]:
    state = config.parent / "state"
    chance = random.Random(str(config))
    _imereti(config, "down")  # makes the folder of locks
    before = Traces.now(state)
    whole_s = 0.0
    for _ in range(boots - 1):
        life = _life(config, state, before, None, clean=True)
        whole_s = whole_s or life.s
        yield life
    for number in range(kills):
        after_s = (number + chance.random()) / kills * whole_s
        last = number == kills - 1
        yield _life(config, state, before, after_s, clean=number % 3 != 2 and not last)
    yield _life(config, state, before, None, clean=True)


def _life(
    config: Path, state: Path, before: Traces, killed_after_s: float | None, *, clean: bool
) -> Life:
    began = time.monotonic()
    ok, said = True, ""
    if killed_after_s is None:
        done = _imereti(config, "up")
        ok = done.returncode == 0 and json.loads(done.stdout)["ok"]
        said = "" if ok else done.stderr
    else:
        _kill_up(config, killed_after_s)
    lasted_s = time.monotonic() - began
    up = tuple(before.added(state))
    if clean:
        done = _imereti(config, "down")
        if done.returncode != 0:
            ok, said = False, said + done.stderr
    left = before.left(state) if clean else {}
    return Life(killed_after_s, ok, said, up, left, lasted_s)


def _imereti(config: Path, word: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, "--json", "-c", str(config), "lab", word],
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )


def _kill_up(config: Path, after_s: float) -> None:
    with subprocess.Popen(
        [*PROGRAM, "-c", str(config), "lab", "up"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as going_up:
        try:
            going_up.wait(after_s)
        except subprocess.TimeoutExpired:
            going_up.send_signal(signal.SIGKILL)


def main(words: list[str]) -> None:
    """See `run_sandbox`."""
    config, boots, kills = words
    lives: list[dict[str, Any]] = [
        asdict(life) for life in _lives(Path(config), int(boots), int(kills))
    ]
    sys.stdout.write(json.dumps(lives))


if __name__ == "__main__":
    main(sys.argv[1:])
