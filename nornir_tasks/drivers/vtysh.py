"""Several vtysh commands in one exchange, and their JSON answers."""

import json
import shlex
from typing import Any

from napalm.base.exceptions import CommandErrorException

_END = "@@@@"


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
