"""One device: its configurations, its flash, its revert timer, its power.

Everything here outlives a connection: a session that is cut leaves the device doing what it did.
"""

import random
import zlib
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import Protocol

from lab.ios_standin.applying import Applier
from lab.ios_standin.archive import Archive
from lab.ios_standin.bgp_policy import Prefix
from lab.ios_standin.clock import Alarm, Clock, LoopClock
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.faults import HEALTHY, Faults
from lab.ios_standin.flash import TOTAL_BYTES, Flash
from lab.ios_standin.hardware import Hardware, guess
from lab.ios_standin.rendering import render
from lab.ios_standin.replace import configuration_of
from lab.ios_standin.revert import RevertTimer
from lab.ios_standin.state import Pending, Snapshot, StateFile
from lab.ios_standin.surroundings import Cable, Neighbours, NoNeighbours
from lab.ios_standin.view import View

CREDENTIALS: Mapping[str, str] = MappingProxyType({"admin": "admin"})
ENABLE_SECRET = "enable"  # noqa: S105 - of a device that does not exist
MANAGER = IPv4Address("10.99.1.10")
"""Where the program that manages the devices sits, unless told otherwise: in the NOC's LAN."""


class Connection(Protocol):
    """A session from outside."""

    def cut(self) -> None:
        """Ends it without a word."""


class IosStandin:
    """A device named `name`, booted from `running`.

    `management` is the address that the outside knows it by; without one it is always reachable.
    `minute_s` is how long a minute of a revert timer or of `reload in` takes, in seconds.
    `router_ids` names the OSPF neighbours, by port, that are no stand-ins themselves; `announced`
    is what BGP peers send that are none.
    """

    def __init__(
        self,
        name: str,
        running: str,
        *,
        hardware: Hardware | None = None,
        credentials: Mapping[str, str] = CREDENTIALS,
        enable_secret: str = ENABLE_SECRET,
        management: IPv4Address | None = None,
        manager: IPv4Address = MANAGER,
        cables: Iterable[Cable] = (),
        router_ids: Mapping[str, IPv4Address] = MappingProxyType({}),
        announced: Mapping[IPv4Address | IPv6Address, tuple[Prefix, ...]] = MappingProxyType({}),
        clock: Clock | None = None,
        minute_s: float = 60.0,
        free_bytes: int = TOTAL_BYTES,
        state: StateFile | None = None,
    ) -> None:
        self.name = name
        self.hardware = hardware or guess(name, running)
        self.credentials = credentials
        self.enable_secret = enable_secret
        self.management = management
        self.manager = manager
        self.cables = {cable.port: cable for cable in cables}
        self.router_ids = router_ids
        self.announced = announced
        self.clock: Clock = clock or LoopClock()
        self.minute_s = minute_s
        self.flash = Flash(free_bytes)
        self.archive = Archive(self.flash)
        self.revert = RevertTimer(self.clock, minute_s, self._go_back, self.keep)
        self.view = View(self, running)
        self.applier = Applier(self)
        self.faults: Faults = HEALTHY
        self.neighbours: Neighbours = NoNeighbours()
        self.connections: set[Connection] = set()
        self.commands: deque[str] = deque(maxlen=1000)
        """The last commands that sessions sent, oldest first."""
        self.log: deque[str] = deque(maxlen=500)
        self.locked_by: str = ""
        self.online = True
        self.reload_due: datetime | None = None
        self._reload: Alarm | None = None
        self._since_fault = 0
        self._state = state
        self._tree: Configuration | None = None
        self._running = running
        self.startup = running
        self._saved_private: tuple[str, ...] = ()
        self.booted = self.clock.now()
        self.changed_at, self.changed_by = self.booted, ""
        self.saved_at, self.saved_by = self.booted, ""
        self._restore()

    # The configurations

    @property
    def configuration(self) -> Configuration:
        """The running configuration, read from its text when it is first asked for."""
        if self._tree is None:
            self._tree = self.read(self._running)
        return self._tree

    def read(self, text: str) -> Configuration:
        """What this hardware makes of a file; lines that it does not know are lost."""
        seed = zlib.crc32(f"{self.name} {self.clock.now().isoformat()}".encode())
        chance = random.Random(seed)  # noqa: S311 - salts of a device that does not exist
        configuration = Configuration(self.hardware.kind, self.hardware.ports, chance)
        configuration_of(configuration, text)
        return configuration

    def rest(self) -> None:
        """Keeps the text alone in memory, while nobody is there."""
        if self._tree is not None and not self.connections and self.applier.idle:
            self._running = self._whole()
            self._tree = None

    def _whole(self) -> str:
        """The shown lines and, before them, those that are never shown."""
        return "".join(f"{line}\n" for line in self._private()) + self.running()

    def _private(self) -> tuple[str, ...]:
        return tuple(self.configuration.private.values())

    def running(self) -> str:
        """The running configuration as a file would hold it."""
        return render(self.configuration)

    def hostname(self) -> str:
        """As configured, else what a device without a name calls itself."""
        default = "Router" if self.hardware.kind == "router" else "Switch"
        return self.configuration.root.value("hostname") or default

    def touched(self, user: str) -> None:
        """To be called after every change: time, state file, and who can still reach it."""
        self.changed_at, self.changed_by = self.clock.now(), user
        self.keep()
        self.settle()
        self.neighbours.changed(self.name)

    def save(self, user: str) -> None:
        """`write memory`."""
        self.startup, self._saved_private = self.running(), self._private()
        self.saved_at, self.saved_by = self.clock.now(), user
        if self.archive.writes_on_save(self.configuration):
            self.archive.store(self.configuration, self.startup, self.clock.now())
        self.keep()

    def write_file(self, url: str, content: bytes) -> bool:
        """Puts a file on flash; False when there is no room."""
        if self.faults.flash_full or not self.flash.write(url, content, self.clock.now()):
            return False
        self.keep()
        return True

    def load(self, text: str, user: str) -> None:
        """Puts a whole earlier configuration back, in one go."""
        private = "".join(f"{line}\n" for line in self._private())
        self._tree = self.read(private + text)
        self.touched(user)

    def _go_back(self, pending: Pending) -> None:
        if self.online:
            self.note(f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK: rolled to {pending.file}")
            self.load(pending.text, pending.user)
            self.rest()

    def arm(self, minutes: int, user: str) -> bool:
        """Archives the running configuration and starts the revert timer.

        False when the archive is off or flash is full: then nothing was started.
        """
        if self.faults.flash_full:
            return False
        text = self.running()
        name = self.archive.store(self.configuration, text, self.clock.now())
        if name is None:
            return False
        self.revert.arm(name, text, user, minutes)
        return True

    def neighbours_follow(self) -> None:
        """Neighbours that nobody stands in for now suit what runs, not what ran at first."""
        self.view = View(self, self.running())

    # Power

    def power_cycle(self) -> None:
        """Goes down now, and comes back from the startup configuration."""
        self.online = False
        self.revert.forget()
        self.cancel_reload()
        self.locked_by = ""
        self.cut_connections()
        private = "".join(f"{line}\n" for line in self._saved_private)
        self._tree, self._running = None, private + self.startup
        self.keep()
        self.neighbours.changed(self.name)
        self.clock.call_later(self.faults.boot_s, self._boot)

    def _boot(self) -> None:
        self.booted = self.clock.now()
        self.changed_at, self.changed_by = self.booted, ""
        self.faults = HEALTHY
        self.online = True

    def reload_in(self, minutes: float) -> None:
        """`reload in N`; a second one replaces the first."""
        self.cancel_reload()
        self.reload_due = self.clock.now() + timedelta(seconds=minutes * self.minute_s)
        self._reload = self.clock.call_later(minutes * self.minute_s, self.power_cycle)

    def cancel_reload(self) -> bool:
        """`reload cancel`; False when none was scheduled."""
        scheduled, self._reload, self.reload_due = self._reload, None, None
        if scheduled is not None:
            scheduled.cancel()
        return scheduled is not None

    # The outside

    def start(self) -> None:
        """Takes up a timer that a state file brought back. Called when it is served."""
        self.revert.resume()

    def settle(self) -> None:
        """Cuts the sessions when nothing gets through any more."""
        if self.connections and self.view.why_unreachable():
            self.cut_connections()

    def cut_connections(self) -> None:
        """Every session at once, without a word."""
        for connection in tuple(self.connections):
            connection.cut()

    def inject(self, faults: Faults) -> None:
        """Makes these things go wrong from now on; counting starts anew."""
        self.faults = faults
        self._since_fault = 0

    def count_command(self, command: str) -> int:
        """Records a command; how many came since the faults were set."""
        self.commands.append(command)
        self._since_fault += 1
        return self._since_fault

    def note(self, message: str) -> None:
        """A line of the device's own log."""
        now = self.clock.now()
        self.log.append(f"*{now:%b %d %H:%M:%S}.{now.microsecond // 1000:03d}: {message}")

    # What survives the process

    def keep(self) -> None:
        """Writes the state file, where there is one."""
        if self._state is None:
            return
        files = {name: self.flash.read(name) or b"" for name in self.flash.names()}
        archived = tuple(self.archive.files)
        self._state.write(
            Snapshot(self._whole(), self.startup, files, archived, self.revert.pending)
        )

    def _restore(self) -> None:
        kept = self._state.read() if self._state is not None else None
        if kept is None:
            return
        self._running, self.startup = kept.running, kept.startup
        self.revert.pending = kept.pending
        self.archive.files = list(kept.archived)
        for name, content in kept.files.items():
            self.flash.write(name, content, self.clock.now())


def uptime_text(booted: datetime, now: datetime) -> str:
    """As `show version` words it."""
    minutes = int((now - booted).total_seconds() // 60)
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (left, "minute")]
    shown = [f"{n} {word}{'s' if n != 1 else ''}" for n, word in parts if n or word == "minute"]
    return ", ".join(shown)
