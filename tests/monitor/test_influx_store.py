"""InfluxDB itself: what it refuses and why, what is set up in it, and what its tasks sum up."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from influxdb_client import Permission, PermissionResource
from influxdb_client.rest import ApiException

from inventory.errors import SecretError, StoreError
from inventory.secrets import Secrets
from inventory.settings import StoreSettings
from monitor.store.base import Batch, LinkSample, StateEntry, Subject, link_sample
from monitor.store.influx import InfluxStore
from monitor.store.influx_flux import HOUR_S, Buckets, task_name
from monitor.store.influx_http import InfluxServer
from monitor.store.influx_lines import full_lines
from monitor.store.influx_setup import set_up
from monitor.store.open import open_store
from monitor.store.totals import BLOCK_S
from monitor.values import Fault, LinkState, Quality, SubjectKind
from tests.influxfixture import TOKEN, InfluxUnderTest

pytestmark = pytest.mark.influx
T0 = 1_790_000_100.0


@pytest.fixture
def store(influx: InfluxUnderTest, tmp_path: Path) -> Iterator[InfluxStore]:
    with closing(influx.store(tmp_path)) as opened:
        yield opened
        influx.remove(opened)


def samples(count: int, start: float = T0) -> list[LinkSample]:
    return [link_sample("kut-zes", start + 10 * at, in_bps=1.0 + at) for at in range(count)]


def limited_token(store: InfluxStore, *actions: str) -> str:
    """A token that may do `actions` in the store's bucket and nothing else."""
    client = store.server.client
    bucket = client.buckets_api().find_bucket_by_name(store.buckets.raw)
    resource = PermissionResource(type="buckets", id=bucket.id, org_id=bucket.org_id)
    may = [Permission(action=action, resource=resource) for action in actions]
    made = client.authorizations_api().create_authorization(bucket.org_id, may)
    return str(made.token)


def test_a_token_that_the_server_does_not_know_is_said(store: InfluxStore) -> None:
    with closing(InfluxStore(store.settings, "another", write=True)) as other:
        with pytest.raises(StoreError, match=r"\(401, unauthorized.*secret INFLUX_TOKEN"):
            other.write_samples(samples(1))
        with pytest.raises(StoreError, match=r"can't read \(401"):
            other.last_samples()
        with pytest.raises(StoreError, match="401"):
            other.check()


def test_a_token_that_may_only_read_is_said(store: InfluxStore) -> None:
    token = limited_token(store, "read")
    with closing(InfluxStore(store.settings, token, write=True)) as other:
        with pytest.raises(StoreError, match=r"\(403, .*may not do this"):
            other.write_samples(samples(1))
        assert other.last_samples() == {}


@pytest.mark.parametrize("key", ["bucket", "org"])
def test_a_bucket_or_organisation_that_is_not_there_names_the_command(
    store: InfluxStore, key: str
) -> None:
    known = store.settings
    elsewhere = {"bucket": replace(known, bucket="nowhere"), "org": replace(known, org="nowhere")}
    settings = elsewhere[key]
    with (
        closing(InfluxStore(settings, TOKEN, write=True)) as other,
        pytest.raises(StoreError, match=r"\(404, .*nowhere.*imereti store init"),
    ):
        other.write_samples(samples(1))


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    settings = StoreSettings(kind="influxdb", path=tmp_path / "j", url="http://127.0.0.1:9")
    with closing(InfluxStore(settings, TOKEN, write=True)) as store:
        for call in (store.check, store.last_samples, lambda: store.write_samples(samples(1))):
            with pytest.raises(StoreError, match=r"127\.0\.0\.1:9: can't .*Connection refused"):
                call()
        store.write(Batch(states=[_state(LinkState.UP)]))  # states have a place of their own
        assert store.last_seq() == 1


def _state(state: LinkState) -> StateEntry:
    return StateEntry(Subject(SubjectKind.LINK, "kut-zes"), T0, state, Fault.NONE, "")


def test_a_missing_token_is_one_sentence(tmp_path: Path) -> None:
    settings = StoreSettings(kind="influxdb", path=tmp_path / "j")
    with pytest.raises(SecretError, match="INFLUX_TOKEN is not set"):
        open_store(settings, Secrets({}, "nowhere"), write=True)


@pytest.mark.parametrize("bad", [{7}, {0, 1, 2}, {19}, set(range(20)), set(range(0, 20, 2))])
def test_of_a_batch_with_a_type_conflict_the_good_are_stored_and_the_bad_are_told(
    store: InfluxStore, bad: set[int]
) -> None:
    # Somebody wrote a whole number into the field before: the type of a field is fixed by the
    # first value of a shard, that is of these days.
    store.server.write(store.buckets.raw, [f"link,link=other out_bps=1i {round(T0 * 1000)}"])
    mixed = [
        replaced(each, "out_bps", 5.0) if at in bad else each for at, each in enumerate(samples(20))
    ]
    refused = store.write_samples(mixed)
    assert {round(each.sample.at - T0) // 10 for each in refused} == bad
    assert all("field type conflict" in each.reason for each in refused)
    stored = {each.at for each in store.samples(T0, T0 + 1000)}
    assert stored == {each.at for at, each in enumerate(mixed) if at not in bad}


def replaced(sample: LinkSample, metric: str, value: float) -> LinkSample:
    return link_sample(sample.link, sample.at, in_bps=sample.value("in_bps"), **{metric: value})  # type: ignore[arg-type]


def test_a_sample_older_than_its_bucket_keeps_is_told_and_the_others_are_stored(
    influx: InfluxUnderTest, tmp_path: Path
) -> None:
    settings, now = influx.settings(tmp_path), time.time()
    server = InfluxServer(settings, TOKEN)
    set_up(server, TOKEN)
    server.close()
    with closing(InfluxStore(settings, TOKEN, write=True)) as store:
        old = link_sample("kut-zes", now - 15 * 86_400, in_bps=1.0)
        refused = store.write_samples([old, link_sample("kut-zes", now, in_bps=1.0)])
        assert [each.sample for each in refused] == [old]
        assert "retention" in refused[0].reason
        assert store.check().samples == 1
        influx.remove(store)


def test_a_line_that_can_not_be_parsed_is_told(store: InfluxStore) -> None:
    with pytest.raises(StoreError, match="unable to parse"):
        store.server.write(store.buckets.raw, ["link,link=a covers="])


def test_setting_up_twice_changes_nothing_and_other_settings_are_carried_over(
    influx: InfluxUnderTest, tmp_path: Path
) -> None:
    settings = influx.settings(tmp_path, retention_days=100)
    with closing(InfluxStore(settings, TOKEN, write=True)) as store:
        done = set_up(store.server, TOKEN)
        assert len([line for line in done if line.startswith("bucket")]) == 3
        assert len([line for line in done if line.startswith("task")]) == 2
        assert set_up(store.server, TOKEN) == ()
        assert store.check().ok
        longer = InfluxServer(replace(settings, retention_days=200), TOKEN)
        assert [line.rpartition(" now ")[2] for line in set_up(longer, TOKEN)] == [
            "keeps 200 days",
            "keeps 200 days",
        ]
        longer.close()
        tasks = store.server.client.tasks_api()
        (task,) = tasks.find_tasks(name=task_name(Buckets(settings.bucket), HOUR_S))
        tasks.delete_task(task.id)
        report = store.check()
        assert not report.ok
        assert "imereti store init" in report.findings[0]
        influx.remove(store)
        assert "is not there. Run: imereti store init" in store.check().findings[0]


def run_status(tasks: Any, task: str, run: str) -> str:
    """How a run does. For a moment after its end the server does not find it."""
    try:
        return str(tasks.get_run(task, run).status)
    except ApiException as error:
        if error.status != 404:
            raise
        return "between two places"


def run_task(store: InfluxStore, length: int, end: float) -> None:
    """Run a task by hand, for the block that ends at `end`."""
    tasks = store.server.client.tasks_api()
    (task,) = tasks.find_tasks(name=task_name(store.buckets, length))
    run = tasks.run_manually(task.id, datetime.fromtimestamp(end, UTC))
    until = time.monotonic() + 120
    while (status := run_status(tasks, task.id, run.id)) not in {"success", "failed"}:
        assert time.monotonic() < until, status
        time.sleep(0.1)
    log = [line.message for line in tasks.get_run_logs(task.id, run.id)]
    assert status == "success", log


def test_the_servers_own_task_sums_up(store: InfluxStore, influx: InfluxUnderTest) -> None:
    # Run by hand for a moment of our choice: waiting for the clock would take six minutes.
    store.write_samples(samples(60))
    hour = T0 // HOUR_S * HOUR_S + HOUR_S
    for length, end in ((BLOCK_S, T0 + 300), (BLOCK_S, T0 + 600), (HOUR_S, hour)):
        run_task(store, length, end)
    rows = list(
        store.server.rows(
            f'from(bucket: "{store.buckets.blocks}") |> range(start: 0) '
            '|> filter(fn: (r) => r._field == "n" or r._field == "in_bps_max")'
        )
    )
    assert sorted((row["_field"], float(row["_value"])) for row in rows) == [
        ("in_bps_max", 30.0), ("in_bps_max", 60.0), ("n", 30.0), ("n", 30.0),
    ]  # fmt: skip
    (whole,) = store.series("kut-zes", "in_bps", T0 // HOUR_S * HOUR_S, T0 + 600, HOUR_S)
    assert whole.mean == pytest.approx(30.5)


def test_the_task_leaves_alone_what_the_monitor_summed_up(store: InfluxStore) -> None:
    store.write_samples(samples(60))
    assert store.compact(T0 + 600) == 60
    marked = "link,link=kut-zes in_bps_max="
    for block, number in ((T0, 30), (T0 + 300, 29)):
        at = round(block * 1000)
        store.server.write(store.buckets.blocks, [f"{marked}77.0,n={number}i {at}"])
        run_task(store, BLOCK_S, block + 300)
    tops = [point.maximum for point in store.series("kut-zes", "in_bps", T0, T0 + 600, 300)]
    assert tops == [77.0, 60.0]  # the second was told to lack a sample


def test_a_block_in_which_the_monitor_was_started_is_summed_up_as_a_whole(
    store: InfluxStore,
) -> None:
    whole = samples(75)
    store.write_samples(whole[:10])
    with closing(InfluxStore(store.settings, TOKEN, write=True)) as started_again:
        started_again.write_samples(whole[10:])
        while started_again.tidy(T0 + 700, 60):
            pass
        points = started_again.series("kut-zes", "in_bps", T0, T0 + 600, 300)
        assert [(point.mean, point.maximum) for point in points] == [(15.5, 30), (45.5, 60)]


@pytest.mark.parametrize("by", ["this monitor", "another"])
def test_what_came_late_is_summed_up_in_pieces(store: InfluxStore, by: str) -> None:
    if by == "another":
        with closing(InfluxStore(store.settings, TOKEN, write=True)) as other:
            other.write_samples(samples(30 * 40))
    else:
        store.write_samples(samples(30 * 40))
    rounds = 1
    while store.tidy(T0 + 30 * 400 + 1000, budget_s=0.01):
        rounds += 1
    assert rounds > 1
    points = store.series("kut-zes", "in_bps", T0, T0 + 12_000, 300)
    assert [point.mean for point in points] == [15.5 + 30 * at for at in range(40)]
    counted = list(
        store.server.rows(
            f'from(bucket: "{store.buckets.blocks}") |> range(start: 0) '
            '|> filter(fn: (r) => r._field == "n") |> group() |> sum()'
        )
    )
    assert counted[0]["_value"] == "1200"


def test_lines_hold_what_changes_and_are_full_now_and_then(
    store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = [link_sample("kut-zes", T0 + 10 * at, **dict.fromkeys(RATES, 0.0)) for at in range(90)]  # type: ignore[arg-type]
    full = full_lines(idle)
    sent: list[str] = []
    monkeypatch.setattr(store.server, "write", lambda _bucket, lines: sent.extend(lines))
    store.write_samples(idle)
    store.write_samples([LinkSample("kut-zes", T0 + 900, Quality.RESET, 0.0)])
    assert [line in full for line in sent[:90]].count(True) in {3, 4}
    assert len("".join(sent)) < len("".join(full)) / 3
    assert sent[1] == f"link,link=kut-zes covers=10000i {round((T0 + 10) * 1000)}"
    assert 'quality="reset"' in sent[90]


RATES = (
    "in_bps", "out_bps", "in_errors_ps", "out_errors_ps", "in_discards_ps", "out_discards_ps",
    "in_ucast_pps", "out_ucast_pps",
)  # fmt: skip
