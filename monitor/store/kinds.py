"""Which of a sample's values are numbers, and what stands where none is.

From sample to sample of a link this rarely changes; then nothing is looked at value by value.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from monitor.picks import Pick, tuple_of


class Kinds(NamedTuple):
    """Of all values that are alike."""

    of: tuple[float | None, ...]
    """Of each value: None where it is not known, 0 where it is 0, and 1."""
    numbers: tuple[int, ...]
    """Where it is 1."""
    unknown: tuple[int, ...]
    """Where it is None."""
    pick: Pick
    """Takes out the numbers."""
    rest: Pick
    """Takes out all else, which is `others`."""
    others: tuple[float | None, ...]

    def fit(self, values: Sequence[float | None]) -> tuple[float, ...] | None:
        """The numbers of values of these kinds; None for other kinds."""
        picked = self.pick(values)
        return picked if self.rest(values) == self.others and all(picked) else None


def kinds_of(values: Sequence[float | None]) -> Kinds:
    """Its kinds; the same object for all that are alike."""
    return _kinds(tuple([value and 1 for value in values]))


@lru_cache(4096)
def _kinds(of: tuple[float | None, ...]) -> Kinds:
    numbers = tuple(place for place, kind in enumerate(of) if kind)
    rest = tuple_of([place for place, kind in enumerate(of) if not kind])
    unknown = tuple(place for place, kind in enumerate(of) if kind is None)
    return Kinds(of, numbers, unknown, tuple_of(numbers), rest, rest(of))
