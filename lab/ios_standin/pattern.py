"""Command patterns: what the rows of the grammar are written in, and how a typed line meets them.

    ip address <ip> <mask>                 keywords (may be shortened) and arguments
    neighbor <peer!> {in!|out!} [log]      `!` identity, `{a|b}` choice, `[x]` may be left out

Every row becomes a set of positions (Glushkov's construction); matching.py follows them.
"""

import re
from dataclasses import dataclass, replace

from lab.ios_standin.arguments import REST, Rewrite, rewriter

_LEXER = re.compile(r"\[|\]|\}!?|\{|\||<[^>]+>|[^\s\[\]{}|]+")


@dataclass(frozen=True, slots=True)
class Element:
    """One word of a pattern."""

    keyword: str
    """Empty for an argument."""
    lowered: str
    rewrite: Rewrite | None
    rest: bool
    """Takes everything to the end of the line."""
    identity: bool
    """Whether two lines that differ here are two lines, and not a new value of the same one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The positions of one part of a pattern."""

    nullable: bool
    first: tuple[int, ...]
    last: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled row."""

    elements: tuple[Element, ...]
    first: tuple[int, ...]
    follow: tuple[tuple[int, ...], ...]
    accepts: frozenset[int]
    negatable: frozenset[int]
    """Positions after which `no` may stop: only values would follow."""


class _Compiler:
    """Reads one pattern. A choice or an option holds values unless marked with `!`."""

    def __init__(self, text: str) -> None:
        self._words = _LEXER.findall(text)
        self._at = 0
        self._elements: list[Element] = []
        self._follow: list[set[int]] = []

    def compile(self) -> Pattern:
        shape = self._sequence(identity=True)
        accepts = frozenset(shape.last)
        return Pattern(
            tuple(self._elements),
            shape.first,
            tuple(tuple(sorted(found)) for found in self._follow),
            accepts,
            self._negatable(accepts),
        )

    def _negatable(self, accepts: frozenset[int]) -> frozenset[int]:
        found = set(accepts)
        grown = True
        while grown:
            grown = False
            for position, follow in enumerate(self._follow):
                free = any(n in found and not self._elements[n].identity for n in follow)
                if position not in found and free:
                    found.add(position)
                    grown = True
        return frozenset(found)

    def _sequence(self, *, identity: bool) -> Shape:
        whole = Shape(nullable=True, first=(), last=())
        while self._at < len(self._words) and self._words[self._at] not in ("]", "}", "}!", "|"):
            whole = self._then(whole, self._part(identity=identity))
        return whole

    def _then(self, before: Shape, after: Shape) -> Shape:
        for position in before.last:
            self._follow[position].update(after.first)
        return Shape(
            before.nullable and after.nullable,
            before.first + after.first if before.nullable else before.first,
            before.last + after.last if after.nullable else after.last,
        )

    def _part(self, *, identity: bool) -> Shape:
        word = self._words[self._at]
        self._at += 1
        if word == "[":
            inner = self._choices(identity=False)
            return Shape(nullable=True, first=inner.first, last=inner.last)
        if word == "{":
            return self._choices(identity=False)
        return self._leaf(word, identity=identity)

    def _choices(self, *, identity: bool) -> Shape:
        start = len(self._elements)
        shape = self._sequence(identity=identity)
        while self._words[self._at] == "|":
            self._at += 1
            other = self._sequence(identity=identity)
            shape = Shape(
                shape.nullable or other.nullable, shape.first + other.first, shape.last + other.last
            )
        closing = self._words[self._at]
        self._at += 1
        if closing == "}!":
            for position in range(start, len(self._elements)):
                old = self._elements[position]
                self._elements[position] = replace(old, identity=True)
        return shape

    def _leaf(self, word: str, *, identity: bool) -> Shape:
        if word.startswith("<"):
            kind = word.strip("<>")
            name = kind.removesuffix("!")
            element = Element("", "", rewriter(name), name == REST, kind.endswith("!"))
        else:
            keyword = word.removesuffix("!")
            element = Element(keyword, keyword.lower(), None, False, identity or word.endswith("!"))
        self._elements.append(element)
        self._follow.append(set())
        only = (len(self._elements) - 1,)
        return Shape(nullable=False, first=only, last=only)


def compile_pattern(text: str) -> Pattern:
    """The pattern written in `text`; KeyError for an unknown kind of argument."""
    return _Compiler(text).compile()
