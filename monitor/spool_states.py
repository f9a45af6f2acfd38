"""Changes of states and incidents that wait on disk for a journal that is away."""

from collections.abc import Sequence
from typing import Any

import orjson

from monitor.said import recalled, stored
from monitor.segments import Segments
from monitor.store.base import Batch, Change, IncidentChange, StateEntry, Subject
from monitor.values import Fault, LinkState, Severity, SubjectKind


class StatesSpool(Segments[Batch]):
    """Numbered batches without samples. A journal stores none of a number twice."""

    what = "states"
    head = b"imereti-states 1\n"

    def encoded(self, rows: Sequence[Batch]) -> bytes:
        """See Segments."""
        return orjson.dumps(
            [
                (each.number, tuple(map(_entry, each.states)), tuple(map(_change, each.incidents)))
                for each in rows
            ]
        )

    def decoded(self, text: bytes, head: bytes) -> list[Batch]:
        """See Segments."""
        if head != self.head:
            raise ValueError(f"expected {self.head!r}, found {head!r}")
        return [
            Batch(
                states=tuple(map(_entry_of, states)),
                incidents=tuple(map(_change_of, incidents)),
                number=number,
            )
            for number, states, incidents in orjson.loads(text)
        ]


def _subject(subject: Subject) -> tuple[str, str]:
    return str(subject.kind), subject.id


def _subject_of(kind: str, id_: str) -> Subject:
    return Subject(SubjectKind(kind), id_)


def _entry(entry: StateEntry) -> tuple[Any, ...]:
    return (*_subject(entry.subject), entry.at, entry.state, entry.fault, stored(entry.reason))


def _entry_of(row: Sequence[Any]) -> StateEntry:
    kind, id_, at, state, fault, reason = row
    return StateEntry(_subject_of(kind, id_), at, LinkState(state), Fault(fault), recalled(reason))


def _change(change: IncidentChange) -> tuple[Any, ...]:
    return (
        change.change,
        _subject(change.cause),
        change.at,
        change.severity,
        stored(change.summary),
        tuple(map(_subject, change.affected)),
        stored(change.what),
    )


def _change_of(row: Sequence[Any]) -> IncidentChange:
    change, cause, at, severity, summary, affected, what = row
    return IncidentChange(
        Change(change),
        _subject_of(*cause),
        at,
        Severity(severity),
        recalled(summary),
        tuple(_subject_of(*each) for each in affected),
        recalled(what),
    )
