"""What a device is made of: the facts that no configuration changes."""

import re
import zlib
from dataclasses import dataclass

from lab.ios_standin.grammar import Kind
from lab.ios_standin.interfaces import full_name, is_physical

ROUTER_MODEL = "C8200-1N-4T"
SWITCH_MODEL = "C9200L-24T-4G"


@dataclass(frozen=True, slots=True)
class Hardware:
    """Model, serial number and ports."""

    kind: Kind
    model: str
    serial: str
    ports: frozenset[str]
    version: str = "17.9.4a"

    @property
    def image(self) -> str:
        """Name of the running software."""
        return "c8000be-universalk9" if self.kind == "router" else "cat9k_lite_iosxe"


def guess(name: str, running: str) -> Hardware:
    """Hardware that has just the ports `running` speaks of; a switch when one is switched."""
    words = (line.split() for line in running.splitlines() if line.startswith("interface "))
    named = (full_name("".join(parts[1:])) for parts in words)
    ports = frozenset(port for port in named if port is not None and is_physical(port))
    switched = re.search(r"^ switchport mode ", running, re.MULTILINE) is not None
    kind: Kind = "switch" if switched else "router"
    model = SWITCH_MODEL if switched else ROUTER_MODEL
    return Hardware(kind, model, serial_of(name), ports)


def serial_of(name: str) -> str:
    """A serial number that is always the same for a device of that name."""
    return f"FLM{zlib.crc32(name.encode()) % 10_000:04d}{zlib.adler32(name.encode()) % 46656:04X}"


def mac_of(name: str, port: str) -> str:
    """The burned-in address of a port, in Cisco's notation."""
    tail = zlib.crc32(f"{name} {port}".encode())
    digits = f"5000{tail:08x}"
    return f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"
