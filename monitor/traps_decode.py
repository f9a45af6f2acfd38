"""pysnmp as the decoder of traps and informs: one message in, its variables and an answer out.

The library's engine runs without a socket of its own: what comes was admitted by the gate, and
what it answers (acknowledgements of informs, reports) is handed back to the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

# The library publishes no types; none of its own leaves this file.
from pyasn1.type.univ import ObjectIdentifier  # type: ignore[import-untyped]
from pysnmp.carrier.asyncio.dgram.udp import (  # type: ignore[import-untyped]
    DOMAIN_NAME,
    UdpTransportAddress,
)
from pysnmp.carrier.base import AbstractTransportDispatcher  # type: ignore[import-untyped]
from pysnmp.entity import config  # type: ignore[import-untyped]
from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]
from pysnmp.entity.rfc3413.ntfrcv import NotificationReceiver  # type: ignore[import-untyped]
from pysnmp.proto.rfc1902 import OctetString  # type: ignore[import-untyped]

from monitor.snmp.usm import User
from monitor.traps_gate import Access

PROTOCOLS = {"sha": config.USM_AUTH_HMAC96_SHA, "sha256": config.USM_AUTH_HMAC192_SHA256}
MOST_ENGINES = 2048
"""Engines whose keys the library keeps; one more, and it begins anew."""
AUTH_PRIV, V2C, USM = 3, 2, 3
VarBind = tuple[str, int | str]
"""OID without leading dot; a number, an OID or an address as text, or text."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one message held."""

    varbinds: tuple[VarBind, ...]
    """Empty when it was no notification, or not as secret as it has to be."""
    answer: bytes
    """What the sender has to be told; empty for a trap."""


class _NoSocket(AbstractTransportDispatcher):  # type: ignore[misc]
    """Keeps what the engine sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""

    def send_message(self, message: bytes, domain: Any, address: Any) -> None:  # noqa: ARG002
        self.sent = bytes(message)


def own_engine_id(name: str) -> bytes:
    """Of a receiver of that name, the same after each start: senders of informs remember it."""
    octets = blake2b(name.encode(), digest_size=8).digest()
    return bytes.fromhex("80004fb805") + octets  # the library's enterprise; 5: octets (RFC 3411)


class Decoder:
    """One engine. Not for several threads."""

    def __init__(
        self,
        access: Access,
        engine_id: bytes,
        boots: int,
        monotonic: Callable[[], float],
    ) -> None:
        """`boots` grows with each start."""
        self._access = access
        self._engine_id, self._boots, self._monotonic = engine_id, boots, monotonic
        self._start()

    def decode(self, message: bytes, address: tuple[str, int], engine_id: bytes) -> Decoded:
        """Take `message` apart; `engine_id` is the one it names. ValueError when it can't be."""
        self._know(engine_id)
        self._found: tuple[VarBind, ...] = ()
        self._dispatcher.sent = b""
        self._dispatcher.handle_timer_tick(self._monotonic())
        try:
            self._engine.message_dispatcher.receive_message(
                self._engine, DOMAIN_NAME, UdpTransportAddress(address), message
            )
        except Exception as error:  # noqa: BLE001  (the library lets whatever it meets escape)
            raise ValueError(f"{type(error).__name__}: {error}") from None
        return Decoded(self._found, self._dispatcher.sent)

    def _start(self) -> None:
        self._engine = engine = SnmpEngine()
        builder = engine.get_mib_builder()
        (own,) = builder.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID")
        (boots,) = builder.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineBoots")
        own.syntax = own.syntax.clone(self._engine_id)
        boots.syntax = boots.syntax.clone(self._boots)
        engine.snmpEngineID = own.syntax
        self._dispatcher = _NoSocket()
        engine.register_transport_dispatcher(self._dispatcher)
        if self._access.community:
            config.add_v1_system(engine, "trusted", OctetString(self._access.community))
        self._engines: set[bytes] = set()
        self._know(self._engine_id)
        self._receiver = NotificationReceiver(engine, self._take)

    def _know(self, engine_id: bytes) -> None:
        """The user's keys for one more engine; the library finds none by itself."""
        user = self._access.user
        if user is None or not engine_id or engine_id in self._engines:
            return
        if len(self._engines) >= MOST_ENGINES:
            self._start()
        self._engines.add(engine_id)
        self._add(user, engine_id)

    def _add(self, user: User, engine_id: bytes) -> None:
        config.add_v3_user(
            self._engine,
            user.name.decode(),
            PROTOCOLS[user.auth_protocol],
            user.auth_key,
            config.USM_PRIV_CFB128_AES,
            user.priv_key,
            securityEngineId=OctetString(engine_id),
            authKeyType=config.USM_KEY_TYPE_MASTER,
            privKeyType=config.USM_KEY_TYPE_MASTER,
        )

    def _take(self, engine: Any, _state: Any, _id: Any, _name: Any, binds: Any, _ctx: Any) -> None:
        about = engine.observer.get_execution_context("rfc3412.receiveMessage:request")
        model, level = int(about["securityModel"]), int(about["securityLevel"])
        if model == V2C or (model == USM and level == AUTH_PRIV):
            self._found = tuple((str(name), _plain(value)) for name, value in binds)


def _plain(value: Any) -> int | str:
    if isinstance(value, ObjectIdentifier):
        return str(value)
    if hasattr(value, "asOctets"):
        octets = bytes(value.asOctets())
        if type(value).__name__ == "IpAddress":
            return ".".join(map(str, octets))
        return octets.decode("utf-8", "replace")
    try:
        return int(value)
    except (TypeError, ValueError):
        return str(value)
