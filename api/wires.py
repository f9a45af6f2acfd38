"""How links run between discs: straight where there is room, else bent around. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from api.geometry import Curve, Point
from inventory.model import BACKUP_ROLES, Link

BULGES = (0, 14, -14, 26, -26, 40, -40, 56, -56)
"""How far the middle of a curve may lie from the straight line, the best first."""
DISC_ROOM, WIRE_ROOM = 17.0, 7.0
"""Nearer than this a curve is in the way of a disc or of another curve."""


class Placed(Protocol):
    """A disc, as far as a wire cares."""

    @property
    def at(self) -> Point:
        """Its centre."""


def bend_wires(
    links: Mapping[str, Link], spots: Mapping[str, Placed], place: Callable[[str], str]
) -> dict[str, tuple[Link, Curve]]:
    """A curve a link, bent where a straight line would run through a disc or another curve."""
    wires: dict[str, tuple[Link, Curve]] = {}
    drawn: list[_Trace] = []
    for link in sorted(links.values(), key=lambda link: (link.role in BACKUP_ROLES, link.id)):
        names = place(link.a.device), place(link.b.device)
        if names[0] not in spots or names[1] not in spots or names[0] == names[1]:
            continue
        start, end = spots[names[0]].at, spots[names[1]].at
        discs = [_complex(spot.at) for name, spot in spots.items() if name not in names]
        bulges = BULGES if start.distance(end) > 45 else BULGES[:3]
        curve = min(
            (Curve.between(start, end, bulge) for bulge in bulges),
            key=lambda curve: _cost(_Trace.of(curve), curve.bulge(), discs, drawn),
        )
        drawn.append(_Trace.of(curve))
        wires[link.id] = (link, curve)
    return wires


@dataclass(frozen=True, slots=True)
class _Trace:
    """The inner part of a curve as points of the complex plane, whose distances are cheap."""

    points: tuple[complex, ...]
    left: float
    right: float
    top: float
    bottom: float

    @staticmethod
    def of(curve: Curve) -> "_Trace":
        """The curve without its ends, which meet others at a disc by right."""
        points = tuple(_complex(curve.at(step / 16)) for step in range(3, 14))
        xs, ys = [point.real for point in points], [point.imag for point in points]
        return _Trace(points, min(xs), max(xs), min(ys), max(ys))

    def apart(self, other: "_Trace", room: float) -> bool:
        """Whether the two are surely farther than `room` from each other."""
        return (
            self.left > other.right + room
            or other.left > self.right + room
            or self.top > other.bottom + room
            or other.top > self.bottom + room
        )


def _complex(point: Point) -> complex:
    return complex(point.x, point.y)


def _cost(trace: _Trace, bulge: float, discs: list[complex], drawn: list[_Trace]) -> float:
    """How much a curve is in the way of discs and other curves, and how far it bends."""
    cost = bulge / 20
    for disc in discs:
        cost += max(0.0, DISC_ROOM - min(abs(disc - point) for point in trace.points))
    for other in drawn:
        if not trace.apart(other, WIRE_ROOM):
            close = sum(
                min(abs(point - each) for each in other.points) < WIRE_ROOM
                for point in trace.points
            )
            cost += max(0, close - 2) * 3.0
    return cost
