"""Whether an IPv4 access list lets a packet through."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from lab.ios_standin.arguments import PORT_NAMES
from lab.ios_standin.block import Block

_PORT_NUMBERS = tuple((name, number) for number, name in PORT_NAMES.items())


@dataclass(frozen=True, slots=True)
class Packet:
    """What an entry looks at."""

    source: IPv4Address
    destination: IPv4Address
    protocol: str = "tcp"
    source_port: int = 50000
    destination_port: int = 22


class _Words:
    def __init__(self, text: str) -> None:
        self._words = text.split()

    def next(self) -> str:
        return self._words.pop(0) if self._words else ""

    def peek(self) -> str:
        return self._words[0] if self._words else ""


def permits(block: Block, packet: Packet) -> bool:
    """First match wins; the end of the list refuses. An empty list lets everything through."""
    standard = block.context.name == "acl4-standard"
    entries = [entry.text for entry in block.entries.values() if " remark " not in entry.text]
    if not entries:
        return True
    for text in sorted(entries, key=lambda text: int(text.split()[0])):
        verdict = _verdict(_Words(text), packet, standard=standard)
        if verdict is not None:
            return verdict
    return False


def _verdict(words: _Words, packet: Packet, *, standard: bool) -> bool | None:
    words.next()
    action = words.next() == "permit"
    if standard:
        return action if _endpoint(words, packet.source) else None
    if words.next() not in ("ip", packet.protocol):
        return None
    matches = [
        _endpoint(words, packet.source),
        _port(words, packet.source_port),
        _endpoint(words, packet.destination),
        _port(words, packet.destination_port),
        words.peek() != "established",
    ]
    return action if all(matches) else None


def _endpoint(words: _Words, address: IPv4Address) -> bool:
    first = words.next()
    if first == "any":
        return True
    if first == "host":
        return IPv4Address(words.next()) == address
    wildcard = 0
    if words.peek().count(".") == 3:
        wildcard = int(IPv4Address(words.next()))
    return (int(IPv4Address(first)) | wildcard) == (int(address) | wildcard)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else dict(_PORT_NUMBERS).get(text, -1)


def _port(words: _Words, port: int) -> bool:
    match words.peek():
        case "eq":
            words.next()
            return _number(words.next()) == port
        case "neq":
            words.next()
            return _number(words.next()) != port
        case "gt":
            words.next()
            return port > _number(words.next())
        case "lt":
            words.next()
            return port < _number(words.next())
        case "range":
            words.next()
            return _number(words.next()) <= port <= _number(words.next())
        case _:
            return True
