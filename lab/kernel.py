"""The few Linux system calls that Python 3.11 has no name for: unshare, setns, mount, umount2."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_BIND = 4096
MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_ulong,
    ctypes.c_char_p,
)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """New namespaces for this process; OSError when the kernel or a missing right refuses."""
    _checked(_libc.unshare(flags), "unshare")


def setns(path: Path | str, kind: int = CLONE_NEWNET) -> None:
    """Enter the namespace that the file `path` stands for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc.setns(descriptor, kind), f"setns {path}")
    finally:
        os.close(descriptor)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2); a bind mount has no kind and MS_BIND."""
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode() or None, flags, options.encode() or None
    )
    _checked(result, f"mount {source} on {target}")


def unmount(target: str) -> None:
    """umount2(2), detached: it succeeds although something still has it open."""
    _checked(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def set_hostname(name: str) -> None:
    """sethostname(2) for the UTS namespace of this process."""
    _checked(_libc.sethostname(name.encode(), len(name.encode())), f"sethostname {name}")


@contextmanager
def inside(namespace: Path | str) -> Iterator[None]:
    """Be in a network namespace for a while; sockets opened meanwhile stay in it.

    Only the calling thread moves, so other threads are undisturbed.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(namespace)
        yield
    finally:
        try:
            _checked(_libc.setns(home, CLONE_NEWNET), "setns back")
        finally:
            os.close(home)
