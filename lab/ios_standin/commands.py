"""Commands of exec mode: one table, abbreviations, pipes, and the refusals of IOS."""

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from lab.ios_standin.exec_archive import ARCHIVE_COMMANDS
from lab.ios_standin.exec_basic import BASIC_COMMANDS
from lab.ios_standin.exec_files import FILE_COMMANDS, tcl_line
from lab.ios_standin.matching import Match, Matcher
from lab.ios_standin.pattern import compile_pattern
from lab.ios_standin.replace import complaint_lines
from lab.ios_standin.show_bgp import BGP_COMMANDS
from lab.ios_standin.show_interfaces import INTERFACE_COMMANDS
from lab.ios_standin.show_routing import ROUTING_COMMANDS
from lab.ios_standin.show_system import SYSTEM_COMMANDS

if TYPE_CHECKING:
    from lab.ios_standin.session import Session

__all__ = ["execute", "tcl_line"]

Handler = Callable[["Session", Match], Awaitable[str]]
Table = tuple[tuple[str, Handler], ...]

_COMMANDS: Table = (
    *BASIC_COMMANDS,
    *SYSTEM_COMMANDS,
    *INTERFACE_COMMANDS,
    *ROUTING_COMMANDS,
    *BGP_COMMANDS,
    *ARCHIVE_COMMANDS,
    *FILE_COMMANDS,
)
_UNPRIVILEGED = frozenset(
    {"enable", "disable", "terminal", "ping", "traceroute", "show", "exit", "logout"}
)
_PRIVILEGED_SHOWS = re.compile(
    r"show (running-config|startup-config|archive|logging|configuration)"
)


@lru_cache(maxsize=1)
def _matcher() -> Matcher:
    return Matcher([compile_pattern(pattern) for pattern, _ in _COMMANDS])


async def execute(session: "Session", line: str) -> str:
    """The answer to one command, without the prompt that follows."""
    command, bar, pipe = line.strip().partition("|")
    match = _matcher().match(command)
    if not isinstance(match, Match):
        margin = len(session.prompt()) + len(line) - len(line.lstrip())
        return "\n".join(complaint_lines(command, match, margin)) + "\n"
    if not session.privileged and not _open_to_all(match.text):
        margin = len(session.prompt())
        return f"{' ' * margin}^\n% Invalid input detected at '^' marker.\n\n"
    answer = await _COMMANDS[match.row][1](session, match)
    return piped(answer, pipe.strip()) if bar else answer


def _open_to_all(command: str) -> bool:
    return command.split(maxsplit=1)[0] in _UNPRIVILEGED and not _PRIVILEGED_SHOWS.match(command)


def piped(text: str, pipe: str) -> str:
    """`| include`, `exclude`, `begin`, `section` or `count` with a regular expression."""
    word, _, pattern = pipe.partition(" ")
    pattern = pattern.strip()
    lines = text.splitlines()
    kinds = [k for k in ("include", "exclude", "begin", "section", "count") if k.startswith(word)]
    if not word or not kinds or not pattern:
        return "% Incomplete command.\n"
    expression = re.compile(pattern.replace("_", r"(?:\b|_)"))
    kind = kinds[0]
    if kind == "include":
        lines = [line for line in lines if expression.search(line)]
    elif kind == "exclude":
        lines = [line for line in lines if not expression.search(line)]
    elif kind == "begin":
        start = next((n for n, line in enumerate(lines) if expression.search(line)), len(lines))
        lines = lines[start:]
    elif kind == "section":
        lines = _sections(lines, expression)
    else:
        found = sum(1 for line in lines if expression.search(line))
        lines = [f"Number of lines which match regexp = {found}"]
    return "".join(line + "\n" for line in lines)


def _sections(lines: list[str], expression: re.Pattern[str]) -> list[str]:
    kept: list[str] = []
    inside = -1
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if inside >= 0 and indent > inside:
            kept.append(line)
            continue
        inside = -1
        if expression.search(line):
            kept.append(line)
            inside = indent
    return kept
