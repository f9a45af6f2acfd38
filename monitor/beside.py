"""What runs beside the polling: traps and syslog, pings, and the journal's writer for both.

None of it may stop or delay a poll: what fails here is logged, and polling goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import Settings
from monitor.clock import Clock
from monitor.costs import Costs
from monitor.facts import Facts
from monitor.notes import Notes
from monitor.probes import Prober
from monitor.probes_icmp import OpenSocket
from monitor.routing_spoken import AskDevice
from monitor.services import Services
from monitor.snmp.base import Counters
from monitor.snmp.open import open_client
from monitor.spool_events import EventsSpool
from monitor.store.base import Store
from monitor.targets import Credentials, Target
from monitor.traps import Receiver
from monitor.watch import Watch

log = structlog.get_logger("monitor")


class Beside:
    """Made before polling begins, so that what is missing is said at once."""

    def __init__(
        self,
        network: Network,
        settings: Settings,
        secrets: Secrets,
        credentials: Credentials | None,
        store: Store,
        *,
        events: EventsSpool,
        clock: Clock,
        ask_now: Callable[[str], None],
        watch: Watch,
        wanted: Sequence[Target],
        open_socket: OpenSocket,
        counters: Counters,
        ask_device: AskDevice | None,
    ) -> None:
        """`counters`: the polling's. SecretError when a secret is missing."""
        self._notes = Notes(store, clock, events)
        client = open_client(settings.poll, secrets)
        self._costs = Costs((counters, client.counters), clock=clock, tell=self._notes.tell)
        self._facts = facts = Facts(
            network,
            wanted,
            client,
            settings.poll,
            clock=clock,
            take=watch.take_routing,
            tell=self._notes.tell,
            ask_device=ask_device,
        )

        def ask_both(device: str) -> None:
            ask_now(device)
            facts.ask_now(device)

        self._receiver = Receiver(
            network,
            settings,
            secrets,
            credentials,
            clock=clock,
            ask_now=ask_both,
            put=self._notes.put,
            tell=self._notes.tell,
        )
        self._services = Services(
            network,
            settings.probes,
            open_socket,
            clock=clock,
            take=watch.take_service,
            tell=self._notes.tell,
        )
        self._prober = Prober(
            network,
            settings.probes,
            open_socket,
            clock=clock,
            broken=watch.broken,
            take=watch.take_pings,
            tell=self._notes.tell,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        told = asyncio.Event()
        notes = asyncio.create_task(_kept_apart("notes", self._notes.run(told)))
        try:
            await asyncio.gather(
                _kept_apart("receiver", self._receiver.run(stop)),
                _kept_apart("prober", self._prober.run(stop)),
                _kept_apart("facts", self._facts.run(stop)),
                _kept_apart("services", self._services.run(stop)),
                _kept_apart("costs", self._costs.run(stop)),
            )
        finally:
            told.set()
            await notes


async def _kept_apart(what: str, running: Awaitable[None]) -> None:
    try:
        await running
    except Exception:
        log.exception("stopped_beside_the_polling", what=what)
