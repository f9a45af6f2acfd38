"""`--expect FILE`: the differences of behaviour that a change declares, checked with file and line.

differences:
  - kind: path            # adjacency, route, path, prefix, reach
    where: zes-*          # router, or for path and reach the LAN that it begins in
    what: kut-inmis *     # neighbour, prefix, target
    change: changed       # lost, gained, changed; any when left out
    because: CHG-1234 moves Zestaponi to the new circuit
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from inventory.errors import InputError, Problem
from inventory.marked_yaml import Key, MarkedYaml, read_marked
from inventory.nearest import nearest
from lab.behaviour import Difference, Kind

KEYS = ("kind", "where", "what", "change", "because")
KINDS = tuple(kind.value for kind in Kind)
CHANGES = ("lost", "gained", "changed")


class ExpectError(InputError):
    """The file of expected differences can't be used as it is."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One declaration; names take wildcards."""

    file: str
    line: int
    kind: str
    where: str = "*"
    what: str = "*"
    change: str = ""
    because: str = ""

    def covers(self, difference: Difference) -> bool:
        """Whether the difference is one of those that are declared here."""
        subject = difference.subject
        return (
            subject.kind == self.kind
            and fnmatchcase(subject.where, self.where)
            and fnmatchcase(subject.what, self.what)
            and self.change in {"", difference.change}
        )

    def __str__(self) -> str:
        change = self.change or "different"
        return f"{self.file}:{self.line}: {self.kind} {change} at {self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Declared:
    """How the declarations and the differences fit."""

    undeclared: tuple[Difference, ...]
    unfulfilled: tuple[Expected, ...]
    """Declared, and nothing of it happened."""

    @property
    def ok(self) -> bool:
        """Whether exactly what was declared has happened."""
        return not self.undeclared and not self.unfulfilled


def read_expected(path: Path) -> tuple[Expected, ...]:
    """The declarations of a file; ExpectError with every problem of it."""
    marked = read_marked(path, str(path))
    problems = list(marked.problems)
    content = marked.content
    rows: list[Expected] = []
    if not problems and content is not None:
        if not isinstance(content, dict) or set(content) - {"differences"}:
            names = (
                [name for name in content if name != "differences"]
                if isinstance(content, dict)
                else []
            )
            key: Key = (names[0],) if names else ()
            hint = nearest(names[0], ["differences"]) if names else ""
            problems.append(marked.problem(key, "expected the one key 'differences'.", hint))
        else:
            rows = _rows(marked, content.get("differences") or [], problems)
    if problems:
        raise ExpectError(tuple(sorted(problems)))
    return tuple(rows)


def _rows(marked: MarkedYaml, content: Any, problems: list[Problem]) -> list[Expected]:
    if not isinstance(content, list):
        problems.append(marked.problem(("differences",), "expected a list."))
        return []
    rows: list[Expected] = []
    for number, row in enumerate(content):
        key: Key = ("differences", number)
        found = list(_row_problems(marked, key, row))
        problems += found
        if not found:
            values = {name: str(value) for name, value in row.items()}
            rows.append(Expected(marked.file, marked.line(key), **values))
    return rows


def _row_problems(marked: MarkedYaml, key: Key, row: Any) -> Iterable[Problem]:
    if not isinstance(row, dict):
        yield marked.problem(key, "expected keys, such as `kind: path`.")
        return
    for name, value in row.items():
        if name not in KEYS:
            yield marked.problem((*key, name), f"unknown key '{name}'.", nearest(name, KEYS))
        elif not isinstance(value, str) or not value:
            yield marked.problem((*key, name), f"expected text, found {value!r}.", "Quote it.")
    if "kind" not in row:
        yield marked.problem(key, "key 'kind' is missing.", f"One of {', '.join(KINDS)}.")
    for name, known in (("kind", KINDS), ("change", CHANGES)):
        value = row.get(name)
        if isinstance(value, str) and value and value not in known:
            message = f"expected {' or '.join(known)}, found '{value}'."
            yield marked.problem((*key, name), message, nearest(value, known))


def declared(expected: Iterable[Expected], found: Iterable[Difference]) -> Declared:
    """Differences that nothing declares, and declarations that nothing fulfils."""
    rows, differences = tuple(expected), tuple(found)
    return Declared(
        undeclared=tuple(d for d in differences if not any(e.covers(d) for e in rows)),
        unfulfilled=tuple(e for e in rows if not any(e.covers(d) for d in differences)),
    )
