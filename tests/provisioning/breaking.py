"""An apply of one device that dies, or loses its connection, at a chosen point.

python -m tests.provisioning.breaking STATE LAB DEVICE FOLDER KIND OPERATION NUMBER PLACE

KIND is kill or cut; OPERATION is a method of the session with the device, NUMBER its how manieth
call, from 0; PLACE is before, after, or how many seconds after the call began.
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
CHECKOUT = Path(__file__).parents[2]


class Breaking:
    """A session that counts the calls of one of its methods."""

    calls = 0  # over all sessions of the program

    def __init__(
        self, session: Any, name: str, at: int, place: str, act: Callable[[Any], None]
    ) -> None:
        self._session, self._name, self._at, self._place = session, name, at, place
        self._act = act

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._session, name)
        if name != self._name:
            return found

        def call(*arguments: Any) -> Any:
            number = Breaking.calls
            Breaking.calls += 1
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
    client = session._driver.router._shell._client
    transport = client.get_transport() if client else None
    if transport is not None:
        transport.sock.close()


def described(device: str) -> Edit:
    """A candidate with another description on every transit interface, and one more nft rule."""

    def edit(name: str, files: Any) -> Any:
        if name != device:
            return files
        frr = files["frr.conf"].replace(" description ", " description changed ", 1)
        nft = files["nftables.conf"].replace("100/second", "99/second")
        assert (frr, nft) != (files["frr.conf"], files["nftables.conf"])
        return {"frr.conf": frr, "nftables.conf": nft}

    return edit


def ground_of(state: Path, lab: str) -> Ground:
    running = control.require(state, lab)
    network = virtual(load_network(CHECKOUT / "tests" / "regions" / "small"), running.management)
    return Ground(network, running, Renderer(network, environment(CHECKOUT / "templates")))


def main(words: list[str]) -> None:
    state, lab, device, folder, kind, name, at, place = words
    act = {"kill": kill, "cut": cut}[kind]

    def opened(*arguments: Any) -> Any:
        session = open_session(*arguments)
        if arguments[0].name != device:
            return session
        return Breaking(session, name, int(at), place, act)

    setattr(fleet, "open_session", opened)  # noqa: B010  (the point where every session begins)
    ground = ground_of(Path(state), lab)
    options = replace(QUICK, confirm_s=TIMER_S, settle_s=3, hold_s=0)
    with ground.work(Path(folder), described(device)) as work:
        alone = replace(work, prober=None)
        report = execute(alone, make_plan(alone, [device]), options, "broken", "test@noc")
    print(report.document())  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
