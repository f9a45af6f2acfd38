"""config.yaml: every wrong value is told with its line, and what was good is not checked twice."""

import os
import subprocess
import sys
from dataclasses import fields
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from inventory.cache import KEPT, cached_settings, user_cache
from inventory.config_file import load_settings
from inventory.errors import SettingsError
from inventory.settings import PollSettings, Settings, find_config

WRONG = {
    "unknown section": (
        "pol:\n  x: 1\n",
        "c.yaml:1: pol: unknown key 'pol'. Did you mean 'poll'?",
    ),
    "unknown keys and values at once": (
        "poll:\n  intervall_s: 1\n  engine: gufoo\n  retries: 9\n",
        (
            "c.yaml:2: poll.intervall_s: unknown key 'intervall_s'. Did you mean 'interval_s'?\n"
            "c.yaml:3: poll.engine: input should be 'native', 'gufo' or 'pysnmp', found 'gufoo'.\n"
            "c.yaml:4: poll.retries: input should be less than or equal to 5, found 9."
        ),
    ),
    "a section that is none": (
        "poll: 3\n",
        "c.yaml:1: poll: input should be a valid dictionary or instance of PollSettings, found 3.",
    ),
    "not sections": ("- 1\n", "c.yaml:1: expected sections, such as `poll:`."),
    "a name that no interface can bear": (
        "lab:\n  name: A-b\n  management: 1.2.3.0/99\n",
        (
            "c.yaml:2: lab.name: string should match pattern '^[a-z][a-z0-9]{0,9}$', found 'A-b'.\n"
            "c.yaml:3: lab.management: input is not a valid IPv4 network, found '1.2.3.0/99'."
        ),
    ),
    "not a number": (
        "http:\n  port: abc\n",
        (
            "c.yaml:2: http.port: input should be a valid integer, unable to parse string as an "
            "integer, found 'abc'."
        ),
    ),
    "twice": (
        "lab:\n  name: a\n  name: b\n",
        "c.yaml:3: lab.name: key 'name' stands twice; the first is on line 2. Remove one of them.",
    ),
    "not YAML": ("a: [\n", "c.yaml:2: not valid YAML: did not find expected node content."),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_told_with_its_line_however_often_one_asks(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    for _ in range(2):
        with pytest.raises(SettingsError) as told:
            cached_settings(path, {}, tmp_path / "cache")
        assert str(told.value).replace(f"{tmp_path}/", "") == message


def test_a_wrong_variable_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        cached_settings(None, {"IMERETI_POLL__RETRYS": "1"}, tmp_path / "cache")
    assert str(told.value) == (
        "environment variable IMERETI_POLL__RETRYS: unknown key 'retrys'. Did you mean 'retries'?"
    )


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"c\.yaml: can't be read: No such file or directory"):
        cached_settings(tmp_path / "c.yaml", {}, tmp_path / "cache")


def test_a_file_without_anything_in_it_means_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").touch()
    assert load_settings(tmp_path / "c.yaml", {}) == Settings().resolved(tmp_path)


def test_the_file_in_this_repository_says_what_the_defaults_say(checkout: Path) -> None:
    assert load_settings(checkout / "config.yaml", {}) == Settings().resolved(checkout)


def test_kept_settings_follow_the_file_the_variables_and_the_folder(tmp_path: Path) -> None:
    path, cache = tmp_path / "c.yaml", tmp_path / "cache"
    path.write_text("poll:\n  retries: 3\n")

    def asked(environ: dict[str, str]) -> Settings:
        kept = [cached_settings(path, environ, cache) for _ in range(2)]
        assert kept[0] == kept[1] == load_settings(path, environ)
        return kept[1]

    assert asked({}).poll.retries == 3
    assert asked({"IMERETI_POLL__RETRIES": "4"}).poll.retries == 4
    other = asked({"IMERETI_LAB__MANAGEMENT": "10.9.0.0/24"})
    assert other.lab.management == IPv4Network("10.9.0.0/24")
    path.write_text("poll:\n  retries: 2\n")
    assert asked({}).poll.retries == 2
    path = tmp_path / "elsewhere" / "c.yaml"
    path.parent.mkdir()
    path.write_text("poll:\n  retries: 2\n")
    assert asked({}).paths.state == tmp_path / "elsewhere" / "state"


def test_secrets_are_not_read_and_change_nothing(tmp_path: Path) -> None:
    for value in ("first-value", "second-value"):
        cached_settings(None, {"IMERETI_SECRET_X": value}, tmp_path / "cache")
    (kept,) = (tmp_path / "cache").iterdir()
    assert b"-value" not in kept.read_bytes()


def test_only_the_last_settings_are_kept_and_a_garbled_file_is_a_miss(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(KEPT + 3):
        cached_settings(None, {"IMERETI_HTTP__PORT": str(number)}, cache)
    assert len(list(cache.iterdir())) == KEPT
    for kept in cache.iterdir():
        kept.write_bytes(b"garbage")
    found = cached_settings(None, {"IMERETI_HTTP__PORT": str(KEPT + 2)}, cache)
    assert found.http.port == KEPT + 2


def test_a_folder_that_can_not_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = cached_settings(None, {}, tmp_path / "file" / "cache")
    assert settings.poll == PollSettings()


def test_caches_are_where_the_desktop_rules_say() -> None:
    assert user_cache({"XDG_CACHE_HOME": "/x"}) == Path("/x/imereti")
    assert user_cache({"XDG_CACHE_HOME": "relative"}) == user_cache({})
    assert user_cache({}).parts[-2:] == (".cache", "imereti")


def test_the_nearest_file_upward_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_config(inner, {}) == tmp_path / "config.yaml"
    assert find_config(inner, {"IMERETI_CONFIG": "/other.yaml"}) == Path("/other.yaml")


def test_every_section_describes_itself() -> None:
    for section in fields(Settings()):
        value = getattr(Settings(), section.name)
        assert isinstance(value, str) or type(value).__doc__


def test_a_command_whose_settings_and_network_are_known_imports_nothing_that_checks_them(
    tmp_path: Path, checkout: Path
) -> None:
    program = (
        "import sys; sys.argv = ['imereti', '-c', sys.argv[1], 'render', '--out', sys.argv[2]]\n"
        "from cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end:\n"
        "    checkers = {'inventory.config_file', 'inventory.schema', 'yaml'}\n"
        "    print(end.code, sorted(checkers & set(sys.modules)))\n"
    )
    path = tmp_path / "config.yaml"
    path.write_text(
        f"paths:\n  inventory: {checkout}/tests/regions/small\n  templates: {checkout}/templates\n"
    )
    command = [sys.executable, "-c", program, str(path), str(tmp_path / "out")]
    told = [
        subprocess.run(
            command,
            env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            cwd=checkout,
            timeout=60,
            check=True,
        ).stdout.splitlines()[-1]
        for _ in range(2)
    ]
    assert told == ["0 ['inventory.config_file', 'inventory.schema', 'yaml']", "0 []"]
