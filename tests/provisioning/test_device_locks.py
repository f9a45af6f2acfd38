"""A lock a device, that a crashed owner does not hold."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nornir_tasks.errors import BusyError
from nornir_tasks.locks import hold, hold_all

HOLDER = """
import sys, time
from pathlib import Path
from nornir_tasks.locks import hold
with hold(Path(sys.argv[1]), "zes-rtr1", "giorgi@noc, apply 1"):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_refused_at_once_and_told_who_is_first(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        with (
            pytest.raises(BusyError, match="zes-rtr1: is being changed by giorgi@noc, apply 1"),
            hold(tmp_path, "zes-rtr1", "ana@noc, apply 2"),
        ):
            pytest.fail("two owners")
        with hold(tmp_path, "zes-rtr2", "ana@noc, apply 2"):
            process.kill()


def test_a_killed_owner_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        with hold(tmp_path, "zes-rtr1", "ana@noc, apply 2"):
            pass


def test_all_locks_or_none(tmp_path: Path) -> None:
    with hold(tmp_path, "c", "giorgi@noc"):
        with pytest.raises(BusyError), hold_all(tmp_path, ("a", "b", "c"), "ana@noc"):
            pytest.fail("two owners")
        with hold_all(tmp_path, ("a", "b"), "nino@noc"):
            pass
