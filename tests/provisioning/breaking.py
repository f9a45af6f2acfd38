"""An apply of one device that dies, or loses its connection, at a chosen point.

python -m tests.provisioning.breaking STATE LAB DEVICE FOLDER KIND OPERATION PLACE

KIND is kill or cut; OPERATION counts the calls of the session with the device; PLACE is before,
after, or how many seconds after the operation began.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from inventory.load import load_network
from inventory.view import virtual
from lab import control
from nornir_tasks import fleet
from nornir_tasks.apply import execute
from nornir_tasks.open_session import open_session
from nornir_tasks.plan import make_plan
from nornir_tasks.render import Renderer, environment
from tests.provisioning.conftest import QUICK, Edit, Ground

TIMER_S = 20
COUNTED = frozenset(
    {"stage", "difference", "commit", "confirm", "revert", "discard", "state", "running"}
)
CHECKOUT = Path(__file__).parents[2]


class Breaking:
    """A session that counts its calls over all sessions of the program."""

    calls: list[str] = []  # noqa: RUF012  (one program, one count)

    def __init__(self, session: Any, at: int, place: str, act: Callable[[Any], None]) -> None:
        self._session, self._at, self._place, self._act = session, at, place, act

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._session, name)
        if name not in COUNTED:
            return found

        def call(*arguments: Any) -> Any:
            number = len(Breaking.calls)
            Breaking.calls.append(name)
            if number != self._at:
                return found(*arguments)
            if self._place == "before":
                self._act(self._session)
            elif self._place != "after":
                threading.Timer(float(self._place), self._act, [self._session]).start()
            try:
                return found(*arguments)
            finally:
                if self._place == "after":
                    self._act(self._session)

        return call


def kill(_session: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def cut(session: Any) -> None:
    client = session._driver._shell._client
    transport = client.get_transport() if client else None
    if transport is not None:
        transport.sock.close()


def described(device: str) -> Edit:
    """A candidate with another description on every transit interface, and one more nft rule."""

    def edit(name: str, files: Any) -> Any:
        if name != device:
            return files
        frr = files["frr.conf"].replace(" description ", " description changed ", 1)
        nft = files["nftables.conf"].replace("counter drop", 'counter drop comment "changed"', 1)
        assert frr != files["frr.conf"]
        return {"frr.conf": frr, "nftables.conf": nft}

    return edit


def ground_of(state: Path, lab: str) -> Ground:
    running = control.require(state, lab)
    network = virtual(load_network(CHECKOUT / "tests" / "regions" / "small"), running.management)
    return Ground(network, running, Renderer(network, environment(CHECKOUT / "templates")))


def main(words: list[str]) -> None:
    state, lab, device, folder, kind, at, place = words
    act = {"kill": kill, "cut": cut}[kind]

    def opened(*arguments: Any) -> Any:
        return Breaking(open_session(*arguments), int(at), place, act)

    setattr(fleet, "open_session", opened)  # noqa: B010  (the point where every session begins)
    ground = ground_of(Path(state), lab)
    options = replace(QUICK, confirm_s=TIMER_S, settle_s=3, hold_s=0)
    with ground.work(Path(folder), described(device)) as work:
        alone = replace(work, prober=None)
        report = execute(alone, make_plan(alone, [device]), options, "broken", "test@noc")
    print(report.document(), Breaking.calls)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
