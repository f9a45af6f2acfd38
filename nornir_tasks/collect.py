"""backup and drift: what really runs, kept, and held against what should."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from inventory.errors import ImeretiError
from nornir_tasks.backup import Backed
from nornir_tasks.plan import difference
from nornir_tasks.session import Files, Session
from nornir_tasks.work import Work


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup did."""

    saved: Backed
    read: tuple[str, ...]
    failed: dict[str, str]
    """Device -> why it could not be read."""

    @property
    def exit_code(self) -> int:
        """1 when a device could not be read."""
        return 1 if self.failed else 0

    def document(self) -> dict[str, Any]:
        """One JSON document."""
        return {
            "commit": self.saved.commit or None,
            "changed": list(self.saved.changed),
            "unchanged": sorted(set(self.read) - set(self.saved.changed)),
            "failed": self.failed,
        }


def back_up(
    work: Work, devices: Iterable[str], done: Callable[[str], None] | None = None
) -> BackupReport:
    """Read what runs and commit it; those that can't be read are named, the others are kept."""

    def step(session: Session) -> Files:
        return session.running()

    def tell(device: str, _outcome: object) -> None:
        if done is not None:
            done(device)

    read: dict[str, Files] = {}
    failed: dict[str, str] = {}
    for name, outcome in work.fleet.run(step, devices, tell, keep_open=False).items():
        if isinstance(outcome, ImeretiError):
            failed[name] = work.secrets.mask(str(outcome))
        else:
            read[name] = work.clean(name, outcome)
    saved = work.backups.save(read, "Backup")
    work.audit.append(
        "backup",
        "failed" if failed else "done",
        revision=work.revision,
        detail={"commit": saved.commit, "changed": saved.changed, "failed": failed},
    )
    return BackupReport(saved, tuple(sorted(read)), failed)


@dataclass(frozen=True, slots=True)
class Drifted:
    """One device held against what should run on it."""

    device: str
    state: str
    """same, drifted, failed."""
    lines: str
    """`+` runs and should not, `-` should run and does not; secrets masked."""
    by: str
    """Who changed it last, as the device's own log knows."""
    error: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Every device of a selection."""

    devices: tuple[Drifted, ...]

    @property
    def exit_code(self) -> int:
        """1 when a device failed, 2 when one drifted, else 0."""
        states = {one.state for one in self.devices}
        if "failed" in states:
            return 1
        return 2 if "drifted" in states else 0

    def document(self) -> dict[str, Any]:
        """One JSON document."""
        counts = {
            state: sum(1 for one in self.devices if one.state == state)
            for state in ("drifted", "same", "failed")
        }
        return {**counts, "devices": [asdict(one) for one in self.devices]}


def drift(
    work: Work, devices: Iterable[str], done: Callable[[str], None] | None = None
) -> DriftReport:
    """Which devices no longer run what they should, in which lines, and by whom."""

    def step(session: Session) -> tuple[str, str]:
        lines = difference(work, session)
        return lines, session.last_change(lines) if lines else ""

    def tell(device: str, _outcome: object) -> None:
        if done is not None:
            done(device)

    rows: list[Drifted] = []
    for name, outcome in work.fleet.run(step, devices, tell, keep_open=False).items():
        if isinstance(outcome, ImeretiError):
            rows.append(Drifted(name, "failed", "", "", work.secrets.mask(str(outcome))))
            continue
        lines, by = outcome
        state = "drifted" if lines else "same"
        rows.append(Drifted(name, state, _turned(lines), work.secrets.mask(by), ""))
    return DriftReport(tuple(rows))


def _turned(difference_: str) -> str:
    """A plan's `+` is what is missing, so in a drift it is a `-`, and the other way round."""
    swap = {"+": "-", "-": "+"}
    return "\n".join(swap.get(line[:1], line[:1]) + line[1:] for line in difference_.splitlines())
