"""States and incidents on their way to the journal: each is stored, in order, and once.

They go as numbered batches. The journal keeps the number of the last one that it took, in the same
transaction, and passes over what it has: so a batch may be sent again by whoever does not know
whether it arrived, a process after a kill among them.
"""

import asyncio
from collections.abc import Sequence

from monitor.spool_states import StatesSpool
from monitor.store.base import Batch, IncidentChange, StateEntry, Store

DRAIN = 100
"""Batches that the spool gives at once."""


class Unwritten:
    """What the journal does not have yet. Not for several threads but where it says so."""

    def __init__(self, store: Store, spool: StatesSpool | None = None) -> None:
        """Brings to `store` what an earlier process left in `spool`. StoreError."""
        self._store, self._spool = store, spool
        self._states: list[StateEntry] = []
        self._incidents: list[IncidentChange] = []
        self._batches: list[Batch] = []
        """Numbered, oldest first; neither stored nor on disk."""
        self._going_aside = False
        while not self.drain():
            pass
        self._number = store.journal_number()

    def put(self, states: Sequence[StateEntry], incidents: Sequence[IncidentChange]) -> None:
        """Take more."""
        self._states += states
        self._incidents += incidents

    @property
    def spooled(self) -> bool:
        """Whether some of it is on disk."""
        return bool(self._spool and self._spool.waiting)

    @property
    def dropped(self) -> int:
        """Batches given up, as the spool was full."""
        return self._spool.dropped if self._spool else 0

    def __bool__(self) -> bool:
        return bool(self._states or self._incidents or self._batches or self.spooled)

    @property
    def next(self) -> Batch | None:
        """What has to be stored next and is not on disk; None when there is nothing, or when what
        comes before it is on its way to the disk or there."""
        if self._going_aside or self.spooled:
            return None
        self._close_batch()
        return self._batches[0] if self._batches else None

    def stored(self, number: int) -> None:
        """The journal has the batch of this number."""
        self._batches = [each for each in self._batches if each.number != number]

    def drain(self) -> bool:
        """Bring some of what is on disk to the journal; whether that was all. For any thread.

        StoreError.
        """
        if self._spool is None or (taken := self._spool.take(DRAIN)) is None:
            return True
        for batch in taken.rows:
            self._store.write(batch)
        self._spool.done(taken)
        return not self._spool.waiting

    async def put_aside(self) -> None:
        """Bring to disk what is in memory. StoreError; it then stays there."""
        if self._spool is None:
            return
        self._close_batch()
        if not self._batches:
            return
        going = tuple(self._batches)
        self._going_aside = True
        try:
            await asyncio.to_thread(self._spool.append, going)
        finally:
            self._going_aside = False
        self._batches = [each for each in self._batches if each.number > going[-1].number]

    def _close_batch(self) -> None:
        if self._states or self._incidents:
            self._number += 1
            states, incidents = tuple(self._states), tuple(self._incidents)
            self._batches.append(Batch((), states, incidents, number=self._number))
            self._states, self._incidents = [], []
