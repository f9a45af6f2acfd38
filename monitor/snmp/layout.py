"""What a device's answers to one request look like: read once in full, then recognised.

From one poll to the next an answer changes in the octets of few numbers. A layout holds all others:
an answer that has them at the same places, every name, tag and length among them, would be read in
the same way, so the numbers that move are taken from their places. Any other is read in full.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple, TypeVar

from monitor.snmp.base import Value

MAX_SHARED = 200_000
NUMBER_OCTETS = 4
T = TypeVar("T")
Values = tuple[Value | None, ...]
Picker = Callable[[Values], Values]
_number = int.from_bytes


class Field(NamedTuple):
    """Where an unsigned number that moves stands."""

    place: int
    """Among what was asked for."""
    begin: int
    end: int


@dataclass(slots=True)
class Sharing:
    """Keeps one object of each of what many devices' layouts have in common."""

    _kept: dict[Any, Any] = field(default_factory=dict)

    def one(self, thing: T) -> T:
        """The first of all equal things."""
        if len(self._kept) > MAX_SHARED:
            self._kept.clear()
        found: T = self._kept.setdefault(thing, thing)
        return found

    def struct(self, form: str) -> Struct:
        """The compiled `form`."""
        made: Struct | None = self._kept.get(form)
        if made is None:
            made = self._kept[form] = Struct(form)
        return made

    def picker(self, order: tuple[int, ...]) -> Picker:
        """Takes values in `order`."""
        made: Picker | None = self._kept.get(("pick", order))
        if made is None:
            made = self._kept["pick", order] = itemgetter(*order) if len(order) > 1 else tuple
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One answer's octets by turns: fixed, request id, fixed, number, fixed, number, ... fixed."""

    struct: Struct
    fixed: tuple[bytes, ...]
    places: tuple[int, ...]
    """Of the values that are among the fixed octets."""
    constants: Values
    """Those values."""
    pick: Picker
    """Takes the constants, then the numbers, and puts all in the order that was asked in."""

    @classmethod
    def of(
        cls,
        text: bytes,
        number_at: int,
        fields: Sequence[Field],
        values: Values,
        sharing: Sharing,
    ) -> "Layout":
        """That of `text`, which holds `values`; its request id stands at `number_at`."""
        fixed, sizes, at = [], [], 0
        spans = [(number_at, number_at + NUMBER_OCTETS)]
        spans += [(each.begin, each.end) for each in fields]
        for begin, end in spans:
            fixed.append(sharing.one(text[at:begin]))
            sizes += [begin - at, end - begin]
            at = end
        fixed.append(sharing.one(text[at:]))
        form = "".join(f"{size}s" for size in (*sizes, len(text) - at))
        moving = [each.place for each in fields]
        places = tuple(place for place in range(len(values)) if place not in set(moving))
        found_at = {place: at for at, place in enumerate((*places, *moving))}
        return cls(
            sharing.struct(form),
            sharing.one(tuple(fixed)),
            sharing.one(places),
            sharing.one(tuple(values[place] for place in places)),
            sharing.picker(tuple(found_at[place] for place in range(len(values)))),
        )

    def read(self, text: bytes, number: bytes) -> tuple[int, ...] | None:
        """The numbers in `text`, the answer to request `number`; None when it looks different."""
        if len(text) != self.struct.size:
            return None
        parts = self.struct.unpack(text)
        if parts[1] != number or parts[::2] != self.fixed:
            return None
        return tuple(map(_number, parts[3::2]))

    def values(self, numbers: tuple[int, ...]) -> Values:
        """See Laid."""
        return self.pick(self.constants + numbers)

    def moved(self, values: Values) -> set[int]:
        """Places whose value was thought fixed and is another in `values`."""
        held = zip(self.places, self.constants, strict=True)
        return {place for place, value in held if values[place] != value}
