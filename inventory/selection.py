"""Which devices a command is about: options of the command line made into devices.

Within one option any name will do; between options all must hold. A name may be a shell-style
wildcard. A name that fits nothing is an error, never silently nothing.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from inventory.errors import COMMAND_LINE, Problem, SelectionError
from inventory.model import Device, Network
from inventory.nearest import nearest

if TYPE_CHECKING:  # Nornir costs 0.1 s to import, and only --filter needs it
    from nornir.core.filter import F_BASE
    from nornir.core.inventory import Host

_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for; all empty: every device."""

    site: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    filter: str = ""
    """A Nornir F-expression: F(role="core") & ~F(site="kut")."""

    @property
    def everything(self) -> bool:
        """Whether nothing was asked for in particular."""
        return not any(getattr(self, field.name) for field in fields(self))


def split(words: Iterable[str] | None) -> tuple[str, ...]:
    """`["zes,kha", "ter"]`, as typed, into names."""
    return tuple(name.strip() for word in words or () for name in word.split(",") if name.strip())


def select(
    network: Network,
    selection: Selection,
    hosts: Callable[[], Mapping[str, "Host"]] | None = None,
) -> tuple[Device, ...]:
    """Devices that `selection` means, sorted by name; `hosts` makes Nornir's, for its filter.

    SelectionError with every name that fits nothing, or when no device fits all options.
    """
    chosen = set(network.devices)
    problems: list[Problem] = []
    for option, known in _known(network).items():
        for_option: set[str] = set()
        for pattern in getattr(selection, option):
            found = _matching(pattern, known)
            for_option.update(*(known[name] for name in found))
            if not found:
                problems.append(_unknown(option, pattern, known))
        if getattr(selection, option):
            chosen &= for_option
    if problems:
        raise SelectionError(tuple(problems))
    if selection.filter:
        chosen &= _filtered(selection.filter, hosts)
    if not chosen:
        raise SelectionError((_nothing(selection),))
    return tuple(device for name, device in network.devices.items() if name in chosen)


def _known(network: Network) -> dict[str, dict[str, set[str]]]:
    """Option -> name -> devices that it stands for."""
    known: dict[str, dict[str, set[str]]] = {
        "site": {code: set() for code in network.sites},
        "host": {name: {name} for name in network.devices},
        "role": {},
        "platform": {},
        "link": {link.id: {link.a.device, link.b.device} for link in network.links.values()},
    }
    for device in network.devices.values():
        known["site"].setdefault(device.site, set()).add(device.name)
        known["role"].setdefault(device.role.value, set()).add(device.name)
        known["platform"].setdefault(device.platform, set()).add(device.name)
    return known


def _matching(pattern: str, known: Mapping[str, set[str]]) -> list[str]:
    if _WILD & set(pattern):
        return [name for name in known if fnmatchcase(name, pattern)]
    return [pattern] if pattern in known else []


def _unknown(option: str, pattern: str, known: Mapping[str, set[str]]) -> Problem:
    if _WILD & set(pattern):
        return Problem(COMMAND_LINE, 0, f"--{option}", f"no {option} matches '{pattern}'.")
    hint = nearest(pattern, list(known))
    if not hint and len(known) <= 12:
        hint = f"Known: {', '.join(sorted(known))}."
    return Problem(COMMAND_LINE, 0, f"--{option}", f"there is no {option} '{pattern}'.", hint)


def _nothing(selection: Selection) -> Problem:
    asked = [
        f"--{field.name} {value if isinstance(value, str) else ','.join(value)}"
        for field in fields(selection)
        if (value := getattr(selection, field.name))
    ]
    message = f"no device fits all of {' '.join(asked)}."
    return Problem(COMMAND_LINE, 0, "", message, "Leave one of them out.")


def _filtered(text: str, hosts: Callable[[], Mapping[str, "Host"]] | None) -> set[str]:
    if hosts is None:
        message = "this command takes no Nornir filter."
        raise SelectionError((Problem(COMMAND_LINE, 0, "--filter", message),))
    condition = parse_filter(text)
    try:
        return {name for name, host in hosts().items() if condition(host)}
    except TypeError as error:  # `F(number__gt="x")`: two values that can't be compared
        problem = Problem(COMMAND_LINE, 0, "--filter", f"{text} can't be judged: {error}.")
        raise SelectionError((problem,)) from None


def parse_filter(text: str) -> "F_BASE":
    """`F(role="core") & ~F(site="kut")` without evaluating anything else.

    SelectionError when it is not made of F(key=value), &, | and ~.
    """
    try:
        return _condition(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        message = f"expected Nornir filters such as F(role='core') & ~F(site='kut'), found {text}."
        raise SelectionError((Problem(COMMAND_LINE, 0, "--filter", message),)) from None


def _condition(node: ast.expr) -> "F_BASE":
    from nornir.core.filter import AND, OR, F  # noqa: PLC0415  (see the top of the file)

    match node:
        case ast.BinOp(left, ast.BitAnd(), right):
            return AND(_condition(left), _condition(right))
        case ast.BinOp(left, ast.BitOr(), right):
            return OR(_condition(left), _condition(right))
        case ast.UnaryOp(ast.Invert(), ast.Call() as call):
            inner = _condition(call)
            if isinstance(inner, F):
                return ~inner
        case ast.Call(ast.Name("F"), [], keywords) if all(word.arg for word in keywords):
            values = {str(word.arg): ast.literal_eval(word.value) for word in keywords}
            return F(**values)
        case _:
            pass
    raise ValueError(ast.dump(node))
