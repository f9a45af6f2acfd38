"""From polls to samples, states and incidents: hours of a network in moments."""

from dataclasses import dataclass, field

from inventory.settings import AlarmSettings
from monitor.agent import DevicePoll
from monitor.metrics import COLUMN, INTERFACE_METRICS
from monitor.readings import Reading
from monitor.store.base import (
    Batch,
    Change,
    Incident,
    IncidentChange,
    LinkSample,
    MaintenanceWindow,
    StateEntry,
    Subject,
)
from monitor.targets import Target, targets
from monitor.values import Fault, IncidentState, LinkState, Quality, Severity, SubjectKind
from monitor.watch import Past, Watch
from tests.monitor.networks import V2C, default_network

INTERVAL_S = 10.0
ALARMS = AlarmSettings()
T0 = 1_800_000_000.0


@dataclass
class World:
    """The default network, polled by hand; in band from kut-dc1."""

    past: Past = field(default_factory=lambda: Past({}, (), None))
    now: float = T0
    cut: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    mute: set[str] = field(default_factory=set)
    windows: list[MaintenanceWindow] = field(default_factory=list)
    samples: list[LinkSample] = field(default_factory=list)
    states: list[StateEntry] = field(default_factory=list)
    incidents: list[IncidentChange] = field(default_factory=list)
    bytes_sent: int = 0

    def __post_init__(self) -> None:
        self.network = default_network()
        self.targets = {each.device: each for each in targets(self.network, V2C)}
        self.watch = Watch(
            self.network, self.targets.values(), ALARMS, INTERVAL_S,
            past=self.past, now=self.now, grace_s=18.0,
        )  # fmt: skip

    def reached(self) -> set[str]:
        found: set[str] = set()
        waiting = ["kut-dc1"]
        while waiting:
            device = waiting.pop()
            if device in found or device in self.dead:
                continue
            found.add(device)
            waiting += [
                link.other(device).device
                for link in self.network.links.values()
                if link.id not in self.cut and device in (link.a.device, link.b.device)
            ]
        return found - self.mute

    def poll(self, target: Target, *, answers: bool) -> DevicePoll:
        began, ended = self.now, self.now + 0.01
        if not answers:
            nothing = (None,) * len(target.interfaces)
            return DevicePoll(target.device, began, ended, self.now, None, nothing, "no answer")
        readings = tuple(self.reading(each.link) for each in target.interfaces)
        return DevicePoll(target.device, began, ended, self.now, int(self.now - T0) * 100, readings)

    def reading(self, link: str) -> Reading:
        values: list[int | None] = [0] * len(INTERFACE_METRICS)
        ends = self.network.links.get(link)
        dead = ends is not None and {ends.a.device, ends.b.device} & self.dead
        values[COLUMN["ifOperStatus"]] = 2 if link in self.cut or dead else 1
        values[COLUMN["ifAdminStatus"]] = 1
        values[COLUMN["ifHighSpeed"]] = 1000
        values[COLUMN["ifHCInOctets"]] = self.bytes_sent
        values[COLUMN["ifHCOutOctets"]] = 2 * self.bytes_sent
        return Reading(self.now, int(self.now - T0) * 100, 1, True, tuple(values))

    def tick(self) -> frozenset[str]:
        batch, again = self.watch.tick(self.now, self.windows)
        self.take(batch)
        return again

    def take(self, batch: Batch) -> None:
        self.samples += batch.samples
        self.states += batch.states
        self.incidents += batch.incidents

    def round(self, seconds: float = INTERVAL_S) -> None:
        """One interval: everybody polled, those to be asked again asked again."""
        self.now += seconds
        self.bytes_sent += 1_000_000
        reached = self.reached()
        again: set[str] = set()
        for name, target in self.targets.items():
            again |= self.watch.fold(self.poll(target, answers=name in reached))
        for _ in range(4):
            self.now += 0.5
            again |= self.tick()
            for name in sorted(again):
                self.watch.fold(self.poll(self.targets[name], answers=name in reached))
            again = set()
        self.now -= 2.0

    def state(self, kind: SubjectKind, name: str) -> StateEntry:
        return [each for each in self.states if each.subject == Subject(kind, name)][-1]

    def link(self, name: str) -> tuple[LinkState, Fault]:
        entry = self.state(SubjectKind.LINK, name)
        return entry.state, entry.fault

    def device(self, name: str) -> tuple[LinkState, Fault]:
        entry = self.state(SubjectKind.DEVICE, name)
        return entry.state, entry.fault

    def changes(self) -> list[tuple[str, str]]:
        """(change, cause) so far, updates left out."""
        return [(c.change, c.cause.id) for c in self.incidents if c.change is not Change.UPDATE]


def running() -> World:
    world = World()
    world.round()
    world.round()
    return world


def test_all_is_up_after_the_first_round_and_rated_once_a_round_after_that() -> None:
    world = World()
    world.round()
    assert {each.state for each in world.states} == {LinkState.UP}
    assert len(world.states) == 91 + 76 + 1  # links, devices, the external peer's
    assert {each.quality for each in world.samples} == {Quality.FIRST}
    assert len({each.link for each in world.samples}) == 92
    world.round()
    world.samples.clear()
    world.round()
    assert {each.quality for each in world.samples} == {Quality.GOOD}
    assert len({each.link for each in world.samples}) == len(world.samples) == 92


def test_in_is_towards_end_a_whoever_was_read() -> None:
    world = running()
    world.samples.clear()
    world.round()
    known = {each.link: each for each in world.samples}
    assert known["kut-zes"].value("in_bps") == 800_000
    assert known["kut-zes"].value("out_bps") == 1_600_000
    link = world.network.links["kut-zes"]
    world.mute = {link.a.device}
    for _ in range(3):
        world.samples.clear()
        world.round()
    mirrored = {each.link: each for each in world.samples}["kut-zes"]
    assert mirrored.value("in_bps") == 1_600_000
    assert mirrored.value("out_bps") == 800_000


def test_a_cut_circuit_is_down_at_once_and_one_incident() -> None:
    world = running()
    world.cut = {"kut-zes"}
    world.round()
    assert world.link("kut-zes") == (LinkState.DOWN, Fault.OWN)
    changed = {each.subject.id for each in world.states if each.at > T0 + 21}
    assert changed == {"kut-zes"}
    assert world.changes() == [("open", "kut-zes")]
    opened = world.incidents[0]
    assert opened.severity is Severity.MAJOR
    assert opened.summary == "kut-zes (Carrier A IMR-P31) is down"
    world.cut = set()
    world.round()
    assert world.link("kut-zes") == (LinkState.UP, Fault.NONE)
    assert world.changes() == [("open", "kut-zes"), ("close", "kut-zes")]


def test_what_hangs_behind_a_cut_is_unknown_upstream_and_recovers() -> None:
    world = running()
    world.cut = {"zes-sch"}
    world.round()
    world.round()
    assert world.link("zes-sch") == (LinkState.DOWN, Fault.OWN)
    assert world.link("zes-sch-acc") == (LinkState.UNKNOWN, Fault.UPSTREAM)
    assert world.device("zes-sch-rtr1") == (LinkState.UNKNOWN, Fault.UPSTREAM)
    assert world.state(SubjectKind.DEVICE, "zes-sch-rtr1").reason == "out of reach: zes-sch"
    assert world.changes() == [("open", "zes-sch")]
    last = world.incidents[-1]
    assert last.severity is Severity.CRITICAL
    assert {each.id for each in last.affected} == {"zes-sch-rtr1", "zes-sch-sw1", "zes-sch-acc"}
    world.cut = set()
    world.round()
    world.round()
    for name in ("zes-sch-rtr1", "zes-sch-sw1"):
        assert world.device(name) == (LinkState.UP, Fault.NONE)
    assert world.link("zes-sch-acc") == (LinkState.UP, Fault.NONE)
    assert world.changes() == [("open", "zes-sch"), ("close", "zes-sch")]


def test_a_dead_router_is_one_incident_and_never_its_links() -> None:
    world = running()
    world.dead = {"zes-rtr1"}
    for _ in range(3):
        world.round()
    assert world.changes() == [("open", "zes-rtr1")]
    assert world.device("zes-rtr1") == (LinkState.DOWN, Fault.OWN)
    assert world.link("kut-zes") == (LinkState.DOWN, Fault.UPSTREAM)
    assert world.device("zes-sch-rtr1") == (LinkState.UNKNOWN, Fault.UPSTREAM)
    world.dead = set()
    for _ in range(3):
        world.round()
    assert world.changes() == [("open", "zes-rtr1"), ("close", "zes-rtr1")]
    assert {world.link(link)[0] for link in world.network.links} == {LinkState.UP}
    # Not a moment of the outage is charged to the circuit itself.
    entries = [each for each in world.states if each.subject.id == "kut-zes"]
    in_force = {each.at: each.fault for each in entries}
    assert Fault.OWN not in in_force.values()


def test_one_lost_answer_changes_nothing() -> None:
    world = running()
    world.states.clear()
    target = world.targets["zes-rtr1"]
    world.now += INTERVAL_S
    assert world.watch.fold(world.poll(target, answers=False)) == {"zes-rtr1"}
    world.tick()
    world.watch.fold(world.poll(target, answers=True))
    world.tick()
    assert world.states == []
    assert world.incidents == []


def test_a_silent_agent_leaves_its_links_up_with_a_remark() -> None:
    world = running()
    world.mute = {"zes-rtr1"}
    world.round()
    world.round()
    entry = world.state(SubjectKind.LINK, "kut-zes")
    assert entry.state is LinkState.UP
    assert entry.reason == "zes-rtr1 does not answer"
    assert world.changes() == [("open", "zes-rtr1")]


def test_when_nobody_answers_there_is_one_incident_and_no_down() -> None:
    world = running()
    world.states.clear()
    world.mute = set(world.targets)
    world.round()
    world.round()
    assert world.changes() == [("open", "monitoring")]
    assert {each.state for each in world.states} == {LinkState.UNKNOWN}
    in_force = {each.subject: each.fault for each in world.states}
    assert set(in_force.values()) == {Fault.BLIND}
    world.mute = set()
    world.round()
    assert world.changes() == [("open", "monitoring"), ("close", "monitoring")]


def test_values_that_grow_old_are_unknown() -> None:
    world = running()
    world.states.clear()
    world.now += ALARMS.stale_after_s + 1
    world.tick()
    assert {each.state for each in world.states} == {LinkState.UNKNOWN}
    assert len(world.states) == 92


def test_maintenance_hides_nothing_and_opens_nothing() -> None:
    world = running()
    subject = Subject(SubjectKind.SITE, "zes")
    world.windows = [MaintenanceWindow(1, subject, T0, T0 + 60, "new router", "nino")]
    world.dead = {"zes-rtr1"}
    world.round()
    world.round()
    entry = world.state(SubjectKind.LINK, "kut-zes")
    assert (entry.state, entry.fault) == (LinkState.MAINTENANCE, Fault.MAINTENANCE)
    assert entry.reason.startswith("new router; seen ")
    assert world.device("zes-sch-rtr1") == (LinkState.UNKNOWN, Fault.MAINTENANCE)
    assert world.changes() == []
    for _ in range(4):
        world.round()
    assert world.changes() == [("open", "zes-rtr1")]  # the window is over, and it is still dead
    assert world.device("zes-rtr1")[0] is LinkState.DOWN


def test_a_new_monitor_takes_the_open_incident_over() -> None:
    cause = Subject(SubjectKind.LINK, "kut-zes")
    incident = Incident(
        7, cause, IncidentState.ACKNOWLEDGED, Severity.MAJOR, T0 - 99, None,
        "kut-zes (Carrier A IMR-P31) is down", (),
    )  # fmt: skip
    world = World(past=Past({}, (incident,), T0 - 1), cut={"kut-zes"})
    world.round()
    world.round()
    assert world.changes() == []
    world.cut = set()
    world.round()
    assert world.changes() == [("close", "kut-zes")]


def test_the_time_without_a_monitor_is_blind_and_not_up() -> None:
    subject = Subject(SubjectKind.LINK, "kut-zes")
    before = StateEntry(subject, T0 - 9000, LinkState.UP, Fault.NONE, "")
    world = World(past=Past({subject: before}, (), T0 - 3600))
    world.round()
    entries = [each for each in world.states if each.subject == subject]
    assert [(each.at - T0, each.state, each.fault) for each in entries] == [
        (-3600, LinkState.UNKNOWN, Fault.BLIND),
        (INTERVAL_S, LinkState.UP, Fault.NONE),
    ]


def test_a_monitor_that_restarts_at_once_leaves_no_trace() -> None:
    subject = Subject(SubjectKind.LINK, "kut-zes")
    before = StateEntry(subject, T0 - 9000, LinkState.UP, Fault.NONE, "")
    world = World(past=Past({subject: before}, (), T0 - 5))
    world.round()
    assert [each for each in world.states if each.subject == subject] == []
