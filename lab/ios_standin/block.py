"""The lines of one context, as they stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lab.ios_standin.grammar import Context, Row

Identity = tuple[str, ...]
"""The words of a line that a new value of it keeps."""


@dataclass(slots=True)
class Entry:
    """One line that stands, and the block under it."""

    row: Row
    text: str
    identity: Identity
    children: "Block | None" = None


@dataclass(slots=True)
class Block:
    """The lines of one context, by identity, in the order of entry."""

    context: Context
    name: str
    """The line that opened it; empty for the global configuration."""
    entries: dict[Identity, Entry] = field(default_factory=dict)

    def find(self, *identity: str) -> Entry | None:
        """The line of that identity."""
        return self.entries.get(identity)

    def value(self, *identity: str) -> str:
        """What follows the identity's own words; empty when there is no such line."""
        entry = self.entries.get(identity)
        return "" if entry is None else entry.text[len(" ".join(identity)) :].strip()

    def starting(self, *words: str) -> Iterator[Entry]:
        """Lines whose identity begins with `words`."""
        return (e for e in self.entries.values() if e.identity[: len(words)] == words)
