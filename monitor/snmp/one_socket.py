"""One UDP socket for all devices. An answer belongs to whoever asked: by its id and its sender.

While answers are due the socket is emptied every few milliseconds, all that came at once, and not
at every datagram: to be woken is dearer than to read. When nothing comes any more (what is left
is silent, or far away) the event loop watches the socket instead.
"""

import asyncio
import secrets
import socket
import time
from typing import Protocol

from monitor.snmp.base import Counters
from monitor.snmp.questions import message_number

Address = tuple[str, int]

EMPTY_EVERY_S = 0.01
QUIET_ROUNDS = 3
"""After so many rounds without an answer the socket is watched."""
RECEIVE_OCTETS = 8 * 2**20
"""Wanted of the kernel for answers that wait; it grants a user less, about 0.2 MB."""
ANSWER_OCTETS = 4096
"""What one waiting answer takes of that, at most."""
LARGEST = 65_535
MOST_AT_ONCE = 5000
"""Datagrams read before anything else gets its turn: a flood slows us down but stops nothing."""


class Waiting(Protocol):
    """Somebody who asked."""

    address: Address

    def take(self, number: int, message: bytes, received: float) -> None:
        """An answer to request `number`, from `address`; anything may be in it. Never raises."""


class OneSocket:
    """Opened at the first request; used within one event loop until it is closed."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._waiting: dict[int, Waiting] = {}
        self._opened: tuple[asyncio.AbstractEventLoop, socket.socket] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watched = False
        self._quiet = 0
        self._sent = 0
        """Requests since the socket was last emptied."""
        self._most_sent = 1
        # Four octets, begun anywhere: a stranger can't guess it, and none comes back for a week.
        self._number = secrets.randbits(30)

    @property
    def waiting(self) -> int:
        """Requests that may yet be answered."""
        return len(self._waiting)

    def next_number(self) -> int:
        """An id for a request: always four octets."""
        self._number = self._number + 1 & 0x3FFF_FFFF
        return self._number | 0x4000_0000

    def send(self, number: int, message: bytes, waiting: Waiting) -> None:
        """Send `message`; what comes back with `number` goes to `waiting` until `forget`. OSError.

        A full queue of the kernel loses the message as the network might.
        """
        loop, opened = self._opened or self._open()
        self._waiting[number] = waiting
        self._counters.requests += 1
        try:
            opened.sendto(message, waiting.address)
        except BlockingIOError:
            self.empty()
        self._sent += 1
        if self._sent >= self._most_sent:
            self.empty()
        if self._timer is None:
            self._quiet = 0
            self._watch(on=False)
            self._timer = loop.call_later(EMPTY_EVERY_S, self._round)

    def forget(self, number: int) -> None:
        """Nobody waits for `number` any more."""
        self._waiting.pop(number, None)

    def empty(self) -> bool:
        """Hand on all that has come; whether any came."""
        self._sent = 0
        for read in range(MOST_AT_ONCE):
            if self._opened is None:
                return False
            try:
                message, sender = self._opened[1].recvfrom(LARGEST)
            except OSError:  # nearly always that it would block; else the next call reads on
                return read > 0
            self._deliver(message, sender)
        return True

    def close(self) -> None:
        """Give the socket back; the next request opens another."""
        self._watch(on=False)
        if self._timer:
            self._timer.cancel()
        if self._opened:
            self._opened[1].close()
        self._opened = self._timer = None
        self._waiting.clear()

    def _deliver(self, message: bytes, sender: Address) -> None:
        try:
            number = message_number(message)
        except ValueError:
            number = 0
        waiting = self._waiting.get(number)
        if waiting is None or waiting.address != sender:
            self._counters.refused += 1
        else:
            waiting.take(number, message, time.monotonic())

    def _round(self) -> None:
        self._timer = None
        self._quiet = 0 if self.empty() else self._quiet + 1
        if not self._waiting or self._opened is None or self._timer is not None:
            return
        if self._quiet >= QUIET_ROUNDS:
            self._watch(on=True)
        else:
            self._timer = self._opened[0].call_later(EMPTY_EVERY_S, self._round)

    def _woken(self) -> None:
        """One answer came after a while: others will be close behind."""
        self._watch(on=False)
        self._quiet = 0
        self._round()

    def _watch(self, *, on: bool) -> None:
        if self._opened is None or on == self._watched:
            return
        loop, opened = self._opened
        self._watched = on
        if on:
            loop.add_reader(opened.fileno(), self._woken)
        else:
            loop.remove_reader(opened.fileno())

    def _open(self) -> tuple[asyncio.AbstractEventLoop, socket.socket]:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_OCTETS)
        opened.bind(("", 0))
        granted = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self._most_sent = max(1, granted // ANSWER_OCTETS // 2)
        self._opened = (asyncio.get_running_loop(), opened)
        return self._opened
