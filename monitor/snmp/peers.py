"""How one device is spoken to: what a request is wrapped in, and an answer unwrapped from."""

from typing import Protocol

from monitor.snmp.ber import OCTETS, integer, tlv
from monitor.snmp.questions import Refusal


class Peer(Protocol):
    """One device as its messages' headers see it."""

    head: bytes
    """What stands before the PDU in a text."""
    plain: bool
    """Whether a message is its text."""

    @property
    def ready(self) -> bool:
        """Whether it can be asked; else it has to be discovered first."""

    def forget(self) -> None:
        """Discover it anew."""

    def wrap(self, text: bytes, number: bytes) -> bytes:
        """The message that carries `text`."""

    def open(self, message: bytes) -> bytes | Refusal | None:
        """The text in a message, None when it only told of the device. ValueError."""


class CommunityPeer:
    """Version 2c: the message is the text."""

    __slots__ = ("head",)
    ready = plain = True

    def __init__(self, community: str) -> None:
        self.head = integer(1) + tlv(OCTETS, community.encode())

    def forget(self) -> None:
        """There is nothing to discover."""

    def wrap(self, text: bytes, number: bytes) -> bytes:  # noqa: ARG002 (version 3 needs it)
        """See Peer."""
        return text

    def open(self, message: bytes) -> bytes:
        """See Peer."""
        return message
