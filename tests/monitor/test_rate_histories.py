"""Random histories of a device's counters, followed as the monitor does, against what was sent.

HISTORIES=1000000 for the long run; HISTORY_SEED for another one than every day's.
"""

import os
import random
from dataclasses import dataclass

import pytest

from inventory.settings import AlarmSettings
from monitor.agent import DevicePoll
from monitor.flat import flat_of
from monitor.links import Links
from monitor.metrics import COLUMN, INTERFACE_METRICS
from monitor.readings import decode, place, plan
from monitor.snmp.base import Answer, Value
from monitor.store.base import LinkSample
from monitor.targets import Credentials, ExpectedInterface, Target
from monitor.values import RATED, Quality

HISTORIES = int(os.environ.get("HISTORIES", "5000"))
SEED = int(os.environ.get("HISTORY_SEED", "20261126"))
INTERVAL_S = 10.0
TOP32, TOP64 = 2**32, 2**64
SPEEDS_MBPS = (1, 10, 100, 1000, 10_000, 400_000)
EVENTS = ("",) * 8 + (
    "restart", "clear", "silent clear", "renumber", "backwards", "wall clock", "double", "silent",
    "late", "their clock", "gap",
)  # fmt: skip
OCTETS, OUT = COLUMN["ifHCInOctets"], COLUMN["ifHCOutOctets"]
LIES = {"silent clear", "backwards"}
"""What a device does without telling; a rate over it may be less than the truth, never more."""


@dataclass
class Truth:
    """A device of two interfaces, and what really went through the first."""

    chance: random.Random
    wide: bool
    speed_mbps: int
    base: int
    uptime_cs: int
    now: float = 5000.0
    wall: float = 1_800_000_000.0
    sent: int = 0
    """Since the counter was last set anew."""
    discontinuity: int = 0
    first_index: int = 1

    def __post_init__(self) -> None:
        self.target = Target(
            "zes-rtr1",
            "127.0.0.1",
            161,
            Credentials("2c"),
            tuple(
                ExpectedInterface(f"Gi0/{n}", f"Gi0/{n}", f"link-{n}", "a", 10**9) for n in (0, 1)
            ),
        )

    @property
    def line_bps(self) -> float:
        return self.speed_mbps * 1e6

    @property
    def counter(self) -> int:
        return (self.base + self.sent) % (TOP64 if self.wide else TOP32)

    def poll(self, took_s: float, lie: int = 0) -> DevicePoll:
        """What the monitor makes of the answers."""
        places = [
            place(at, each, self.first_index + at, wide=self.wide)
            for at, each in enumerate(self.target.interfaces)
        ]
        asked = plan(places, len(places))
        row: list[Value] = [self.uptime_cs % TOP32]
        for at, each in enumerate(places):
            values: list[Value] = [0] * len(INTERFACE_METRICS)
            values[0] = each.if_name
            values[COLUMN["ifOperStatus"]] = values[COLUMN["ifAdminStatus"]] = 1
            values[COLUMN["ifHighSpeed"]] = self.speed_mbps
            values[COLUMN["ifCounterDiscontinuityTime"]] = self.discontinuity
            if at == 0:
                values[OCTETS] = self.counter - lie
            row += values
        answer = Answer(self.now + took_s, asked.requests[0], tuple(row), whole=True)
        at_wall = self.wall + took_s
        flat = flat_of(asked, [answer])
        readings = flat or tuple(decode(asked, [answer]).readings.get(at) for at in (0, 1))
        return DevicePoll("zes-rtr1", self.now, self.now, at_wall, self.uptime_cs, readings)

    def live(self, seconds: float) -> int:
        """Time passes and octets come; how many."""
        octets = self.chance.randrange(int(self.line_bps / 8 * seconds) + 1)
        octets = self.chance.choice((octets, octets, octets // 1000, 0))
        self.now += seconds
        self.wall += seconds
        self.uptime_cs = (self.uptime_cs + round(seconds * 100)) % TOP32
        self.sent += octets
        return octets

    def happen(self, event: str, octets: int) -> int:
        """What is not ordinary; how far the counter lies at this poll."""
        if event in {"restart", "clear", "silent clear"}:
            self.base, self.sent = 0, octets // 3
            if event == "restart":
                self.uptime_cs = self.chance.randrange(900)
            elif event == "clear":
                self.discontinuity += 1 + self.chance.randrange(10_000)
        elif event == "renumber":
            self.first_index += 2
        elif event == "wall clock":
            self.wall += self.chance.choice((-7200.0, 3600.0, 86_400.0, -2.0))
        elif event == "their clock":
            self.uptime_cs = (self.uptime_cs + self.chance.randrange(1000, 10**8)) % TOP32
        elif event == "backwards":
            lie = octets + self.chance.randrange(1, 50_000)
            return lie if self.counter >= lie else 0
        return 0


def make(chance: random.Random) -> Truth:
    wide = chance.random() < 0.6
    top = TOP64 if wide else TOP32
    base = chance.choice((0, chance.randrange(top), top - chance.randrange(1, 10**9)))
    uptime = chance.choice((chance.randrange(100_000, TOP32), TOP32 - chance.randrange(1, 9000)))
    return Truth(chance, wide, chance.choice(SPEEDS_MBPS), base, uptime)


def follow(number: int) -> None:
    """One history: nothing good is untrue, and octets are conserved."""
    chance = random.Random(f"{SEED}/{number}")
    device = make(chance)
    links = Links((device.target,), AlarmSettings(), INTERVAL_S)
    links.fold(device.poll(0.0))
    since, events = 0, set[str]()
    """Octets and events since the last reading that counts as a base."""
    for _ in range(chance.randrange(2, 14)):
        event = chance.choice(EVENTS)
        if event == "backwards" and (events - {""} or device.base > TOP64 // 2):
            continue  # one lie at a time: no counter is set anew or passes 2**64 and lies, too
        seconds = 3600.0 if event == "gap" else chance.choice((9.7, 10.0, 10.3, 20.0))
        octets = device.live(seconds)
        lie = device.happen(event, octets)
        since += octets
        events.add(event)
        if event == "silent":
            nothing = (None, None)
            links.fold(DevicePoll("zes-rtr1", device.now, device.now, device.wall, None, nothing))
            continue
        samples = links.fold(device.poll(1.2 if event == "late" else chance.random() * 0.3, lie))
        if event == "double":
            assert links.fold(device.poll(0.4)) == [], "a reading that comes twice is no sample"
        check(samples[0], device, since, events)
        since, events = 0, {"backwards"} & events


def check(sample: LinkSample, device: Truth, octets: int, events: set[str]) -> None:
    """One sample against the truth: no octet too many, and none lost where it is good."""
    in_bps = sample.value("in_bps")
    if sample.quality not in RATED:
        assert in_bps is None
        return
    assert in_bps is not None
    assert in_bps >= 0
    if sample.quality is not Quality.LATE:
        assert in_bps <= device.line_bps
    told = in_bps * sample.covers_s / 8
    unseen = events & LIES or ("restart" in events and passing_its_top(device))
    if unseen and not device.wide:
        return  # a 32-bit counter that was set anew in secret can look like a wrap
    if unseen:
        assert told <= octets + 1, (sample, octets, events)
    else:
        assert not events & {"restart", "clear", "renumber"}, (sample, events)
        assert told == pytest.approx(octets, abs=1.5, rel=1e-9), (sample, octets, events)


def passing_its_top(device: Truth) -> bool:
    """Whether the device's clock might have been about to: a restart then looks like that."""
    return device.uptime_cs < 400_000


@pytest.mark.timeout(300 + HISTORIES // 300)
def test_whatever_happens_what_is_told_is_true_or_nothing_is_told() -> None:
    for number in range(HISTORIES):
        try:
            follow(number)
        except AssertionError as error:
            raise AssertionError(f"HISTORY_SEED={SEED}, history {number}: {error}") from error
