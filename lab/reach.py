"""Pings between the lab's hosts: one process, a socket in each namespace, all pairs at once."""

import secrets as randomness
import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from types import TracebackType
from typing import Self

from lab import kernel
from lab.plan import LabPlan

_ECHO = {4: 8, 6: 128}
_REPLY = {4: 0, 6: 129}
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_PROTOCOL = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
_ICMP6_FILTER = 1
_RECEIVE_BUFFER = 1 << 20
_DRAIN_EVERY = 64
_EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Probe:
    """One ping: from a node of the lab to an address."""

    source: str
    target: IPv4Address | IPv6Address
    from_address: IPv4Address | IPv6Address | None = None
    """Source address when it is not the node's own: a spoofed one."""

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}"


def allowed_probes(plan: LabPlan) -> tuple[Probe, ...]:
    """Every ping that the policy between zones lets through, IPv4 and IPv6.

    In the zone that holds the NOC, management, only the NOC itself opens connections.
    """
    noc = {host.node for host in plan.hosts if any(host.ipv4 in net for net in plan.noc)}
    noc_zones = {host.zone for host in plan.hosts if host.node in noc}
    probes: list[Probe] = []
    for source in plan.hosts:
        reaches = plan.zone_reaches[source.zone]
        for target in plan.hosts:
            if target is source or target.zone not in reaches:
                continue
            if target.zone in noc_zones and source.node not in noc:
                continue
            probes += (Probe(source.node, target.ipv4), Probe(source.node, target.ipv6))
        if _EXTERNAL in reaches:
            for beyond in plan.beyond:
                probes += (Probe(source.node, address) for address in beyond.ipv4 + beyond.ipv6)
    return tuple(probes)


class Prober:
    """Raw ICMP sockets in the namespaces of the sources; a context manager that closes them."""

    def __init__(
        self, namespace_of: Callable[[str], Path], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._namespace_of = namespace_of
        self._clock = clock
        self._sockets: dict[tuple[str, int], socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._identifier = randomness.randbelow(1 << 16)
        self._sent: dict[bytes, tuple[Probe, float]] = {}
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._selector.close()
        for one in self._sockets.values():
            one.close()

    def ping(self, probes: Iterable[Probe], wait_s: float) -> dict[Probe, float]:
        """Send each once; those answered within `wait_s` of the last, with round-trip seconds.

        Each call has an ICMP identifier of its own: a firewall that remembers an earlier ping
        would let a later one of the same identifier pass as its continuation.
        """
        self._sent.clear()
        self._identifier = (self._identifier + 1) & 0xFFFF
        answered: dict[Probe, float] = {}
        count = 0
        for count, probe in enumerate(probes, 1):
            self.send(probe)
            if count % _DRAIN_EVERY == 0:
                self._receive(answered, 0)
        deadline = self._clock() + wait_s
        while len(answered) < count and (left := deadline - self._clock()) > 0:
            self._receive(answered, left)
        return answered

    def send(self, probe: Probe) -> bytes:
        """Send one ping; the token by which `answers` tells its answer."""
        version = probe.target.version
        self._number += 1
        token = struct.pack("!Q", self._number)
        body = struct.pack("!HH", self._identifier, self._number & 0xFFFF) + token
        header = struct.pack("!BBH", _ECHO[version], 0, 0)
        if version == 4:
            header = struct.pack("!BBH", _ECHO[4], 0, checksum(header + body))
        self._sent[token] = (probe, self._clock())
        try:
            self._socket(probe).sendto(header + body, (str(probe.target), 0))
        except OSError:  # no route, no carrier, queue full: not answered
            return token
        return token

    def answers(self, wait_s: float) -> list[bytes]:
        """Tokens of the pings that were answered, as soon as there are some or after `wait_s`."""
        tokens: list[bytes] = []
        for key, _ in self._selector.select(wait_s):
            for packet in self._packets(key.fileobj):
                token = self._token(packet, key.data)
                if token is not None:
                    self._sent.pop(token, None)
                    tokens.append(token)
        return tokens

    def _socket(self, probe: Probe) -> socket.socket:
        version = probe.target.version
        key = (f"{probe.source} {probe.from_address or ''}", version)
        if key not in self._sockets:
            with kernel.inside(self._namespace_of(probe.source)):
                one = socket.socket(_FAMILY[version], socket.SOCK_RAW, _PROTOCOL[version])
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if version == 6:  # pass echo replies only (RFC 3542, 3.2)
                blocked = [0xFFFFFFFF] * 8
                blocked[_REPLY[6] >> 5] &= ~(1 << (_REPLY[6] & 31)) & 0xFFFFFFFF
                one.setsockopt(_PROTOCOL[6], _ICMP6_FILTER, struct.pack("8I", *blocked))
            if probe.from_address is not None:
                one.setsockopt(
                    socket.SOL_IP if version == 4 else socket.IPPROTO_IPV6, _TRANSPARENT[version], 1
                )
                one.bind((str(probe.from_address), 0))
            self._sockets[key] = one
            self._selector.register(one, selectors.EVENT_READ, version)
        return self._sockets[key]

    def _receive(self, answered: dict[Probe, float], wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            for packet in self._packets(key.fileobj):
                token = self._token(packet, key.data)
                sent = self._sent.get(token) if token is not None else None
                if sent is not None:
                    answered.setdefault(sent[0], self._clock() - sent[1])

    @staticmethod
    def _packets(one: object) -> Iterator[bytes]:
        assert isinstance(one, socket.socket)  # noqa: S101  (nothing else is registered)
        while True:
            try:
                yield one.recv(256)
            except OSError:  # nothing more, or an ICMP error for an earlier packet
                return

    def _token(self, packet: bytes, version: int) -> bytes | None:
        """The token in an answer to one of our pings; None in anything else."""
        if version == 4:
            packet = packet[(packet[0] & 15) * 4 :]
        if len(packet) < 16 or packet[0] != _REPLY[version]:
            return None
        if packet[4:6] != struct.pack("!H", self._identifier):
            return None
        return packet[8:16]


_TRANSPARENT = {4: 19, 6: 75}
"""IP_TRANSPARENT, IPV6_TRANSPARENT: send from an address that is not this host's own."""


def checksum(message: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
