"""How links run between discs: straight where there is room, else bent around. Pure."""

from collections.abc import Callable, Mapping
from typing import Protocol

from api.geometry import Curve, Point, nearest
from inventory.model import BACKUP_ROLES, Link

BULGES = (0, 14, -14, 26, -26, 40, -40, 56, -56)
"""How far the middle of a curve may lie from the straight line, the best first."""


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
    drawn: list[list[Point]] = []
    for link in sorted(links.values(), key=lambda link: (link.role in BACKUP_ROLES, link.id)):
        names = place(link.a.device), place(link.b.device)
        if names[0] not in spots or names[1] not in spots or names[0] == names[1]:
            continue
        start, end = spots[names[0]].at, spots[names[1]].at
        others = [spot.at for name, spot in spots.items() if name not in names]
        bulges = BULGES if start.distance(end) > 45 else BULGES[:3]
        curve = min(
            (Curve.between(start, end, bulge) for bulge in bulges),
            key=lambda curve: _cost(curve, others, drawn),
        )
        drawn.append(list(curve.points())[4:-4])
        wires[link.id] = (link, curve)
    return wires


def _cost(curve: Curve, discs: list[Point], drawn: list[list[Point]]) -> float:
    """How much a curve is in the way of discs and other curves, and how far it bends."""
    points = list(curve.points())[4:-4]
    cost = curve.bend.distance(curve.start.towards(curve.end, 0.5)) / 40
    cost += sum(max(0.0, 17 - nearest(disc, points)) for disc in discs)
    for other in drawn:
        close = sum(1 for point in points if nearest(point, other) < 7)
        cost += max(0, close - 3) * 2.0
    return cost
