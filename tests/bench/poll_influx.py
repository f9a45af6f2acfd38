"""What watching costs with its samples in InfluxDB 2: the collector and the database's server.

The monitor is the real one with `store.kind: influxdb`, the server a real InfluxDB 2.7 on loopback
with the options of deploy/compose.yaml; agents, pace and warming up as in tests.bench.poll. Both
processes' CPU counts: the server's own threads, its garbage collection and compaction too. What is
done every five minutes is not among it (its tasks are taken out, and it is measured between two
such times): tests.bench.store tells what summing up takes.

PEERS=telegraf also measures Telegraf with a server of its own, and how many times ours that is.

`python -m tests.bench.poll_influx COUNT SECONDS` measures one size for as long as is wanted.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.influxd import Influxd, build_influxd
from inventory.settings import StoreSettings
from monitor.store.influx_http import InfluxServer
from monitor.store.influx_setup import set_up
from monitor.store.totals import BLOCK_S
from tests.bench import Figure
from tests.bench.poll import GOALS, INTERVAL_S, MEASURED_S, UNIT, agents, collect
from tests.bench.poll_collector import TOKEN
from tests.bench.poll_peers import telegraf_ms

GOAL_MS = 0.65
GOAL_TIMES = 4.0
"""Telegraf's 2.6 ms beside these 0.65: what the goal is on a machine of any speed."""
ROWS_FAR_S = 60.0


def run() -> Iterator[Figure]:
    """At 76, 500 and 2,000 devices."""
    build_influxd()  # MachineError where it can't be, before anything is measured
    beside = "telegraf" in os.environ.get("PEERS", "").split(",")
    for count in GOALS:
        figure = measured(count, MEASURED_S, beside=beside)
        yield figure
        for name, value in figure.peers:
            what = f"{name} with a server of its own, {count:,} devices every 10 s"
            times = value / figure.value
            yield Figure(what, times, "times ours", GOAL_TIMES, more_is_better=True)


def measured(count: int, seconds: float, *, beside: bool = False) -> Figure:
    """Both processes' CPU for a poll of one of `count` devices; `beside` it that of Telegraf."""
    with agents(count) as port:
        peers = (("Telegraf", _telegraf_ms(port, count)),) if beside else ()
        with _server() as (url, pid):
            where = ("--influxdb", url, "--influxd", str(pid))
            _until_rows_are_far()
            found = collect(count, port, *where, seconds=seconds)
    both = found["cpu_ms_a_poll"] + found["server_ms_a_poll"]
    note = (
        f"collector {found['collector_ms_a_poll']:.2f}, its lines and requests "
        f"{found['cpu_ms_a_poll'] - found['collector_ms_a_poll']:.2f}, influxd "
        f"{found['server_ms_a_poll']:.2f}; {found['polls']:.0f} polls, {found['late']:.0f} late, "
        f"{found['missed']:.0f} missed; collector {found['memory_mb']:.0f} MB"
    )
    name = f"collector and InfluxDB together, {count:,} devices every 10 s"
    return Figure(name, both, UNIT, GOAL_MS, peers, note)


def _telegraf_ms(port: int, count: int) -> float:
    """Telegraf into a server of its own, both together."""
    with _server() as (url, pid):
        wanted = StoreSettings()
        output = f"""[[outputs.influxdb_v2]]
          urls = ["{url}"]
          token = "{TOKEN}"
          organization = "{wanted.org}"
          bucket = "{wanted.bucket}" """
        return telegraf_ms(port, count, INTERVAL_S, output, pid)


def _until_rows_are_far() -> None:
    """Wait where a block would end while it warms up or is measured: its rows would come then."""
    left = BLOCK_S - time.time() % BLOCK_S
    if left < ROWS_FAR_S:
        time.sleep(left)


@contextmanager
def _server() -> Iterator[tuple[str, int]]:
    """A fresh one, set up as `imereti store init` does: its address and its process."""
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        influxd = Influxd(build_influxd(), Path(name))
        influxd.start()
        try:
            server = InfluxServer(StoreSettings(kind="influxdb", url=influxd.url), TOKEN)
            set_up(server, TOKEN)
            tasks = server.client.tasks_api()
            for task in tasks.find_tasks():
                tasks.delete_task(task.id)
            server.close()
            assert influxd.process is not None
            yield influxd.url, influxd.process.pid
        finally:
            influxd.stop()


if __name__ == "__main__":
    print(measured(int(sys.argv[1]), float(sys.argv[2])))  # noqa: T201
