"""A client of the live stream for the terminal; standard library only."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from inventory.errors import MachineError

PATH = "/api/v1/events"
MANY = 20
"""More than so many changes at once are told as a number."""
SILENCE_S = 20.0
"""The server speaks at least every 5 s: after this long the connection is dead."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event as it came."""

    name: str
    id: str
    document: Any


class Teller:
    """Turns events into lines for a person: only what came into another state is told."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}

    def lines(self, event: StreamEvent) -> Iterator[str]:
        """A line for each thing that changed."""
        document = event.document
        if event.name == "snapshot":
            counts = Counter(each["state"] for each in document["links"])
            told = ", ".join(f"{count} {state}" for state, count in counts.most_common())
            yield f"{len(document['links'])} links: {told}"
            yield from self._changed(document["links"])
            yield from self._health(document["health"])
        elif event.name in {"links", "devices", "services"}:
            yield from self._changed(document)
        elif event.name == "incidents":
            yield f"{len(document)} open incidents"
            yield from (f"  {each['summary']} (since {each['opened']})" for each in document)
        elif event.name == "health":
            yield from self._health(document)
        elif event.name != "tick":
            yield f"{event.name}: {len(document)}"

    def _changed(self, several: list[dict[str, Any]]) -> Iterator[str]:
        fresh = [each for each in several if self._states.get(each["id"], "up") != each["state"]]
        self._states.update((each["id"], each["state"]) for each in several)
        if len(fresh) > MANY:
            yield from (
                f"{count} are {state}"
                for state, count in Counter(each["state"] for each in fresh).items()
            )
            return
        for each in fresh:
            reason = f"  {each['reason']}" if each.get("reason") else ""
            yield f"{each['id']:20} {each['state']:11}{reason}"

    def _health(self, health: dict[str, Any]) -> Iterator[str]:
        if not health["ok"]:
            yield f"not to be believed: {health['reason']}"


def follow(address: str, retry_s: float, say: Callable[[str], None]) -> Iterator[StreamEvent]:
    """Events without end; a broken connection is taken up again where it broke.

    MachineError when the server can't be reached at all, or does not serve the stream.
    """
    last_id = ""
    met = False
    while True:
        try:
            for event in _connection(address, last_id):
                met = True
                last_id = event.id or last_id
                yield event
            reason = "the server ended the stream"
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
        if not met:
            raise MachineError(
                f"{address}: can't follow the events: {reason}. Start the server: imereti serve"
            )
        say(f"connection lost ({reason}), trying again")
        time.sleep(retry_s)


def _connection(address: str, last_id: str) -> Iterator[StreamEvent]:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise MachineError(f"--url: expected http://host:port, found {address!r}")
    secure = parts.scheme == "https"
    maker = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = maker(parts.hostname, parts.port, timeout=SILENCE_S)
    try:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        connection.request("GET", PATH, headers=headers)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise http.client.HTTPException(f"HTTP {answer.status} {answer.reason}")
        yield from parse(line.decode("utf-8", "replace").rstrip("\r\n") for line in answer)
    finally:
        connection.close()


def parse(lines: Iterator[str]) -> Iterator[StreamEvent]:
    """Events of a text/event-stream; comments and unknown fields are skipped."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        elif "data" in fields:
            text = "\n".join(fields["data"])
            yield StreamEvent(
                fields.get("event", ["message"])[-1], fields.get("id", [""])[-1], json.loads(text)
            )
            fields = {}
        else:
            fields = {}
