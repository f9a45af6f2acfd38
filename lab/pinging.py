"""The other end of lab.stream: pings in quick succession from a process of their own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inventory.errors import LabError
from lab import netns
from lab.reach import Probe
from lab.state import MARKER, LabState

INTERVAL_S = 0.01


@dataclass(frozen=True, slots=True)
class WayOutage:
    """What happened on one way."""

    probe: Probe
    outage_s: float
    """Longest row of lost pings."""
    lost: int
    sent: int
    broken: bool
    """Whether the last ping was lost."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured from start to stop."""

    ways: tuple[WayOutage, ...]
    late_s: float
    """By how much the process that pings was late at worst: how busy the machine was."""

    @property
    def worst(self) -> WayOutage | None:
        """The way with the longest outage."""
        return max(self.ways, key=lambda way: way.outage_s, default=None)


class Pinging:
    """A context manager; one measurement at a time."""

    def __init__(self, state: Path, lab: LabState) -> None:
        self._probes: tuple[Probe, ...] = ()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lab.stream", str(state.resolve()), lab.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env={**netns.ENVIRONMENT, MARKER: str(lab.folder)},
        )

    def __enter__(self) -> "Pinging":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.stdout.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        streams = self._process.stdin, self._process.stdout
        assert streams[0] is not None and streams[1] is not None  # noqa: S101, PT018
        try:
            streams[0].write(json.dumps(order).encode() + b"\n")
            streams[0].flush()
            line = streams[1].readline()
        except OSError:
            line = b""
        if not line:
            raise LabError("the process that pings ended by itself.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def start(self, probes: Sequence[Probe], interval_s: float = INTERVAL_S) -> None:
        """Begin to ping every way."""
        self._probes = tuple(probes)
        flows = [(probe.source, str(probe.target)) for probe in probes]
        self._ask({"do": "start", "interval_s": interval_s, "flows": flows})

    def mark(self) -> None:
        """Let only what is sent from now on tell whether a way is steady.

        After an action: answers from before it would hide that it broke something just now.
        """
        self._ask({"do": "mark"})

    def steady_s(self) -> float:
        """For how long every way has answered since the mark; 0 when one is broken now."""
        return float(min(self._ask({"do": "look"})["steady_s"], default=0.0))

    def unsteady(self, seconds: float) -> list[Probe]:
        """The ways that have not answered for so long since the mark."""
        steady = self._ask({"do": "look"})["steady_s"]
        return [p for p, for_s in zip(self._probes, steady, strict=True) if for_s < seconds]

    def stop(self) -> Measured:
        """End the measurement."""
        answer = self._ask({"do": "stop"})
        ways = [
            WayOutage(probe, *row)
            for probe, row in zip(self._probes, answer["outages"], strict=True)
        ]
        return Measured(tuple(ways), float(answer["late_s"]))
