"""docs/commands.md and docs/settings.md, made from the program itself.

`python -m tests.docs.pages` writes them; a test holds what is written against what is made.
"""

import re
import sys
from dataclasses import Field, fields, is_dataclass
from itertools import starmap
from pathlib import Path
from typing import Any, get_args

from typer.main import get_command

from cli.main import build_app
from inventory.settings import Settings

CHECKOUT = Path(__file__).parent.parent.parent
_WRITTEN = "<!-- Written by `python -m tests.docs.pages`; change the source it is made from. -->"

COMMANDS_HEAD = f"""# Commands

{_WRITTEN}

`imereti [-c FILE] [--json] [-q | -v] COMMAND ...`. The configuration is `-c`, else the file that
`IMERETI_CONFIG` names, else the nearest config.yaml upward from the current folder. stdout
carries the answer only; progress and logs go to stderr. With `--json`, stdout is exactly one JSON
document (JSON Lines for the two that stream, `monitor` and `events`). Times are RFC 3339 in UTC,
rates bits a second, ratios 0 to 1, identifiers the inventory's.

Exit codes: 0 good, 1 something is wrong, 64 a wrong command line (also a
name of a site, a device, a playbook that nothing bears), 130 an interrupt; a command
that differs says so.
"""

SETTINGS_HEAD = f"""# Settings

{_WRITTEN}

All of [config.yaml](../config.yaml), the one file that an operator edits. Relative paths are
taken from its folder. Each value can be overridden by an environment variable,
`IMERETI_<SECTION>__<KEY>`: `IMERETI_STORE__KIND=influxdb`, and `IMERETI_TARGET=real` for a key
without a section. An unknown key, or a value that does not fit, is an error that names the line.
"""


def commands_page() -> str:
    """docs/commands.md."""
    app = get_command(build_app([]))
    parts = [COMMANDS_HEAD, "## Global options\n", _parameters(app)]
    for path, command in sorted(leaves(app)):
        title = " ".join(path)
        summary = (command.help or "").split("\f")[0].strip()
        parts += [f"## `imereti {title}`\n", f"{_unwrap(summary)}\n", _parameters(command)]
    return "\n".join(part for part in parts if part)


def leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its words."""
    children = getattr(command, "commands", None)
    if not children:
        return [(path, command)]
    found = [] if not getattr(command, "invoke_without_command", False) else [(path, command)]
    for name, child in children.items():
        if not child.hidden:
            found += leaves(child, (*path, name))
    return [leaf for leaf in found if leaf[0]]


def _parameters(command: Any) -> str:
    rows = []
    for parameter in command.params:
        if "--install-completion" in parameter.opts or "--show-completion" in parameter.opts:
            continue
        if parameter.param_type_name == "argument":
            name = parameter.metavar or parameter.name.upper()
        else:
            name = ", ".join([*parameter.opts, *parameter.secondary_opts])
        meaning = _unwrap(getattr(parameter, "help", "") or "")
        rows.append("| `{}` | {} |".format(*(each.replace("|", r"\|") for each in (name, meaning))))
    return "\n".join(["| | |", "|---|---|", *rows, ""]) if rows else ""


def _unwrap(text: str) -> str:
    """Paragraphs as one line each: the source wraps where the program does not."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text))


def settings_page() -> str:
    """docs/settings.md."""
    comments = _comments((CHECKOUT / "config.yaml").read_text(encoding="utf-8"))
    defaults = Settings()
    loose, parts = [], []
    for field in fields(defaults):
        name, value = field.name, getattr(defaults, field.name)
        if not is_dataclass(value):
            loose.append(_setting(field, value, comments.get((name,), "")))
            continue
        rows = [
            _setting(inner, getattr(value, inner.name), comments.get((name, inner.name), ""))
            for inner in fields(value)
        ]
        meaning = (type(value).__doc__ or "").strip()
        parts += [f"## `{name}:`\n", f"{meaning}\n", _TABLE, *rows, ""]
    return "\n".join([SETTINGS_HEAD, _TABLE, *loose, "", *parts])


_TABLE = "| key | default | may be | meaning |\n|---|---|---|---|"


def _setting(field: Field[Any], default: Any, comment: str) -> str:
    choices = get_args(field.type)
    if choices:
        allowed = ", ".join(f"`{choice}`" for choice in choices)
    else:
        kind = getattr(field.type, "__name__", str(field.type))
        words = {"str": "text", "int": "whole number", "float": "number", "Path": "path"}
        allowed = ", ".join([words.get(kind, kind), *starmap(_bound, field.metadata.items())])
    shown = f"`{default}`" if str(default) else "empty"
    return f"| `{field.name}` | {shown} | {allowed} | {comment} |"


def _bound(limit: str, value: object) -> str:
    words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "pattern": "matches"}
    return f"{words[limit]} `{value}`"


def _comments(text: str) -> dict[tuple[str, ...], str]:
    """Key -> the comment behind it in config.yaml, or above it; choices have their own column."""
    found: dict[tuple[str, ...], str] = {}
    section, above = "", ""
    for line in text.splitlines():
        match = re.match(r"^(\s*)([a-z_]+):[^#]*(?:#\s*(.*))?$", line)
        if not match:
            above = f"{above} {line[1:].strip()}".strip() if line.startswith("#") else ""
            continue
        indent, key, comment = match.groups()
        section = section if indent else key
        path = (section, key) if indent else (key,)
        words = (comment or above).strip()
        only_choices = re.fullmatch(r"\w+( \| \w+)+", words)
        found[path] = "" if only_choices else words.replace("|", "\\|")
        above = ""
    return found


PAGES = {"docs/commands.md": commands_page, "docs/settings.md": settings_page}


def main() -> int:
    """Write both."""
    for name, make in PAGES.items():
        (CHECKOUT / name).write_text(make(), encoding="utf-8")
        sys.stderr.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
