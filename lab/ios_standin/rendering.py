"""The running configuration as text: IOS's own order, its separators, what it shows unasked."""

import re
from collections.abc import Iterator

from lab.ios_standin.block import Block, Entry
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.grammar import Kind
from lab.ios_standin.interfaces import is_physical, order_key

_NUMBER = re.compile(r"^(sequence )?\d+ ")
"""Sequence numbers of access list entries, which releases before 17 keep to themselves."""

SortKey = tuple[int, str, tuple[tuple[int, int | str], ...], int]


def render(configuration: Configuration) -> str:
    """Every line that IOS shows, from the first to `end`, each ended by a newline.

    A banner's delimiter is the character ETX, as in a file; a terminal shows it as ^C.
    """
    lines = _block_lines(configuration.root, 0, configuration.kind)
    return "\n".join([*lines, "end", ""])


def render_block(block: Block, kind: Kind) -> str:
    """One block as `show running-config interface` shows it."""
    return "\n".join([block.name, *_block_lines(block, 1, kind), "end", ""])


def _block_lines(block: Block, depth: int, kind: Kind) -> Iterator[str]:
    indent = " " * depth
    previous: Entry | None = None
    for entry in _shown(block, kind):
        if depth == 0 and previous is not None and _parted(previous, entry):
            yield "!"
        yield indent + (_NUMBER.sub("", entry.text) if block.context.numbered else entry.text)
        if entry.children is not None:
            yield from _block_lines(entry.children, depth + 1, kind)
            if any(row.flag("leaves") is not None for row in entry.children.context.positive):
                yield f"{indent}exit-address-family"
                yield f"{indent}!"
        previous = entry
    if depth == 0:
        yield "!"


def _parted(before: Entry, after: Entry) -> bool:
    if before.children is not None or after.children is not None:
        return True
    return before.text.split()[:2] != after.text.split()[:2]


def _shown(block: Block, kind: Kind) -> list[Entry]:
    entries = list(block.entries.values())
    if block.context.name == "interface" and _takes_addresses(block, kind):
        for row in block.context.absent:
            identity = tuple(row.pattern.split())
            if identity not in block.entries:
                entries.append(Entry(row, f"no {row.pattern}", identity))
    order = {id(entry): place for place, entry in enumerate(entries)}
    return sorted(entries, key=lambda entry: _sort_key(block, entry, order[id(entry)]))


def _takes_addresses(block: Block, kind: Kind) -> bool:
    name = block.name.removeprefix("interface ")
    return kind == "router" or not is_physical(name) or block.find("switchport") is not None


def _sort_key(block: Block, entry: Entry, entered: int) -> SortKey:
    row = entry.row
    if block.context.numbered:
        return 0, "", natural(entry.text), row.place
    if entry.identity[0] == "neighbor":
        return block.context.neighbors_at, "", natural(entry.identity[1]), row.place
    order = row.flag("sort")
    if order == "interface":
        place, numbers = order_key(entry.identity[1])
        return row.place, "", ((place, ""), *((number, "") for number in numbers)), 0
    if order == "natural":
        return row.place, "", natural(entry.text), 0
    return row.place, "", (), entered


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key in which 9 comes before 10."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts)
