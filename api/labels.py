"""Where the words of the map go, so that none covers another or a disc. Pure and deterministic."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import cos, sin, tau

from api.geometry import Box, Curve, Point

NOTE_SIZE = 11.0
SIGN_RADIUS = 9.0
"""Of the shape that marks a link's state, in its middle."""
GEORGIAN = range(0x10A0, 0x1100)
WIDE, NARROW = 0.7, 0.6
"""Mean advance of a letter in em, on the generous side: Georgian letters, others."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words that want a place beside a disc."""

    key: str
    words: str
    size: float
    at: Point
    radius: float


@dataclass(frozen=True, slots=True)
class Label:
    """Words with their place: `at` is the middle of the text's box."""

    words: str
    at: Point
    size: float
    box: Box


def text_width(words: str, size: float) -> float:
    """Room that the words need, in the units of `size`, a little more than fonts take."""
    return size * sum(WIDE if ord(letter) in GEORGIAN else NARROW for letter in words)


def place_labels(
    texts: Iterable[Text], discs: list[Box], curves: Mapping[str, Curve], frame: Box
) -> tuple[dict[str, Label], dict[str, Label]]:
    """Labels of the discs by key, and of the curves by id; one without any room is left out.

    Each takes the candidate place that crosses the fewest curves; places are never shared.
    """
    lines = [point for curve in curves.values() for point in curve.points()]
    taken = list(discs)
    names: dict[str, Label] = {}
    for text in sorted(texts, key=lambda text: (-text.size, -text.radius, text.key)):
        label = _best(_around(text), taken, lines, frame)
        if label:
            names[text.key] = label
            taken.append(label.box)
    notes: dict[str, Label] = {}
    for link, curve in sorted(curves.items()):
        itself = set(curve.points())
        others = [point for point in lines if point not in itself]
        sign = Box.around(curve.at(0.5), SIGN_RADIUS)
        label = _best(_along(link, curve), [*taken, sign], others, frame)
        if label:
            notes[link] = label
            taken.append(label.box)
    return names, notes


def _label(words: str, at: Point, size: float) -> Label:
    half = text_width(words, size) / 2
    tall = size * 0.62
    return Label(words, at, size, Box(at.x - half, at.y - tall, at.x + half, at.y + tall))


def _around(text: Text) -> Iterator[Label]:
    """Candidates around a disc: right, left, below and above come before the slanting ones."""
    half = text_width(text.words, text.size) / 2
    for gap in (3.0, 8.0, 14.0):
        for step in (0, 8, 4, 12, 2, 14, 6, 10, 1, 15, 7, 9, 3, 5, 11, 13):
            turn = step * tau / 16
            reach = text.radius + gap
            at = text.at + Point(cos(turn) * (reach + half), sin(turn) * (reach + text.size * 0.6))
            yield _label(text.words, at, text.size)


def _along(link: str, curve: Curve) -> Iterator[Label]:
    """Candidates near the middle of a curve, above and below it."""
    for share in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74):
        at = curve.at(share)
        for lift in (15, -15, 22, -22):
            yield _label(link, at + Point(0, lift), NOTE_SIZE)


def _best(
    candidates: Iterable[Label], taken: list[Box], lines: list[Point], frame: Box
) -> Label | None:
    """The free candidate over the fewest points of curves; the earlier one when two are alike."""
    best: tuple[int, Label] | None = None
    for label in candidates:
        room = label.box.grown(1)
        if not label.box.within(frame) or any(room.overlaps(box) for box in taken):
            continue
        left, top, right, bottom = room.left, room.top, room.right, room.bottom
        crossed = sum(left <= p.x <= right and top <= p.y <= bottom for p in lines)
        if best is None or crossed < best[0]:
            best = (crossed, label)
        if crossed == 0:
            break
    return best[1] if best else None
