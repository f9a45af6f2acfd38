"""What a check of `imereti doctor` answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    mend: str = ""
    """The command that mends it; empty when there is nothing to mend."""
    required: bool = True
    """Whether nothing useful works without it; else only what `mend` or `found` says."""
