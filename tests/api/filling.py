"""Fills a real store with a day in the life of a network, for tests and pictures."""

from collections.abc import Mapping
from math import pi, sin
from random import Random

from inventory.model import BACKUP_ROLES, Link, LinkRole, Network
from monitor.said import joined, say
from monitor.store.base import (
    Batch,
    Change,
    DeviceEvent,
    DevicePollRow,
    IncidentChange,
    Latest,
    LinkSample,
    MaintenanceWindow,
    PollerStatus,
    StateEntry,
    Store,
    Subject,
    link_sample,
)
from monitor.values import (
    EventSource,
    Fault,
    LatestKind,
    LinkState,
    Quality,
    Severity,
    SubjectKind,
)

DAY_S = 86400.0
DOWN_FOR_S = 1260.0
NOTHING_ENDS: Mapping[str, float] = {}
LOAD = {
    LinkRole.CORE: 0.22,
    LinkRole.MAN: 0.09,
    LinkRole.WAN_PRIMARY: 0.30,
    LinkRole.WAN_BACKUP: 0.02,
    LinkRole.ACCESS: 0.05,
    LinkRole.SCHOOL: 0.42,
    LinkRole.TBILISI_PRIMARY: 0.55,
    LinkRole.TBILISI_BACKUP: 0.01,
}
"""Share of the bandwidth at the busiest time of day."""


def subject(link: str) -> Subject:
    """The link as a subject."""
    return Subject(SubjectKind.LINK, link)


def sample(link: Link, at: float, covers_s: float = 10.0) -> LinkSample:
    """What a poll of that link would have found at that time; the same each time it is asked."""
    chance = Random(f"{link.id}/{int(at)}")
    own = Random(link.id).uniform(0.5, 1.4)
    hour = at / 3600 % 24
    day = 0.25 + 0.75 * max(0.0, sin((hour - 5) / 24 * 2 * pi)) ** 1.4
    busy = LOAD[link.role] * own * day * chance.uniform(0.75, 1.25) * link.bandwidth_bps
    towards = busy if link.role not in BACKUP_ROLES else busy * 0.5
    return link_sample(
        link.id,
        at,
        covers_s=covers_s,
        in_bps=round(min(towards * 0.3, link.bandwidth_bps)),
        out_bps=round(min(towards, link.bandwidth_bps)),
        in_errors_ps=0.0,
        out_errors_ps=0.0,
        in_discards_ps=0.0,
        out_discards_ps=round(max(0.0, chance.gauss(-2, 1.5)), 2),
        loss=0.0,
        rtt_ms=round(chance.uniform(0.7, 3.4), 2),
        jitter_ms=round(chance.uniform(0.05, 0.6), 2),
    )


def fill_history(
    store: Store,
    network: Network,
    now: float,
    *,
    step_s: float = 120.0,
    span_s: float = DAY_S,
    until: Mapping[str, float] = NOTHING_ENDS,
) -> None:
    """Samples and states of `span_s` up to `now`, all up. `until` ends a link's samples."""
    begun = now - 9 * DAY_S
    devices = (Subject(SubjectKind.DEVICE, name) for name in network.devices)
    links = (subject(link) for link in network.links)
    states = [StateEntry(one, begun, LinkState.UP, Fault.NONE, "") for one in devices]
    states += [
        StateEntry(one, begun + number * 977, LinkState.UP, Fault.NONE, "")
        for number, one in enumerate(links)
    ]
    store.write(Batch(states=states))
    at = now - span_s
    while at < now - step_s:
        store.write_samples(
            [
                sample(link, at, step_s)
                for link in network.links.values()
                if at < until.get(link.id, now)
            ]
        )
        at += step_s
    fill_poll(store, network, now)


def fill_poll(
    store: Store, network: Network, now: float, silent: frozenset[str] = frozenset()
) -> None:
    """One poll of everything at `now`; links in `silent` have no rates."""
    samples = [
        LinkSample(link.id, now, Quality.UNREACHABLE, 0.0)
        if link.id in silent
        else sample(link, now)
        for link in network.links.values()
    ]
    polls = [DevicePollRow(name, now, 40 * DAY_S, 3.1) for name in network.devices]
    poller = PollerStatus(
        at=now,
        started=now - 9 * DAY_S,
        interval_s=10,
        targets=len(network.devices),
        answered=len(network.devices),
        polls=5_900_000,
        late_polls=0,
        timeouts=12,
        refused=0,
        slow=(("kut-core1", 0.021),),
        spooled=7,
        waiting=3,
        dropped=2,
        cycle_s=0.4,
    )
    store.write(Batch(samples=samples, devices=polls, poller=poller))


def turn(store: Store, link: str, at: float, state: LinkState, reason: str = "") -> None:
    """The link comes into a state."""
    faults = {
        LinkState.DOWN: Fault.OWN,
        LinkState.MAINTENANCE: Fault.MAINTENANCE,
        LinkState.UNKNOWN: Fault.BLIND,
    }
    entry = StateEntry(subject(link), at, state, faults.get(state, Fault.NONE), reason)
    store.write(Batch(states=[entry]))


def fill_trouble(store: Store, network: Network, now: float) -> None:
    """A bad day: a circuit down, a school degraded, announced work, a switch nobody can see."""
    turn(
        store,
        "kut-zes",
        now - DOWN_FOR_S,
        LinkState.DOWN,
        joined(
            (
                say("end.not_up", device="kut-core2", interface="Gi0/1/3", found="down"),
                say("end.not_up", device="zes-rtr1", interface="Gi0/0/1", found="down"),
            )
        ),
    )
    busy = say("link.use", limit="90%", found="93%", polls=3)
    works = say("works", reason="Fibre splicing", state=say("state.up"))
    turn(store, "zes-sch", now - 340, LinkState.DEGRADED, busy)
    turn(store, "kut-kho", now - 900, LinkState.MAINTENANCE, works)
    silent = say("end.silent", device="kut-ag07-sw1")
    turn(store, "ag07-acc", now - 3700, LinkState.UNKNOWN, silent)
    switch = Subject(SubjectKind.DEVICE, "kut-ag07-sw1")
    gone = StateEntry(switch, now - 3700, LinkState.DOWN, Fault.OWN, _no_answer())
    store.write(Batch(states=[gone]))
    for link, start, long in (
        ("tsk-sch", 50000, 700),
        ("chi-sac", 61000, 2400),
        ("sac-sch", 30000, 90),
    ):
        shut = say("end.not_up", device=f"{link[:3]}-rtr1", interface="Gi0/0/1", found="down")
        turn(store, link, now - start, LinkState.DOWN, shut)
        turn(store, link, now - start + long, LinkState.UP)
    store.add_window(
        MaintenanceWindow(0, subject("kut-kho"), now - 900, now + 5400, "Fibre splicing", "nino")
    )
    fill_incidents(store, now)
    fill_poll(store, network, now, frozenset({"kut-zes", "ag07-acc"}))
    hot = link_sample("zes-sch", now, in_bps=93e6, out_bps=71e6)
    store.write_samples([hot])


def incident(
    change: Change,
    cause: Subject,
    at: float,
    severity: Severity,
    summary: str,
    *sites: str,
    what: str = "",
) -> IncidentChange:
    """The monitor's word on an incident that hits those sites."""
    affected = tuple(Subject(SubjectKind.SITE, site) for site in sites)
    return IncidentChange(change, cause, at, severity, summary, affected, what)


def fill_incidents(store: Store, now: float) -> None:
    """Two open ones and one that is over."""
    over = subject("chi-sac")
    before = say("incident.circuit", cause="chi-sac", circuit="Carrier A IMR-P25")
    words = say("incident.circuit", cause="kut-zes", circuit="Carrier A IMR-P31")
    cut_off = say("incident.device", cause="kut-ag07-sw1")
    down = say("end.not_up", device="kut-core2", interface="Gi0/1/3", found="down")
    opened, again = say("opened.why", why=down), say("closed.up")
    switch = Subject(SubjectKind.DEVICE, "kut-ag07-sw1")
    changes = [
        incident(Change.OPEN, over, now - 61000, Severity.MAJOR, before, what=say("opened")),
        incident(Change.CLOSE, over, now - 58600, Severity.MAJOR, before, what=again),
        incident(
            Change.OPEN,
            switch,
            now - 3700,
            Severity.CRITICAL,
            cut_off,
            "ag07",
            what=say("opened.why", why=_no_answer()),
        ),
        incident(
            Change.OPEN,
            subject("kut-zes"),
            now - DOWN_FOR_S,
            Severity.MAJOR,
            words,
            "zes",
            "kha",
            what=opened,
        ),
    ]
    store.write(Batch(incidents=changes))
    number = next(one.id for one in store.incidents() if one.cause == subject("kut-zes"))
    store.acknowledge(number, now - 1100, "tamar")
    store.note(number, now - 1000, "tamar", "Carrier A has ticket 48213; a digger near Argveta")


def _no_answer() -> str:
    timeout = say("snmp.timeout", seconds="1")
    return say("snmp", address="10.99.107.2", port=161, problem=timeout)


def fill_notes(store: Store, network: Network, now: float) -> None:
    """What devices told and tell of themselves, and services: one fails, one is about to."""
    store.add_events(
        [
            DeviceEvent("zes-rtr1", now - 1262, EventSource.TRAP, 3,
                        "linkDown: Gi0/0/0, ifOperStatus down"),
            DeviceEvent("zes-rtr1", now - 1261, EventSource.SYSLOG, 5,
                        "%OSPF-5-ADJCHG: Process 1, Nbr 10.255.0.2 from FULL to DOWN"),
            DeviceEvent("kut-core2", now - 1260, EventSource.TRAP, 4,
                        "ospfNbrStateChange: 10.254.0.13, down"),
        ]
    )  # fmt: skip
    facts = {"cpu": 0.07, "memory": 0.41, "temperature_c": 38.0, "adjacencies": 1,
             "expected_adjacencies": 2, "adjacencies6": 2, "expected_adjacencies6": 2,
             "neighbours": [
                 {"neighbour": "kha-rtr1", "link": "kha-zes", "state": "full", "state6": "full"},
                 {"neighbour": "kut-core2", "link": "kut-zes", "state": "init", "state6": "full"},
             ], "sessions": []}  # fmt: skip
    border = {"cpu": 0.21, "memory": 0.5, "temperature_c": None, "adjacencies": None,
              "expected_adjacencies": 3, "sessions": [
                  {"peer": "central-government", "address": "192.0.2.2", "state": "established",
                   "prefixes": 2},
                  {"peer": "kut-core1", "address": "10.255.0.1", "state": "active",
                   "prefixes": None},
              ]}  # fmt: skip
    rows = [
        Latest(LatestKind.DEVICE, "zes-rtr1", now, facts),
        Latest(LatestKind.DEVICE, "tbi-edge1", now, border),
        Latest(LatestKind.SITE, "zes", now,
               {"loss": 0.05, "rtt_ms": 4.21, "jitter_ms": 0.37, "pings": 60}),
    ]  # fmt: skip
    states = [
        ("inmis", LinkState.UP, Fault.NONE, "", (34.2, 200, 71.5)),
        ("resolver", LinkState.UP, Fault.NONE, "", (1.3, None, None)),
        ("website", LinkState.DOWN, Fault.OWN, say("service.status", expected=200, found=503),
         (512.0, 503, 9.4)),
    ]  # fmt: skip
    for name, _, _, _, (took, status, days) in states:
        document = {"took_ms": took, "status": status, "certificate_days": days}
        rows.append(Latest(LatestKind.SERVICE, name, now, document))
    counts = {"traps_received": 3, "traps_accepted": 3, "syslog_received": 1}
    rows.append(Latest(LatestKind.RECEIVER, "all", now, counts))
    rows.append(Latest(LatestKind.PROBER, "all", now, {"probes_sent": 900, "probe_targets": 240}))
    rows.append(Latest(LatestKind.COST, "all", now, {"zes": [120, 24_000, 118, 150_000]}))
    store.put_latest(rows)
    entries = (
        StateEntry(Subject(SubjectKind.SERVICE, name), now - 3000, state, fault, reason)
        for name, state, fault, reason, _ in states
    )
    store.write(Batch(states=tuple(entries)))
