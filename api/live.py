"""The live stream: one task follows the store, every client reads the same short history.

A client holds only the number of the last event it was sent. It takes what is newer from a ring
shared by all, so a slow client costs no memory: when the ring has moved on, it gets a snapshot.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from api import documents
from api.now import Now, nothing_known, read_now
from inventory.errors import ImeretiError, StoreError
from inventory.model import Network
from inventory.settings import Settings
from monitor.said import say
from monitor.store.base import LinkStatus, Store

LOOK_EVERY_S = 0.5
"""How often the store is asked whether there was a poll or a change of state."""
READ_EVERY_S = 2.0
"""How often it is read anyway: what people write, and what turns stale by itself."""
TICK_EVERY_S = 5.0
"""A client hears at least this often, so that it can tell silence from calm."""
RING_EVENTS = 256
MAX_CLIENTS = 500


class TooManyClientsError(ImeretiError):
    """The stream has all the clients that it serves."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message of the stream; `text` is its JSON."""

    id: str
    """`<start of the server>-<number>`; empty for a tick, which nobody resumes from."""
    name: str
    text: str


class Live:
    """Follows the store and hands out what changed. One instance a server."""

    def __init__(
        self, settings: Settings, network: Network, store: Store, clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._network = network
        self._store = store
        self._clock = clock
        self._boot = f"{int(clock() * 1000):x}"
        self._ring: deque[Event] = deque(maxlen=RING_EVENTS)
        self._number = 0
        self._wake = asyncio.Event()
        self._reading = asyncio.Lock()
        self._stop = asyncio.Event()
        self._seen: tuple[float, int] | None = None
        self.clients = 0
        self.now = nothing_known(network, clock(), say("store.unread"))
        self._links_json = b""
        self._render_links()

    @property
    def sequence(self) -> str:
        """Changes whenever anything that is shown changed."""
        return f"{self._boot}-{self._number}"

    @property
    def links_json(self) -> bytes:
        """GET /api/v1/links without filters, serialised once a change."""
        return self._links_json

    async def run(self) -> None:
        """Follow the store until `close`; a read under way is finished first."""
        while not self._stop.is_set():
            mark = await asyncio.to_thread(self._mark)
            if mark != self._seen or self._clock() - self.now.at >= READ_EVERY_S:
                self._seen = mark
                await self.refresh()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), LOOK_EVERY_S)

    async def refresh(self) -> None:
        """Look at the store once and publish what is new."""
        async with self._reading:  # two at once could publish the older one last
            at = self._clock()
            now = await asyncio.to_thread(read_now, self._store, self._network, self._settings, at)
            self._publish(now)

    def _mark(self) -> tuple[float, int] | None:
        """Changes with each poll and each change of state; None when the store is away."""
        try:
            poller = self._store.poller()
            return (poller.at if poller else 0.0, self._store.last_seq())
        except StoreError:
            return None

    def close(self) -> None:
        """End every stream; the server is about to stop."""
        self._stop.set()
        self._wake.set()

    def _publish(self, now: Now) -> None:
        before, self.now = self.now, now
        changed = [
            status
            for link, status in now.links.items()
            if _comparable(before.links[link]) != _comparable(status)
        ]
        devices = [
            status.id
            for device, status in now.devices.items()
            if before.devices[device].state != status.state
        ]
        incidents = before.incidents != now.incidents
        windows = before.windows != now.windows
        poll = before.health != now.health
        if changed:
            self._append("links", [documents.link_now(status) for status in changed])
        if devices:
            self._append(
                "devices",
                [{"id": name, "state": str(now.devices[name].state)} for name in devices],
            )
        if incidents:
            self._append("incidents", [documents.incident(one) for one in now.incidents])
        if windows:
            self._append("maintenance", [documents.window(one) for one in now.windows])
        if poll:
            self._append("health", documents.health(now.health))
        services = [
            {"id": name, "state": str(service.state), "reason": service.reason}
            for name, service in now.services.items()
            if name not in before.services or before.services[name].state != service.state
        ]
        if services:
            self._append("services", services)
        if changed or devices or incidents or windows or poll or services:
            self._render_links()
            woken, self._wake = self._wake, asyncio.Event()
            woken.set()

    def _append(self, name: str, document: Any) -> None:
        self._number += 1
        event = Event(self.sequence, name, documents.dumps(document).decode())
        self._ring.append(event)

    def _render_links(self) -> None:
        links = [documents.link_now(status) for status in self.now.links.values()]
        self._links_json = documents.dumps(links)

    async def events(self, last_id: str | None) -> AsyncIterator[Event]:
        """Events after `last_id` (or a snapshot when it is too old), then each as it comes."""
        if self.clients >= MAX_CLIENTS:
            raise TooManyClientsError(
                f"{MAX_CLIENTS} clients are on the live stream already; try again later"
            )
        self.clients += 1
        try:
            position = self._position(last_id)
            while not self._stop.is_set():
                wake = self._wake
                if position is None or position < self._oldest():
                    position = self._number
                    yield self._snapshot()
                elif position < self._number:
                    position += 1
                    yield self._ring[position - self._number - 1]
                else:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(wake.wait(), TICK_EVERY_S)
                        continue
                    yield Event("", "tick", documents.dumps(self._tick()).decode())
        finally:
            self.clients -= 1

    def _oldest(self) -> int:
        """The number that a client must have seen to go on from the ring."""
        return self._number - len(self._ring)

    def _position(self, last_id: str | None) -> int | None:
        boot, _, number = (last_id or "").partition("-")
        if boot != self._boot or not number.isdecimal() or int(number) > self._number:
            return None
        return int(number)

    def _tick(self) -> documents.Document:
        return {
            "at": documents.timestamp(self._clock()),
            "health": documents.health(self.now.health),
        }

    def _snapshot(self) -> Event:
        whole = {
            "at": documents.timestamp(self._clock()),
            "links": [documents.link_now(status) for status in self.now.links.values()],
            "devices": [
                {"id": name, "state": str(status.state)}
                for name, status in self.now.devices.items()
            ],
            "incidents": [documents.incident(one) for one in self.now.incidents],
            "maintenance": [documents.window(one) for one in self.now.windows],
            "health": documents.health(self.now.health),
        }
        return Event(self.sequence, "snapshot", documents.dumps(whole).decode())


def _comparable(status: LinkStatus) -> LinkStatus:
    """Without the sentence that counts seconds: a stale link is not news every second."""
    return replace(status, reason="") if status.as_of is None or status.in_bps is None else status
