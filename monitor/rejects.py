"""Samples that a store will never take: kept in a file, with the reason, and named in the log."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
import structlog

from inventory.errors import StoreError
from monitor.metrics import SERIES_METRICS
from monitor.store.base import Rejected

LARGEST_BYTES = 16_000_000
"""Then the file becomes `<name>.1` and replaces the one before it."""

log = structlog.get_logger("monitor")


class Rejects:
    """One file of JSON Lines: what was refused, when and why."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, refused: Sequence[Rejected], now: float) -> None:
        """Add `refused`, seen at `now` (Unix time). StoreError when the file can't be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size > LARGEST_BYTES:
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            with self.path.open("ab") as file:
                file.write(b"".join(_line(each, now) for each in refused))
        except OSError as error:
            raise StoreError(
                f"{self.path}: what the database refused can't be kept: {error.strerror}. "
                "Nothing is given up until it can."
            ) from None
        links = sorted({each.sample.link for each in refused})
        log.error(
            "samples_rejected",
            count=len(refused),
            links=links[:5],
            reason=refused[0].reason,
            kept_in=str(self.path),
        )


def _line(refused: Rejected, now: float) -> bytes:
    sample = refused.sample
    known = zip(SERIES_METRICS, sample.values, strict=True)
    return orjson.dumps(
        {
            "rejected_at": datetime.fromtimestamp(now, UTC),
            "reason": refused.reason,
            "link": sample.link,
            "at": datetime.fromtimestamp(sample.at, UTC),
            "quality": sample.quality,
            "covers_s": sample.covers_s,
            "values": {name: value for name, value in known if value is not None},
        },
        option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
    )
