"""Buckets, retention and tasks of an InfluxDB 2 server: made, brought up to date, looked over."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from inventory.errors import StoreError
from inventory.settings import StoreSettings
from monitor.store.base import StoreReport
from monitor.store.influx_flux import (
    HOUR_S,
    MEASUREMENT,
    Buckets,
    quoted,
    task_name,
    task_script,
)
from monitor.store.influx_http import InfluxServer
from monitor.store.influx_lines import head_of
from monitor.store.influx_samples import RAW_DAYS
from monitor.store.influx_times import EVER, FAR, unix
from monitor.store.totals import BLOCK_S

DAY_S = 86_400
USER = "imereti"
"""Who owns a server that `set_up` found fresh. Its password is random and thrown away: the token
does all that is needed, and `influxd recovery` gives whoever runs the server a new one."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    bucket: str
    days: int
    block_s: int
    """Length of its rows; 0 for single samples."""


def _wanted(settings: StoreSettings) -> tuple[_Wanted, ...]:
    buckets, days = Buckets(settings.bucket), settings.retention_days
    return (
        _Wanted(buckets.raw, min(RAW_DAYS, days), 0),
        _Wanted(buckets.blocks, days, BLOCK_S),
        _Wanted(buckets.hours, days, HOUR_S),
    )


def set_up(server: InfluxServer, token: str, *, raw_days: int | None = None) -> tuple[str, ...]:
    """Make what is missing and change what differs; what was done, in words. StoreError.

    A fresh server gets its organisation, and `token` as its first one. `raw_days` replaces the
    retention of single samples.
    """
    settings, done = server.settings, list[str]()
    with server.errors("set up"):
        if _fresh(server, token):
            done.append(f"server set up for organisation {settings.org}")
        organisation = _organisation(server)
        for wanted in _wanted(settings):
            days = raw_days if raw_days is not None and not wanted.block_s else wanted.days
            done += _bucket(server, organisation, wanted.bucket, days)
        for block_s in (BLOCK_S, HOUR_S):
            done += _task(server, organisation, block_s)
    return tuple(done)


def report(server: InfluxServer, settings: StoreSettings) -> StoreReport:
    """What `imereti store check` says. StoreError when the server can't be asked."""
    with server.errors("look over"):
        findings = list(_findings(server, settings))
    samples, oldest, newest = 0, None, None
    if not any("is not there" in finding for finding in findings):
        samples, oldest, newest = _count(server, Buckets(settings.bucket))
        findings += _not_writable(server, Buckets(settings.bucket))
    return StoreReport(not findings, samples, oldest, newest, 0, tuple(findings))


def _fresh(server: InfluxServer, token: str) -> bool:
    """Set up a server that nobody has set up; whether it was one."""
    from influxdb_client import OnboardingRequest, SetupService  # noqa: PLC0415

    service = SetupService(server.client.api_client)
    if not service.get_setup().allowed:
        return False
    wanted = server.settings
    request = OnboardingRequest(
        username=USER,
        password=secrets.token_urlsafe(24),
        org=wanted.org,
        bucket=wanted.bucket,
        token=token,
    )
    service.post_setup(request)
    return True


def _organisation(server: InfluxServer) -> str:
    """Its id; StoreError when it is not there or hidden from the token."""
    name = server.settings.org
    for found in server.client.organizations_api().find_organizations():
        if found.name == name:
            return str(found.id)
    raise StoreError(
        f"{server.settings.url}: organisation {name} is not there, or hidden from the token. "
        "Set `store.org` to one that is, and give the token all rights in it."
    )


def _bucket(server: InfluxServer, organisation: str, name: str, days: int) -> Iterator[str]:
    from influxdb_client import BucketRetentionRules  # noqa: PLC0415

    api = server.client.buckets_api()
    rule = BucketRetentionRules(type="expire", every_seconds=days * DAY_S)
    found = api.find_bucket_by_name(name)
    if found is None:
        api.create_bucket(bucket_name=name, org=organisation, retention_rules=rule)
        yield f"bucket {name} made, {days} days"
    elif _days(found) != days:
        found.retention_rules = [rule]
        api.update_bucket(found)
        yield f"bucket {name} now keeps {days} days"


def _task(server: InfluxServer, organisation: str, block_s: int) -> Iterator[str]:
    from influxdb_client import TaskCreateRequest, TaskUpdateRequest  # noqa: PLC0415

    buckets = Buckets(server.settings.bucket)
    name, flux = task_name(buckets, block_s), task_script(buckets, block_s)
    api = server.client.tasks_api()
    known = api.find_tasks(name=name)
    if not known:
        api.create_task(
            task_create_request=TaskCreateRequest(org_id=organisation, flux=flux, status="active")
        )
        yield f"task {name} made"
    elif known[0].flux != flux or known[0].status != "active":
        api.update_task_request(known[0].id, TaskUpdateRequest(flux=flux, status="active"))
        yield f"task {name} brought up to date"


def _findings(server: InfluxServer, settings: StoreSettings) -> Iterator[str]:
    buckets = Buckets(settings.bucket)
    for wanted in _wanted(settings):
        found = server.client.buckets_api().find_bucket_by_name(wanted.bucket)
        if found is None:
            yield f"bucket {wanted.bucket} is not there. Run: imereti store init"
        elif 0 < _days(found) < wanted.days:
            yield (
                f"bucket {wanted.bucket} keeps {_days(found)} days, expected {wanted.days}. "
                "Run: imereti store init"
            )
    for block_s in (BLOCK_S, HOUR_S):
        name = task_name(buckets, block_s)
        known = server.client.tasks_api().find_tasks(name=name)
        if not known or known[0].status != "active":
            yield f"task {name} is not there or not active. Run: imereti store init"
        elif known[0].flux != task_script(buckets, block_s):
            yield f"task {name} is another program's. Run: imereti store init"
        elif known[0].last_run_status == "failed":
            yield f"task {name} failed last: {known[0].last_run_error}"


def _not_writable(server: InfluxServer, buckets: Buckets) -> Iterator[str]:
    """Why it takes no samples now: it is asked to store a part of its newest one again."""
    flux = f"""from(bucket: {quoted(buckets.raw)}) |> range(start: {EVER}, stop: {FAR})
      |> filter(fn: (r) => r._measurement == "{MEASUREMENT}" and r._field == "covers")
      |> last() |> group() |> sort(columns: ["_time"], desc: true) |> limit(n: 1)"""
    for row in server.rows(flux):
        line = f"{head_of(row['link'])}covers={row['_value']}i {round(unix(row['_time']) * 1000)}"
        try:
            server.write(buckets.raw, [line])
        except StoreError as error:
            yield str(error)


def _days(bucket: Any) -> int:
    """0: for ever."""
    rules = bucket.retention_rules
    return int(rules[0].every_seconds // DAY_S) if rules else 0


def _count(server: InfluxServer, buckets: Buckets) -> tuple[int, float | None, float | None]:
    """Samples, and the times of the oldest and the newest."""
    flux = f"""data = from(bucket: {quoted(buckets.raw)})
      |> range(start: {EVER}, stop: {FAR})
      |> filter(fn: (r) => r._measurement == "{MEASUREMENT}" and r._field == "covers")
    data |> count() |> group() |> sum() |> yield(name: "count")
    data |> first() |> group() |> min(column: "_time") |> yield(name: "first")
    data |> last() |> group() |> max(column: "_time") |> yield(name: "last")"""
    rows = {row["result"]: row for row in server.rows(flux)}
    if "count" not in rows:
        return 0, None, None
    first, last = unix(rows["first"]["_time"]), unix(rows["last"]["_time"])
    return int(rows["count"]["_value"]), first, last
