"""history: what was done, as the audit log tells it. Pure, but for the reading of the log."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from nornir_tasks.audit import Entry


@dataclass(frozen=True, slots=True)
class PastChange:
    """One apply, rollback or playbook."""

    change: str
    at: str
    who: str
    revision: str
    devices: tuple[str, ...]
    results: dict[str, str]
    """Device -> confirmed, reverted, ...; `interrupted` where no end is known."""

    @property
    def result(self) -> str:
        """One word for all of them."""
        words = set(self.results.values())
        for word in ("interrupted", "failed", "reverted", "skipped"):
            if word in words:
                return word
        return "confirmed" if words else "nothing"

    def document(self) -> dict[str, Any]:
        """One JSON object."""
        return {**asdict(self), "result": self.result}


def past_changes(entries: Iterable[Entry]) -> tuple[PastChange, ...]:
    """Every change in the log, newest first."""
    starts: dict[str, Entry] = {}
    results: dict[str, dict[str, str]] = {}
    for entry in entries:
        if not entry.change:
            continue
        ended = results.setdefault(entry.change, {})
        match entry.step, entry.result:
            case "start", _:
                starts[entry.change] = entry
            case "end", _:
                ended.update(entry.detail.get("results", {}))
            case "commit", "begun":
                ended[entry.device] = "interrupted"
            case "commit", "failed":
                ended[entry.device] = "reverted"
            case "confirm", "done":
                ended[entry.device] = "confirmed"
            case "revert", "done":
                ended[entry.device] = "reverted"
            case "settle", state:
                ended[entry.device] = state
    return tuple(
        PastChange(
            change=change,
            at=start.at,
            who=start.who,
            revision=start.revision,
            devices=tuple(start.detail.get("devices", ())),
            results=dict(sorted(results[change].items())),
        )
        for change, start in reversed(starts.items())
    )


def steps_of(entries: Iterable[Entry], change: str) -> tuple[Entry, ...]:
    """Every line of one change."""
    return tuple(entry for entry in entries if entry.change == change)
