"""The past of a store as another one takes it in: samples, and sums where samples are gone."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from monitor.store.base import LinkSample, Rejected


class SumRow(NamedTuple):
    """What five minutes of one link come to."""

    link: str
    at: float
    """When they began."""
    covers_s: float
    means: tuple[float | None, ...]
    """In the order of SERIES_METRICS, as are the next."""
    maxima: tuple[float | None, ...]


class Span(NamedTuple):
    """From the first to the last of something, both included."""

    first: float
    last: float


class History(Protocol):
    """What both kinds of stores offer beside SampleStore."""

    def samples(self, start: float, end: float) -> Iterator[LinkSample]:
        """See SampleStore."""

    def write_samples(self, samples: Sequence[LinkSample]) -> Sequence[Rejected]:
        """See SampleStore."""

    def sample_span(self) -> Span | None:
        """Where there are samples; None when there is none. StoreError."""

    def count_samples(self, start: float, end: float) -> int:
        """How many there are in [start, end). StoreError."""

    def rows(self, start: float, end: float) -> Iterator[SumRow]:
        """Five-minute sums that begin in [start, end). StoreError."""

    def write_rows(self, rows: Iterable[SumRow]) -> None:
        """Take them in; rows of the same link and time are replaced. StoreError."""

    def row_span(self) -> Span | None:
        """Where there are sums. StoreError."""

    def count_rows(self, start: float, end: float) -> int:
        """How many begin in [start, end). StoreError."""

    def compact(self, now: float) -> int:
        """Sum up what came in. StoreError."""
