"""Where a secret's value stands that should stand nowhere: files, git objects, what was said."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SHORTEST = 8
"""A shorter value would stand somewhere by chance."""


def spilt(
    values: Mapping[str, str], folders: Iterable[Path], texts: Iterable[str] = ()
) -> list[str]:
    """Names of the secrets whose values were found, and where; each file and git object is read."""
    assert values
    assert [name for name, value in values.items() if len(value) < SHORTEST] == []
    wanted = {name: value.encode() for name, value in values.items()}
    pieces = [(f"text {number}", text.encode()) for number, text in enumerate(texts)]
    for folder in folders:
        pieces += written(folder)
    return [
        f"{name} in {place}" for place, piece in pieces for name, v in wanted.items() if v in piece
    ]


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(place, content) of each file below `folder`, and of each object of its git repositories."""
    assert folder.is_dir(), folder
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            continue
        if path.name == ".git" and path.is_dir():
            yield f"objects of {path}", objects(path)
        elif path.is_file():  # the name, too: a ref is one
            yield str(path), str(path).encode() + b"\n" + path.read_bytes()


def objects(repository: Path) -> bytes:
    """Every object of a git repository, whatever refers to it, one behind the other."""
    found = subprocess.run(
        ["git", "--git-dir", str(repository), "cat-file", "--batch-all-objects", "--batch"],
        capture_output=True,
        check=True,
        timeout=60,
        env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    ).stdout
    assert b" blob " in found, f"nothing was ever kept in {repository}"
    return found
