"""Pings to many addresses from one socket (RFC 792): loss, round trip, jitter of the last ones.

Unprivileged where the system allows (net.ipv4.ping_group_range), else raw. Each address has its
own moment of the interval; what is due together is sent together.
"""

import asyncio
import itertools
import os
import socket
import struct
from collections import deque
from collections.abc import Iterable
from statistics import fmean
from typing import NamedTuple, Protocol
from zlib import crc32

import structlog

from monitor.clock import Clock

WINDOW, FEWEST = 60, 5
"""Pings that loss, round trip and jitter are made of, at most and at least."""
LOST_AFTER_S = 1.5
SLOT_S = 0.1
LARGEST_SEQUENCE = 0x10000
ECHO, REPLY = 8, 0
_HEADER, _TOKEN = struct.Struct("!BBHHH"), struct.Struct("!QQ")
MENDED_BY = "sysctl -w net.ipv4.ping_group_range='0 2147483647', or give CAP_NET_RAW"

log = structlog.get_logger("monitor")


class OpenSocket(Protocol):
    """Where probes leave from: the machine itself, or the NOC's host in a lab."""

    def __call__(self, family: int, kind: int, protocol: int) -> socket.socket:
        """A new socket; OSError."""


def open_here(family: int, kind: int, protocol: int) -> socket.socket:
    """A socket of this machine."""
    return socket.socket(family, kind, protocol)


class Stats(NamedTuple):
    """Of one address; the middle two are None when nothing was answered."""

    loss: float
    rtt_ms: float | None
    jitter_ms: float | None
    """Mean difference between one round trip and the next."""
    pings: int
    """Pings that this is made of."""


class _Target:
    __slots__ = ("address", "due", "pings")

    def __init__(self, address: str, due: float) -> None:
        self.address, self.due = address, due
        self.pings: deque[list[float | None]] = deque(maxlen=WINDOW)
        """[sent at, seconds until the answer]."""


class Pinger:
    """`run` pings until it is stopped; `stats` says what came of it."""

    def __init__(
        self, addresses: Iterable[str], interval_s: float, opened: socket.socket, clock: Clock
    ) -> None:
        """`opened` is from `ping_socket`."""
        self._interval_s, self._socket, self._clock = interval_s, opened, clock
        self._raw = opened.type == socket.SOCK_RAW
        self._key = int.from_bytes(os.urandom(8), "big")
        """In every ping: what does not carry it answers none of ours."""
        self._identifier = self._key & 0xFFFF
        now = clock.monotonic()
        self._targets = [
            _Target(each, now + interval_s * (crc32(each.encode()) / 2**32)) for each in addresses
        ]
        self._by_address = {each.address: each for each in self._targets}
        self._waiting: dict[int, tuple[_Target, list[float | None]]] = {}
        self._number = 0
        self.sent = self.answered = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._receive)
        try:
            while not await self._clock.wait(stop, SLOT_S):
                self._send_due()
        finally:
            loop.remove_reader(self._socket)
            self._socket.close()

    def stats(self, address: str) -> Stats | None:
        """Of the pings that had their time; None before there are FEWEST of them."""
        before = self._clock.monotonic() - LOST_AFTER_S
        done = [
            rtt
            for sent, rtt in self._by_address[address].pings
            if rtt is not None or (sent or 0.0) < before
        ]
        if len(done) < FEWEST:
            return None
        rtts = [rtt * 1000 for rtt in done if rtt is not None]
        steps = [abs(after - rtt) for rtt, after in itertools.pairwise(rtts)]
        return Stats(
            1 - len(rtts) / len(done),
            fmean(rtts) if rtts else None,
            fmean(steps) if steps else None,
            len(done),
        )

    def forget(self, address: str) -> None:
        """What was sent there tells nothing of how it is now."""
        self._by_address[address].pings.clear()

    def _send_due(self) -> None:
        now = self._clock.monotonic()
        for target in self._targets:
            if target.due <= now:
                target.due = max(target.due + self._interval_s, now)
                self._send(target, now)
        for number in [n for n, (_, ping) in self._waiting.items() if (ping[0] or 0) < now - 10]:
            del self._waiting[number]

    def _send(self, target: _Target, now: float) -> None:
        self._number += 1
        body = _TOKEN.pack(self._key, self._number)
        sequence = self._number % LARGEST_SEQUENCE
        blank = _HEADER.pack(ECHO, 0, 0, self._identifier, sequence)
        head = _HEADER.pack(ECHO, 0, checksum(blank + body), self._identifier, sequence)
        ping: list[float | None] = [now, None]
        target.pings.append(ping)
        self._waiting[self._number] = (target, ping)
        self.sent += 1
        try:
            self._socket.sendto(head + body, (target.address, 0))
        except OSError:  # no route, or no room: not answered
            return

    def _receive(self) -> None:
        now = self._clock.monotonic()
        while True:
            try:
                packet, sender = self._socket.recvfrom(512)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error for an earlier ping: that one is not answered
                continue
            if self._raw:
                packet = packet[(packet[0] & 15) * 4 :]
            self._count(packet, str(sender[0]), now)

    def _count(self, packet: bytes, sender: str, now: float) -> None:
        if len(packet) < _HEADER.size + _TOKEN.size or packet[0] != REPLY:
            return
        key, number = _TOKEN.unpack_from(packet, _HEADER.size)
        target, ping = self._waiting.get(number, (None, None))
        if key != self._key or target is None or ping is None or target.address != sender:
            return
        del self._waiting[number]
        ping[1] = now - (ping[0] or now)
        self.answered += 1


def ping_socket(open_socket: OpenSocket) -> socket.socket | None:
    """Unprivileged, else raw; None, and a line in the log, when neither is allowed."""
    problem = ""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            opened = open_socket(socket.AF_INET, kind, socket.IPPROTO_ICMP)
        except OSError as error:
            problem = str(error)
            continue
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        return opened
    log.error("not_pinging", problem=problem, mend=MENDED_BY)
    return None


def checksum(message: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
