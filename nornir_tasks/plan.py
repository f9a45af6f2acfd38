"""plan: the difference between intended and running, as each device itself computes it."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from inventory.errors import ImeretiError
from nornir_tasks.session import Session
from nornir_tasks.work import Work

UNCHANGED, CHANGED, FAILED = "unchanged", "changed", "failed"
NO_TIMER = "can't take a change back by itself; an apply refuses it without --no-revert-timer"


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """What a plan says of one device. A device that was not reached is failed, never unchanged."""

    device: str
    state: str
    diff: str
    """Secrets masked."""
    error: str
    note: str = ""
    """What an apply of the difference would need."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every device of a selection."""

    devices: tuple[DevicePlan, ...]

    def of_state(self, state: str) -> tuple[str, ...]:
        """Names of the devices in that state."""
        return tuple(one.device for one in self.devices if one.state == state)

    @property
    def exit_code(self) -> int:
        """1 when a device failed, 2 when there are changes, else 0."""
        if self.of_state(FAILED):
            return 1
        return 2 if self.of_state(CHANGED) else 0

    def document(self) -> dict[str, Any]:
        """The JSON shape of design/commands.md."""
        counts = {state: len(self.of_state(state)) for state in (CHANGED, UNCHANGED, FAILED)}
        return {**counts, "devices": [asdict(one) for one in self.devices]}


def make_plan(
    work: Work, devices: Iterable[str], done: Callable[[DevicePlan], None] | None = None
) -> Plan:
    """Stage, compare and discard on every device at once; nothing is changed anywhere."""

    def step(session: Session) -> tuple[str, str]:
        diff = difference(work, session)
        return diff, "" if session.armed_for_s else NO_TIMER

    def tell(device: str, outcome: tuple[str, str] | ImeretiError) -> None:
        if done is not None:
            done(_planned(work, device, outcome))

    names = list(devices)
    outcomes = work.fleet.run(step, names, tell, keep_open=False)
    return Plan(tuple(_planned(work, name, outcomes[name]) for name in names))


def difference(work: Work, session: Session) -> str:
    """The device's own difference, masked; the candidate is discarded again."""
    session.stage(work.filled(session.device.name))
    try:
        return work.secrets.mask(session.difference())
    finally:
        session.discard()


def _planned(work: Work, device: str, outcome: tuple[str, str] | ImeretiError) -> DevicePlan:
    if isinstance(outcome, ImeretiError):
        return DevicePlan(device, FAILED, "", work.secrets.mask(str(outcome)))
    diff, note = outcome
    return DevicePlan(device, CHANGED if diff else UNCHANGED, diff, "", note if diff else "")
