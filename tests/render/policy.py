"""What a row of the tables of policies is."""

import re
from dataclasses import dataclass

ABSENT = "!"
"""Before a pattern: no line of the file may fit it."""


@dataclass(frozen=True)
class Policy:
    """One policy on one device; patterns are searched line by line."""

    name: str
    device: str
    ios: tuple[str, ...]
    frr: tuple[tuple[str, str], ...]
    """(file, pattern)."""


def holds(text: str, pattern: str) -> bool:
    """Whether some line fits; with ABSENT before it, whether none does."""
    wanted = not pattern.startswith(ABSENT)
    return bool(re.search(pattern.removeprefix(ABSENT), text, flags=re.MULTILINE)) is wanted
