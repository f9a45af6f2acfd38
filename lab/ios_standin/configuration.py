"""A configuration as the device holds it: lines typed in, in its own form and order.

`Configuration.apply` is the whole of IOS's configuration mode: it takes a line in the context where
the operator stands, or climbs to global configuration and takes it there, and says where the
operator stands afterwards.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

from lab.ios_standin import stored_form
from lab.ios_standin.block import Block, Entry, Identity
from lab.ios_standin.grammar import Kind, Row, grammar
from lab.ios_standin.interfaces import is_physical, order_key, parent
from lab.ios_standin.matching import Fault, Match, Refusal, Word

ETX = "\x03"
"""The delimiter of a stored banner; a terminal shows it as ^C."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A refusal that is not about syntax, in the device's own words."""

    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A line that was taken, and the context the operator stands in afterwards."""

    path: tuple[Block, ...]


Outcome = Accepted | Refusal | Complaint


class Configuration:
    """One device's configuration. Not shared between threads."""

    def __init__(self, kind: Kind, ports: Iterable[str], chance: random.Random) -> None:
        self.kind = kind
        self.ports = frozenset(ports)
        self._grammar = grammar(kind)
        self._chance = chance
        self.root = Block(self._grammar["global"], "")
        self.private: dict[Identity, str] = {}
        """Lines that stand and are never shown: SNMPv3 users."""
        for port in sorted(self.ports, key=order_key):
            self._open_port(port)

    def _open_port(self, port: str) -> None:
        row = next(row for row in self.root.context.positive if row.flag("opens") == "interface")
        identity = ("interface", port)
        block = Block(self._grammar["interface"], f"interface {port}")
        self.root.entries[identity] = Entry(row, f"interface {port}", identity, block)

    def interfaces(self) -> dict[str, Block]:
        """Every interface's block, in the order of the running configuration."""
        found = {
            entry.identity[1]: entry.children
            for entry in self.root.starting("interface")
            if entry.children is not None
        }
        return dict(sorted(found.items(), key=lambda item: order_key(item[0])))

    def block(self, *identity: str) -> Block | None:
        """The block of a line of global configuration."""
        entry = self.root.find(*identity)
        return None if entry is None else entry.children

    def apply(self, path: tuple[Block, ...], line: str) -> Outcome:
        """Takes one line typed in the context `path`, innermost last.

        A word that an outer context spells out is no abbreviation of one further in: `key 2` after
        `key 1` is the next key, though `key` could stand for `key-string`.
        """
        word = line.split(maxsplit=1)[0] if line.strip() else ""
        if len(path) > 1 and word not in path[-1].context.words:
            for depth in range(len(path) - 1, 1, -1):
                if word in path[depth - 1].context.words:
                    outer = self._apply_in(path[:depth], line)
                    if not isinstance(outer, Refusal):
                        return outer
        outcome = self._apply_in(path, line)
        if isinstance(outcome, Refusal) and len(path) > 1:
            climbed: Outcome = outcome
            for depth in range(len(path) - 1, 0, -1):
                climbed = self._apply_in(path[:depth], line)
                if not isinstance(climbed, Refusal):
                    return climbed
        return outcome

    def _apply_in(self, path: tuple[Block, ...], line: str) -> Outcome:
        stripped = line.strip()
        offset = len(line) - len(line.lstrip())
        first, _, body = stripped.partition(" ")
        negated = first in ("no", "default") and bool(body)
        if negated:
            start = offset + len(first) + 1
            outcome = self._negate(path, body.lstrip())
        else:
            start = offset
            outcome = self._assert(path, stripped)
        if isinstance(outcome, Refusal):
            return Refusal(outcome.fault, outcome.column + start)
        return outcome

    def _assert(self, path: tuple[Block, ...], body: str) -> Outcome:
        block = path[-1]
        context = block.context
        match = context.takes.match(body)
        if isinstance(match, Match):
            return self._store(path, context.positive[match.row], match)
        default = context.takes_no.match(body)
        if isinstance(default, Match):
            block.entries.pop(default.identity, None)
            return Accepted(path)
        return match if match.column >= default.column else default

    def _negate(self, path: tuple[Block, ...], body: str) -> Outcome:
        block = path[-1]
        context = block.context
        shown = context.takes_no.match(body)
        if isinstance(shown, Match):
            row = context.negative[shown.row]
            self._put(block, Entry(row, f"no {shown.text}", shown.identity))
            return Accepted(path)
        dropped = context.drops.match(body)
        if isinstance(dropped, Match):
            _drop(block, dropped.identity)
            return Accepted(path)
        match = context.takes.match(body, negated=True)
        if isinstance(match, Refusal):
            return match if match.column >= shown.column else shown
        return self._remove(path, context.positive[match.row], match)

    def _remove(self, path: tuple[Block, ...], row: Row, match: Match) -> Outcome:
        block = path[-1]
        inverted = row.flag("inverts")
        if inverted and tuple(inverted.split()) in block.entries:
            self._put(block, Entry(row, f"no {match.text}", match.identity))
            return Accepted(path)
        if match.identity[0] == "interface" and match.identity[1] in self.ports:
            return Complaint("% Removal of physical interfaces is not permitted")
        if row.flag("numbers") is not None:
            return self._remove_numbered(path, match)
        block.entries.pop(match.identity, None)
        self.private.pop(match.identity, None)
        if row.flag("cascades") is not None:
            _drop(block, match.identity[:2])
        return Accepted(path)

    def _remove_numbered(self, path: tuple[Block, ...], match: Match) -> Outcome:
        block = path[-1]
        for identity, entry in list(block.entries.items()):
            if entry.text.endswith(f" {match.text}"):
                del block.entries[identity]
        return Accepted(path)

    def _store(self, path: tuple[Block, ...], row: Row, match: Match) -> Outcome:
        refused = self._refused(path, row, match)
        if refused is not None:
            return refused
        block = path[-1]
        if row.flag("leaves") is not None:
            return Accepted(path[:-1])
        if row.flag("opens"):
            return self._enter(path, row, match)
        rewritten = row.flag("rewrites")
        if rewritten:
            return self._assert(path, " ".join((rewritten, *match.arguments())))
        if row.flag("numbers") is not None:
            return self._assert_numbered(path, row, match)
        self._put_match(block, row, match)
        if row.flag("refreshes") is not None:
            self._refresh(self.root)
        return Accepted(path)

    def _refused(self, path: tuple[Block, ...], row: Row, match: Match) -> Outcome | None:
        if row.flag("needs") == "neighbor" and not _has_neighbor(path, match.identity[1]):
            return Complaint("% Specify remote-as or peer-group commands first")
        if row.flag("opens") == "interface":
            name = match.identity[1]
            port = parent(name) or name
            if is_physical(port) and port not in self.ports:
                return Refusal(Fault.INVALID, len("interface "))
        return None

    def _enter(self, path: tuple[Block, ...], row: Row, match: Match) -> Outcome:
        block = path[-1]
        entry = block.find(*match.identity)
        if entry is None or entry.children is None:
            context = self._grammar[row.flags["opens"]]
            entry = Entry(row, match.text, match.identity, Block(context, match.text))
            block.entries[match.identity] = entry
        if entry.children is None:
            raise AssertionError(f"{match.text} opens no block")
        return Accepted((*path, entry.children))

    def _put_match(self, block: Block, row: Row, match: Match) -> None:
        words = self._stored(row, match.words)
        stored = Match(match.row, words)
        hidden = row.flag("hides")
        inverted = row.flag("inverts")
        is_default = hidden is not None and stored.values == hidden
        if inverted and tuple(inverted.split()) in block.entries:
            is_default = True
        if row.flag("unseen") is not None:
            self.private[stored.identity] = stored.text
            return
        if is_default:
            block.entries.pop(stored.identity, None)
            return
        text = _banner(stored.text) if row.flag("banner") is not None else stored.text
        self._put(block, Entry(row, text, stored.identity))

    def _put(self, block: Block, entry: Entry) -> None:
        old = block.entries.get(entry.identity)
        if old is None or old.text != entry.text:
            block.entries[entry.identity] = entry

    def _stored(self, row: Row, words: tuple[Word, ...]) -> tuple[Word, ...]:
        form = row.flag("stores")
        if form == "secret":
            return stored_form.store_secret(words, self._chance)
        if form == "type7":
            encrypts = self.root.find("service", "password-encryption") is not None
            return stored_form.store_type7(words, self._chance, encrypts=encrypts)
        if form == "ace4":
            return stored_form.store_ace4(words)
        if form == "ace4-standard":
            return stored_form.store_ace4_standard(words)
        return stored_form.store_ace6(words) if form == "ace6" else words

    def _assert_numbered(self, path: tuple[Block, ...], row: Row, match: Match) -> Outcome:
        block = path[-1]
        keyword = row.flags["numbers"]
        words = [word.text for word in self._stored(row, match.words)]
        family = 3 if match.identity[1:2] == ("prefix-list",) else 0
        head, tail = words[:family], words[family:]
        same = [e for e in block.entries.values() if list(e.identity[:family]) == head]
        if any(entry.text.endswith(" " + " ".join(tail)) for entry in same):
            return Accepted(path)
        step = 5 if family else 10
        taken = (_sequence(entry.text) for entry in same)
        number = (max(taken, default=0) // step + 1) * step
        line = [*head, *([keyword] if keyword else []), str(number), *tail]
        return self._assert(path, " ".join(line))

    def _refresh(self, block: Block) -> None:
        for identity, entry in list(block.entries.items()):
            if entry.row.flag("stores") == "type7":
                match = block.context.takes.match(entry.text)
                if isinstance(match, Match):
                    words = self._stored(entry.row, match.words)
                    text = Match(match.row, words).text
                    block.entries[identity] = Entry(entry.row, text, identity)
            if entry.children is not None:
                self._refresh(entry.children)


def _banner(text: str) -> str:
    """The text between the first delimiter and the next one, between the device's own ones."""
    head = re.match(r"banner \S+ ", text)
    if head is None:
        return text
    body = text[head.end() :]
    inner = body[1:].split(body[0], 1)[0]
    return f"{head.group()}{ETX}{inner}{ETX}"


def _sequence(text: str) -> int:
    found = re.search(r"(?:^|seq |sequence )(\d+)", text)
    return int(found[1]) if found else 0


def _has_neighbor(path: tuple[Block, ...], peer: str) -> bool:
    return any(
        block.find("neighbor", peer, "remote-as") or block.find("neighbor", peer, "peer-group")
        for block in path
    )


def _drop(block: Block, words: Identity) -> None:
    for entry in list(block.starting(*words)):
        del block.entries[entry.identity]
    for entry in block.entries.values():
        if entry.children is not None:
            _drop(entry.children, words)
