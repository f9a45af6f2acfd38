"""What devices told (traps, syslog) that waits on disk for a journal that is away."""

from collections.abc import Sequence

import orjson

from monitor.segments import Segments
from monitor.store.base import DeviceEvent
from monitor.values import EventSource


class EventsSpool(Segments[DeviceEvent]):
    """A journal numbers what it is given, so whoever drains this leaves out what is there."""

    what = "events"
    head = b"imereti-events 1\n"

    def encoded(self, rows: Sequence[DeviceEvent]) -> bytes:
        """See Segments."""
        return orjson.dumps(
            [
                (each.device, round(each.at * 1000), each.source, each.severity, each.text)
                for each in rows
            ]
        )

    def decoded(self, text: bytes, head: bytes) -> list[DeviceEvent]:
        """See Segments."""
        if head != self.head:
            raise ValueError(f"expected {self.head!r}, found {head!r}")
        return [
            DeviceEvent(device, at / 1000, EventSource(source), severity, told)
            for device, at, source, severity, told in orjson.loads(text)
        ]
