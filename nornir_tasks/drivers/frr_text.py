"""FRRouting's configuration text: what it means, and its differences in a person's form. Pure.

A configuration is a set of lines, each in its context: `interface ge0-0-1` / ` ip ospf cost 10`.
FRR numbers whatever depends on order (prefix lists, access lists, route maps), so two texts with
the same lines in the same contexts mean the same. frr-reload compares the same way.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator

Line = tuple[tuple[str, ...], str]
"""(contexts from the outside in, the line)"""

FILES = ("frr.conf", "nftables.conf", "snmpd.conf")
"""What a candidate may hold."""
_HEADER = ("Building configuration...", "Current configuration:", "end")
_NUMBERED = ("no ip prefix-list ", "no ipv6 prefix-list ", "no access-list ")
"""frr-reload removes these among the lines to add."""


def lines_in(text: str) -> tuple[Line, ...]:
    """Every line with its contexts, comments and separators left out, in the text's order."""
    found: list[Line] = []
    context: tuple[str, ...] = ()
    indents: list[int] = []
    for raw in text.splitlines():
        line = " ".join(raw.split())
        if not line or line.startswith(("!", "#")) or line in _HEADER:
            continue
        indent = len(raw) - len(raw.lstrip())
        while indents and indent <= indents[-1]:
            context, indents = context[:-1], indents[:-1]
        if line == "exit" or line.startswith("exit-"):
            continue
        found.append((context, line))
        context, indents = (*context, line), [*indents, indent]
    return tuple(found)


def same_meaning(left: str, right: str) -> bool:
    """Whether both texts hold the same lines in the same contexts, each as often."""
    return Counter(lines_in(left)) == Counter(lines_in(right))


def read_delta(text: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """frr-reload --test's output -> (lines that go, lines that come)."""
    parts: dict[str, list[str]] = {"Lines To Delete": [], "Lines To Add": []}
    current = ""
    for line in text.splitlines():
        if line.strip() in parts:
            current = line.strip()
        elif current and not line.startswith("==="):
            parts[current].append(line)
    gone = [(context, _positive(line)) for context, line in _blocks(parts["Lines To Delete"])]
    come = []
    for context, line in _blocks(parts["Lines To Add"]):
        if not context and line.startswith(_NUMBERED):
            gone.append((context, _positive(line)))
        else:
            come.append((context, line))
    opened = {context[: depth + 1] for context, _ in come for depth in range(len(context))}
    come = [(context, line) for context, line in come if (*context, line) not in opened]
    return tuple(gone), tuple(dict.fromkeys(come))


def shown(gone: Iterable[Line], come: Iterable[Line]) -> str:
    """The difference as a person reads it: contexts once, `-` and `+` lines beneath them."""
    contexts: dict[tuple[str, ...], list[str]] = {}
    for sign, lines in (("-", gone), ("+", come)):
        for context, line in lines:
            contexts.setdefault(context, []).append(f"{sign}{' ' * len(context)}{line}")
    text: list[str] = []
    for context, changes in contexts.items():
        text.extend(f" {' ' * depth}{part}" for depth, part in enumerate(context))
        text.extend(changes)
    return "\n".join(text)


def unified(old: str, new: str) -> str:
    """A plain difference with one line of context and no headers."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _blocks(commands: list[str]) -> Iterator[Line]:
    """frr-reload prints a block a line: contexts from the outside in, the command innermost."""
    block: list[str] = []
    for raw in [*commands, ""]:
        line = raw.strip()
        if block and not raw.startswith(" "):
            yield tuple(block[:-1]), block[-1]
            block = []
        if line and line not in {"exit", "end"} and not line.startswith("exit-"):
            block.append(line)


def _positive(line: str) -> str:
    return line.removeprefix("no ") if line.startswith("no ") else f"no {line}"
