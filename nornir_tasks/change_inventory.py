"""Small edits of the inventory's files that keep comments and layout, and can be taken back."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import InputError, Problem
from inventory.model import Network

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]*")


@dataclass(frozen=True, slots=True)
class InventoryEdit:
    """The inventory's folder, and how it is read."""

    folder: Path
    load: Callable[[Path], Network]
    """Reads the folder as the devices run it; InventoryError."""

    @contextmanager
    def link(self, link: str, key: str, value: str) -> Iterator[Network]:
        """Set one key of one row of links.yaml; yields the network that this makes.

        An exception inside puts the file back; so a change that was not applied is not written.
        """
        with self._changed("links.yaml", lambda text: _with_key(text, link, key, value)) as network:
            yield network

    @contextmanager
    def region(self, section: tuple[str, ...], values: Mapping[str, str]) -> Iterator[Network]:
        """Set keys of a section of region.yaml, like ("services", "snmp"); otherwise as `link`."""
        with self._changed("region.yaml", lambda text: _with_values(text, section, values)) as made:
            yield made

    @contextmanager
    def _changed(self, name: str, change: Callable[[str], str]) -> Iterator[Network]:
        file = self.folder / name
        before = file.read_text(encoding="utf-8")
        file.write_text(change(before), encoding="utf-8")
        try:
            yield self.load(self.folder)
        except BaseException:  # also Ctrl-C: the file must say what runs
            file.write_text(before, encoding="utf-8")
            raise


def _with_key(text: str, link: str, key: str, value: str) -> str:
    """`text` with `key: value` in the row of `link`, in its place or as the row's first key."""
    row = re.search(rf"(?ms)^{re.escape(link)}: *\{{.*?\}}\}}", text)
    if row is None:
        message = f"there is no row of one map for link '{link}'."
        raise InputError((Problem("links.yaml", 0, link, message),))
    shown = _shown(value)
    found = re.search(rf"(?<=[{{ ]){re.escape(key)}: *(\"[^\"]*\"|[^,}}\n]+)", row[0])
    if found:
        made = row[0][: found.start()] + f"{key}: {shown}" + row[0][found.end() :]
    else:
        made = re.sub(r"\{", f"{{{key}: {shown}, ", row[0], count=1)
    made = _no_longer_assumed(made, key)
    return text[: row.start()] + made + text[row.end() :]


def _with_values(text: str, section: tuple[str, ...], values: Mapping[str, str]) -> str:
    """`text` with other values of keys of `section`, which is written as a block of lines."""
    left = dict(values)
    path: list[str] = []
    made: list[str] = []
    for line in text.splitlines(keepends=True):
        found = re.match(r"( *)([a-z0-9_]+):", line)
        if found:
            path = [*path[: len(found[1]) // 2], found[2]]
            if tuple(path[:-1]) == section and found[2] in left:
                tail = re.search(r" +#.*", line)
                value = _shown(left.pop(found[2]))
                made.append(f"{found[0]} {value}{tail[0] if tail else ''}\n")
                continue
        made.append(line)
    if left:
        where = ".".join((*section, *left))
        raise InputError((Problem("region.yaml", 0, where, "there is no line of its own for it."),))
    return "".join(made)


def _shown(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else '"' + value.replace('"', '\\"') + '"'


def _no_longer_assumed(row: str, key: str) -> str:
    """What somebody set is not an assumption any more."""

    def without(match: re.Match[str]) -> str:
        names = [name.strip() for name in match[1].split(",") if name.strip() != key]
        return f"assumed: [{', '.join(names)}], " if names else ""

    return re.sub(r"assumed: \[([^\]]*)\],\s*?(?= |\n)", without, row)
