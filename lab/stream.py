"""Pings in quick succession along a few ways, to see for how long each was broken.

`python -m lab.stream STATE_FOLDER NAME` is a process of its own, so that nothing but the machine
itself can make it late; it says how late it was. One JSON document a line, in and out:

    {"do": "start", "interval_s": S, "flows": [[SOURCE, TARGET], ...]}  -> {"started": N}
    {"do": "mark"}   -> {"sent": N}
    {"do": "look"}   -> {"steady_s": [S, ...], "sent": N}, of what was sent since the mark
    {"do": "stop"}   -> {"outages": [[S, LOST, SENT, BROKEN], ...], "late_s": S}
"""

import json
import os
import selectors
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from lab import netns
from lab.reach import Probe, Prober
from lab.state import LabState, running_lab

ON_ITS_WAY_S = 0.1
"""How long a ping without an answer is not called lost yet."""
LATE_ANSWER_S = 0.4
"""After the last ping, for answers that are still on their way."""


@dataclass(slots=True)
class Flow:
    """One way, and what happened to each ping on it."""

    probe: Probe
    sent: list[float] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    mark: int = 0
    """Number of the first ping that tells whether the way is steady."""

    def steady_s(self) -> float:
        """How long the newest unbroken row of answers since the mark is, in seconds of sending.

        Pings that can't have been answered yet are not looked at.
        """
        last = len(self.answered) - 1
        while (
            last >= self.mark
            and not self.answered[last]
            and self.sent[-1] - self.sent[last] < ON_ITS_WAY_S
        ):
            last -= 1
        first = last
        while first >= self.mark and self.answered[first]:
            first -= 1
        return self.sent[last] - self.sent[first + 1] if last > first else 0.0

    def outage(self) -> tuple[float, int, bool]:
        """Longest row of lost pings in seconds, all that were lost, whether it is broken still."""
        longest, began = 0.0, None
        for at, answered in zip(self.sent, self.answered, strict=True):
            if not answered and began is None:
                began = at
            elif answered and began is not None:
                longest, began = max(longest, at - began), None
        if began is not None:
            longest = max(longest, self.sent[-1] - began)
        return longest, self.answered.count(False), began is not None


class Stream:
    """Sends on every flow once an interval; a context manager like the Prober below it."""

    def __init__(self, prober: Prober, flows: Sequence[Probe], interval_s: float) -> None:
        self._prober, self._interval_s = prober, interval_s
        self.flows = [Flow(probe) for probe in flows]
        self._waiting: dict[bytes, tuple[int, int]] = {}
        self._due = time.monotonic()
        self.late_s = 0.0

    def tick(self) -> float:
        """Send if it is time; seconds until the next time."""
        now = time.monotonic()
        if now >= self._due:
            self.late_s = max(self.late_s, now - self._due)
            for number, flow in enumerate(self.flows):
                token = self._prober.send(flow.probe)
                self._waiting[token] = (number, len(flow.sent))
                flow.sent.append(time.monotonic())
                flow.answered.append(False)
            self._due = max(self._due + self._interval_s, now)
        return max(0.0, self._due - time.monotonic())

    def take(self, wait_s: float) -> None:
        """Count the answers of at most `wait_s`."""
        for token in self._prober.answers(wait_s):
            if found := self._waiting.pop(token, None):
                self.flows[found[0]].answered[found[1]] = True


class Worker:
    """Obeys the lines on its standard input."""

    def __init__(self, lab: LabState) -> None:
        self._lab = lab
        self._prober = Prober(lambda node: netns.network_namespace(lab, node))
        self._stream: Stream | None = None

    def run(self) -> None:
        """Until the standard input ends."""
        lines = selectors.DefaultSelector()
        lines.register(0, selectors.EVENT_READ)
        buffer = b""
        with self._prober:
            while True:
                wait_s = self._stream.tick() if self._stream else None
                if self._stream:
                    self._stream.take(min(wait_s or 0.0, 0.02))
                    wait_s = 0.0
                if lines.select(wait_s):
                    chunk = os.read(0, 65_536)
                    if not chunk:
                        return
                    buffer += chunk
                    while b"\n" in buffer:
                        line, buffer = buffer.split(b"\n", 1)
                        self._answer(self._obey(json.loads(line)))

    @staticmethod
    def _answer(document: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()

    def _obey(self, order: dict[str, Any]) -> dict[str, Any]:
        if order["do"] == "start":
            flows = [Probe(source, ip_address(target)) for source, target in order["flows"]]
            self._stream = Stream(self._prober, flows, order["interval_s"])
            return {"started": len(flows)}
        stream = self._stream
        if stream is None:
            return {"error": "nothing was started"}
        if order["do"] == "mark":
            for flow in stream.flows:
                flow.mark = len(flow.sent)
            return {"sent": len(stream.flows[0].sent) if stream.flows else 0}
        if order["do"] == "look":
            steady = [flow.steady_s() for flow in stream.flows]
            return {"steady_s": steady, "sent": len(stream.flows[0].sent) if steady else 0}
        self._stream = None
        deadline = time.monotonic() + LATE_ANSWER_S
        while (left := deadline - time.monotonic()) > 0 and not self._all_answered(stream):
            stream.take(left)
        rows = [(flow.outage(), len(flow.sent)) for flow in stream.flows]
        outages = [(longest, lost, sent, broken) for (longest, lost, broken), sent in rows]
        return {"outages": outages, "late_s": stream.late_s}

    @staticmethod
    def _all_answered(stream: Stream) -> bool:
        return all(flow.answered[-1] for flow in stream.flows if flow.answered)


def main() -> int:
    """Exit 1 when the lab does not run."""
    lab = running_lab(Path(sys.argv[1]), sys.argv[2])
    if lab is None:
        return 1
    Worker(lab).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
