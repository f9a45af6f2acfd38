"""Connections between hosts: TCP and UDP on any port, from one process with sockets everywhere.

TCP is a connection attempt: accepted or refused by the target, it got there and back. UDP is a
datagram to a socket that this process opens at the target and answers from; a router's own SNMP
agent is asked with an SNMPv3 discovery (RFC 3414, 4), which it answers whoever asks.
"""

import errno
import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from lab import ber, kernel

_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
AT_ONCE = 600
"""Connection attempts that are open at the same time."""
SNMP = 161
DISCOVERY = ber.tlv(
    0x30,
    ber.integer(3)
    + ber.tlv(0x30, ber.integer(1) + ber.integer(65_507) + ber.octets(b"\x04") + ber.integer(3))
    + ber.octets(ber.tlv(0x30, ber.octets("") + ber.integer(0) * 2 + ber.octets("") * 3))
    + ber.tlv(
        0x30,
        ber.octets("") * 2
        + ber.tlv(0xA0, ber.integer(1) + ber.integer(0) * 2 + ber.tlv(0x30, b"")),
    ),
)
"""A Get without a user: the agent reports its engine's id (RFC 3414, 4)."""
_TRANSPARENT = {
    4: (socket.SOL_IP, 19),
    6: (socket.IPPROTO_IPV6, 75),
}
"""IP_TRANSPARENT, IPV6_TRANSPARENT: send from an address that is not this host's own."""
_TCP_GOT_THERE = {0, errno.ECONNREFUSED}


@dataclass(frozen=True, slots=True)
class PortProbe:
    """One attempt to reach a port."""

    source: str
    target_node: str
    target: IPv4Address | IPv6Address
    protocol: str
    """tcp or udp."""
    port: int
    from_address: IPv4Address | IPv6Address | None = None
    """Source address when it is not the node's own first one: another of its own, or a lie."""

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} {self.protocol}/{self.port}"


class PortProber:
    """Tries ports; `namespace_of` gives the file of a node's network namespace."""

    def __init__(
        self, namespace_of: Callable[[str], Path], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._namespace_of, self._clock = namespace_of, clock

    def reached(self, probes: Sequence[PortProbe], wait_s: float) -> set[PortProbe]:
        """Those that got there (and, for TCP, back) within `wait_s` of the last of their batch."""
        tcp = [probe for probe in probes if probe.protocol == "tcp"]
        udp = [probe for probe in probes if probe.protocol == "udp"]
        found: set[PortProbe] = set()
        for batch in _batches(tcp):
            found |= self._tcp(batch, wait_s)
        for batch in _batches(udp):
            found |= self._udp(batch, wait_s)
        return found

    def _open(self, node: str, version: int, kind: int) -> socket.socket:
        with kernel.inside(self._namespace_of(node)):
            one = socket.socket(_FAMILY[version], kind)
        one.setblocking(False)
        return one

    def _sender(self, probe: PortProbe, kind: int) -> socket.socket:
        one = self._open(probe.source, probe.target.version, kind)
        if probe.from_address is not None:
            one.setsockopt(*_TRANSPARENT[probe.target.version], 1)
            one.bind((str(probe.from_address), 0))
        return one

    def _tcp(self, probes: Sequence[PortProbe], wait_s: float) -> set[PortProbe]:
        found: set[PortProbe] = set()
        with ExitStack() as stack, selectors.DefaultSelector() as selector:
            for probe in probes:
                one = stack.enter_context(self._sender(probe, socket.SOCK_STREAM))
                result = one.connect_ex((str(probe.target), probe.port))
                if result in _TCP_GOT_THERE:
                    found.add(probe)
                elif result == errno.EINPROGRESS:
                    selector.register(one, selectors.EVENT_WRITE, probe)
            deadline = self._clock() + wait_s
            while selector.get_map() and (left := deadline - self._clock()) > 0:
                for key, _ in selector.select(left):
                    assert isinstance(key.fileobj, socket.socket)  # noqa: S101
                    result = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if result in _TCP_GOT_THERE:
                        found.add(key.data)
                    selector.unregister(key.fileobj)
        return found

    def _udp(self, probes: Sequence[PortProbe], wait_s: float) -> set[PortProbe]:
        found: set[PortProbe] = set()
        with ExitStack() as stack, selectors.DefaultSelector() as selector:
            self._listen(probes, stack, selector)
            for number, probe in enumerate(probes):
                one = stack.enter_context(self._sender(probe, socket.SOCK_DGRAM))
                selector.register(one, selectors.EVENT_READ, probe)
                payload = DISCOVERY if _asks_agent(probe) else struct.pack("!I", number)
                try:
                    one.sendto(payload, (str(probe.target), probe.port))
                except OSError:  # no route
                    continue
            deadline = self._clock() + wait_s
            while len(found) < len(probes) and (left := deadline - self._clock()) > 0:
                for key, _ in selector.select(left):
                    assert isinstance(key.fileobj, socket.socket)  # noqa: S101
                    found |= set(_arrived(key.fileobj, key.data, probes))
        return found

    def _listen(
        self, probes: Sequence[PortProbe], stack: ExitStack, selector: selectors.BaseSelector
    ) -> None:
        places = {(p.target_node, p.target, p.port) for p in probes if not _asks_agent(p)}
        for node, address, port in places:
            one = stack.enter_context(self._open(node, address.version, socket.SOCK_DGRAM))
            one.bind((str(address), port))
            selector.register(one, selectors.EVENT_READ, None)


def _asks_agent(probe: PortProbe) -> bool:
    return probe.port == SNMP


def _arrived(
    one: socket.socket, probe: PortProbe | None, probes: Sequence[PortProbe]
) -> Iterator[PortProbe]:
    """What the datagrams waiting at a socket prove. `probe`: the socket is this one's own."""
    while True:
        try:
            payload, sender = one.recvfrom(2048)
        except OSError:  # nothing more, or an ICMP error
            return
        if probe is not None:
            yield probe
        elif len(payload) == 4:
            yield probes[struct.unpack("!I", payload)[0]]
            one.sendto(payload, sender)


def _batches(probes: Sequence[PortProbe]) -> Iterable[Sequence[PortProbe]]:
    return (probes[first : first + AT_ONCE] for first in range(0, len(probes), AT_ONCE))
