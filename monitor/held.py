"""Samples that wait for others to be sent with: on disk, so that a kill loses none, and in memory
too, so that nobody reads them back."""

from collections.abc import Sequence

from monitor.segments import Taken
from monitor.spool import Spool
from monitor.store.base import LinkSample


class Held:
    """The oldest of what waits in a spool. One call at a time."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._parts: list[Taken[LinkSample]] = []
        """One a segment."""

    def __len__(self) -> int:
        """Samples in it."""
        return sum(len(each.rows) for each in self._parts)

    @property
    def rows(self) -> list[LinkSample]:
        """All of them, the oldest first."""
        return [row for each in self._parts for row in each.rows]

    def add(self, rows: Sequence[LinkSample]) -> None:
        """Put samples behind what is held; nothing else may wait in the spool. StoreError."""
        taken = self._spool.append(rows)
        if self._parts and self._parts[-1].segment == taken.segment:
            before = self._parts.pop()
            taken = taken._replace(rows=before.rows + taken.rows)
        self._parts.append(taken)

    def stored(self) -> None:
        """They are, so the spool forgets them."""
        for each in self._parts:
            self._spool.done(each)
        self._parts.clear()

    def let_go(self) -> None:
        """They only wait in the spool from now on."""
        self._parts.clear()
