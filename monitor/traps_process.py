"""The process that listens for traps and syslog, so that a storm of them delays no poll.

Its orders come as one JSON line on standard input, with the sockets already bound; what it hears
goes out as JSON lines on standard output. It ends when its standard input does.
"""

import json
import os
import select
import socket
import struct
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from monitor.snmp.usm import User
from monitor.traps_decode import Decoder, own_engine_id
from monitor.traps_gate import Access, Bucket, Gate

QUEUE = 500
"""Traps that wait to be taken apart; more are dropped and counted."""
DRAIN = 256
"""Datagrams that are looked at before one is taken apart."""
LARGEST = 65_535
REPORT_S = 1.0
"""How often counts are told."""
LINES_PS, LINES_BURST = 50.0, 200.0
"""Syslog lines of one device: a second in the long run, and at once."""
RECEIVE_BUFFER = 4 << 20
SO_RXQ_OVFL = 40
"""The kernel then tells with each datagram how many it had no room for (socket(7))."""


@dataclass
class Ear:
    """One socket."""

    socket: socket.socket
    overflown: int = 0
    """What the kernel dropped, as it last told."""

    @classmethod
    def of(cls, descriptor: int) -> "Ear":
        """Of a bound socket that this process inherited."""
        ear = cls(socket.socket(fileno=descriptor))
        ear.socket.setblocking(False)
        ear.socket.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        for option in (socket.SO_RCVBUF, getattr(socket, "SO_RCVBUFFORCE", 33)):
            try:
                ear.socket.setsockopt(socket.SOL_SOCKET, option, RECEIVE_BUFFER)
            except PermissionError:  # only root may take more than net.core.rmem_max
                continue
        return ear

    def receive(self) -> tuple[bytes, tuple[Any, ...]] | None:
        """The next datagram and its sender; None when there is none."""
        try:
            message, more, _, sender = self.socket.recvmsg(LARGEST, socket.CMSG_SPACE(4))
        except (BlockingIOError, ConnectionError):
            return None
        for level, kind, data in more:
            if level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL:
                self.overflown = struct.unpack("=I", data[:4])[0]
        return message, sender


class Listener:
    """Both sockets, the gate, and the decoder behind it."""

    def __init__(self, orders: dict[str, Any]) -> None:
        user, community = orders["user"], orders["community"].encode()
        self._senders: dict[str, str] = orders["senders"]
        engine_id = own_engine_id(orders["name"])
        access = Access(
            User(
                user["name"].encode(),
                user["auth_protocol"],
                bytes.fromhex(user["auth_key"]),
                bytes.fromhex(user["priv_key"]),
            )
            if user
            else None,
            community,
        )
        self._traps = Ear.of(orders["traps"]) if orders["traps"] is not None else None
        self._syslog = Ear.of(orders["syslog"]) if orders["syslog"] is not None else None
        self._gate = Gate(self._senders, access, engine_id, time.monotonic)
        boots = max(1, int(time.time()) % 2**31)
        self._decoder = Decoder(access, engine_id, boots, time.monotonic) if self._traps else None
        self._lines = {each: Bucket(LINES_PS, LINES_BURST) for each in self._senders.values()}
        self._queue: deque[tuple[bytes, tuple[Any, ...], str]] = deque()
        self._counts: Counter[str] = Counter()
        self._told: dict[str, int] = {}
        self._told_at, self._untold = 0.0, True

    def run(self) -> None:
        """Until standard input ends."""
        ears = [ear.socket for ear in (self._traps, self._syslog) if ear]
        while True:
            wait_s = 0.0 if self._queue else REPORT_S if self._untold else None
            ready, _, _ = select.select([sys.stdin, *ears], [], [], wait_s)
            if sys.stdin in ready and not os.read(sys.stdin.fileno(), 4096):
                return
            self._hear_traps()
            self._hear_lines()
            if self._queue:
                self._take_apart(*self._queue.popleft())
            self._tell()

    def _hear_traps(self) -> None:
        for _ in range(DRAIN if self._traps else 0):
            assert self._traps is not None  # noqa: S101  (asked in the line before)
            heard = self._traps.receive()
            if heard is None:
                return
            message, sender = heard
            self._counts["traps_received"] += 1
            self._untold = True
            address = plain_address(sender[0])
            device = self._gate.admit(message, address)
            if device is None:
                if again := self._gate.answer_again(message, address):
                    self._send(again, sender)
            elif len(self._queue) >= QUEUE:
                self._counts["traps_dropped_queue_full"] += 1
            else:
                self._queue.append((message, sender, device))

    def _take_apart(self, message: bytes, sender: tuple[Any, ...], device: str) -> None:
        assert self._decoder is not None  # noqa: S101  (there are traps only with a decoder)
        try:
            where = (plain_address(sender[0]), sender[1])
            decoded = self._decoder.decode(message, where, self._gate.engine_of(message))
        except ValueError:
            self._counts["traps_dropped_malformed"] += 1
            return
        if decoded.answer:
            self._send(decoded.answer, sender)
        if decoded.varbinds:
            self._gate.answered(message, device, decoded.answer)
            self._say({"trap": device, "varbinds": decoded.varbinds})
        else:  # the sender of an inform that asks for our engine or time, or no notification
            answered = bool(decoded.answer)
            self._counts["traps_asking" if answered else "traps_dropped_malformed"] += 1

    def _send(self, answer: bytes, sender: tuple[Any, ...]) -> None:
        assert self._traps is not None  # noqa: S101  (only a trap is answered)
        try:
            self._traps.socket.sendto(answer, sender)
        except OSError:
            self._counts["answers_unsent"] += 1

    def _hear_lines(self) -> None:
        for _ in range(DRAIN if self._syslog else 0):
            assert self._syslog is not None  # noqa: S101  (asked in the line before)
            heard = self._syslog.receive()
            if heard is None:
                return
            message, sender = heard
            self._counts["syslog_received"] += 1
            self._untold = True
            device = self._senders.get(plain_address(sender[0]))
            if device is None:
                self._counts["syslog_dropped_unknown_sender"] += 1
            elif not self._lines[device].take(time.monotonic()):
                self._counts["syslog_dropped_limited"] += 1
            else:
                self._say({"line": device, "text": message.decode("utf-8", "replace")})

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told_at < REPORT_S:
            return
        self._told_at, self._untold = now, bool(self._queue)
        counts = dict(self._counts)
        for why, count in self._gate.counts.items():
            key = f"traps_dropped_{why}"
            counts[key] = counts.get(key, 0) + count
        for name, ear in (("traps", self._traps), ("syslog", self._syslog)):
            if ear:
                counts[f"{name}_dropped_by_kernel"] = ear.overflown
        if counts != self._told:
            self._told = counts
            self._say({"counts": counts})

    def _say(self, document: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()


def plain_address(address: str) -> str:
    """Without what a dual-stack socket puts before an IPv4 address, and without a zone."""
    return address.removeprefix("::ffff:").partition("%")[0]


def main() -> None:
    """Read the orders and listen."""
    orders = os.read(sys.stdin.fileno(), 1)
    while not orders.endswith(b"\n"):
        more = os.read(sys.stdin.fileno(), 65_536)
        if not more:
            return
        orders += more
    try:
        Listener(json.loads(orders)).run()
    except (KeyboardInterrupt, BrokenPipeError):
        return


if __name__ == "__main__":
    main()
