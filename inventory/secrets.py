"""Secrets by name: files hold `<<NAME>>`; the value goes in on the way to the device."""

import os
import re
import shlex
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import SecretError
from inventory.settings import SECRET_PREFIX

_PLACEHOLDER = re.compile(r"<<([A-Z][A-Z0-9_]*)>>")
MASK = "********"
COMMAND_TIMEOUT_S = 60.0


def placeholder(name: str) -> str:
    """What a rendered file holds instead of the value of `name`."""
    return f"<<{name}>>"


def names_in(text: str) -> tuple[str, ...]:
    """Names of the secrets that `text` needs, sorted."""
    return tuple(sorted(set(_PLACEHOLDER.findall(text))))


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Values by name. Its repr, and so any log or traceback, shows names only."""

    values: Mapping[str, str]
    source: str
    """Where a person would put a missing one."""

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self.values))})"

    def get(self, name: str) -> str:
        """The value of `name`; SecretError when there is none."""
        try:
            return self.values[name]
        except KeyError:
            raise SecretError(
                f"secret {name} is not set: expected {SECRET_PREFIX}{name} in the environment "
                f"or a line {name}=... in {self.source}."
            ) from None

    def fill(self, text: str) -> str:
        """`text` with the values in place of the placeholders; SecretError names all missing."""
        missing = [name for name in names_in(text) if name not in self.values]
        if missing:
            raise SecretError(
                f"secrets {', '.join(missing)} are not set: expected {SECRET_PREFIX}<NAME> in the "
                f"environment or lines NAME=... in {self.source}."
            )
        return _PLACEHOLDER.sub(lambda found: self.values[found[1]], text)

    def unfill(self, text: str) -> str:
        """`text` with every value put back to its placeholder: for diffs, backups, comparisons."""
        for name, value in sorted(self.values.items(), key=lambda item: -len(item[1])):
            if value:
                text = text.replace(value, placeholder(name))
        return text

    def mask(self, text: str) -> str:
        """`text` with every value replaced by asterisks: for whatever a person or a log sees."""
        for value in sorted(self.values.values(), key=len, reverse=True):
            if value:
                text = text.replace(value, MASK)
        return text


def load_secrets(
    file: Path | None, environ: Mapping[str, str] = os.environ, command: str = ""
) -> Secrets:
    """From `file` (lines NAME=value), over it from what `command` prints, over both from
    IMERETI_SECRET_<NAME>.

    Raises SecretError when the file can't be read, a line is not NAME=value, its mode lets others
    than the owner read it, or the command fails (the text never shows a value).
    """
    values = _read_file(file) if file else {}
    if command:
        values |= _parse(_printed_by(command), "the output of secrets.command")
    for variable, value in environ.items():
        if variable.startswith(SECRET_PREFIX):
            values[variable.removeprefix(SECRET_PREFIX)] = value
    return Secrets(values, str(file or "the file that `secrets.file` of config.yaml names"))


def _read_file(file: Path) -> dict[str, str]:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            raise SecretError(
                f"{file}: expected mode 0600, found {mode:04o}. Run: chmod 600 {file}"
            )
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{file}: secrets can't be read: {error}.") from None
    return _parse(lines, str(file))


def _printed_by(command: str) -> list[str]:
    """Lines of what `command` prints; it is run without a shell, its own errors stay on stderr."""
    words = shlex.split(command)
    try:
        done = subprocess.run(
            words, stdout=subprocess.PIPE, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"secrets.command: {words[0]} can't be run: {error}.") from None
    except subprocess.TimeoutExpired:
        raise SecretError(
            f"secrets.command: {words[0]} did not end within {COMMAND_TIMEOUT_S:g} s."
        ) from None
    if done.returncode != 0:
        raise SecretError(f"secrets.command: {words[0]} ended with status {done.returncode}.")
    return done.stdout.splitlines()


def _parse(lines: list[str], source: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name.strip()):
            raise SecretError(f"{source}:{number}: expected NAME=value, the name in capitals.")
        values[name.strip()] = value.strip()
    return values
