"""Process 1 of a lab and of each node in it: it is there, and does nothing."""

import os
import signal
from typing import NoReturn


def become_idle() -> NoReturn:
    """Turn this process into one that sleeps for ever; OSError when it can't.

    It ignores its children, which those become that lose their parents: the kernel then leaves no
    zombies of them (wait(2), POSIX.1-2001).
    """
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.execv("/bin/sleep", ["sleep", "infinity"])  # noqa: S606
