"""Configuration files as text: blocks by indentation, as the archive's tools read them.

`show archive config differences`, `incremental-diffs` and `configure replace` compare text, not
meaning: a line in another form than the stored one is a difference, which is why a rendered
configuration has to be written the way the device writes it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_BANNER = re.compile(r"banner (motd|login|exec|incoming) (\S)")
_NOISE = re.compile(
    r"(!|Building configuration|Current configuration|Using \d+ out of|ntp clock-period|end$|"
    r"version |boot-(start|end)-marker|\s*$)"
)
"""Headers, comments, and lines that belong to the software and not to the configuration."""
_ORDERED = re.compile(r"ip(v6)? access-list ")
"""Blocks in which the order of the lines is their meaning."""
_DEFERRED_BLOCK_END = "exit-address-family"


@dataclass(slots=True)
class Node:
    """One line and the lines under it, in the order of the file."""

    text: str
    children: dict[str, "Node"] = field(default_factory=dict)


def logical_lines(text: str) -> Iterator[str]:
    """The lines of a file, a banner with all its text counted as one."""
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        found = _BANNER.match(line)
        if not found:
            yield line.rstrip()
            continue
        delimiter = found[2]
        whole = line
        while whole[found.end() :].count(delimiter) == 0:
            following = next(lines, None)
            if following is None:
                break
            whole += "\n" + following
        yield whole.rstrip(" ")


def parse(text: str) -> Node:
    """The tree of a file; comments, headers and `end` are left out."""
    root = Node("")
    stack: list[tuple[int, Node]] = [(-1, root)]
    for line in logical_lines(text):
        body = line.lstrip(" ")
        if _NOISE.match(body) or body == _DEFERRED_BLOCK_END:
            continue
        indent = len(line) - len(body)
        while stack[-1][0] >= indent:
            stack.pop()
        node = stack[-1][1].children.setdefault(body, Node(body))
        stack.append((indent, node))
    return root


def is_configuration(text: str) -> bool:
    """Whether IOS takes the file as a whole configuration: it ends with `end`."""
    return any(line.strip() == "end" for line in text.splitlines())


def differences(old: str, new: str) -> tuple[str, ...]:
    """`show archive config differences OLD NEW`: what NEW has more, then what it lacks."""
    before, after = parse(old), parse(new)
    return (*_signed(before, after, "+", 0), *_signed(after, before, "-", 0))


def _signed(base: Node, other: Node, sign: str, depth: int) -> Iterator[str]:
    for text, node in other.children.items():
        known = base.children.get(text)
        if known is None:
            yield from _whole(node, sign, depth)
            continue
        inner = list(_signed(known, node, sign, depth + 1))
        if inner:
            yield " " * depth + text
            yield from inner
        if sign == "+" and _ORDERED.match(text):
            yield from _reordered(known, node)


def _reordered(before: Node, after: Node) -> Iterator[str]:
    kept = [text for text in before.children if text in after.children]
    now = [text for text in after.children if text in before.children]
    moved = [text for place, text in enumerate(now) if kept[place] != text]
    if moved:
        yield "!The following order-dependent line(s) were re-ordered"
        yield f"!{after.text}"
        yield from (f"! {text}" for text in moved)
        yield "!End of reordered section"


def _whole(node: Node, sign: str, depth: int) -> Iterator[str]:
    yield " " * depth + sign + node.text
    for child in node.children.values():
        yield from _whole(child, sign, depth + 1)


def incremental(running: str, wanted: str) -> tuple[str, ...]:
    """`show archive config incremental-diffs FILE`: the commands of FILE that are not there yet."""
    return tuple(_missing(parse(running), parse(wanted), 0))


def _missing(have: Node, want: Node, depth: int) -> Iterator[str]:
    for text, node in want.children.items():
        negated = text.removeprefix("no ") if text.startswith("no ") else None
        known = have.children.get(text)
        if negated is not None and known is None:
            gone = not any(t == negated or t.startswith(negated + " ") for t in have.children)
            if not gone:
                yield " " * depth + text
            continue
        if known is None:
            yield from _plain(node, depth)
            continue
        inner = list(_missing(known, node, depth + 1))
        if inner:
            yield " " * depth + text
            yield from inner


def _plain(node: Node, depth: int) -> Iterator[str]:
    yield " " * depth + node.text
    for child in node.children.values():
        yield from _plain(child, depth + 1)


def rollback_commands(running: str, wanted: str) -> tuple[str, ...]:
    """The commands that turn `running` into `wanted`, removals before additions."""
    have, want = parse(running), parse(wanted)
    return (*_removals(have, want, 0), *_missing_whole(have, want, 0))


def _removals(have: Node, want: Node, depth: int) -> Iterator[str]:
    for text, node in have.children.items():
        kept = want.children.get(text)
        if kept is not None and _ORDERED.match(text):
            stays = _common(node, kept)
            inner = [f" no {line}" for line in list(node.children)[stays:]]
        elif kept is not None:
            inner = list(_removals(node, kept, depth + 1))
        elif _is_port(text):
            inner = list(_removals(node, Node(text), depth + 1))
        else:
            yield " " * depth + _opposite(text)
            continue
        if inner:
            yield " " * depth + text
            yield from inner


def _common(one: Node, other: Node) -> int:
    """How many lines from the top are the same in both."""
    pairs = zip(one.children, other.children, strict=False)
    return next(
        (place for place, (left, right) in enumerate(pairs) if left != right),
        min(len(one.children), len(other.children)),
    )


def _is_port(text: str) -> bool:
    return re.match(r"interface [A-Za-z]+\d+/\d+(/\d+)?$", text) is not None


def _opposite(text: str) -> str:
    if text.startswith("no "):
        return text.removeprefix("no ")
    return "no " + text.split("\n", 1)[0]


def _missing_whole(have: Node, want: Node, depth: int) -> Iterator[str]:
    for text, node in want.children.items():
        known = have.children.get(text)
        if known is None:
            yield from _plain(node, depth)
            continue
        if _ORDERED.match(text):
            inner = [f" {line}" for line in list(node.children)[_common(known, node) :]]
        else:
            inner = list(_missing_whole(known, node, depth + 1))
        if inner:
            yield " " * depth + text
            yield from inner
