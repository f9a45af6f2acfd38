"""The one contract by which every platform's device is changed, asked and taken back.

candidate -> difference -> arm and commit -> difference again -> (checks from outside) -> confirm
or revert. A session never shows a library's exception; it raises those of `nornir_tasks.errors`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Protocol

from inventory.model import Device
from nornir_tasks.drivers.frr_text import FILES
from nornir_tasks.drivers.known_hosts import KnownHosts

Files = Mapping[str, str]
"""Text by file name; what a platform's files are is the platform's business."""


@dataclass(frozen=True, slots=True)
class Access:
    """How sessions are opened."""

    user: str
    """Empty: the platform's own automation user."""
    password: str = field(repr=False)
    enable: str = field(repr=False)
    key_file: Path | None
    known_hosts: KnownHosts
    port: int = 22
    timeout_s: float = 15.0
    host: str = ""
    """Instead of the management address: a forwarded port."""


@dataclass(frozen=True, slots=True)
class BgpSession:
    """One session as the device sees it."""

    established: bool
    state: str
    received: int
    """Prefixes accepted, all families that it carries."""
    sent: int


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What a device says of itself and its neighbours at one moment."""

    device: str
    interfaces: Mapping[str, bool]
    """Name -> whether it is up, both administratively and in operation."""
    adjacencies4: Mapping[str, str]
    """Interface -> state of the OSPFv2 neighbour behind it."""
    adjacencies6: Mapping[str, str] | None
    """OSPFv3; None where the software can't tell."""
    bfd: Mapping[tuple[str, int], bool] | None
    """(interface, 4 or 6) -> whether its BFD is up; None where the software can't tell."""
    sessions: Mapping[IPv4Address | IPv6Address, BgpSession]
    advertised: Mapping[IPv4Address | IPv6Address, tuple[str, ...]]
    """External peer -> prefixes sent to it."""
    neighbours: Mapping[str, tuple[str, str]] | None
    """Interface -> (device, its interface) by LLDP; None where no LLDP runs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a device says of a change: the memory that outlives the program that made it."""

    state: str
    """armed, confirmed, reverted, unknown."""
    detail: str = ""


class Session(Protocol):
    """One device, open. Texts given to it are complete: placeholders are filled."""

    device: Device

    @property
    def armed_for_s(self) -> int:
        """Shortest time that the platform's timer can be set to; 0 when it has no timer."""

    @property
    def token(self) -> str:
        """Names the staged candidate on the device, so that its fate can be asked for later."""

    def stage(self, candidate: Files) -> None:
        """Load and check the syntax; CandidateError names the line. Nothing changes."""

    def difference(self) -> str:
        """The device's own difference between what runs and the candidate."""

    def commit(self, revert_in_s: int | None, who: str, at: float | None = None) -> None:
        """Arm the timer, then load. CommitError: it was taken back, and the text says how far.

        `at`: Unix seconds at which to load, where the platform can; a device that is late loads
        nothing.
        """

    def confirm(self) -> None:
        """Disarm and save; PendingError when the timer was faster."""

    def revert(self) -> None:
        """Back to what ran before the commit; PendingError when the timer was faster."""

    def discard(self) -> None:
        """Forget the candidate."""

    def outcome(self, token: str) -> Outcome:
        """What became of the change of that token."""

    def running(self) -> Files:
        """What runs, in the form of a candidate."""

    def state(self) -> DeviceState:
        """Operational state."""

    def last_change(self, lines: str) -> str:
        """Who changed it last and when, as the device's own log knows; empty when it does not.

        `lines`: a difference; where the log knows who typed one of them, that is told.
        """

    def close(self) -> None:
        """End the session; a pending commit stays pending."""


def candidate_of(device: Device, rendered: Files) -> dict[str, str]:
    """The part of a device's rendered files that a commit replaces on it."""
    if device.platform == "frr":
        return {name: text for name, text in rendered.items() if name in FILES}
    return {name: text for name, text in rendered.items() if name.endswith(".cfg")}
