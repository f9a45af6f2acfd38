"""vtysh commands and their JSON answers: each marked, or many of one process told by shape."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from napalm.base.exceptions import CommandErrorException

_END = "@@@@"
_START = re.compile(r"^[{\[]", re.MULTILINE)
_NEXT = re.compile(r"\s*[{\[]")


def joined(commands: tuple[str, ...]) -> str:
    """One shell line that runs all of them, with a mark after each."""
    return "; ".join(f"vtysh -c {shlex.quote(one)}; echo; echo {_END}" for one in commands)


def answers(text: str, count: int) -> tuple[Any, ...]:
    """The JSON document of each, or {} where a command printed none."""
    return tuple(document(part) for part in text.split(f"{_END}\n")[:count])


def document(text: str) -> Any:
    """The first JSON document in `text`; CommandErrorException when it is broken."""
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if start < 0:
        return {}
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0]
    except ValueError:
        raise CommandErrorException(f"not JSON: {text[:200]!r}") from None


def documents(text: str) -> Iterator[Any]:
    """Every JSON document that begins a line or follows another; other text is passed over.

    One vtysh process for all commands costs a quarter of one for each, but it marks nothing.
    """
    decoder, at = json.JSONDecoder(), 0
    while found := _NEXT.match(text, at) or _START.search(text, at):
        try:
            one, at = decoder.raw_decode(text, found.end() - 1)
        except ValueError:
            raise CommandErrorException(f"not JSON: {text[found.start() :][:200]!r}") from None
        yield one
