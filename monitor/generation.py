"""What depends on the inventory: devices, what is known of them, what runs beside their polling.

Another inventory is another generation. It takes over what the one before knew of the devices,
ends and links that are still there, so that rates go on over the change.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from inventory.errors import ImeretiError
from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import Settings
from monitor.agent import DeviceAgent
from monitor.beside import Beside
from monitor.clock import Clock
from monitor.poller import Poller
from monitor.probes_icmp import OpenSocket
from monitor.routing_spoken import AskDevice
from monitor.snmp.open import open_client
from monitor.spool_events import EventsSpool
from monitor.store.base import Store
from monitor.targets import Credentials, targets
from monitor.watch import Past, Watch
from monitor.writer import Writer

log = structlog.get_logger("monitor")


@dataclass(frozen=True, slots=True)
class Means:
    """What stays the same from one inventory to the next."""

    settings: Settings
    secrets: Secrets
    credentials: Credentials | None
    store: Store
    events: EventsSpool
    writer: Writer
    clock: Clock
    open_socket: OpenSocket
    ask_device: AskDevice | None


class Generation:
    """One inventory being watched."""

    def __init__(self, network: Network, means: Means, past: Past) -> None:
        """SecretError when a secret is missing, SnmpError when credentials can't be used."""
        self.network = network
        settings, clock = means.settings, means.clock
        wanted = targets(network, means.credentials)
        self._client = open_client(settings.poll, means.secrets)
        self._agents = {
            each.device: DeviceAgent(each, self._client.session(each), clock.monotonic, clock.wall)
            for each in wanted
        }
        self._watch = Watch(
            network,
            wanted,
            settings.alarms,
            settings.poll.interval_s,
            past=past,
            now=clock.wall(),
            grace_s=settings.poll.interval_s + settings.poll.deadline_s,
            certificate_days=settings.probes.certificate_days,
        )
        self._poller = Poller(
            self._agents,
            settings.poll,
            self._watch,
            means.writer,
            clock=clock,
            counters=self._client.counters,
        )
        self._beside = Beside(
            network,
            settings,
            means.secrets,
            means.credentials,
            means.store,
            events=means.events,
            clock=clock,
            ask_now=self._poller.ask_now,
            watch=self._watch,
            wanted=wanted,
            open_socket=means.open_socket,
            counters=self._client.counters,
            ask_device=means.ask_device,
        )

    @property
    def devices(self) -> int:
        """How many are polled."""
        return len(self._agents)

    def take_over(self, before: "Generation") -> None:
        """Go on with what `before`, which has ended, knew."""
        self._watch.take_over(before._watch)
        for device, agent in self._agents.items():
            if (known := before._agents.get(device)) is not None:
                agent.take_over(known)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set; polls in flight are then cut off."""
        ended = asyncio.Event()
        listening = asyncio.create_task(self._beside.run(ended))
        try:
            await self._poller.run(stop)
        finally:
            ended.set()
            await listening
            await self._client.close()


@dataclass(frozen=True, slots=True)
class Reload:
    """How a running monitor gets another inventory."""

    asked: asyncio.Event
    """Set when it should be read again."""
    load: Callable[[], Network]
    """Reads it; ImeretiError when it does not pass the checks."""


async def next_network(now: Network, stop: asyncio.Event, reload: Reload) -> Network | None:
    """Wait for another inventory that passes its checks; None when `stop` is set."""
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            asking = asyncio.create_task(reload.asked.wait())
            await asyncio.wait({stopping, asking}, return_when=asyncio.FIRST_COMPLETED)
            asking.cancel()
            if stop.is_set():
                break
            reload.asked.clear()
            try:
                network = await asyncio.to_thread(reload.load)
            except ImeretiError as error:
                log.error("inventory_refused", problem=str(error))  # noqa: TRY400
                continue
            if network.revision == now.revision:
                log.info("inventory_unchanged", revision=now.revision)
                continue
            return network
        return None
    finally:
        stopping.cancel()
