"""What was changed by hand between two revisions: keys of the inventory, lines of templates. Pure.

These are the causes that an engineer can mend, each with its file and line.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inventory.draft import Draft
from inventory.marked_yaml import Key, dotted

_WHOLE_DEPTH = {"links.yaml": 1, "groups.yaml": 1, "hardware.yaml": 1}
"""File -> how deep a thing that comes or goes as a whole stands."""
_SITE_DEPTH = 2
_ABSENT = object()


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One thing that somebody typed otherwise."""

    file: str
    line: int
    """In the new revision; in the old one for what is gone."""
    key: str
    was: str
    now: str
    names: frozenset[str] = frozenset()
    """Devices, links, LANs, peers that it is about; empty: the whole region."""

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        if not self.was or not self.now:
            said = f"added: {self.now}" if not self.was else f"removed: {self.was}"
        else:
            said = f"was {self.was}, is {self.now}"
        return f"{self.file}:{self.line}{key} {said}"


def inventory_facts(old: Draft, new: Draft) -> tuple[Fact, ...]:
    """Every key whose value differs; a row that came or went counts once."""
    return tuple(
        sorted(
            fact
            for name in old.sources.keys() | new.sources.keys()
            for fact in _file_facts(name, old, new)
        )
    )


def _file_facts(name: str, old: Draft, new: Draft) -> Iterator[Fact]:
    olds, news = old.sources.get(name), new.sources.get(name)
    was = dict(_leaves(olds.content)) if olds else {}
    now = dict(_leaves(news.content)) if news else {}
    told: set[Key] = set()
    for key in sorted(was.keys() | now.keys(), key=str):
        before, after = was.get(key, _ABSENT), now.get(key, _ABSENT)
        if before == after:
            continue
        whole = _whole(
            name, key, was if after is _ABSENT else now, now if after is _ABSENT else was
        )
        if whole in told:
            continue
        told.add(whole)
        side = news if after is not _ABSENT else olds
        if side is None:
            continue
        marked_line, shown = side.line(whole), dotted(whole)
        row = whole != key
        yield Fact(
            side.file,
            marked_line,
            shown,
            "" if before is _ABSENT else _said(before, row=row),
            "" if after is _ABSENT else _said(after, row=row),
            _names(name, whole, old) | _names(name, whole, new),
        )


def _said(value: object, *, row: bool) -> str:
    return "the whole of it" if row else str(value)


def _whole(name: str, key: Key, having: Mapping[Key, Any], lacking: Mapping[Key, Any]) -> Key:
    """The row that came or went with `key`, when all of it did; else the key itself."""
    depth = _SITE_DEPTH if name.startswith("sites/") else _WHOLE_DEPTH.get(name, 0)
    for length in [0, depth] if name.startswith("sites/") else [depth] if depth else []:
        row = key[:length]
        there = any(other[:length] == row for other in lacking)
        if not there and any(other[:length] == row for other in having) and length < len(key):
            return row
    return key


def _leaves(content: Any, key: Key = ()) -> Iterator[tuple[Key, Any]]:
    if isinstance(content, dict):
        if not content and key:
            yield key, "{}"
        for name, value in content.items():
            yield from _leaves(value, (*key, str(name)))
    elif isinstance(content, list):
        yield key, ", ".join(map(str, content))
    elif key:
        yield key, content


def _names(file: str, key: Key, draft: Draft) -> frozenset[str]:
    words = [str(part) for part in key]
    if file == "links.yaml" and words:
        link = draft.links.get(words[0])
        ends = {link.a.device, link.b.device} if link else set()
        return frozenset({words[0], *ends})
    if file.startswith("sites/"):
        code = file.removeprefix("sites/").removesuffix(".yaml")
        if words[:1] == ["devices"] and len(words) > 1:
            return frozenset({words[1]})
        if words[:1] == ["lans"] and len(words) > 1:
            return frozenset({f"{code}-{words[1]}"})
        devices = {name for name, host in draft.devices.items() if host.site == code}
        return frozenset({code, *devices})
    if words[:2] == ["bgp", "externals"] and len(words) > 2 and draft.bgp:
        peer = draft.bgp.externals.get(words[2])
        return frozenset({words[2], *({peer.device} if peer else ())})
    return frozenset()


def template_facts(old: Path, new: Path) -> tuple[Fact, ...]:
    """Every line of a template that differs, by its place in the new revision."""
    names = {path.relative_to(side).as_posix() for side in (old, new) for path in _files(side)}
    return tuple(fact for name in sorted(names) for fact in _template(name, old, new))


def _files(folder: Path) -> Iterable[Path]:
    return folder.glob("*/*.j2")


def _template(name: str, old: Path, new: Path) -> Iterator[Fact]:
    was, now = (_lines(folder / name) for folder in (old, new))
    matcher = difflib.SequenceMatcher(None, was, now, autojunk=False)
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        if tag != "equal":
            gone = " / ".join(line.strip() for line in was[a:a_end])
            come = " / ".join(line.strip() for line in now[b:b_end])
            yield Fact(f"{new.name}/{name}", b + 1, "", gone, come)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def related(facts: Iterable[Fact], about: Iterable[str], most: int = 4) -> tuple[Fact, ...]:
    """The facts behind something that hangs on the names in `about`.

    Those that name one of them and those of the whole region; without any, all when they are few.
    """
    named, everything = frozenset(about), tuple(facts)
    near = [fact for fact in everything if fact.names & named]
    regional = [fact for fact in everything if not fact.names]
    found = (*near, *regional) or everything
    return found[:most]


def places(draft: Draft, about: Iterable[str], most: int = 4) -> tuple[str, ...]:
    """Where the inventory describes what something hangs on: `inventory/links.yaml:4 hq-alp`.

    Links, LANs and external peers; devices only where there is none of those.
    """
    named = sorted(about)
    links = [("links.yaml", (name,), name) for name in named if name in draft.links]
    lans = [
        (f"sites/{draft.lans[name].site}.yaml", ("lans", draft.lans[name].key), name)
        for name in named
        if name in draft.lans
    ]
    externals = draft.bgp.externals if draft.bgp else {}
    peers = [
        ("region.yaml", ("bgp", "externals", name), name) for name in named if name in externals
    ]
    devices = [
        (f"sites/{draft.devices[name].site}.yaml", ("devices", name), name)
        for name in named
        if name in draft.devices
    ]
    found: list[tuple[str, Key, str]] = [*links, *lans, *peers] or [*devices]
    return tuple(f"{draft.line_of(file, key)} {name}" for file, key, name in found[:most])
