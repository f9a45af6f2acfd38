"""What pydantic found wrong, in this product's words: what was expected, what was found, a hint."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from inventory.errors import Problem
from inventory.marked_yaml import Key, MarkedYaml
from inventory.nearest import nearest, nearest_is
from inventory.schema import CODE, SECRET, Spec, keys_of

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "model_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "tuple_type": "a list, such as [a, b]",
    "string_too_short": "a text that is not empty",
    "ip_v4_address": "an IPv4 address such as 172.16.1.53",
    "ip_v6_address": "an IPv6 address such as fd10::53",
    "ip_v4_network": "an IPv4 prefix such as 172.16.0.0/16, with no bit set after its length",
    "ip_v6_network": "an IPv6 prefix such as fd10::/48, with no bit set after its length",
    "ip_v4_interface": "an IPv4 address with its length, such as 192.0.2.1/30",
    "ip_v6_interface": "an IPv6 address with its length, such as 2001:db8::1/64",
}
_PATTERNS = {
    f"^{CODE}$": "lower-case letters, digits and single dashes, such as abc-sch",
    f"^{SECRET}$": "the name of a secret in capitals, such as OSPF_KEY",
    r"^[A-Za-z][A-Za-z0-9/.-]*$": "the name of an interface, such as GigabitEthernet0/0/1",
    r"^[^\x00-\x1f]*$": "a text on one line",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least {}"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "at most {}"),
    "less_than": ("lt", "less than {}"),
}
_SECRET_KEYS = frozenset({"password", "secret", "community", "key"})


def problems_of(
    error: ValidationError, spec: type[Spec], marked: MarkedYaml, prefix: Key
) -> Iterator[Problem]:
    """One Problem for each thing that pydantic reported of the value at `prefix` of a file."""
    found: dict[Key, tuple[str, str]] = {}
    for item in error.errors(include_url=False):
        inner: Key = tuple(part for part in item["loc"] if part != "[key]")
        found[inner] = _explain(item, spec, inner)
    for inner, (message, hint) in found.items():
        if not (message.endswith("is missing.") and _is_misspelt(inner, found)):
            yield marked.problem((*prefix, *inner), message, hint)


def _is_misspelt(missing: Key, found: Mapping[Key, tuple[str, str]]) -> bool:
    """Whether the missing key stands beside, spelt wrong: that is one mistake, not two."""
    meant = nearest_is(str(missing[-1]))
    return any(key[:-1] == missing[:-1] and hint == meant for key, (_, hint) in found.items())


def _explain(item: Mapping[str, Any], spec: type[Spec], inner: Key) -> tuple[str, str]:
    kind = item["type"]
    if kind == "extra_forbidden":
        known = keys_of(_spec_at(spec, inner[:-1]))
        return f"unknown key '{inner[-1]}'.", _hint_for_key(str(inner[-1]), known)
    if kind == "missing":
        return f"key '{inner[-1]}' is missing.", ""
    hint = ""
    if kind in {"enum", "literal_error"}:
        choices = _choices(item)
        hint = nearest(item["input"], choices)
    expected = _expected(item)
    if kind == "value_error" and ", found " in expected:
        return f"{expected}.", hint
    return f"{expected}, found {shown(item['input'])}.", hint


def _expected(item: Mapping[str, Any]) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind in {"enum", "literal_error"}:
        return f"expected one of {', '.join(_choices(item))}"
    if kind in _BOUNDS:
        name, form = _BOUNDS[kind]
        return f"expected {form.format(f'{context[name]:g}')}"
    if kind == "string_pattern_mismatch":
        return f"expected {_PATTERNS[context['pattern']]}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}"
    text = str(item["msg"]).removeprefix("Value error, ")
    return f"{text[0].lower()}{text[1:]}"


def _choices(item: Mapping[str, Any]) -> list[str]:
    text = str(item["ctx"]["expected"])
    return text.replace(" or ", ", ").replace("'", "").split(", ")


def _hint_for_key(key: str, known: tuple[str, ...]) -> str:
    if key in _SECRET_KEYS:
        return "Values of secrets are never in the inventory: see docs/inventory.md."
    return nearest(key, known) or f"Known keys: {', '.join(known)}."


def shown(value: Any) -> str:
    """A value as an error message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}..."


def _spec_at(spec: type[Spec], inner: Key) -> type[Spec]:
    """The model that the keys `inner` lead to, from `spec`; names of a dict's items are skipped."""
    for part in inner:
        field = spec.model_fields.get(str(part)) or next(
            (one for one in spec.model_fields.values() if one.alias == part), None
        )
        if field is not None:
            spec = next(_specs_in(field.annotation), spec)
    return spec


def _specs_in(annotation: Any) -> Iterator[type[Spec]]:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield annotation
    for argument in get_args(annotation):
        yield from _specs_in(argument)
