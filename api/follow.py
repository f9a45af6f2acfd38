"""A client of the live stream for the terminal; standard library only."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from inventory.errors import MachineError

PATH = "/api/v1/events"
SILENCE_S = 20.0
"""The server speaks at least every 5 s: after this long the connection is dead."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event as it came."""

    name: str
    id: str
    document: Any

    def lines(self) -> Iterator[str]:
        """A line for a person for each thing that the event speaks of."""
        if self.name == "snapshot":
            links = self.document["links"]
            yield f"{len(links)} links, {sum(each['state'] == 'up' for each in links)} up"
            yield from (_thing(each) for each in links if each["state"] != "up")
        elif self.name in {"links", "devices"}:
            yield from (_thing(each) for each in self.document)
        elif self.name == "incidents":
            yield f"{len(self.document)} open incidents"
            yield from (f"  {each['summary']} (since {each['opened']})" for each in self.document)
        elif self.name == "health":
            reason = f": {self.document['reason']}" if self.document["reason"] else ""
            state = "ok" if self.document["ok"] else "not to be believed"
            yield f"last poll {self.document['last_poll'] or 'never'}, data {state}{reason}"
        else:
            yield f"{self.name}: {len(self.document)}"


def _thing(one: dict[str, Any]) -> str:
    def megabits(name: str) -> str:
        value = one.get(name)
        return "-" if value is None else f"{value / 1e6:.2f}"

    rates = f"  in {megabits('in_bps')} out {megabits('out_bps')} Mb/s" if "in_bps" in one else ""
    reason = f"  {one['reason']}" if one.get("reason") else ""
    return f"{one.get('as_of') or '':24}  {one['id']:20} {one['state']:11}{rates}{reason}"


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
