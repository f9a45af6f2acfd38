"""Many identical SNMPv2c agents of 24 interfaces in one process, cheap enough not to disturb.

`python -m tests.bench.poll_agents COUNT [--v3] [--silent-every N]` prints the first of COUNT
consecutive UDP ports of 127.0.0.1 and serves until its standard input ends. Counters grow as time
does.
"""

import argparse
import selectors
import socket
import sys
import time
from contextlib import suppress
from typing import Protocol

from monitor.metrics import INTERFACE_METRICS, SYS_UP_TIME, Kind
from monitor.run import raise_file_limit
from tests.monitor.agent import (
    COUNTER64,
    OCTETS,
    TICKS,
    Agent,
    Oid,
    Request,
    Typed,
    decode_request,
    encode_response,
    parse,
)
from tests.monitor.networks import TAGS

INTERFACES = 24
BPS = 40_000_000
USER, AUTH, PRIV = "bench", "authentication-of-the-bench", "privacy-of-the-bench"
"""Of version 3."""
FIRST_PORT, LAST_PORT = 18_000, 30_000


def if_name(index: int) -> str:
    """ifName of interface `index`, from 1."""
    return f"Gi0/0/{index}"


def main() -> None:
    """Bind, say where, serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--v3", action="store_true")
    parser.add_argument("--silent-every", type=int, default=0)
    options = parser.parse_args()
    raise_file_limit(options.count + 100)
    first, sockets = bind(options.count)
    agents: Answering = Served()
    if options.v3:
        from tests.bench.poll_secret import SecretServed  # it imports this module

        agents = SecretServed()
    selector = selectors.DefaultSelector()
    for number, each in enumerate(sockets):
        if not options.silent_every or number % options.silent_every:
            selector.register(each, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ, "end")
    print(first, flush=True)  # noqa: T201
    while True:
        for key, _ in selector.select():
            if key.data == "end":
                return
            served = key.fileobj
            assert isinstance(served, socket.socket)
            with suppress(BlockingIOError, ConnectionRefusedError, ValueError):
                while True:
                    message, sender = served.recvfrom(65_535)
                    served.sendto(agents.answer(message), sender)


class Answering(Protocol):
    """One datagram in, one out."""

    def answer(self, message: bytes) -> bytes:
        """ValueError for what gets none."""


def bind(count: int) -> tuple[int, list[socket.socket]]:
    """`count` consecutive free ports."""
    for first in range(FIRST_PORT, LAST_PORT, 97):
        sockets: list[socket.socket] = []
        try:
            for port in range(first, first + count):
                each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sockets.append(each)
                each.bind(("127.0.0.1", port))
                each.setblocking(False)
        except OSError:
            for each in sockets:
                each.close()
            continue
        return first, sockets
    raise SystemExit(f"no {count} consecutive free UDP ports from {FIRST_PORT}")


class Served:
    """All agents say the same at the same tenth of a second, so an answer is made once for all."""

    def __init__(self) -> None:
        self._born = time.monotonic()
        self._agent = Agent({})
        self._answers: dict[tuple[int, bytes], bytes] = {}
        self._tenth = -1

    def answer(self, message: bytes) -> bytes:
        """The answer, with the request's own id."""
        tenth = int((time.monotonic() - self._born) * 10)
        if tenth != self._tenth:
            self._tenth = tenth
            self._agent.table = table(tenth)
            self._answers.clear()
        request = decode_head(message)
        rest = message[request[1] :]
        made = self._answers.get((request[2], rest))
        if made is None:
            decoded = decode_request(message)
            made = self._make(decoded)
            self._answers[request[2], rest] = made
        at = made.index(MARK_BYTES)
        return made[:at] + request[0] + made[at + 4 :]

    def _make(self, request: Request) -> bytes:
        return encode_response(request.community, MARK, self._agent.binds(request))


MARK = 0x7A5A_3C1E
"""Stands where the request's id belongs; all ids are made four octets long."""
MARK_BYTES = MARK.to_bytes(4, "big")


def decode_head(message: bytes) -> tuple[bytes, int, int]:
    """(request id as four octets, where the rest begins, kind of PDU)."""
    at = 2 if message[1] < 0x80 else 2 + (message[1] & 0x7F)
    at += 3  # version
    at += 2 + message[at + 1]  # community
    kind = message[at]
    at += 2 if message[at + 1] < 0x80 else 2 + (message[at + 1] & 0x7F)
    size = message[at + 1]
    number = int.from_bytes(message[at + 2 : at + 2 + size], "big", signed=True)
    return number.to_bytes(4, "big", signed=True), at + 2 + size, kind


def table(tenth: int) -> dict[Oid, Typed]:
    """What an agent holds `tenth` tenths of a second after the start."""
    found = {parse(SYS_UP_TIME): Typed(TICKS, 100_000 + tenth * 10)}
    for index in range(1, INTERFACES + 1):
        octets = 2**40 + index + tenth * BPS // 80
        values: dict[str, int | bytes] = {
            "ifName": if_name(index).encode(),
            "ifAdminStatus": 1,
            "ifOperStatus": 1,
            "ifHighSpeed": 1000,
            "ifHCInOctets": octets,
            "ifHCOutOctets": 2 * octets,
            "ifHCInUcastPkts": octets // 700,
            "ifHCOutUcastPkts": octets // 350,
        }
        for metric in INTERFACE_METRICS:
            tag = {Kind.TEXT: OCTETS, Kind.COUNTER64: COUNTER64}.get(metric.kind, TAGS[metric.kind])
            found[parse(f"{metric.oid}.{index}")] = Typed(tag, values.get(metric.object, 0))
    return found


if __name__ == "__main__":
    main()
