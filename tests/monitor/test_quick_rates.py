"""A device's rates made all at once against those made interface by interface."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.settings import AlarmSettings
from monitor.agent import DevicePoll
from monitor.flat import Flat, flat_of
from monitor.links import Links
from monitor.look import Look
from monitor.metrics import INTERFACE_METRICS, Kind
from monitor.readings import Plan, Reading, decode, place, plan
from monitor.snmp.base import Answer, Value
from monitor.targets import Credentials, ExpectedInterface, Target
from monitor.values import Quality

INTERVAL_S = 10.0
INTERFACES = 9
SPEED_MBPS = 100
TOP32, TOP64 = 2**32, 2**64
V2C = Credentials("2c")


def target_of(device: str, end: str, links: range) -> Target:
    return Target(
        device,
        "127.0.0.1",
        161,
        V2C,
        tuple(
            ExpectedInterface(f"Gi0/{n}", f"GigabitEthernet0/{n}", f"link-{n}", end, 90_000_000)  # type: ignore[arg-type]
            for n in links
        ),
    )


def plan_of(target: Target) -> Plan:
    return plan(
        [place(at, each, 3 + at) for at, each in enumerate(target.interfaces)],
        len(target.interfaces),
    )


TARGETS = (
    target_of("one", "a", range(INTERFACES)),
    target_of("two", "b", range(4, 4 + INTERFACES)),
)


@dataclass(frozen=True, eq=False)
class Looks:
    """What answers of one look have in common, as a Layout has it."""

    places: tuple[int, ...]
    constants: tuple[Value, ...]

    @classmethod
    def of(cls, row: tuple[Value, ...], moving: frozenset[int]) -> "Looks":
        places = tuple(at for at in range(len(row)) if at not in moving)
        return cls(places, tuple(row[at] for at in places))

    def values(self, numbers: tuple[int, ...]) -> tuple[Value, ...]:
        known = dict(zip(self.places, self.constants, strict=True))
        rest = iter(numbers)
        count = len(self.places) + len(numbers)
        return tuple(known[at] if at in known else next(rest) for at in range(count))


@dataclass
class Engine:
    """Tells values that move from those that don't, as the native one does."""

    moving: dict[int, frozenset[int]] = field(default_factory=dict)
    looks: dict[int, Looks] = field(default_factory=dict)

    def laid(self, answers: list[Answer]) -> list[Answer]:
        return [self._laid(at, answer) for at, answer in enumerate(answers)]

    def _laid(self, at: int, answer: Answer) -> Answer:
        row, known = answer.values, self.looks.get(at)
        before = self.moving.get(at, frozenset({0}))
        if known and all(
            row[place] == value for place, value in zip(known.places, known.constants, strict=True)
        ):
            numbers = tuple(row[place] for place in sorted(before))
            return answer._replace(given=(), laid=known, numbers=numbers)  # type: ignore[arg-type]
        if known:
            before |= {
                place
                for place, value in zip(known.places, known.constants, strict=True)
                if row[place] != value
            }
        self.moving[at] = before
        self.looks[at] = Looks.of(row, before)  # type: ignore[arg-type]
        return answer


@dataclass
class Agent:
    """A device's values, changed by what happens to it."""

    target: Target
    uptime_cs: int = 5_000_000
    values: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.asked = plan_of(self.target)
        start = {"ifAdminStatus": 1, "ifOperStatus": 1, "ifHighSpeed": SPEED_MBPS}
        self.values = [
            [start.get(metric.object, 1000 + at) for metric in INTERFACE_METRICS]
            for at, _ in enumerate(self.target.interfaces)
        ]

    def answers(self, received: float) -> list[Answer]:
        found = []
        rows: Iterator[tuple[Value, ...]] = iter(
            [
                (each.if_name, *values[1:])
                for each, values in zip(
                    (each for group in self.asked.places for each in group),
                    self.values,
                    strict=True,
                )
            ]
        )
        for names, group in zip(self.asked.requests, self.asked.places, strict=True):
            row: tuple[Value, ...] = (self.uptime_cs % TOP32,)
            for _ in group:
                row += next(rows)
            found.append(Answer(received, names, row, whole=True))
        return found

    def grow(self, octets: int, packets: int) -> None:
        for values in self.values:
            for column, metric in enumerate(INTERFACE_METRICS):
                if metric.kind is Kind.COUNTER64:
                    by = packets if metric.per_packet else octets
                    values[column] = (values[column] + by) % TOP64


EVENTS = (
    *("", "", "", "", "errors", "few errors", "down", "up", "back", "discontinuity", "restart"),
    *("too fast", "busy", "speed", "silent", "soon", "clock", "gap", "another plan", "too wide"),
)
events = st.tuples(
    st.sampled_from(EVENTS), st.integers(0, 1), st.integers(0, INTERFACES - 1),
    st.integers(0, 100_000_000), st.floats(9.8, 10.2),
)  # fmt: skip


COLUMN = {metric.object: at for at, metric in enumerate(INTERFACE_METRICS)}
GROW = {"errors": ("ifInErrors", 500), "few errors": ("ifOutErrors", 3),
        "discontinuity": ("ifCounterDiscontinuityTime", 7),
        "too fast": ("ifHCInOctets", 200_000_000)}  # fmt: skip
BECOME = {"up": ("ifOperStatus", 1), "down": ("ifOperStatus", 2), "back": ("ifHCOutOctets", 5),
          "restart": ("ifHCInOctets", 0), "too wide": ("ifInErrors", TOP32)}  # fmt: skip


def happen(agent: Agent, event: str, place_: int, octets: int) -> None:
    values = agent.values[place_]
    agent.grow(octets, octets // 200)
    if event in GROW:
        name, by = GROW[event]
        values[COLUMN[name]] += by
    elif event in BECOME:
        name, value = BECOME[event]
        values[COLUMN[name]] = value
    elif event == "busy":
        values[COLUMN["ifHCInOctets"]] += max(0, 118_000_000 - octets)
    elif event == "speed":
        values[COLUMN["ifHighSpeed"]] ^= SPEED_MBPS ^ 10
    elif event == "another plan":
        agent.asked = plan_of(agent.target)
    agent.uptime_cs = {"restart": 300, "clock": agent.uptime_cs + 90_000}.get(
        event, agent.uptime_cs
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(events, min_size=3, max_size=25))
def test_all_at_once_is_what_each_by_itself_is(
    history: list[tuple[str, int, int, int, float]],
) -> None:
    alarms = AlarmSettings()
    at_once, alike, each = (Links(TARGETS, alarms, INTERVAL_S) for _ in range(3))
    agents = [Agent(target) for target in TARGETS]
    engines, looks = [Engine(), Engine()], dict[int, Look | None]()
    now, wall = 1000.0, 1_800_000_000.0
    for event, whom, place_, octets, seconds in [("", 0, 0, 0, 10.0), *history]:
        passed = {"soon": 2.0, "gap": 40.0}.get(event, seconds)
        now, wall = now + passed, wall + passed
        for number, agent in enumerate(agents):
            agent.uptime_cs += round(passed * 100)
            happen(agent, event if number == whom else "", place_, octets)
            if event == "silent" and number == whom:
                polls = [DevicePoll(agent.target.device, now, now, wall, None, (), "silent")] * 3
            else:
                answers = agent.answers(now)
                flat = flat_of(agent.asked, answers)
                laid = engines[number].laid(answers)
                known = flat_of(agent.asked, laid, looks.get(number))
                looks[number] = known.look if known else looks.get(number)
                each_by_itself = slow(agent, answers)
                assert slow(agent, laid) == tuple(known or each_by_itself) == each_by_itself
                readings = (flat or each_by_itself, known or each_by_itself, each_by_itself)
                polls = [
                    DevicePoll(agent.target.device, now, now, wall, agent.uptime_cs, found)
                    for found in readings
                ]
            samples = at_once.fold(polls[0])
            assert sorted(samples) == sorted(alike.fold(polls[1])) == sorted(each.fold(polls[2]))
            for sample in samples:
                if sample.quality is Quality.GOOD:
                    assert max(sample.value("in_bps") or 0, sample.value("out_bps") or 0) <= 100e6
            verdicts = sorted(each.rejudge(wall))
            assert sorted(at_once.rejudge(wall)) == sorted(alike.rejudge(wall)) == verdicts
        for links in (at_once, alike, each):
            links.age(wall)
        assert at_once.states() == alike.states() == each.states()
        last = each.last_samples(wall)
        assert at_once.last_samples(wall) == alike.last_samples(wall) == last


def slow(agent: Agent, answers: list[Answer]) -> tuple[Reading | None, ...]:
    decoded = decode(agent.asked, answers)
    return tuple(map(decoded.readings.get, range(len(agent.target.interfaces))))


def test_the_usual_poll_takes_the_short_way_and_its_samples_have_every_series() -> None:
    links, agent = Links(TARGETS[:1], AlarmSettings(), INTERVAL_S), Agent(TARGETS[0])
    for turn in range(4):
        flat = flat_of(agent.asked, agent.answers(1000.0 + 10 * turn))
        assert isinstance(flat, Flat)
        assert len(flat) == INTERFACES
        samples = links.fold(DevicePoll("one", 0, 0, 10.0 * turn, agent.uptime_cs, flat))
        owner = links._owners["one"]
        assert (owner.quick is not None) is (turn > 0)
        agent.uptime_cs += 1000
        agent.grow(12_500_000, 1000)
    assert [sample.link for sample in samples] == [f"link-{n}" for n in range(INTERFACES)]
    for sample in samples:
        assert sample.quality is Quality.GOOD
        assert sample.covers_s == 10.0
        assert (sample.value("in_bps"), sample.value("out_ucast_pps")) == (10_000_000, 100)
        assert sample.value("loss") is None


def test_polls_that_look_alike_are_made_of_their_numbers_alone() -> None:
    links, agent, engine = (
        Links(TARGETS[:1], AlarmSettings(), INTERVAL_S),
        Agent(TARGETS[0]),
        Engine(),
    )
    looks, quick = list[Look | None](), list[bool]()
    for turn in range(6):
        answers = engine.laid(agent.answers(1000.0 + 10 * turn))
        flat = flat_of(agent.asked, answers, looks[-1] if looks else None)
        assert isinstance(flat, Flat)
        looks.append(flat.look)
        samples = links.fold(DevicePoll("one", 0, 0, 10.0 * turn, agent.uptime_cs, flat))
        owner = links._owners["one"]
        quick.append(owner.quick is not None and owner.tops is not None)
        agent.uptime_cs += 1000
        agent.grow(12_500_000, 1000)
    assert looks[3] is not None
    assert looks[3] is looks[4] is looks[5]
    assert quick == [False, False, False, True, True, True]
    for sample in samples:
        assert (sample.quality, sample.covers_s) == (Quality.GOOD, 10.0)
        assert (sample.value("in_bps"), sample.value("out_ucast_pps")) == (10_000_000, 100)
        assert (sample.value("in_errors_ps"), sample.value("loss")) == (0.0, None)
