"""Takes several values out of a row at once, in one call."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

Pick = Callable[[Sequence[Any]], tuple[Any, ...]]


def tuple_of(places: Sequence[int]) -> Pick:
    """Takes what stands at `places`; itemgetter of one place would yield no tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: tuple(row[place] for place in places)
