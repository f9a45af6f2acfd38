"""Python's cycle collector, told what a monitor is like: much that stays, and no cycles in a poll.

Left alone it looks every few seconds through all that is known of ten thousand interfaces, which
costs more than to poll them.
"""

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ALLOCATIONS = 100_000
"""Containers more than before, then the young ones are looked at; the old ones every hundredth
time."""

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
"""Of glibc, malloc.h; mallopt(3)."""
LARGE_OCTETS = 128 * 1024


def kept_small() -> None:
    """Have the C library, where it is glibc, give back what large batches took.

    Else each thread keeps a heap of its own, and all of them what the first round of thousands of
    devices needed once: a quarter of the memory.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, LARGE_OCTETS)


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
