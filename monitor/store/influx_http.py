"""The edge to influxdb-client: writing lines, asking Flux, and what can go wrong in words."""

import csv
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from inventory.errors import StoreError
from inventory.settings import StoreSettings
from monitor.said import known, say

if TYPE_CHECKING:
    from influxdb_client import InfluxDBClient

WRITE_TIMEOUT_S = 2.5
"""A write that takes longer is given up and sent again: stopping must not wait for it."""
READ_TIMEOUT_S, QUICK_TIMEOUT_S = 20.0, 3.0
"""Of a graph; of what a page that refreshes itself waits for."""
_FOR_GOOD = re.compile(r"field type conflict|retention policy|unable to parse|max key size")
"""What makes a 400 or 422 a refusal of lines, and not a passing state of the server."""


class RefusedLinesError(StoreError):
    """Some lines will never be taken; the others of the request are stored, unless it is a 400."""

    def __init__(self, message: str, *, dropped: int | None) -> None:
        super().__init__(message)
        self.dropped = dropped
        """How many, where the server tells."""


class TooMuchError(StoreError):
    """The server did not take so much at once: too large, or not within the time."""


class InfluxServer:
    """One server, one organisation, one token. Safe to call from several threads."""

    def __init__(self, settings: StoreSettings, token: str) -> None:
        self.settings, self._token = settings, token
        self._lock = threading.Lock()

    @cached_property
    def client(self) -> "InfluxDBClient":
        """The library's client: made, and its half second of imports paid, when first used."""
        return self._client(READ_TIMEOUT_S)

    @cached_property
    def _quick_client(self) -> "InfluxDBClient":
        return self._client(QUICK_TIMEOUT_S)

    def _client(self, timeout_s: float) -> "InfluxDBClient":
        from influxdb_client import InfluxDBClient  # noqa: PLC0415

        where, timeout = self.settings, self._ms(timeout_s)
        return InfluxDBClient(where.url, self._token, org=where.org, timeout=timeout)

    @cached_property
    def _writer(self) -> Any:
        from influxdb_client.client.write_api import SYNCHRONOUS  # noqa: PLC0415

        return self.client.write_api(write_options=SYNCHRONOUS)

    def write(self, bucket: str, lines: Sequence[str]) -> None:
        """Store lines with times in milliseconds. RefusedLinesError, TooMuchError, StoreError."""
        with self.errors(f"write to bucket {bucket}"):
            with self._lock:
                writer = self._writer
            writer.write(
                bucket,
                record="\n".join(lines),
                write_precision="ms",
                _request_timeout=self._ms(WRITE_TIMEOUT_S),
            )

    def rows(self, flux: str, *, quick: bool = False) -> Iterator[dict[str, str]]:
        """Ask; a dictionary of texts for each row of the answer, annotations left out.

        `quick` gives a frozen server less time.
        """
        from influxdb_client import Dialect  # noqa: PLC0415

        plain = Dialect(header=True, annotations=[])
        with self.errors("read"):
            with self._lock:
                asking = (self._quick_client if quick else self.client).query_api()
            answer = asking.query_raw(flux, dialect=plain)
            text = answer.data.decode("utf-8")
        names: list[str] = []
        for row in csv.reader(text.splitlines()):
            if not row:
                names = []
            elif not names:
                names = row
            else:
                found = dict(zip(names, row, strict=False))
                if "error" in found:
                    raise StoreError(f"{self.settings.url}: can't read: {found['error']}.")
                yield found

    def delete(self, bucket: str, until: float) -> None:
        """Delete everything before `until` (Unix time). StoreError."""
        last = datetime.fromtimestamp(until, UTC) - timedelta(microseconds=1)  # it takes it along
        with self.errors(f"forget the past of bucket {bucket}"):
            self.client.delete_api().delete(datetime.fromtimestamp(0, UTC), last, "", bucket)

    def close(self) -> None:
        """Let go of the connections."""
        for name in ("client", "_quick_client"):
            if name in self.__dict__:
                self.__dict__[name].close()

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        """Turn what the library raises into a StoreError that says what to do."""
        from influxdb_client.rest import ApiException  # noqa: PLC0415
        from urllib3.exceptions import HTTPError, NewConnectionError  # noqa: PLC0415
        from urllib3.exceptions import TimeoutError as SlowError  # noqa: PLC0415

        url, what = self.settings.url, known(doing, f"doing.{doing}")
        try:
            yield
        except ApiException as error:
            raise self._explained(doing, error.status or 0, _message(error.body)) from None
        except (HTTPError, OSError) as error:
            if isinstance(error, SlowError) and not isinstance(error, NewConnectionError):
                raise TooMuchError(say("influx.slow", url=url, doing=what)) from None
            raise StoreError(say("influx.away", url=url, doing=what, cause=_cause(error))) from None

    def _explained(self, doing: str, status: int, message: str) -> StoreError:
        where = self.settings
        if status in {400, 422} and _FOR_GOOD.search(message):
            dropped = re.search(r"dropped=(\d+)", message)
            return RefusedLinesError(message, dropped=int(dropped[1]) if dropped else None)
        if status == 413:
            return TooMuchError(f"{where.url}: can't {doing}: too much at once (413).")
        hint = {
            401: say("influx.token", secret=where.token),
            403: say("influx.right", secret=where.token),
            404: say("influx.absent", org=where.org),
            429: say("influx.spare"),
            503: say("influx.starting"),
        }.get(status, say("influx.log"))
        if "no space left on device" in message:
            hint = say("influx.full")
        return StoreError(
            say(
                "influx.answered",
                url=where.url,
                doing=known(doing, f"doing.{doing}"),
                status=status,
                message=message,
                hint=hint,
            )
        )

    @staticmethod
    def _ms(seconds: float) -> int:
        return round(seconds * 1000)


def _message(body: Any) -> str:
    """What the server says; bodies are text after writes and bytes after queries."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    found = re.search(r'"message"\s*:\s*"((?:[^"\\]|\\.)*)"', text)
    return (found[1].replace('\\"', '"') if found else text).strip().rstrip(".")[
        :500
    ] or "no reason"


def _cause(error: BaseException) -> str:
    """The last reason of a chain, short."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _cause(reason)
    text = str(error)
    return text.rpartition(": ")[2].strip().rstrip(".") or type(error).__name__
