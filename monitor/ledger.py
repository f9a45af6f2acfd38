"""The state ledger: who was in which state since when, and to whom the time is charged. Pure.

Entries are only ever added. An entry with the time of an earlier one of the same subject revises
it: the state came then, and its cause was found later.
"""

import re
from collections.abc import Mapping, Sequence

from monitor.store.base import StateEntry, Subject
from monitor.values import Fault, LinkState

STOPPED = "the monitor was stopped"
_DIGITS = re.compile(r"[0-9.]+")
IN_SERVICE = frozenset({LinkState.UP, LinkState.DEGRADED})


class Ledger:
    """The present state of every subject, and the entries that are not stored yet."""

    def __init__(self, current: Mapping[Subject, StateEntry]) -> None:
        self._current = dict(current)
        self._new: list[StateEntry] = []

    def current(self, subject: Subject) -> StateEntry | None:
        """What is in force."""
        return self._current.get(subject)

    def set(self, subject: Subject, state: LinkState, fault: Fault, reason: str, at: float) -> bool:
        """`subject` is in `state` since `at`, at the latest; whether that is another state.

        A changed fault or reason of the same state keeps the time at which the state came. A
        reason that differs only in its numbers is not a change.
        """
        known = self._current.get(subject)
        if known is not None and known.state is state:
            same = known.fault is fault and _words(known.reason) == _words(reason)
            if not same:
                self._add(StateEntry(subject, known.at, state, fault, reason))
            return False
        began = at if known is None else max(at, known.at)
        self._add(StateEntry(subject, began, state, fault, reason))
        return True

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
