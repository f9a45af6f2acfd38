"""Proposals for a word that nothing bears."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: object, known: Iterable[str]) -> str:
    """`Did you mean 'bandwidth'?`, or an empty text when nothing is near."""
    close = get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return nearest_is(close[0]) if close else ""


def nearest_is(word: str) -> str:
    """The hint that proposes `word`."""
    return f"Did you mean '{word}'?"
