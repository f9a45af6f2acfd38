"""Availability from the ledger: what counts, what does not, and how sites and providers add up."""

import pytest

from api.availability import best, month_start, shares, spans
from monitor.store.base import Batch, StateEntry, Subject
from monitor.values import Fault, LinkState, SubjectKind
from tests.api.conftest import World
from tests.api.filling import DAY_S, turn

LINK = Subject(SubjectKind.LINK, "x")


def entry(at: float, fault: Fault) -> StateEntry:
    state = LinkState.UP if fault is Fault.NONE else LinkState.DOWN
    return StateEntry(LINK, at, state, fault, "")


def test_time_before_the_first_entry_is_not_known() -> None:
    found = shares(spans([entry(40, Fault.NONE)], 0, 100))
    assert (found.unknown_s, found.available_s) == (40, 60)
    assert found.ratio == 1.0


def test_work_and_unknown_time_count_neither_way() -> None:
    entries = [
        entry(-5, Fault.NONE),
        entry(10, Fault.OWN),
        entry(20, Fault.MAINTENANCE),
        entry(50, Fault.BLIND),
        entry(60, Fault.UPSTREAM),
        entry(70, Fault.NONE),
    ]
    found = shares(spans(entries, 0, 100))
    assert found.ratio == pytest.approx(40 / 60)
    assert (found.own_fault_s, found.upstream_s, found.maintenance_s) == (10, 10, 30)
    assert found.outages == 2


def test_nothing_known_is_null_and_not_zero_or_all() -> None:
    assert shares(spans([], 0, 100)).ratio is None


def test_entries_at_the_edges_and_at_the_same_time_add_up_to_the_period() -> None:
    entries = [entry(0, Fault.OWN), entry(0, Fault.NONE), entry(100, Fault.OWN)]
    found = spans(entries, 0, 100)
    assert [(span.start, span.end, span.fault) for span in found] == [(0, 100, Fault.NONE)]


def test_a_site_with_two_routers_is_down_only_when_both_are() -> None:
    one = spans([entry(0, Fault.NONE), entry(10, Fault.OWN), entry(50, Fault.NONE)], 0, 100)
    other = spans([entry(0, Fault.NONE), entry(30, Fault.OWN), entry(70, Fault.NONE)], 0, 100)
    found = shares(best([one, other], 0, 100))
    assert (found.own_fault_s, found.outages) == (20, 1)


def test_a_month_begins_by_the_regions_clock() -> None:
    assert month_start(1_800_000_000, "Asia/Tbilisi") == month_start(1_800_000_000, "UTC") - 14400


async def test_the_report_tells_the_missed_target_as_json_and_csv(world: World) -> None:
    end = world.clock.now
    turn(world.writer, "kut-zes", end - DAY_S, LinkState.DOWN)
    turn(world.writer, "kut-zes", end - DAY_S / 2, LinkState.UP)
    query = "/api/v1/reports/availability?by=link&from=2027-01-13T08:00:00Z&to=2027-01-15T08:00:00Z"
    report = (await world.client.get(query)).json()
    row = next(row for row in report["rows"] if row["id"] == "kut-zes")
    assert row["availability"] == pytest.approx(0.75)
    assert (row["met"], row["outages"]) == (False, 1)
    table = (await world.client.get(f"{query}&format=csv")).text.splitlines()
    assert table[0].startswith("id,availability,target,met")
    assert next(line for line in table if line.startswith("kut-zes,")).split(",")[3] == "False"
    assert len(table) == 92


async def test_a_site_is_judged_by_its_router_and_a_provider_by_its_links(world: World) -> None:
    end = world.clock.now
    router = Subject(SubjectKind.DEVICE, "zes-rtr1")
    down = StateEntry(router, end - 3600, LinkState.DOWN, Fault.OWN, "")
    world.writer.write(Batch(states=[down]))
    turn(world.writer, "kut-zes", end - 3600, LinkState.DOWN)
    period = "from=2027-01-15T06:00:00Z&to=2027-01-15T08:00:00Z"
    sites = (await world.client.get(f"/api/v1/reports/availability?{period}")).json()["rows"]
    assert next(row for row in sites if row["id"] == "zes")["availability"] == pytest.approx(0.5)
    assert next(row for row in sites if row["id"] == "ter")["availability"] == 1.0
    query = f"/api/v1/reports/availability?{period}&by=provider"
    providers = (await world.client.get(query)).json()["rows"]
    provider = world.network.links["kut-zes"].provider
    row = next(row for row in providers if row["id"] == provider)
    assert 0.9 < row["availability"] < 1
    assert row["own_fault_s"] == 3600
