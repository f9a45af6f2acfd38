"""What a device's answers to one request look like: read once in full, then recognised.

From one poll to the next an answer changes in the octets of its numbers alone. A layout holds all
others: an answer that has them at the same places, every name, tag and length among them, would
be read in the same way, so its numbers are taken from their places. Any other is read in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from monitor.snmp.base import Value

MAX_SHARED = 200_000
NUMBER_OCTETS = 4


class Field(NamedTuple):
    """Where an unsigned number stands."""

    name: str
    begin: int
    end: int


@dataclass(slots=True)
class Sharing:
    """Keeps one object of each of what many devices' layouts have in common."""

    _pieces: dict[bytes, bytes] = field(default_factory=dict)
    _structs: dict[str, Struct] = field(default_factory=dict)

    def piece(self, octets: bytes) -> bytes:
        """The same octets."""
        if len(self._pieces) > MAX_SHARED:
            self._pieces.clear()
        return self._pieces.setdefault(octets, octets)

    def struct(self, form: str) -> Struct:
        """The compiled `form`."""
        if len(self._structs) > MAX_SHARED:
            self._structs.clear()
        made = self._structs.get(form)
        if made is None:
            made = self._structs[form] = Struct(form)
        return made


@dataclass(frozen=True, slots=True)
class Layout:
    """One answer's octets by turns: fixed, request id, fixed, number, fixed, number, ... fixed."""

    struct: Struct
    fixed: tuple[bytes, ...]
    names: tuple[str, ...]
    """Of the numbers."""
    constants: dict[str, Value | None]
    """Values that are among the fixed octets: strings and states."""

    @classmethod
    def of(
        cls,
        text: bytes,
        number_at: int,
        fields: Sequence[Field],
        constants: dict[str, Value | None],
        sharing: Sharing,
    ) -> "Layout":
        """That of `text`, whose request id stands at `number_at` and whose numbers in `fields`."""
        fixed, sizes, at = [], [], 0
        places = [
            (number_at, number_at + NUMBER_OCTETS),
            *((each.begin, each.end) for each in fields),
        ]
        for begin, end in places:
            fixed.append(sharing.piece(text[at:begin]))
            sizes += [begin - at, end - begin]
            at = end
        fixed.append(sharing.piece(text[at:]))
        form = "".join(f"{size}s" for size in (*sizes, len(text) - at))
        return cls(
            sharing.struct(form), tuple(fixed), tuple(each.name for each in fields), constants
        )

    def read(self, text: bytes, number: bytes) -> dict[str, Value | None] | None:
        """The values of `text`, the answer to request `number`; None when it looks different."""
        if len(text) != self.struct.size:
            return None
        parts = self.struct.unpack(text)
        if parts[1] != number or parts[::2] != self.fixed:
            return None
        values = self.constants.copy()
        values.update(zip(self.names, map(int.from_bytes, parts[3::2]), strict=True))
        return values
