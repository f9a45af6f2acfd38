"""What monitoring says: English words that know the reasons they were made from. Pure.

Commands and the JSON API print a `Said` as the English string that it is; pages put its reasons
into their own language; the store keeps the reasons. So nobody ever has to read prose.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from monitor.sentences import SENTENCES

BETWEEN = "; "
_MARK = '[["'
"""What is stored as reasons begins so; anything else is plain text of a person or of old."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence: a code of SENTENCES and what stands in its places."""

    code: str
    values: tuple[tuple[str, str], ...] = ()
    """A value may be a Said itself: it is put into the same language."""

    def words(self, language: str, **instead: str) -> str:
        """In that language; `instead` takes the place of values. KeyError for an unknown code."""
        sentence = SENTENCES[self.code]
        values = {name: told(value, language) for name, value in self.values} | instead
        return (sentence.ka if language == "ka" else sentence.en).format_map(values).strip()


class Said(str):
    """Reasons, and as a string their English words."""

    __slots__ = ("reasons",)
    reasons: tuple[Reason, ...]

    def __new__(cls, reasons: tuple[Reason, ...]) -> "Said":
        """From at least one reason; KeyError when a code or a value of its places is unknown."""
        made = super().__new__(cls, BETWEEN.join(each.words("en") for each in reasons))
        made.reasons = reasons
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        """For copies."""
        return (self.reasons,)


def say(code: str, **values: str | int) -> Said:
    """One sentence. KeyError when there is none of that code, or a value is missing."""
    said = (
        (name, value if isinstance(value, str) else str(value)) for name, value in values.items()
    )
    return Said((Reason(code, tuple(said)),))


def joined(several: Iterable[str]) -> str:
    """Several sentences as one; those that are empty are left out."""
    there = [each for each in several if each]
    reasons = [
        reason
        for each in there
        for reason in (
            each.reasons if isinstance(each, Said) else (Reason("text", (("text", each),)),)
        )
    ]
    return Said(tuple(reasons)) if reasons else ""


def told(words: str, language: str, **instead: str) -> str:
    """In that language where its reasons are known, else as it is."""
    if isinstance(words, Said):
        return BETWEEN.join(each.words(language, **instead) for each in words.reasons)
    return words


def said_by(error: Exception) -> str:
    """The words of an error, with the reasons that it was made from where it has some."""
    words = error.args[0] if error.args else ""
    return words if isinstance(words, Said) else str(error)


def known(text: str, code: str) -> str:
    """`text` as the sentence `code` where there is one, else as it is."""
    return Said((Reason(code),)) if code in SENTENCES else text


def stored(words: str) -> str:
    """As the store keeps it: plain text as it is, a Said as JSON of its reasons."""
    if not isinstance(words, Said):
        return words
    return json.dumps(_listed(words), ensure_ascii=False, separators=(",", ":"))


def recalled(text: str) -> str:
    """From the store; text that is no reasons of ours, as old rows are, stays as it is."""
    if not text.startswith(_MARK):
        return text
    try:
        return _said(json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError):
        return text


def _listed(words: Said) -> list[Any]:
    return [
        [
            reason.code,
            {
                name: _listed(value) if isinstance(value, Said) else value
                for name, value in reason.values
            },
        ]
        for reason in words.reasons
    ]


def _said(listed: Any) -> Said:
    return Said(
        tuple(
            Reason(
                code,
                tuple(
                    (name, value if isinstance(value, str) else _said(value))
                    for name, value in values.items()
                ),
            )
            for code, values in listed
        )
    )
