"""One device over many polls: finds its interfaces by ifName, and again when they moved."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from inventory.errors import SnmpError
from monitor.flat import Flat, flat_of
from monitor.look import Look
from monitor.metrics import IF_NAME
from monitor.readings import Decoded, Plan, Reading, decode, if_indexes, place, plan
from monitor.said import say
from monitor.snmp.base import Answer, CallingSession, SnmpSession
from monitor.targets import Target

LOOK_AGAIN_POLLS = 60
"""An interface that was not there is looked for again after so many polls."""


@dataclass(slots=True)
class DevicePoll:
    """What one poll of one device gave. (To freeze it would cost more than to make it.)"""

    device: str
    began: float
    """time.monotonic()."""
    ended: float
    at: float
    """Unix time of the last answer."""
    uptime_cs: int | None
    """None when the device did not answer."""
    readings: Sequence[Reading | None]
    """In the order of Target.interfaces; None for an interface that the device has not."""
    problem: str = ""
    """Why there is no answer, for a person."""

    @property
    def answered(self) -> bool:
        """Whether it answered at all."""
        return self.uptime_cs is not None


class DeviceAgent:
    """The state of talking to one device. Never stored: an ifIndex means nothing tomorrow."""

    __slots__ = ("_absent", "_calling", "_looks", "_monotonic", "_plan", "_polls_since_look",
                 "_session", "_uptime_cs", "_wall", "target")  # fmt: skip

    def __init__(
        self,
        target: Target,
        session: SnmpSession,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self._session, self._monotonic, self._wall = session, monotonic, wall
        self._calling = session if isinstance(session, CallingSession) else None
        self._plan: Plan | None = None
        self._looks: Look | None = None
        """Of its last complete poll."""
        self._absent: frozenset[int] = frozenset()
        self._polls_since_look = 0
        self._uptime_cs: int | None = None

    def take_over(self, other: "DeviceAgent") -> None:
        """Go on where `other`, of an inventory before, has found the same interfaces."""
        if other.target.interfaces == self.target.interfaces:
            self._plan, self._absent = other._plan, other._absent
            self._polls_since_look = other._polls_since_look
        self._uptime_cs = other._uptime_cs

    async def poll(self) -> DevicePoll:
        """Read everything once. Never raises for what a device does: the result says it."""
        began = self._monotonic()
        try:
            return self._result(began, await self._read())
        except SnmpError as error:
            return self.failed(began, error.message)
        except ValueError as error:
            return self.failed(began, str(error))

    def start(self, done: Callable[[DevicePoll | None], None], deadline_s: float) -> bool:
        """Begin a poll that calls `done`, if that is all it takes.

        False when it is not: then `poll` it. `done` gets None when `poll` has to find out more.
        """
        asked, session = self._plan, self._calling
        if asked is None or session is None or self._look_is_due():
            return False
        began = self._monotonic()
        self._polls_since_look += 1

        def answered(result: list[Answer] | SnmpError) -> None:
            if isinstance(result, SnmpError):
                done(self.failed(began, result.message))
                return
            flat = flat_of(asked, result, self._looks)
            if flat is not None:
                self._looks = flat.look
                done(self._result(began, flat))
                return
            try:
                decoded = decode(asked, result)
            except ValueError as error:
                done(self.failed(began, say("snmp.unusable", why=str(error))))
                return
            whole = not decoded.lost and not decoded.narrow
            done(self._result(began, decoded) if whole else None)

        session.ask(asked.requests, answered, deadline_s)
        return True

    def _result(self, began: float, read: Decoded | Flat) -> DevicePoll:
        if isinstance(read, Flat):
            uptime_cs, readings = read.clocks_cs[-1], cast("Sequence[Reading | None]", read)
        else:
            uptime_cs = read.uptime_cs
            readings = tuple(map(read.readings.get, range(len(self.target.interfaces))))
        if self._uptime_cs is not None and uptime_cs < self._uptime_cs:
            self._polls_since_look = LOOK_AGAIN_POLLS  # what was absent may be there now
        self._uptime_cs = uptime_cs
        ended, at = self._monotonic(), self._wall()
        return DevicePoll(self.target.device, began, ended, at, uptime_cs, readings)

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

    def _look_is_due(self) -> bool:
        return bool(self._absent) and self._polls_since_look >= LOOK_AGAIN_POLLS

    async def _read(self) -> Decoded | Flat:
        if self._plan is None or self._look_is_due():
            self._plan = await self._look()
        self._polls_since_look += 1
        read = await self._ask(self._plan)
        if isinstance(read, Decoded) and read.lost:
            self._plan = await self._look()
            read = await self._ask(self._plan)
        if isinstance(read, Decoded) and read.narrow:
            self._plan = self._narrowed(self._plan, read.narrow)
            read = await self._ask(self._plan)
        return read

    async def _ask(self, asked: Plan) -> Decoded | Flat:
        answers = await self._session.get(asked.requests)
        flat = flat_of(asked, answers)
        if flat is not None:
            return flat
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
        return plan(places, len(expected))

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
