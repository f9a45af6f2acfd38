"""The long way of a delayed circuit: frames wait in user space. One process for each circuit.

`python -m lab.relay LINK DELAY_S JITTER_S TAP_A:TAP_B ...`, entered into the lab's panel: makes
the TAPs, prints `ready` and goes into the background; the panel's rules then send frames through
it. What goes into the first TAP of a pair comes out of the second, later, and the other way round.
Frames of one direction never overtake each other. The TAPs go with the process.
"""

import fcntl
import os
import random
import selectors
import struct
import subprocess
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
FRAME = 65_536
QUEUE_FRAMES = 20_000
"""What a direction holds at most; the next frame is lost, as on a real circuit."""


def open_tap(name: str) -> int:
    """A TAP of that name, up; its file descriptor."""
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", name, "up", "mtu", "9000"], check=True, timeout=10)
    return tap


class Direction:
    """Frames on their way, in order, each with the time at which it comes out."""

    def __init__(self, out: int, delay_s: float, jitter_s: float) -> None:
        self._out, self._delay_s, self._jitter_s = out, delay_s, jitter_s
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._last = 0.0

    def take(self, frame: bytes, now: float) -> None:
        """Let a frame in."""
        if len(self._waiting) < QUEUE_FRAMES:
            extra = random.uniform(0, self._jitter_s) if self._jitter_s else 0.0  # noqa: S311
            self._last = max(self._last, now + self._delay_s + extra)
            self._waiting.append((self._last, frame))

    def give(self, now: float) -> float:
        """Let out what is due; when the next one is, infinity when nothing waits."""
        while self._waiting and self._waiting[0][0] <= now:
            frame = self._waiting.popleft()[1]
            try:
                os.write(self._out, frame)
            except OSError:  # the port behind it is down
                continue
        return self._waiting[0][0] if self._waiting else float("inf")


def relay(pairs: list[tuple[int, int]], delay_s: float, jitter_s: float) -> None:
    """Carry frames until killed."""
    selector = selectors.DefaultSelector()
    directions = []
    for pair in pairs:
        for into, out in (pair, pair[::-1]):
            direction = Direction(out, delay_s, jitter_s)
            directions.append(direction)
            selector.register(into, selectors.EVENT_READ, direction)
    while True:
        due = min(direction.give(time.monotonic()) for direction in directions)
        wait_s = None if due == float("inf") else max(0.0, due - time.monotonic())
        for key, _ in selector.select(wait_s):
            _drain(key.fd, key.data)


def _drain(tap: int, direction: Direction) -> None:
    while True:
        try:
            frame = os.read(tap, FRAME)
        except OSError:  # nothing more
            return
        direction.take(frame, time.monotonic())


def main() -> int:
    """Exit 0 once the TAPs are there and the relay runs in the background."""
    _, delay_s, jitter_s, *names = sys.argv[1:]
    try:
        pairs = [(open_tap(a), open_tap(b)) for a, b in (name.split(":") for name in names)]
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"no TAP: {error}\n")
        return 1
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if os.fork():
        return 0
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    relay(pairs, float(delay_s), float(jitter_s))
    return 0


if __name__ == "__main__":
    sys.exit(main())
