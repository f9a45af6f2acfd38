"""Read config.yaml, overridden by IMERETI_<SECTION>__<KEY>, and check every value with pydantic."""

import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from inventory.errors import Problem, SettingsError
from inventory.marked_yaml import Key, MarkedYaml, read_marked
from inventory.nearest import nearest
from inventory.settings import CONFIG_VARIABLE, SECRET_PREFIX, VARIABLE_PREFIX, Settings


def load_settings(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `path` (None: all defaults, relative to the current folder) and the environment.

    Raises SettingsError as `read_settings` does.
    """
    return read_settings(path, environ).resolved(path.resolve().parent if path else Path.cwd())


def read_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """As `load_settings`, with relative paths as they are written.

    Raises SettingsError with every problem: unreadable file, bad YAML, unknown key, wrong value.
    """
    marked = read_marked(path, str(path)) if path else MarkedYaml("(no config.yaml)", {})
    if marked.content is None and not marked.problems:
        marked.content = {}
    if not marked.problems and not isinstance(marked.content, dict):
        marked.problems.append(marked.problem((), "expected sections, such as `poll:`."))
    if marked.problems:
        raise SettingsError(tuple(marked.problems))
    values, origins = _with_environment(marked.content, environ)
    try:
        checked = _checker(Settings).model_validate(values)
    except ValidationError as error:
        problems = (_problem(marked, origins, dict(item)) for item in error.errors())
        raise SettingsError(tuple(sorted(problems))) from None
    made: Settings = _made(Settings, checked)
    return made


def _checker(section: type) -> type[BaseModel]:
    """A pydantic model with the fields, defaults and limits of a section of the settings."""
    kinds = get_type_hints(section)
    checks: dict[str, Any] = {}
    for one in fields(section):
        kind = kinds[one.name]
        if is_dataclass(kind):
            assert isinstance(kind, type)  # noqa: S101  (an annotation names a class)
            kind = _checker(kind)
        limits: dict[str, Any] = dict(one.metadata)
        checks[one.name] = (kind, Field(default=one.default, **limits))
    return create_model(section.__name__, __config__=ConfigDict(extra="forbid"), **checks)


def _made(section: type, checked: BaseModel) -> Any:
    """The section itself, with the values that were checked."""
    values = {}
    for one in fields(section):
        value = getattr(checked, one.name)
        if isinstance(value, BaseModel):
            value = _made(type(one.default), value)
        values[one.name] = value
    return section(**values)


def _with_environment(
    content: dict[str, Any], environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[Key, str]]:
    """Overlay IMERETI_A__B=value; `origins` tells which key came from which variable."""
    values = {k: dict(v) if isinstance(v, dict) else v for k, v in content.items()}
    origins: dict[Key, str] = {}
    for variable, value in sorted(environ.items()):
        if not variable.startswith(VARIABLE_PREFIX) or variable.startswith(SECRET_PREFIX):
            continue
        if variable == CONFIG_VARIABLE:
            continue
        key = tuple(variable.removeprefix(VARIABLE_PREFIX).lower().split("__"))
        section = values.setdefault(key[0], {}) if len(key) == 2 else values
        if len(key) <= 2 and isinstance(section, dict):
            section[key[-1]] = value
            origins[key] = variable
    return values, origins


def _problem(marked: MarkedYaml, origins: dict[Key, str], item: dict[str, Any]) -> Problem:
    key: Key = item["loc"]
    message, hint = item["msg"], ""
    if item["type"] == "extra_forbidden":
        section = getattr(Settings(), str(key[0])) if len(key) > 1 else Settings()
        known = [one.name for one in fields(section)]
        message, hint = f"unknown key '{key[-1]}'.", nearest(key[-1], known)
    else:
        message = f"{message[0].lower()}{message[1:]}, found {item['input']!r}."
    if key in origins:
        return Problem(f"environment variable {origins[key]}", 0, "", message, hint)
    return marked.problem(key, message, hint)
