"""What became of an apply whose program died: the devices know, and the log is told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from inventory.errors import ImeretiError
from nornir_tasks.audit import Entry
from nornir_tasks.errors import BusyError
from nornir_tasks.fate import settled_fate
from nornir_tasks.locks import hold
from nornir_tasks.session import Outcome, Session
from nornir_tasks.work import Work

_ENDS = {
    ("commit", "failed"),
    ("confirm", "done"),
    ("revert", "done"),
}


@dataclass(frozen=True, slots=True)
class Loose:
    """A commit that was begun and of which the log knows no end."""

    change: str
    device: str
    token: str
    at: str


def loose_ends(entries: Iterable[Entry]) -> tuple[Loose, ...]:
    """Commits without an end, oldest first. Pure."""
    open_: dict[tuple[str, str], Loose] = {}
    for entry in entries:
        key = (entry.change, entry.device)
        if (entry.step, entry.result) == ("commit", "begun"):
            token = str(entry.detail.get("token", ""))
            open_[key] = Loose(entry.change, entry.device, token, entry.at)
        elif (entry.step, entry.result) in _ENDS or entry.step == "settle":
            open_.pop(key, None)
    return tuple(open_.values())


def settle_interrupted(work: Work, devices: Iterable[str]) -> tuple[str, ...]:
    """Ask each of `devices` with a loose end what became of it; says and records the answers.

    A change that still waits for its confirmation is taken back: nobody is left to confirm it.
    """
    names = set(devices)
    told: list[str] = []
    for loose in loose_ends(work.audit.entries()):
        if loose.device in names and loose.device in work.network.devices:
            told.extend(_settle(work, loose))
    return tuple(told)


def _settle(work: Work, loose: Loose) -> Iterator[str]:
    kept = work.backups.read(loose.change).get(loose.device, {})

    def step(session: Session) -> Outcome:
        meant = {name: work.secrets.fill(text) for name, text in kept.items()}
        return settled_fate(session, loose.token, meant)

    try:
        with hold(work.locks, loose.device, f"{work.audit.who}, settling {loose.change}"):
            outcome = work.fleet.run(step, [loose.device], keep_open=False)[loose.device]
    except BusyError:  # its apply is alive
        return
    if isinstance(outcome, ImeretiError):
        work.say(f"{loose.device}: apply {loose.change} was interrupted; {outcome}")
        return
    text = f"apply {loose.change} was interrupted after {loose.at}: {outcome.state}"
    work.audit.append(
        "settle",
        outcome.state,
        change=loose.change,
        device=loose.device,
        revision=work.revision,
        detail={"detail": outcome.detail},
    )
    work.say(f"{loose.device}: {text} {outcome.detail}".rstrip())
    yield text
