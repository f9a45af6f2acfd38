"""Command patterns: what the rows of the grammar are written in, and how a typed line meets them.

    ip address <ip> <mask>                 keywords (may be shortened) and arguments
    neighbor <peer!> {in!|out!} [log]      `!` identity, `{a|b}` choice, `[x]` may be left out

Every row becomes a set of positions (Glushkov's construction), so that all rows of a context are
followed at the same time, word by word: that is what tells *invalid* from *ambiguous* and from
*incomplete*, and where the caret goes.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from lab.ios_standin.arguments import REST, Rewrite, rewriter

_LEXER = re.compile(r"\[|\]|\}!?|\{|\||<[^>]+>|[^\s\[\]{}|]+")


class Fault(Enum):
    """What is wrong with a typed line."""

    INVALID = "invalid"
    AMBIGUOUS = "ambiguous"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no row takes a line."""

    fault: Fault
    column: int
    """0-based column of the word at fault."""


@dataclass(frozen=True, slots=True)
class Element:
    """One word of a pattern."""

    keyword: str
    """Empty for an argument."""
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


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line as IOS stores it."""

    text: str
    identity: bool
    keyword: bool


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
                self._elements[position] = Element(old.keyword, old.rewrite, old.rest, True)
        return shape

    def _leaf(self, word: str, *, identity: bool) -> Shape:
        if word.startswith("<"):
            kind = word.strip("<>")
            name = kind.removesuffix("!")
            element = Element("", rewriter(name), name == REST, kind.endswith("!"))
        else:
            keyword = word.removesuffix("!")
            element = Element(keyword, None, False, identity or word.endswith("!"))
        self._elements.append(element)
        self._follow.append(set())
        only = (len(self._elements) - 1,)
        return Shape(nullable=False, first=only, last=only)


def compile_pattern(text: str) -> Pattern:
    """The pattern written in `text`; KeyError for an unknown kind of argument."""
    return _Compiler(text).compile()


@dataclass(frozen=True, slots=True)
class _State:
    row: int
    position: int
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A line met a row."""

    row: int
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The line in full, as IOS stores it."""
        return " ".join(word.text for word in self.words)

    @property
    def identity(self) -> tuple[str, ...]:
        """What stays the same when the line gets another value."""
        return tuple(word.text for word in self.words if word.identity)

    @property
    def values(self) -> str:
        """The words that a later line of the same identity replaces."""
        return " ".join(word.text for word in self.words if not word.identity)

    def arguments(self) -> tuple[str, ...]:
        """The words that are no keywords, in order."""
        return tuple(word.text for word in self.words if not word.keyword)


class Matcher:
    """All rows of one context, followed together."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._by_keyword: dict[str, list[tuple[int, int]]] = {}
        self._arguments: list[tuple[int, int]] = []
        for row, pattern in enumerate(self._patterns):
            for position in pattern.first:
                keyword = pattern.elements[position].keyword
                place = (row, position)
                if keyword:
                    self._by_keyword.setdefault(keyword.lower(), []).append(place)
                else:
                    self._arguments.append(place)

    def match(self, line: str, *, negated: bool = False) -> Match | Refusal:
        """The first row that takes `line` whole; with `negated`, values may be left out."""
        tokens = [(found.start(), found.group()) for found in re.finditer(r"\S+", line)]
        states = [_State(row, position, ()) for row, position in self._starts(tokens)]
        reached: list[_State] = []
        for number, (column, token) in enumerate(tokens):
            pending = states if number == 0 else self._following(reached)
            rest = line[column:].rstrip()
            stepped = self._step(pending, token, rest, column)
            if isinstance(stepped, Refusal):
                return stepped
            finished = [state for state in stepped if self._element(state).rest]
            reached = [state for state in stepped if not self._element(state).rest]
            if finished and not self._goes_on(reached, tokens[number + 1 :]):
                return self._best(finished)
        return self._end(reached, len(line), negated=negated)

    def _starts(self, tokens: Sequence[tuple[int, str]]) -> Iterable[tuple[int, int]]:
        if not tokens:
            return ()
        typed = tokens[0][1].lower()
        exact = self._by_keyword.get(typed)
        if exact:
            return (*exact, *self._arguments)
        near = [
            place
            for keyword, places in self._by_keyword.items()
            if keyword.startswith(typed)
            for place in places
        ]
        return (*near, *self._arguments)

    def _element(self, state: _State) -> Element:
        return self._patterns[state.row].elements[state.position]

    def _following(self, states: Iterable[_State]) -> list[_State]:
        return [
            _State(state.row, position, state.words)
            for state in states
            for position in self._patterns[state.row].follow[state.position]
        ]

    def _goes_on(self, states: list[_State], tokens: Sequence[tuple[int, str]]) -> bool:
        """Whether a more exact row than one that swallows the rest of the line is still alive."""
        for column, token in tokens:
            stepped = self._step(self._following(states), token, token, column)
            if isinstance(stepped, Refusal):
                return False
            if any(self._element(state).rest for state in stepped):
                return True
            states = stepped
        return any(s.position in self._patterns[s.row].accepts for s in states)

    def _step(
        self, pending: Iterable[_State], token: str, rest: str, column: int
    ) -> list[_State] | Refusal:
        typed = token.lower()
        exact: list[_State] = []
        short: list[_State] = []
        free: list[_State] = []
        for state in pending:
            element = self._element(state)
            if element.keyword:
                keyword = element.keyword.lower()
                if keyword.startswith(typed):
                    target = exact if keyword == typed else short
                    target.append(_advance(state, element, element.keyword))
            elif element.rewrite is not None:
                text = rest if element.rest else element.rewrite(token)
                if text is not None:
                    free.append(_advance(state, element, text))
        if exact or free:
            return exact + free
        if not short:
            return Refusal(Fault.INVALID, column)
        if len({state.words[-1].text for state in short}) > 1:
            return Refusal(Fault.AMBIGUOUS, column)
        return short

    def _best(self, states: Sequence[_State]) -> Match:
        best = min(states, key=lambda state: state.row)
        return Match(best.row, best.words)

    def _end(self, states: list[_State], column: int, *, negated: bool) -> Match | Refusal:
        complete = [s for s in states if s.position in self._patterns[s.row].accepts]
        if not complete and negated:
            complete = [s for s in states if s.position in self._patterns[s.row].negatable]
        return self._best(complete) if complete else Refusal(Fault.INCOMPLETE, column)


def _advance(state: _State, element: Element, text: str) -> _State:
    word = Word(text, element.identity, bool(element.keyword))
    return _State(state.row, state.position, (*state.words, word))
