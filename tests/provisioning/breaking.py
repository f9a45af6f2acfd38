"""An apply whose program dies, or loses its connection with a device, at a chosen point."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from inventory.load import load_network
from inventory.secrets import Secrets
from inventory.view import virtual
from lab import control
from nornir_tasks import fleet
from nornir_tasks.apply import execute
from nornir_tasks.drivers import frr_session, ios_session  # noqa: F401  (read before the fork)
from nornir_tasks.open_session import open_session
from nornir_tasks.plan import make_plan
from nornir_tasks.render import Renderer, environment
from nornir_tasks.work import Work
from tests.provisioning.conftest import QUICK, Ground
from tests.provisioning.ios_region import CHECKOUT, Region, small_region
from tests.provisioning.working import Edit

TIMER_S = 20
Point = tuple[str, int, str]
"""A method of the session, its how manieth call, from 0; before, after, or seconds within it."""


class Place(Protocol):
    """Devices on which an apply can be broken, as another process finds them."""

    def work(self, device: str, folder: Path) -> AbstractContextManager[Work]:
        """The work whose candidate changes `device`."""


@dataclass(frozen=True)
class LabPlace:
    """Routers of a running lab."""

    state: Path
    lab: str

    def work(self, device: str, folder: Path) -> AbstractContextManager[Work]:
        running = control.require(self.state, self.lab)
        region = CHECKOUT / "tests" / "regions" / "small"
        network = virtual(load_network(region), running.management)
        ground = Ground(network, running, Renderer(network, environment(CHECKOUT / "templates")))
        return ground.work(folder, described(device))


@dataclass(frozen=True)
class StandinPlace:
    """Stand-ins that another process serves."""

    ports: Mapping[str, int]
    secrets: Mapping[str, str]

    def work(self, device: str, folder: Path) -> AbstractContextManager[Work]:
        values = Secrets(dict(self.secrets), "")
        region = Region(*small_region(), values, self.ports, folder)
        return region.work(described(device))


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
    """The session's connection is gone, without a word to either side's program."""
    driver = session._driver
    client = driver.router._shell._client if hasattr(driver, "router") else None
    client = client or getattr(getattr(driver, "device", None), "remote_conn_pre", None)
    transport = client.get_transport() if client else None
    if transport is not None:
        transport.sock.shutdown(socket.SHUT_RDWR)


def described(device: str) -> Edit:
    """A candidate with another description on an interface, and one more nft rule on FRR."""

    def edit(name: str, files: Any) -> Any:
        if name != device:
            return files
        made = {}
        for file, text in files.items():
            changed = text.replace(" description ", " description changed ", 1)
            made[file] = changed.replace("100/second", "99/second")
        assert made != files
        return made

    return edit


def break_apply(place: Place, device: str, folder: Path, kind: str, point: Point) -> None:
    """Applies a change to `device`, and breaks it there; for a process of its own."""
    name, at, where = point
    act = {"kill": kill, "cut": cut}[kind]

    def opened(*arguments: Any) -> Any:
        session = open_session(*arguments)
        if arguments[0].name != device:
            return session
        return Breaking(session, name, at, where, act)

    setattr(fleet, "open_session", opened)  # noqa: B010  (the point where every session begins)
    options = replace(QUICK, confirm_s=TIMER_S, settle_s=3, hold_s=0)
    with place.work(device, folder) as work:
        alone = replace(work, prober=None)
        execute(alone, make_plan(alone, [device]), options, "broken", "test@noc")
