"""What a simulated device knows: RFC 3418's system group and RFC 2863's interface tables.

`SYSTEM` and `COLUMNS` list every object there is; an object that is not there does not exist.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from zlib import crc32

from inventory.model import Device, Interface, InterfaceKind
from lab import ber
from lab.ber import Oid
from lab.traffic import MEAN_PACKET_OCTETS, Basis, Flow

UP, DOWN = 1, 2

_IF_TYPE = {InterfaceKind.LOOPBACK: 24, InterfaceKind.GATEWAY: 135, InterfaceKind.MANAGEMENT: 136}
_ETHERNET = 6
_PORT_BPS = 1_000_000_000
_MASK32 = 2**32 - 1
_MASK64 = 2**64 - 1


@dataclass(slots=True)
class Port:
    """One interface of a simulated device, and since when its counters count."""

    interface: Interface
    incoming: Flow | None
    outgoing: Flow | None
    up: bool = True
    """ifOperStatus; ifAdminStatus follows from the interface's kind."""
    changed: float = 0.0
    """Unix time of the last change of `up`."""
    zero: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """In octets, out octets and in errors when the device booted."""

    @property
    def shut(self) -> bool:
        """Whether the configuration says `shutdown`."""
        return self.interface.kind is InterfaceKind.UNUSED

    def in_octets(self, now: Basis) -> int:
        """Octets received since the device booted."""
        return int(self.incoming.octets(now) - self.zero[0]) if self.incoming else 0

    def out_octets(self, now: Basis) -> int:
        """Octets sent since the device booted."""
        return int(self.outgoing.octets(now) - self.zero[1]) if self.outgoing else 0

    def in_errors(self, now: Basis) -> int:
        """Damaged frames received since the device booted."""
        return int(self.incoming.errors(now) - self.zero[2]) if self.incoming else 0


@dataclass(slots=True)
class Agent:
    """One device: its ports by ifIndex - 1, and when it booted (Unix seconds)."""

    device: Device
    ports: list[Port]
    booted: float
    on: bool = True
    boots: int = 1
    encoded: dict[bytes, bytes] = field(default_factory=dict)
    """Encoded name -> encoded varbind, of columns whose values stay until the next boot."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a datagram is answered: Unix seconds, and the same as flows want it."""

    now: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class Scalar:
    """One object of the system group."""

    oid: Oid
    value: Callable[[Agent, Moment], bytes]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of ifTable or ifXTable."""

    oid: Oid
    value: Callable[[Agent, int, Moment], bytes]
    """From the agent, the ifIndex and the moment."""
    fixed: bool = False
    """The value stays as it is until the next boot."""


def _ticks(seconds: float) -> bytes:
    return ber.integer(int(seconds * 100) & _MASK32, ber.TIME_TICKS)


def _counter32(count: Callable[[Port, Basis], int]) -> Callable[[Agent, int, Moment], bytes]:
    return lambda agent, index, moment: ber.integer(
        count(agent.ports[index - 1], moment.basis) & _MASK32, ber.COUNTER32
    )


def _counter64(count: Callable[[Port, Basis], int]) -> Callable[[Agent, int, Moment], bytes]:
    return lambda agent, index, moment: ber.integer(
        count(agent.ports[index - 1], moment.basis) & _MASK64, ber.COUNTER64
    )


def _of_interface(
    value: Callable[[Interface], bytes],
) -> Callable[[Agent, int, Moment], bytes]:
    return lambda agent, index, _: value(agent.ports[index - 1].interface)


def _zero(_: Port, __: Basis) -> int:
    return 0


def _packets(octets: Callable[[Port, Basis], int]) -> Callable[[Port, Basis], int]:
    return lambda port, basis: octets(port, basis) // MEAN_PACKET_OCTETS


def _speed(interface: Interface) -> int:
    """Bits a second of the port: on IOS the circuit's, since our configurations set it."""
    if interface.kind is InterfaceKind.LOOPBACK:
        return 8_000_000_000
    return interface.bandwidth_bps or _PORT_BPS


def _status(agent: Agent, index: int, _: Moment) -> bytes:
    return ber.integer(UP if agent.ports[index - 1].up else DOWN)


def _admin(agent: Agent, index: int, _: Moment) -> bytes:
    return ber.integer(DOWN if agent.ports[index - 1].shut else UP)


def _last_change(agent: Agent, index: int, _: Moment) -> bytes:
    return _ticks(max(0.0, agent.ports[index - 1].changed - agent.booted))


def _mac(interface: Interface) -> bytes:
    """A locally administered address that depends on the interface's name alone."""
    digest = crc32(f"{interface.device}/{interface.name}".encode())
    return ber.octets(b"\x02\x00" + digest.to_bytes(4, "big"))


_SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
_IF: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IFX: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_ENGINE: Oid = (1, 3, 6, 1, 6, 3, 10, 2, 1)

SYSTEM: tuple[Scalar, ...] = (
    Scalar((*_SYSTEM, 1, 0), lambda a, _: ber.octets(f"Simulated {a.device.hardware}")),
    Scalar((*_SYSTEM, 2, 0), lambda _, __: ber.oid((1, 3, 6, 1, 4, 1, 8072, 3, 2, 10))),
    Scalar((*_SYSTEM, 3, 0), lambda a, m: _ticks(m.now - a.booted)),
    Scalar((*_SYSTEM, 5, 0), lambda a, _: ber.octets(a.device.name)),
    Scalar((*_SYSTEM, 6, 0), lambda a, _: ber.octets(a.device.location)),
    Scalar((1, 3, 6, 1, 2, 1, 2, 1, 0), lambda a, _: ber.integer(len(a.ports))),
    Scalar((*_ENGINE, 2, 0), lambda a, _: ber.integer(a.boots)),
    Scalar((*_ENGINE, 3, 0), lambda a, m: ber.integer(int(m.now - a.booted))),
)

COLUMNS: tuple[Column, ...] = (
    Column((*_IF, 1), lambda _, index, __: ber.integer(index), fixed=True),
    Column((*_IF, 2), _of_interface(lambda i: ber.octets(i.name)), fixed=True),
    Column(
        (*_IF, 3), _of_interface(lambda i: ber.integer(_IF_TYPE.get(i.kind, _ETHERNET))), fixed=True
    ),
    Column((*_IF, 4), _of_interface(lambda i: ber.integer(i.mtu)), fixed=True),
    Column(
        (*_IF, 5),
        _of_interface(lambda i: ber.integer(min(_speed(i), _MASK32), ber.GAUGE32)),
        fixed=True,
    ),
    Column((*_IF, 6), _of_interface(_mac), fixed=True),
    Column((*_IF, 7), _admin, fixed=True),
    Column((*_IF, 8), _status),
    Column((*_IF, 9), _last_change),
    Column((*_IF, 10), _counter32(Port.in_octets)),
    Column((*_IF, 11), _counter32(_packets(Port.in_octets))),
    Column((*_IF, 13), _counter32(_zero), fixed=True),
    Column((*_IF, 14), _counter32(Port.in_errors)),
    Column((*_IF, 16), _counter32(Port.out_octets)),
    Column((*_IF, 17), _counter32(_packets(Port.out_octets))),
    Column((*_IF, 19), _counter32(_zero), fixed=True),
    Column((*_IF, 20), _counter32(_zero), fixed=True),
    Column((*_IFX, 1), _of_interface(lambda i: ber.octets(i.if_name)), fixed=True),
    Column((*_IFX, 6), _counter64(Port.in_octets)),
    Column((*_IFX, 7), _counter64(_packets(Port.in_octets))),
    Column((*_IFX, 10), _counter64(Port.out_octets)),
    Column((*_IFX, 11), _counter64(_packets(Port.out_octets))),
    Column(
        (*_IFX, 15),
        _of_interface(lambda i: ber.integer(_speed(i) // 1_000_000, ber.GAUGE32)),
        fixed=True,
    ),
    Column((*_IFX, 17), lambda _, __, ___: ber.integer(1), fixed=True),
    Column((*_IFX, 18), _of_interface(lambda i: ber.octets(i.description)), fixed=True),
    Column((*_IFX, 19), lambda _, __, ___: _ticks(0), fixed=True),
)
