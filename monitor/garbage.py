"""Python's cycle collector, told what a monitor is like: much that stays, and no cycles in a poll.

Left alone it looks every few seconds through all that is known of ten thousand interfaces, which
costs more than to poll them.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ALLOCATIONS = 100_000
"""Containers more than before, then the young ones are looked at; the old ones every hundredth
time."""


@contextmanager
def rarely_collected() -> Iterator[Callable[[], None]]:
    """Until its end. It yields what to call when all is there that will stay: that is then never
    looked at again."""
    before = gc.get_threshold()
    gc.set_threshold(ALLOCATIONS, 10, 10)
    try:
        yield _settle
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _settle() -> None:
    gc.collect()
    gc.freeze()


@contextmanager
def uncollected() -> Iterator[None]:
    """For some milliseconds in which a hundred thousand tuples come to be, and no cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
