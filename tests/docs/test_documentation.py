"""The documentation says what is there, and nothing that is not."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.main import build_app
from tests.docs.pages import CHECKOUT, PAGES, leaves

ROOMS = ("inventory", "nornir_tasks", "lab", "monitor", "api", "cli")


def tracked(*patterns: str) -> list[Path]:
    """Files of the checkout that git tracks, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *patterns],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [CHECKOUT / name for name in sorted(listed.stdout.split("\0")) if name]


MARKDOWN = tracked("*.md")


def anchors(text: str) -> set[str]:
    """What the headings of a page can be linked by."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in plain}


def commands_in(text: str) -> Iterator[str]:
    """Command lines of the shell blocks, comments removed."""
    for block in re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield re.sub(r"\s+#.*|^#.*", "", line).removeprefix("$ ").strip()


@pytest.fixture(scope="module")
def app() -> Any:
    """The whole command line."""
    return get_command(build_app([]))


@pytest.mark.parametrize("name", PAGES)
def test_the_written_page_is_what_the_program_makes(name: str) -> None:
    written = (CHECKOUT / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "run: .venv/bin/python -m tests.docs.pages"


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (
            anchor and anchor not in anchors(file.read_text(encoding="utf-8"))
        ):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_command_of_a_page_is_one_that_the_program_takes(page: Path, app: Any) -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    for line in commands_in(page.read_text(encoding="utf-8")):
        for part in re.split(r"\s*(?:&&|\||;)\s*", line):
            words = shlex.split(re.sub(r"\s+>.*", "", part))
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words[:1] == ["make"]:
                assert words[1] in targets, line
            if words and words[0].rpartition("/")[2] == "imereti":
                parse(app, words[1:])


def parse(command: Any, words: list[str]) -> None:
    """Take the words as the command line would, but do nothing; UsageError when it would not."""
    if "--json" in words:  # cli.main takes it anywhere
        words = ["--json", *(word for word in words if word != "--json")]
    context = command.make_context("imereti", list(words))
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        _, command, words = command.resolve_command(context, rest)
        context = command.make_context(command.name, list(words), parent=context)


def test_every_command_and_option_says_what_it_is_for(app: Any) -> None:
    silent = []
    for path, command in leaves(app):
        title = " ".join(path)
        if not command.help:
            silent.append(title)
        silent += [
            f"{title} {parameter.opts[0]}"
            for parameter in command.params
            if parameter.param_type_name == "option" and not parameter.help
        ]
    assert silent == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_imported_from_this_checkout(room: str) -> None:
    file = import_module(room).__file__
    assert file is not None
    assert Path(file).is_relative_to(CHECKOUT)


def test_every_room_has_a_page_that_the_index_names() -> None:
    index = (CHECKOUT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in tracked("docs/*.md"):
        assert page.name == "README.md" or f"({page.name})" in index


def test_nothing_in_the_checkout_names_the_machine_that_it_was_written_on() -> None:
    places = re.compile(r"/(?:work|farm|root)/[a-z.]")
    found = []
    for file in tracked():
        if file.suffix in {".png", ".svg", ".pcap", ".gz"} or not file.is_file():
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if places.search(line):
                found.append(f"{file.relative_to(CHECKOUT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_lock_files_hold_no_address() -> None:
    locks = tracked("requirements*.txt", "package-lock.json")
    assert len(locks) == 3
    assert [lock.name for lock in locks if "://" in lock.read_text(encoding="utf-8")] == []


def test_every_locked_python_package_has_a_hash() -> None:
    for lock in tracked("requirements*.txt"):
        text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
        pinned = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
        assert pinned
        assert [line for line in pinned if "--hash=sha256:" not in line] == []
