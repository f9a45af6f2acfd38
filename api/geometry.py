"""Plane geometry of the map: points, boxes, quadratic Bezier curves. Units are SVG user units."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import hypot

SAMPLES = 24
"""Points along a curve that stand for it when distances are compared."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the map; y grows downwards."""

    x: float
    y: float

    def __add__(self, other: "Point") -> "Point":
        return Point(self.x + other.x, self.y + other.y)

    def __sub__(self, other: "Point") -> "Point":
        return Point(self.x - other.x, self.y - other.y)

    def times(self, factor: float) -> "Point":
        """The vector, longer by `factor`."""
        return Point(self.x * factor, self.y * factor)

    def distance(self, other: "Point") -> float:
        """Euclidean distance."""
        return hypot(self.x - other.x, self.y - other.y)

    def towards(self, other: "Point", share: float) -> "Point":
        """The point at `share` (0 to 1) of the way to `other`."""
        return self + (other - self).times(share)


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle, a label's room."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def contains(self, point: Point) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.left <= point.x <= self.right and self.top <= point.y <= self.bottom

    def within(self, other: "Box") -> bool:
        """Whether it lies wholly in `other`."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )

    def grown(self, margin: float) -> "Box":
        """The same with `margin` more on every side."""
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    @staticmethod
    def around(center: Point, radius: float) -> "Box":
        """The square around a disc."""
        return Box(center.x - radius, center.y - radius, center.x + radius, center.y + radius)


@dataclass(frozen=True, slots=True)
class Curve:
    """A quadratic Bezier curve; straight when `bend` is half-way between the ends."""

    start: Point
    bend: Point
    end: Point

    @staticmethod
    def between(start: Point, end: Point, bulge: float) -> "Curve":
        """From start to end, its middle `bulge` to the left of the straight line."""
        length = start.distance(end) or 1.0
        normal = Point((end.y - start.y) / length, (start.x - end.x) / length)
        return Curve(start, start.towards(end, 0.5) + normal.times(2 * bulge), end)

    def at(self, share: float) -> Point:
        """The point at parameter `share`, 0 to 1."""
        first = self.start.towards(self.bend, share)
        second = self.bend.towards(self.end, share)
        return first.towards(second, share)

    def points(self) -> Iterator[Point]:
        """SAMPLES + 1 points from start to end."""
        return (self.at(step / SAMPLES) for step in range(SAMPLES + 1))

    def halves(self) -> tuple["Curve", "Curve"]:
        """The same curve cut at its middle (de Casteljau), each half from its own end inwards."""
        middle = self.at(0.5)
        return (
            Curve(self.start, self.start.towards(self.bend, 0.5), middle),
            Curve(self.end, self.end.towards(self.bend, 0.5), middle),
        )

    def bulge(self) -> float:
        """How far its middle lies from the straight line."""
        return self.bend.distance(self.start.towards(self.end, 0.5)) / 2

    def path(self) -> str:
        """The `d` attribute of an SVG path."""
        numbers = (self.start, self.bend, self.end)
        start, bend, end = (f"{point.x:.1f} {point.y:.1f}" for point in numbers)
        return f"M{start} Q{bend} {end}"


def nearest(point: Point, others: Iterable[Point]) -> float:
    """Distance to the nearest of `others`; infinite when there is none."""
    return min((point.distance(other) for other in others), default=float("inf"))


def push_apart(at: dict[str, Point], radius: Mapping[str, float]) -> None:
    """Move discs that touch away from each other, a little at a time, in the order of codes."""
    codes = sorted(at)
    for _ in range(60):
        for index, one in enumerate(codes):
            for other in codes[index + 1 :]:
                room = radius[one] + radius[other] + 18
                gap = at[one].distance(at[other])
                if gap < room:
                    away = (at[other] - at[one]).times(1 / gap) if gap else Point(1, 0)
                    step = away.times((room - gap) / 2)
                    at[one], at[other] = at[one] - step, at[other] + step
