"""Every text that a page, a route or a script asks for is in the table, and none is left over."""

import re
from pathlib import Path

import pytest

import api
from api.pages import SCRIPT_TEXTS
from api.texts import TEXTS
from inventory.model import DeviceRole, LinkRole, SiteRole
from monitor.values import IncidentState, LinkState, Quality, Severity, SubjectKind

ROOM = Path(api.__file__).parent
FAMILIES = {
    "state.": LinkState,
    "public.": LinkState,
    "incident.": IncidentState,
    "severity.": Severity,
    "kind.": SubjectKind,
    "role.": LinkRole,
    "site_role.": SiteRole,
    "device_role.": DeviceRole,
    "quality.": Quality,
}
"""Keys that are put together: the prefix, and every word that may follow."""


def asked() -> dict[str, str]:
    """Key -> where it is asked for by name."""
    found = {}
    for path in (
        *ROOM.rglob("*.html"),
        *ROOM.rglob("*.py"),
        *(ROOM / "static" / "js").glob("*.js"),
    ):
        source = path.read_text(encoding="utf-8")
        for key in re.findall(r"\b(?:t|text)\(\s*[\"']([\w.-]+)[\"'](?!\s*~)", source):
            found[key] = path.name
    return found


def test_every_text_that_is_asked_for_exists() -> None:
    assert {key: where for key, where in asked().items() if key not in TEXTS} == {}


@pytest.mark.parametrize("prefix", FAMILIES)
def test_every_state_and_role_has_a_word(prefix: str) -> None:
    assert [word for word in FAMILIES[prefix] if f"{prefix}{word}" not in TEXTS] == []


def test_scripts_are_given_every_text_that_they_use() -> None:
    scripts = {key for key, where in asked().items() if where.endswith(".js")}
    assert scripts <= set(SCRIPT_TEXTS)


def test_no_text_is_left_over() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in (*ROOM.rglob("*.html"), *ROOM.rglob("*.py"), *ROOM.rglob("*.js"))
        if path.name != "texts.py" and "vendor" not in path.parts
    )
    made = set(re.findall(r"[\"']([\w.]+[._])[\"'] ~", sources))
    made |= {f"{family}." for family in re.findall(r"word\(\"(\w+)\"", sources)}
    left = [
        key
        for key in TEXTS
        if f'"{key}"' not in sources
        and f"'{key}'" not in sources
        and not any(
            key.startswith(prefix) for prefix in made | {"age.", "unit.", "error.", "public."}
        )
    ]
    assert left == []
