"""Whose time is whose: reports from the ledger."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.availability import by_link, by_site, charge, faults
from monitor.store.base import Batch, MaintenanceWindow, PollerStatus, StateEntry, Subject
from monitor.store.sqlite import SqliteStore
from monitor.values import Fault, LinkState, SubjectKind
from tests.monitor.networks import default_network

T0 = 1_790_000_000.0
LINK = Subject(SubjectKind.LINK, "kut-zes")
STATES = {
    Fault.NONE: LinkState.UP,
    Fault.OWN: LinkState.DOWN,
    Fault.UPSTREAM: LinkState.UNKNOWN,
    Fault.MAINTENANCE: LinkState.MAINTENANCE,
    Fault.BLIND: LinkState.UNKNOWN,
}


def entry(at: float, fault: Fault, subject: Subject = LINK) -> StateEntry:
    return StateEntry(subject, T0 + at, STATES[fault], fault, "")


def store_of(
    path: Path, entries: list[StateEntry], windows: list[MaintenanceWindow], last_word: float
) -> SqliteStore:
    store = SqliteStore.open(path / "s.sqlite", write=True)
    status = PollerStatus(T0 + last_word, T0, 10, 1, 1, 1, 0, 0, 0)
    store.write(Batch(states=entries, poller=status))
    for window in windows:
        store.add_window(window)
    return store


def test_each_kind_of_time_is_told_apart(tmp_path: Path) -> None:
    entries = [
        entry(0, Fault.NONE),
        entry(100, Fault.OWN),
        entry(150, Fault.NONE),
        entry(200, Fault.UPSTREAM),
        entry(260, Fault.NONE),
        entry(300, Fault.MAINTENANCE),
        entry(370, Fault.NONE),
        entry(400, Fault.BLIND),
        entry(410, Fault.NONE),
    ]
    store = store_of(tmp_path, entries, [], 1000)
    found = {row.id: row for row in by_link(default_network(), store, T0, T0 + 1000)}
    row = found["kut-zes"]
    assert (row.in_service_s, row.own_s) == (1000 - 50 - 60 - 70 - 10, 50)
    assert (row.upstream_s, row.maintenance_s, row.blind_s) == (60, 70, 10)
    assert row.available == pytest.approx(810 / 860)
    assert row.target == default_network().links["kut-zes"].target
    assert row.met is False
    other = found["kut-bag"]
    assert other.available is None
    assert other.met is None
    assert other.blind_s == 1000


def test_time_after_the_monitors_last_word_is_blind(tmp_path: Path) -> None:
    store = store_of(tmp_path, [entry(0, Fault.NONE)], [], 300)
    row = {row.id: row for row in by_link(default_network(), store, T0, T0 + 1000)}["kut-zes"]
    assert (row.in_service_s, row.blind_s) == (300, 700)


def test_a_window_announced_afterwards_still_counts_and_a_sites_covers_its_links(
    tmp_path: Path,
) -> None:
    entries = [entry(0, Fault.NONE), entry(100, Fault.OWN), entry(200, Fault.NONE)]
    zes = Subject(SubjectKind.SITE, "zes")
    windows = [
        MaintenanceWindow(0, zes, T0 + 120, T0 + 180, "late", "nino"),
        MaintenanceWindow(0, LINK, T0 + 150, T0 + 190, "overlaps", "nino"),
    ]
    store = store_of(tmp_path, entries, windows, 1000)
    row = {row.id: row for row in by_link(default_network(), store, T0, T0 + 1000)}["kut-zes"]
    assert (row.own_s, row.maintenance_s, row.in_service_s) == (30, 70, 900)


def test_a_revised_entry_takes_the_place_of_the_first(tmp_path: Path) -> None:
    entries = [entry(0, Fault.NONE), entry(100, Fault.OWN), entry(100, Fault.UPSTREAM)]
    store = store_of(tmp_path, entries, [], 1000)
    row = {row.id: row for row in by_link(default_network(), store, T0, T0 + 1000)}["kut-zes"]
    assert (row.own_s, row.upstream_s) == (0, 900)


def test_a_site_is_all_its_devices_together(tmp_path: Path) -> None:
    router = Subject(SubjectKind.DEVICE, "zes-rtr1")
    switch = Subject(SubjectKind.DEVICE, "zes-sw1")
    entries = [
        entry(0, Fault.NONE, router),
        entry(0, Fault.NONE, switch),
        entry(500, Fault.OWN, router),
        entry(500, Fault.UPSTREAM, switch),
    ]
    store = store_of(tmp_path, entries, [], 1000)
    row = {row.id: row for row in by_site(default_network(), store, T0, T0 + 1000)}["zes"]
    assert (row.in_service_s, row.own_s, row.upstream_s) == (1000, 500, 500)


@given(
    st.lists(st.tuples(st.integers(-50, 1100), st.sampled_from(Fault)), max_size=8),
    st.lists(st.tuples(st.integers(-50, 1100), st.integers(0, 400)), max_size=4),
    st.integers(-50, 1100),
)
def test_every_second_is_charged_exactly_once(
    changes: list[tuple[int, Fault]], windows: list[tuple[int, int]], known_to: int
) -> None:
    entries = [entry(at, fault) for at, fault in sorted(changes, key=lambda each: each[0])]
    spans = faults(entries, T0, T0 + 1000, T0 + known_to)
    assert spans[0][0] == T0
    assert spans[-1][1] == T0 + 1000
    announced = [
        MaintenanceWindow(0, LINK, T0 + at, T0 + at + seconds, "", "") for at, seconds in windows
    ]
    seconds = charge(spans, announced)
    assert sum(seconds.values()) == pytest.approx(1000)
    assert all(value >= -1e-6 for value in seconds.values())
