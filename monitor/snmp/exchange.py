"""One poll's requests to one device: sent at once, sent again, answered or given up."""

import time
from typing import TYPE_CHECKING, cast

from monitor.said import say
from monitor.snmp.base import Answer, Answered
from monitor.snmp.questions import Asked, Refusal

if TYPE_CHECKING:
    from monitor.snmp.native_client import NativeSession

RESENDS = 2
"""A device may say so often that it has another time before an attempt is given up."""
DISCOVERY = -1
"""The place of the question that makes an SNMPv3 agent tell its engine."""


class Exchange:
    """`done` is called once, unless it is abandoned."""

    __slots__ = (
        "_answers", "_asked", "_attempts", "_client", "_discover", "_done", "_expires_at",
        "_give_up_at", "_heard", "_left", "_open", "_peer", "_resends", "_session", "address",
        "cost", "over",
    )  # fmt: skip

    def __init__(
        self,
        session: "NativeSession",
        asked: list[Asked],
        discover: Asked,
        done: Answered,
        deadline_s: float,
    ) -> None:
        self.address, self.cost, self._peer = session.address, session.cost, session.peer
        self._session, self._client = session, session.client
        self._asked, self._discover, self._done = asked, discover, done
        self._answers: list[Answer | None] = [None] * len(asked)
        self._left = len(asked)
        self._open: dict[bytes, int] = {}
        """Request id -> its place among `asked`."""
        self._attempts = session.client.retries + 1
        self._give_up_at = time.monotonic() + deadline_s
        self._resends = 0
        self._expires_at = self._give_up_at
        self._heard = ""
        """What was wrong with what came instead of an answer."""
        self.over = False

    def begin(self) -> None:
        """Another attempt at what has no answer yet."""
        self._attempts -= 1
        self._resends, self._heard = RESENDS * len(self._asked), ""
        if not self._left:
            self._end([])
            return
        self._expires_at = min(time.monotonic() + self._client.timeout_s, self._give_up_at)
        self._client.wake_at(self._expires_at, self)
        try:
            if self._peer.ready:
                self._send_all()
            else:
                self._send(DISCOVERY)
        except OSError as error:
            self._fail(say("snmp.unsent", why=str(error.strerror or error)))

    def take(self, number: bytes, message: bytes, received: float) -> None:
        """See Waiting. What is wrong is counted and dropped: the right answer may yet come."""
        place, peer = self._open[number], self._peer
        try:
            text = message if peer.plain else peer.open(message)
            if not isinstance(text, bytes):
                self._told(number, text)
                return
            answer = self._asked[place].read(text, peer.head, number, received)
        except ValueError as error:
            self._client.counters.refused += 1
            self._heard = str(error)
            return
        if isinstance(answer, Refusal):
            self._told(number, answer)
            return
        self._close(number)
        self._client.counters.answers += 1
        self._answers[place] = answer
        self._left -= 1
        if not self._left:
            self._end(cast("list[Answer]", self._answers))

    def expire(self, now: float) -> None:
        """The time for an attempt is over."""
        if self.over or now < self._expires_at:
            return  # or this attempt is a later one
        self._client.counters.timeouts += len(self._open)
        silent = say("snmp.timeout", seconds=f"{self._client.timeout_s:g}")
        problem = say("snmp.unusable", why=self._heard) if self._heard else silent
        self._again_or_fail(problem, now)

    def abandon(self) -> None:
        """Nobody wants to know any more."""
        self.over = True
        for number in self._open:
            self._client.socket.forget(number)
        self._open.clear()

    def _told(self, number: bytes, told: Refusal | None) -> None:
        """An answer without values: the device told of itself, or said no."""
        place = self._open[number]
        self._close(number)
        try:
            if told is None:
                self._client.counters.answers += 1
                self._send_all()
                return
            self._client.counters.refused += 1
            if told.again and self._resends:
                self._resends -= 1
                self._send(place)
                return
        except OSError as error:  # as if it were lost
            self._heard = str(error.strerror or error)
            return
        self._again_or_fail(say("snmp.unusable", why=told.problem), time.monotonic())

    def _again_or_fail(self, problem: str, now: float) -> None:
        self.abandon()
        self._peer.forget()
        if self._attempts and now < self._give_up_at:
            self.over = False
            self.begin()
        else:
            self._fail(problem)

    def _send_all(self) -> None:
        for place, answer in enumerate(self._answers):
            if answer is None:
                self._send(place)

    def _send(self, place: int) -> None:
        socket = self._client.socket
        number = socket.next_number()
        asked = self._discover if place == DISCOVERY else self._asked[place]
        message = self._peer.wrap(asked.text(self._peer.head, number), number)
        self._open[number] = place
        socket.send(number, message, self)

    def _close(self, number: bytes) -> None:
        self._client.socket.forget(number)
        del self._open[number]

    def _fail(self, problem: str) -> None:
        self.abandon()
        self._done(self._session.error(problem))

    def _end(self, answers: list[Answer]) -> None:
        self.over, self._answers = True, []
        self._session.ended(self)
        self._done(answers)
