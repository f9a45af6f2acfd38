"""Moving the past of one store to another: in slices, again from where it stopped, counted."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from inventory.errors import StoreError
from monitor.rejects import Rejects
from monitor.store.history import History
from monitor.store.schema import BLOCK_MS

BLOCK_S = BLOCK_MS / 1000
SAMPLES_SLICE_S = 3600.0
ROWS_SLICE_S = 6 * 3600.0
SAMPLES_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a copy is; kept in a file from slice to slice."""

    start: float
    """The oldest of what is copied."""
    rows_until: float
    """Five-minute sums are copied up to here: from here on there are samples."""
    end: float
    """The newest sample when the copy began, and a millisecond."""
    at: float
    """Everything before is in the target."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to; the numbers are those of the time that it spans."""

    start: float
    end: float
    samples: int
    rows: int
    samples_there: int
    """In the target. More than `samples` when it had some of its own."""
    rows_there: int
    rejected: int
    """Samples that the target refused for good; they are in the file of rejects."""

    @property
    def complete(self) -> bool:
        """Whether the target has everything that it did not refuse."""
        enough = self.samples_there >= self.samples - self.rejected
        return enough and self.rows_there >= self.rows


def copy_history(
    source: History,
    target: History,
    progress_file: Path,
    rejects: Rejects,
    *,
    now: float,
    say: Callable[[str], None] = lambda _: None,
) -> Copied | None:
    """Copy samples, and sums where samples are gone already; None when there is nothing.

    `progress_file` is where a copy that was stopped goes on. The target may be in use: what it has
    of the same link and time is replaced. StoreError; then the same call goes on.
    """
    progress = _begun(source, progress_file)
    if progress is None:
        return None
    rejected = 0
    while progress.at < progress.end:
        if progress.at < progress.rows_until:
            until = min(progress.at + ROWS_SLICE_S, progress.rows_until)
            target.write_rows(source.rows(progress.at, until))
        else:
            until = min(progress.at + SAMPLES_SLICE_S, progress.end)
            rejected += _copy_samples(source, target, (progress.at, until), rejects, now)
        progress = replace(progress, at=until)
        _remember(progress_file, progress)
        say(f"{100 * (until - progress.start) / (progress.end - progress.start):.0f} %")
    target.compact(now)
    rows, samples = (progress.start, progress.rows_until), (progress.rows_until, progress.end)
    done = Copied(
        start=progress.start,
        end=progress.end,
        samples=source.count_samples(*samples),
        rows=source.count_rows(*rows),
        samples_there=target.count_samples(*samples),
        rows_there=target.count_rows(*rows),
        rejected=rejected,
    )
    if done.complete:
        progress_file.unlink(missing_ok=True)
    return done


def _begun(source: History, file: Path) -> Progress | None:
    if file.exists():
        try:
            return Progress(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise StoreError(
                f"{file}: expected where a copy stopped, found something else. Remove it; the copy "
                "then begins anew, which does no harm."
            ) from None
    samples, rows = source.sample_span(), source.row_span()
    if samples is None and rows is None:
        return None
    end = samples.last + 0.001 if samples else (rows.last if rows else 0.0) + BLOCK_S
    rows_until = samples.first // BLOCK_S * BLOCK_S if samples else end
    start = min(rows_until, rows.first) if rows else rows_until
    return Progress(start, rows_until, end, start)


def _copy_samples(
    source: History, target: History, span: tuple[float, float], rejects: Rejects, now: float
) -> int:
    """Copy a slice; how many the target refused."""
    rejected = 0
    waiting = sorted(source.samples(*span), key=lambda each: each.at)
    for at in range(0, len(waiting), SAMPLES_AT_ONCE):
        refused = target.write_samples(waiting[at : at + SAMPLES_AT_ONCE])
        if refused:
            rejects.keep(refused, now)
            rejected += len(refused)
    return rejected


def _remember(file: Path, progress: Progress) -> None:
    fresh = file.with_name(f"{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(asdict(progress)), encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        raise StoreError(f"{file}: can't be written: {error.strerror}.") from None
