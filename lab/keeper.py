"""The lab's keeper: the one process whose end is the end of the lab.

`python -m lab.keeper` makes new mount, network, UTS, IPC and PID namespaces, leaves a process 1 in
them that does nothing, prints its process id and exits. Everything else in the lab runs below it,
so the kernel itself ends it all when the keeper is killed; nothing can be left behind.
"""

import os
import sys
from typing import NoReturn

from lab import kernel
from lab.idle import become_idle

PRIVATE_RECURSIVE = (1 << 18) | (1 << 14)


def main() -> int:
    """Exit 0 and the keeper's process id on stdout, or 1 and the reason on stderr."""
    told_read, told_write = os.pipe()
    try:
        kernel.unshare(
            kernel.CLONE_NEWNS
            | kernel.CLONE_NEWNET
            | kernel.CLONE_NEWUTS
            | kernel.CLONE_NEWIPC
            | kernel.CLONE_NEWPID
        )
        keeper = os.fork()
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if keeper == 0:
        _become_keeper(told_write)
    os.close(told_write)
    failed = os.read(told_read, 4096).decode()  # closed by a successful execv
    if failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    print(keeper)  # noqa: T201
    return 0


def _become_keeper(told: int) -> NoReturn:
    try:
        os.setsid()
        kernel.mount("none", "/", flags=PRIVATE_RECURSIVE)
        kernel.mount("proc", "/proc", "proc")
        kernel.mount("tmpfs", "/run", "tmpfs", options="mode=755")
        os.set_inheritable(told, False)
        become_idle()
    except OSError as error:
        os.write(told, str(error).encode())
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
