"""Where a demo lives: its temporary folder, settings and address, and what it says of its steps."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from inventory.errors import MachineError
from inventory.settings import HttpSettings, Settings

PREFIX = "imereti-demo-"
OTHER_PORTS = 20
"""How many ports after the wanted one are tried."""
LONGEST_INTERVAL_S = 5.0
"""A demo polls at least so often, so that there is something to see."""


class Steps:
    """Says on stderr what has been done, and how long it took since the step before."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last = time.monotonic()

    def begin(self, what: str) -> None:
        """A step begins only now: what came before was no step, but waiting for a person."""
        self._say(what)
        self._last = time.monotonic()

    def done(self, what: str) -> None:
        """One step is done."""
        now = time.monotonic()
        self._say(f"{now - self._last:6.1f} s  {what}")
        self._last = now


@contextmanager
def demo_folder() -> Iterator[Path]:
    """A folder of this process alone, removed in the end; left-overs of killed demos go too."""
    place = Path(tempfile.gettempdir())
    for old in place.glob(f"{PREFIX}*"):
        owner = old.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists() and os.access(old, os.W_OK):
            _remove_labs(old)
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_labs(folder: Path) -> None:
    """Virtual routers outlive a demo that was killed without a chance to stop them."""
    for lab in folder.glob("lab/*/"):
        from lab.control import down

        down(folder, lab.name)


def demo_settings(settings: Settings, folder: Path) -> Settings:
    """The operator's settings, but with state and database in `folder` and frequent polls."""
    interval_s = min(settings.poll.interval_s, LONGEST_INTERVAL_S)
    deadline_s = min(settings.poll.deadline_s, interval_s)
    return replace(
        settings,
        paths=replace(settings.paths, state=folder, build=folder / "build"),
        store=replace(settings.store, kind="sqlite", path=folder / "samples.sqlite", spool=""),
        poll=replace(settings.poll, interval_s=interval_s, deadline_s=deadline_s),
    )


def polling_alone(settings: Settings) -> Settings:
    """The same for simulated agents: nobody sends traps, and there is nothing behind addresses."""
    return replace(
        settings,
        traps=replace(settings.traps, enable=False),
        syslog=replace(settings.syslog, enable=False),
        probes=replace(settings.probes, enable=False),
    )


def demo_listener(
    http: HttpSettings, port: int | None, say: Callable[[str], None]
) -> socket.socket:
    """A listening socket: on `port`, or on that of the settings or the next free one after it.

    MachineError when `port` was asked for and is taken, or when nothing near is free.
    """
    from api.server import bind

    if port is not None:
        return bind(replace(http, port=port))
    for candidate in range(http.port, min(http.port + OTHER_PORTS, 65536)):
        try:
            listener = bind(replace(http, port=candidate))
        except MachineError:
            if candidate == http.port:
                say(f"Port {http.port} of {http.host} is taken; looking for the next free one.")
            continue
        return listener
    return bind(http)  # raises, and says why
