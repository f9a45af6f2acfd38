"""The state ledger: who was in which state since when, and to whom the time is charged. Pure.

Entries are only ever added. An entry with the time of an earlier one of the same subject revises
it: the state came then, and its cause was found later.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from monitor.said import say
from monitor.store.base import StateEntry, Subject
from monitor.values import Fault, LinkState

STOPPED = say("stopped")
_DIGITS = re.compile(r"[0-9.]+")
IN_SERVICE = frozenset({LinkState.UP, LinkState.DEGRADED})


class Ledger:
    """The present state of every subject, and the entries that are not stored yet."""

    def __init__(self, current: Mapping[Subject, StateEntry], revise_s: float) -> None:
        """`revise_s`: so long after a state came its fault may be found to be another's."""
        self._current, self._revise_s = dict(current), revise_s
        self._new: list[StateEntry] = []

    def current(self, subject: Subject) -> StateEntry | None:
        """What is in force."""
        return self._current.get(subject)

    def set(self, entry: StateEntry, now: float) -> None:
        """The subject is in this state since `entry.at`, or since it came into it before.

        Of the same state, another reason revises the entry; another fault revises it for a while,
        and later begins a time of its own: what was charged stays charged. A reason that differs
        only in its numbers is no change.
        """
        known = self._current.get(entry.subject)
        if known is None:
            self._add(entry)
        elif known.state is not entry.state:
            self._add(replace(entry, at=max(entry.at, known.at)))
        elif known.fault is not entry.fault:
            young = now - known.at <= self._revise_s
            self._add(replace(entry, at=known.at if young else now))
        elif _words(known.reason) != _words(entry.reason):
            self._add(replace(entry, at=known.at))

    def blind(self, since: float) -> None:
        """Nobody looked from `since` on: whatever was known is not known for that time."""
        for subject, known in list(self._current.items()):
            if known.fault is not Fault.BLIND and known.at <= since:
                self._add(StateEntry(subject, since, LinkState.UNKNOWN, Fault.BLIND, STOPPED))

    def take(self) -> Sequence[StateEntry]:
        """The entries since the last call, to be stored."""
        taken, self._new = self._new, []
        return taken

    def _add(self, entry: StateEntry) -> None:
        self._current[entry.subject] = entry
        self._new.append(entry)


def _words(reason: str) -> str:
    return _DIGITS.sub("#", reason)
