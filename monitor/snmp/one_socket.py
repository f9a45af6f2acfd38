"""One UDP socket for all devices. An answer belongs to whoever asked: by its id and its sender.

While answers are due the socket is emptied every few milliseconds, all that came at once, and not
at every datagram: to be woken is dearer than to read.
"""

import asyncio
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from monitor.snmp.base import Cost, Counters
from monitor.snmp.questions import number_of

Address = tuple[str, int]

SHORTEST_S, LONGEST_S = 0.005, 0.08
"""Between two looks at the socket: twice as long after each that found nothing."""
RECEIVE_OCTETS = 8 * 2**20
"""Wanted of the kernel for answers that wait. Root gets it, others what net.core.rmem_max allows,
about 0.2 MB."""
ANSWER_OCTETS = 4096
"""What one waiting answer takes of that, at most."""
SLOW_S = 0.25
"""What is not answered by then no longer counts among the answers that may come all at once."""
LARGEST = 65_535
MOST_AT_ONCE = 5000
"""Datagrams read before anything else gets its turn: a flood slows us down but stops nothing."""
SO_RCVBUFFORCE = 33
"""Of Linux, socket(7); Python's module does not name it."""


class Waiting(Protocol):
    """Somebody who asked."""

    address: Address
    cost: Cost

    def take(self, number: bytes, message: bytes, received: float) -> None:
        """An answer to request `number`, from `address`; anything may be in it. Never raises."""


class OneSocket:
    """Opened at the first request; used within one event loop until it is closed.

    `each_round` is called with the time after each emptying and tells whether to go on.
    """

    def __init__(self, counters: Counters, each_round: Callable[[float], bool]) -> None:
        self._counters, self._each_round = counters, each_round
        self._waiting: dict[bytes, Waiting] = {}
        self._opened: tuple[asyncio.AbstractEventLoop, socket.socket] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pause_s = SHORTEST_S
        self._queue: deque[tuple[bytes, bytes]] = deque()
        self._room = self._most = 1
        """Requests that may be sent before the kernel could have to drop an answer."""
        self._room_from = 0.0
        self._under_way_then = self._read_since = 0
        # Four octets, begun anywhere: a stranger can't guess it, and none comes back for a week.
        self._number = secrets.randbits(30)

    @property
    def waiting(self) -> int:
        """Requests that may yet be answered."""
        return len(self._waiting)

    def next_number(self) -> bytes:
        """An id for a request: always four octets."""
        self._number = self._number + 1 & 0x3FFF_FFFF
        return (self._number | 0x4000_0000).to_bytes(4, "big")

    def send(self, number: bytes, message: bytes, waiting: Waiting) -> None:
        """Send `message`; what comes back with `number` goes to `waiting` until `forget`. OSError.

        More than the kernel has room to hold the answers of is sent a few milliseconds later.
        """
        loop, _ = self._opened or self._open()
        self._waiting[number] = waiting
        if self._room > 0 and not self._queue:
            self._put(message, waiting)
        else:
            self._queue.append((number, message))
        if self._timer is None:
            self._timer = loop.call_later(self._pause_s, self._round)
        elif self._pause_s > SHORTEST_S:
            self._timer.cancel()
            self._pause_s = SHORTEST_S
            self._timer = loop.call_later(SHORTEST_S, self._round)

    def forget(self, number: bytes) -> None:
        """Nobody waits for `number` any more."""
        self._waiting.pop(number, None)

    def empty(self) -> bool:
        """Hand on all that has come; whether any came."""
        if self._opened is None:
            return False
        receive, waiting_for, refused = self._opened[1].recvfrom, self._waiting.get, 0
        now, read = time.monotonic(), 0
        try:
            while read < MOST_AT_ONCE:
                message, sender = receive(LARGEST)
                read += 1
                try:
                    number = number_of(message)
                except (ValueError, IndexError):
                    refused += 1
                    continue
                waiting = waiting_for(number)
                if waiting is None or waiting.address != sender:
                    refused += 1
                else:
                    cost = waiting.cost
                    cost.received += 1
                    cost.received_octets += len(message)
                    waiting.take(number, message, now)
        except OSError:
            pass  # nearly always that it would block; else the next call reads on
        self._counters.refused += refused
        self._room = min(self._most, self._room + read)
        self._read_since += read
        return read > 0

    def close(self) -> None:
        """Give the socket back; the next request opens another."""
        if self._timer:
            self._timer.cancel()
        if self._opened:
            self._opened[1].close()
        self._opened = self._timer = None
        self._waiting.clear()
        self._queue.clear()

    def _put(self, message: bytes, waiting: Waiting) -> None:
        """A full queue of the kernel loses the message as the network might."""
        assert self._opened is not None  # noqa: S101  (only called when it is)
        self._room -= 1
        self._counters.requests += 1
        try:
            self._opened[1].sendto(message, waiting.address)
        except BlockingIOError:
            self._room = 0
        else:
            cost = waiting.cost
            cost.sent += 1
            cost.sent_octets += len(message)

    def _round(self) -> None:
        came = self.empty()
        now = time.monotonic()
        self._make_room(now)
        self._send_queued()
        going_on = self._each_round(now)
        if self._opened is None or not (going_on or self._waiting or self._queue):
            self._timer, self._pause_s = None, SHORTEST_S
            return
        self._pause_s = SHORTEST_S if came or self._queue else min(2 * self._pause_s, LONGEST_S)
        self._timer = self._opened[0].call_later(self._pause_s, self._round)

    def _make_room(self, now: float) -> None:
        """What was sent long ago and not answered is lost: nothing has to be kept free for it."""
        if now - self._room_from >= SLOW_S:
            lost = max(0, self._under_way_then - self._read_since)
            self._room = min(self._most, self._room + lost)
            self._room_from, self._read_since = now, 0
            self._under_way_then = self._most - self._room

    def _send_queued(self) -> None:
        while self._queue and self._room > 0:
            number, message = self._queue.popleft()
            waiting = self._waiting.get(number)
            if waiting is None:
                continue  # given up meanwhile
            try:
                self._put(message, waiting)
            except OSError:
                continue  # as if it were lost on the way

    def _open(self) -> tuple[asyncio.AbstractEventLoop, socket.socket]:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_OCTETS)
        except OSError:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_OCTETS)
        opened.bind(("", 0))
        granted = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self._room = self._most = max(1, granted // ANSWER_OCTETS)
        self._opened = (asyncio.get_running_loop(), opened)
        return self._opened
