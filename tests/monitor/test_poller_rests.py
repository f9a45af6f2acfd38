"""A judgement that takes seconds is not made again at once: polls come first."""

from inventory.settings import PollSettings
from monitor.clock import SystemClock
from monitor.poller import REST, SLOW_S, Poller
from monitor.snmp.base import Counters
from monitor.store.base import Batch, MaintenanceWindow


class Stepped(SystemClock):
    """Stands still but for what is spent."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now


class Laborious:
    """A Watch that takes its time to judge."""

    def __init__(self, clock: Stepped) -> None:
        self.clock, self.takes_s = clock, 0.0
        self.judged: list[bool] = []

    def tick(self, *_: object, judge: bool) -> tuple[Batch, frozenset[str]]:
        self.judged.append(judge)
        if judge:
            self.clock.now += self.takes_s
        return Batch(), frozenset()


class Taker:
    """A Writer that keeps nothing."""

    windows: tuple[MaintenanceWindow, ...] = ()
    dropped = 0

    def put(self, batch: Batch) -> None:
        pass


def test_after_a_long_judgement_samples_go_on_and_the_next_one_waits() -> None:
    clock = Stepped()
    watch = Laborious(clock)
    poller = Poller({}, PollSettings(), watch, Taker(), clock=clock, counters=Counters())  # type: ignore[arg-type]
    poller._tick()
    poller._tick()
    watch.takes_s = SLOW_S / 2
    poller._tick()
    assert watch.judged == [True, True, True]
    watch.takes_s = 2.0
    poller._tick()
    ended = clock.now
    poller._tick()
    assert watch.judged[3:] == [True, False]
    assert poller._tick_due <= ended + 2.0 * REST
    clock.now = ended + 2.0 * REST
    poller._tick()
    assert watch.judged[5:] == [True]
