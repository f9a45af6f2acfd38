"""What devices say beside their interfaces: CPU, memory, temperature, OSPF and BGP.

Asked in sessions of their own, more rarely than interfaces, and at once when a trap comes; so a
table that is slow to walk delays no poll.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import structlog

from inventory.errors import SnmpError
from inventory.model import Network
from inventory.settings import PollSettings
from monitor.clock import FOREVER_S, Clock, also_set
from monitor.metrics import DEVICE_FACTS
from monitor.routing import UNHEARD, Expected, Routing, expected_routing, shown, troubles
from monitor.routing_mib import read_routing
from monitor.routing_spoken import AskDevice, Spoken, completed, is_lacking
from monitor.routing_through import Through
from monitor.schedule import share
from monitor.snmp.base import SnmpClient, SnmpSession, Value
from monitor.store.base import Latest
from monitor.targets import Target
from monitor.values import LatestKind

AT_ONCE = 16
TICK_S = 1.0
"""Who is due within so much is asked together."""
FIRST_ROUND_S, FIRST_ROUND_PS = 5.0, 125
"""All are asked once within so much of the start; of thousands, so many a second."""
CONFIRM_S = 3.0
"""What routing lacks must be seen twice, so long apart: an adjacency takes a moment to form."""
SURELY_LACKING = 2
"""So often in a row: FRRouting's daemons join an agent half a minute after it started."""

log = structlog.get_logger("monitor")


@dataclass(slots=True)
class _Device:
    target: Target
    platform: str
    due: float
    busy: bool = False
    """Being asked, or ready to be."""
    lacked_at: float | None = None
    """Since when routing lacks something without a break."""
    lacking: int = 0
    """How often in a row its agent had not all that is expected of it."""


class Facts:
    """Asks every device in its turn until stopped."""

    def __init__(
        self,
        network: Network,
        targets: Sequence[Target],
        client: SnmpClient,
        settings: PollSettings,
        *,
        clock: Clock,
        take: Callable[[str, Mapping[str, str]], None],
        tell: Callable[[Latest], None],
        ask_device: AskDevice | None = None,
    ) -> None:
        """`take(device, troubles)`: link -> what routing over it lacks as that device sees it.

        `ask_device`: asks for the routing that an agent serves no MIB of.
        """
        self._client, self._settings, self._clock = client, settings, clock
        self._take, self._tell = take, tell
        self._expected = expected_routing(network)
        self._through = Through(
            network,
            ask_device,
            settings.device_interval_s,
            clock=clock,
            sound=self._sound,
            ready=self.ask_now,
        )
        self._waking, self._look_at = asyncio.Event(), 0.0
        self._ready: deque[_Device] = deque()
        now = clock.monotonic()
        spread_s = max(FIRST_ROUND_S, len(targets) / FIRST_ROUND_PS)
        self._devices = {
            each.device: _Device(
                each,
                network.devices[each.device].platform,
                now + share(each.device) * min(spread_s, settings.facts_interval_s),
            )
            for each in targets
        }

    def ask_now(self, device: str) -> None:
        """A trap came from it, or of it."""
        if device in self._devices:
            self._devices[device].due = self._look_at = 0.0
            self._waking.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; questions under way are then cut off."""
        asking = set[asyncio.Task[None]]()

        def ended(task: asyncio.Task[None]) -> None:
            asking.discard(task)
            if self._ready:
                self._waking.set()

        try:
            with also_set(self._waking, stop):
                while not stop.is_set():
                    self._waking.clear()
                    self._line_up()
                    while self._ready and len(asking) < AT_ONCE:
                        task = asyncio.create_task(self._ask(self._ready.popleft()))
                        asking.add(task)
                        task.add_done_callback(ended)
                    wait_s = self._look_at - self._clock.monotonic()
                    await self._clock.wait(self._waking, wait_s)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, self._through.close(), return_exceptions=True)
            await self._client.close()

    def _line_up(self) -> None:
        """Who is due is ready from now on; look again when the next one is."""
        now, first = self._clock.monotonic(), FOREVER_S
        if now < self._look_at:
            return
        for device in self._devices.values():
            if device.busy:
                continue
            if device.due <= now:
                device.busy, device.due = True, now + self._settings.facts_interval_s
                self._ready.append(device)
            else:
                first = min(first, device.due)
        self._look_at = max(first, now + TICK_S)

    async def _ask(self, device: _Device) -> None:
        session = self._client.session(device.target)
        try:
            async with asyncio.timeout(2 * self._settings.deadline_s):
                document = await _facts(session, device.platform)
                expected = self._expected.get(device.target.device)
                if expected:
                    found = await self._routing(session, device, expected)
                    document |= shown(expected, found)
                    self._judge(device, troubles(device.target.device, expected, found))
        except (SnmpError, TimeoutError) as error:
            log.debug("facts_not_read", device=device.target.device, problem=str(error))
            self._take(device.target.device, {})  # silence is no evidence
        else:
            name = device.target.device
            self._tell(Latest(LatestKind.DEVICE, name, self._clock.wall(), document))
        finally:
            session.close()
            device.busy = False
            if device.due < self._look_at:
                self._look_at = device.due
                self._waking.set()

    async def _routing(self, session: SnmpSession, device: _Device, expected: Expected) -> Routing:
        found = await read_routing(session, device.platform, expected)
        device.lacking = device.lacking + 1 if is_lacking(expected, found) else 0
        if device.lacking < SURELY_LACKING:
            return found
        spoken = self._through.latest(device.target.device)
        return completed(expected, found, spoken) if spoken else found

    def _sound(self, device: str, spoken: Spoken) -> bool:
        expected = self._expected[device]
        return not any(troubles(device, expected, completed(expected, UNHEARD, spoken)).values())

    def _judge(self, device: _Device, found: Mapping[str, str]) -> None:
        now = self._clock.monotonic()
        if not any(found.values()):
            device.lacked_at = None
        elif device.lacked_at is None:
            device.lacked_at = now
        if device.lacked_at is not None and now - device.lacked_at < CONFIRM_S:
            device.due = min(device.due, now + CONFIRM_S)
            return
        self._take(device.target.device, found)


async def _facts(session: SnmpSession, platform: str) -> dict[str, object]:
    """{"cpu", "memory", "temperature_c"}: shares, degrees; None for what the device has not."""
    values: dict[str, list[int]] = {}
    wanted = [metric for metric in DEVICE_FACTS if platform in metric.platforms]
    scalars = [metric.oid for metric in wanted if metric.oid.endswith(".0")]
    single = (await session.get([scalars]))[0].found if scalars else {}
    for metric in wanted:
        found: list[Value | None] = [single.get(metric.oid)]
        if metric.oid not in scalars:
            found = [value for _, value in await session.walk(metric.oid)]
        values[metric.fact] = [value for value in found if isinstance(value, int)]
    cpu, degrees = values.get("cpu"), list[float](values.get("temperature", []))
    degrees += [value / 1000 for value in values.get("millidegrees", [])]
    return {
        "cpu": fmean(cpu) / 100 if cpu else None,
        "memory": _memory(values),
        "temperature_c": max(degrees) if degrees else None,
    }


def _memory(values: Mapping[str, list[int]]) -> float | None:
    """Share in use, of what the device names: total and free, or used and free."""
    total, free = sum(values.get("memory_total", [])), values.get("memory_free", [])
    if not free:
        return None
    total = total or sum(values.get("memory_used", [])) + sum(free)
    return max(0.0, 1 - sum(free) / total) if total > 0 else None
