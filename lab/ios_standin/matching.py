"""How a typed line meets the patterns of a context.

All rows are followed at the same time, word by word: that is what tells *invalid* from *ambiguous*
and from *incomplete*, and where the caret goes.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from lab.ios_standin.pattern import Pattern


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
class Word:
    """One word of a line as IOS stores it."""

    text: str
    identity: bool
    keyword: bool


REMEMBERED = 4096
"""Lines of one context whose match is kept."""

Place = tuple[int, int]
"""(row, position)."""


@dataclass(frozen=True, slots=True)
class _State:
    row: int
    position: int
    words: tuple[Word, ...]
    rest: bool


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
                keyword = pattern.elements[position].lowered
                place = (row, position)
                if keyword:
                    self._by_keyword.setdefault(keyword, []).append(place)
                else:
                    self._arguments.append(place)
        # A region's devices have most of their lines in common.
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._match)

    def match(self, line: str, *, negated: bool = False) -> Match | Refusal:
        """The first row that takes `line` whole; with `negated`, values may be left out."""
        return self._remembered(line, negated)

    def _match(self, line: str, negated: bool) -> Match | Refusal:
        tokens = [(found.start(), found.group()) for found in re.finditer(r"\S+", line)]
        reached: list[_State] = []
        for number, (column, token) in enumerate(tokens):
            pending = self._following(reached) if number else self._starts(token)
            stepped = self._step(pending, token, line[column:].rstrip(), column)
            if isinstance(stepped, Refusal):
                return stepped
            finished = [state for state in stepped if state.rest]
            reached = [state for state in stepped if not state.rest]
            if finished and not self._goes_on(reached, tokens[number + 1 :]):
                return self._best(finished)
        return self._end(reached, len(line), negated=negated)

    def _starts(self, token: str) -> Iterable[tuple[Place, tuple[Word, ...]]]:
        typed = token.lower()
        places = self._by_keyword.get(typed)
        if places is None:
            places = [
                place
                for keyword, found in self._by_keyword.items()
                if keyword.startswith(typed)
                for place in found
            ]
        return ((place, ()) for place in (*places, *self._arguments))

    def _following(self, states: Iterable[_State]) -> Iterable[tuple[Place, tuple[Word, ...]]]:
        return (
            ((state.row, position), state.words)
            for state in states
            for position in self._patterns[state.row].follow[state.position]
        )

    def _goes_on(self, states: list[_State], tokens: Sequence[tuple[int, str]]) -> bool:
        """Whether a more exact row than one that swallows the rest of the line is still alive."""
        for column, token in tokens:
            stepped = self._step(self._following(states), token, token, column)
            if isinstance(stepped, Refusal):
                return False
            if any(state.rest for state in stepped):
                return True
            states = stepped
        return any(s.position in self._patterns[s.row].accepts for s in states)

    def _step(
        self,
        pending: Iterable[tuple[Place, tuple[Word, ...]]],
        token: str,
        rest: str,
        column: int,
    ) -> list[_State] | Refusal:
        typed = token.lower()
        exact: list[_State] = []
        short: list[_State] = []
        for (row, position), words in pending:
            element = self._patterns[row].elements[position]
            if element.rewrite is not None:
                text = rest if element.rest else element.rewrite(token)
                target = exact
            elif element.lowered.startswith(typed):
                text = element.keyword
                target = exact if element.lowered == typed else short
            else:
                continue
            if text is not None:
                word = Word(text, element.identity, element.rewrite is None)
                target.append(_State(row, position, (*words, word), element.rest))
        if exact:
            return exact
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
