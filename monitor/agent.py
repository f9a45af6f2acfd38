"""One device over many polls: finds its interfaces by ifName, and again when they moved."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from inventory.errors import SnmpError
from monitor.metrics import IF_NAME
from monitor.readings import Decoded, Plan, Reading, decode, if_indexes, place, plan
from monitor.said import say
from monitor.snmp.base import SnmpSession
from monitor.targets import Target

LOOK_AGAIN_POLLS = 60
"""An interface that was not there is looked for again after so many polls."""


@dataclass(frozen=True, slots=True)
class DevicePoll:
    """What one poll of one device gave."""

    device: str
    began: float
    """time.monotonic()."""
    ended: float
    at: float
    """Unix time of the last answer."""
    uptime_cs: int | None
    """None when the device did not answer."""
    readings: tuple[Reading | None, ...]
    """In the order of Target.interfaces; None for an interface that the device has not."""
    problem: str = ""
    """Why there is no answer, for a person."""

    @property
    def answered(self) -> bool:
        """Whether it answered at all."""
        return self.uptime_cs is not None


class DeviceAgent:
    """The state of talking to one device. Never stored: an ifIndex means nothing tomorrow."""

    def __init__(
        self,
        target: Target,
        session: SnmpSession,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self._session, self._monotonic, self._wall = session, monotonic, wall
        self._plan: Plan | None = None
        self._absent: frozenset[int] = frozenset()
        self._polls_since_look = 0
        self._uptime_cs: int | None = None

    async def poll(self) -> DevicePoll:
        """Read everything once. Never raises for what a device does: the result says it."""
        began = self._monotonic()
        try:
            decoded = await self._read()
        except SnmpError as error:
            return self.failed(began, error.message)
        except ValueError as error:
            return self.failed(began, str(error))
        if self._uptime_cs is not None and decoded.uptime_cs < self._uptime_cs:
            self._polls_since_look = LOOK_AGAIN_POLLS  # what was absent may be there now
        self._uptime_cs = decoded.uptime_cs
        readings = [decoded.readings.get(at) for at in range(len(self.target.interfaces))]
        return DevicePoll(
            self.target.device,
            began,
            self._monotonic(),
            self._wall(),
            decoded.uptime_cs,
            tuple(readings),
        )

    def failed(self, began: float, problem: str) -> DevicePoll:
        """The result of a poll without an answer, or of one that was cut off."""
        self._session.close()
        nothing = (None,) * len(self.target.interfaces)
        return DevicePoll(
            self.target.device, began, self._monotonic(), self._wall(), None, nothing, problem
        )

    def close(self) -> None:
        """Let go of the socket."""
        self._session.close()

    async def _read(self) -> Decoded:
        if self._plan is None or (self._absent and self._polls_since_look >= LOOK_AGAIN_POLLS):
            self._plan = await self._look()
        self._polls_since_look += 1
        decoded = await self._ask(self._plan)
        if decoded.lost:
            self._plan = await self._look()
            decoded = await self._ask(self._plan)
        if decoded.narrow:
            self._plan = self._narrowed(self._plan, decoded.narrow)
            decoded = await self._ask(self._plan)
        return decoded

    async def _ask(self, asked: Plan) -> Decoded:
        answers = await self._session.get(asked.requests)
        try:
            return decode(asked, answers)
        except ValueError as error:
            raise SnmpError(self.target.device, say("snmp.unusable", why=str(error))) from None

    async def _look(self) -> Plan:
        expected = self.target.interfaces
        if not expected:
            return plan(())
        found = if_indexes(await self._session.walk(IF_NAME))
        places = []
        for position, interface in enumerate(expected):
            if_index = found.get(interface.if_name.encode())
            if if_index is not None:
                places.append(place(position, interface, if_index))
        self._absent = frozenset(range(len(expected))) - {each.interface for each in places}
        self._polls_since_look = 0
        return plan(places)

    def _narrowed(self, asked: Plan, interfaces: tuple[int, ...]) -> Plan:
        """The same with the 32-bit counters of `interfaces`."""
        places = [each for group in asked.places for each in group]
        return plan(
            [
                place(at.interface, self.target.interfaces[at.interface], at.if_index, wide=False)
                if at.interface in interfaces
                else at
                for at in places
            ]
        )
