"""Wait until the machine has nothing to do: what is measured next should have it for itself."""

import os
import time
from pathlib import Path

from inventory.errors import MachineError

QUIET_SHARE, LOOK_S, LOOKS = 0.1, 0.4, 3
TIMEOUT_S = 60.0


def await_quiet() -> None:
    """Return when the machine was idle for a second; MachineError when it is not within a minute.

    After a lab is gone the kernel takes its namespaces apart, one after the other under a lock that
    the next lab needs, too: that cost it a second.
    """
    deadline, looks = time.monotonic() + TIMEOUT_S, 0
    while looks < LOOKS:
        before, began = _busy_s(), time.monotonic()
        time.sleep(LOOK_S)
        share = (_busy_s() - before) / (time.monotonic() - began)
        looks = looks + 1 if share < QUIET_SHARE else 0
        if time.monotonic() > deadline:
            raise MachineError(
                f"something else keeps {share:.1f} cores busy: what is measured beside it is "
                "worth nothing. End it, and try again."
            )


def _busy_s() -> float:
    """CPU seconds that all cores together spent on anything since the machine started."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
