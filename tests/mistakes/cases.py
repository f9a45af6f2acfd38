"""The seeded mistakes, read from mistakes.yaml."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.ci.repository import Edits

FILE = Path(__file__).parent / "mistakes.yaml"


@dataclass(frozen=True)
class Mistake:
    """One edit, and what must be said of it."""

    name: str
    caught: str
    edits: Edits
    says: tuple[str, ...]


def mistakes(caught: str = "") -> list[Mistake]:
    """All, or those that one of the two catches: validate, lab."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found = [Mistake(r["mistake"], r["caught"], r["edit"], tuple(r["says"])) for r in rows]
    return [one for one in found if caught in {"", one.caught}]
