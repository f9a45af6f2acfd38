"""Scenario files -> scenarios; every mistake of every file at once, with its line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from inventory.errors import InputError, Problem
from inventory.explain import problems_of, shown
from inventory.marked_yaml import Key, MarkedYaml, read_marked
from inventory.nearest import nearest
from lab.scenario_schema import Scenario

SUFFIX = ".yaml"


class ScenarioError(InputError):
    """A scenario can't be used as it is; carries every problem of every file."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scenario and where each part of it stands."""

    name: str
    """Stem of its file."""
    scenario: Scenario
    marked: MarkedYaml

    def where(self, *key: str | int) -> str:
        """`tests/lab/cut.yaml:12` of a part."""
        return f"{self.marked.file}:{self.marked.line(key)}"


def find(folder: Path, wanted: Sequence[str]) -> tuple[Path, ...]:
    """Files of the scenarios asked for: names in `folder` or paths; all when none is asked for.

    ScenarioError names those that are not there.
    """
    known = {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}
    if not wanted:
        if not known:
            message = "expected scenarios, found no .yaml file."
            hint = "Name a folder with --scenarios DIR."
            raise ScenarioError((Problem(str(folder), 0, "", message, hint),))
        return tuple(known.values())
    found: dict[Path, None] = {}
    problems = []
    for word in wanted:
        path = Path(word)
        if path.suffix == SUFFIX and path.is_file():
            found[path] = None
        elif word in known:
            found[known[word]] = None
        elif matching := [known[name] for name in known if Path(name).match(word)]:
            found |= dict.fromkeys(matching)
        else:
            message = f"there is no scenario {word} in {folder}."
            hint = nearest(word, known) or f"There are: {', '.join(known) or 'none'}."
            problems.append(Problem("command line", 0, "", message, hint))
    if problems:
        raise ScenarioError(tuple(problems))
    return tuple(found)


def load(files: Iterable[Path]) -> tuple[Loaded, ...]:
    """All of them, or a ScenarioError with every problem found."""
    loaded: list[Loaded] = []
    problems: list[Problem] = []
    for file in files:
        marked = read_marked(file, shown_path(file))
        scenario = None if marked.problems else _scenario(marked)
        problems += marked.problems
        if scenario is not None:
            loaded.append(Loaded(file.stem, scenario, marked))
    if problems:
        raise ScenarioError(tuple(problems))
    return tuple(loaded)


def shown_path(file: Path) -> str:
    """As the person who stands in the current folder would type it."""
    absolute = file.resolve()
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(file)


def _scenario(marked: MarkedYaml) -> Scenario | None:
    if not isinstance(marked.content, dict):
        message = f"expected a mapping with title and steps, found {shown(marked.content)}."
        marked.problems.append(marked.problem((), message))
        return None
    try:
        return Scenario.model_validate(marked.content)
    except ValidationError as error:
        found = _without_echoes(problems_of(error, Scenario, marked, ()))
        marked.problems += sorted(found, key=lambda problem: problem.line)
        return None


def _without_echoes(problems: Iterable[Problem]) -> Iterator[Problem]:
    """A union of types reports each of its members: one line of a file is one mistake."""
    seen: set[tuple[str, int, str]] = set()
    for problem in problems:
        known = (problem.file, problem.line, problem.message)
        if known not in seen:
            seen.add(known)
            yield problem


def at(loaded: Loaded, key: Key, message: str, hint: str = "") -> Problem:
    """A problem at a part of a scenario."""
    return loaded.marked.problem(key, message, hint)
