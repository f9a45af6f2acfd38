"""One lock a device, so that two applies never meet on it.

It is an flock on a file of the state folder: the kernel lets go of it when its owner ends,
however it ends, so a crashed owner holds nothing. The file's content only tells who it is.
The device's own pending commit is the second lock, for a second machine.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nornir_tasks.errors import BusyError, RecordError


@contextmanager
def hold(folder: Path, device: str, owner: str) -> Iterator[None]:
    """Hold the lock of `device`; BusyError at once when another process does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / f"{device}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RecordError(f"{folder}: locks can't be made: {error.strerror}.") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 500, 0).decode(errors="replace").strip()
            raise BusyError(
                device, f"is being changed by {holder or 'another process'}. Repeat when it ended."
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{owner} (process {os.getpid()})\n".encode(), 0)
        yield
    finally:
        os.close(file)


@contextmanager
def hold_all(folder: Path, devices: tuple[str, ...], owner: str) -> Iterator[None]:
    """Hold the locks of all `devices` or of none; BusyError names the first that is taken."""
    with ExitStack() as held:
        for device in sorted(devices):
            held.enter_context(hold(folder, device, owner))
        yield
