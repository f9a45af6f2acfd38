"""What else a user would poll with, on the same agents. None of them stores anything here."""

import asyncio
import http.client
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inventory.errors import MachineError
from inventory.secrets import Secrets
from monitor.agent import DeviceAgent
from monitor.metrics import INTERFACE_METRICS, SYS_UP_TIME, Kind
from monitor.snmp.pysnmp_client import PysnmpClient
from monitor.targets import targets
from tests.bench.poll_agents import INTERFACES
from tests.bench.poll_collector import cpu_of, cpu_s, many_devices
from tests.monitor.networks import V2C

PEER_POLLS = 30
EXPORTED_S = 20.0
EXPORTER_PORT = 39_116
TELEGRAF_S, TELEGRAF_WARM_S = 30.0, 15.0
BUILD_S = 1800
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bench-peer"


def built(name: str) -> Path:
    """The peer's binary, built when it is not there. MachineError."""
    done = subprocess.run(
        [SCRIPT, name], capture_output=True, text=True, check=False, timeout=BUILD_S
    )
    if done.returncode:
        raise MachineError(f"{name} could not be built: {done.stderr.strip()[-300:]}")
    return Path(done.stdout.strip())


def pysnmp_ms(port: int) -> float:
    """CPU of a poll through pysnmp: the same requests, decoded, one after another."""

    async def polls() -> float:
        (target,) = targets(many_devices(1, port), V2C)
        client = PysnmpClient(Secrets({}, "nowhere"), 2.0, 1)
        agent = DeviceAgent(target, client.session(target))
        assert (await agent.poll()).answered
        before = cpu_s()
        for _ in range(PEER_POLLS):
            assert (await agent.poll()).answered
        used = cpu_s() - before
        await client.close()
        return used * 1000 / PEER_POLLS

    return asyncio.run(polls())


def snmpbulkget_ms(port: int) -> float:
    """CPU of one snmpbulkget process that reads the same columns."""
    columns = [f".{metric.oid}" for metric in INTERFACE_METRICS]
    words = [
        "snmpbulkget",
        "-v2c",
        "-c",
        V2C.community,
        "-Cn0",
        f"-Cr{INTERFACES}",
        "-On",
        "-m",
        "",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(PEER_POLLS):
        subprocess.run([*words, f"127.0.0.1:{port}", *columns], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used * 1000 / PEER_POLLS


def exporter_ms(port: int, count: int, interval_s: float) -> float:
    """CPU of Prometheus snmp_exporter for a scrape of one device, paced, without Prometheus."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "snmp.yml"
        config.write_text(_exporter_config(), encoding="utf-8")
        words: list[str | Path] = [
            built("snmp_exporter"),
            f"--config.file={config}",
            "--log.level=error",
        ]
        words.append(f"--web.listen-address=127.0.0.1:{EXPORTER_PORT}")
        with _running(words) as process:
            _scrape(port, deadline_s=20)
            used, polls, began = cpu_of(process.pid), 0, time.monotonic()
            while time.monotonic() - began < EXPORTED_S:
                due = began + polls * interval_s / count
                time.sleep(max(0.0, due - time.monotonic()))
                _scrape(port + polls % count)
                polls += 1
            return (cpu_of(process.pid) - used) * 1000 / polls


def telegraf_ms(
    port: int,
    count: int,
    interval_s: float,
    output: str = "[[outputs.discard]]",
    server: int | None = None,
) -> float:
    """CPU of Telegraf, and of the database's process `server`, for a poll of one device.

    `output` is its part of the configuration: what is polled is thrown away without one.
    """
    with tempfile.TemporaryDirectory() as folder:
        config, told = Path(folder) / "telegraf.conf", Path(folder) / "log"
        words = _telegraf_config(port, count, interval_s, told, output)
        config.write_text(words, encoding="utf-8")
        with _running([built("telegraf"), "--config", str(config)]) as process:
            pids = (process.pid, *((server,) if server else ()))
            time.sleep(TELEGRAF_WARM_S)
            used = sum(map(cpu_of, pids))
            time.sleep(TELEGRAF_S)
            errors = [line for line in told.read_text("utf-8").splitlines() if " E! " in line]
            if process.poll() is not None or errors:
                raise MachineError(f"telegraf does not do it: {(errors or ['it ended'])[-1]}")
            polls = count * TELEGRAF_S / interval_s
            return (sum(map(cpu_of, pids)) - used) * 1000 / polls


def _scrape(port: int, deadline_s: float = 0.0) -> None:
    """One device; waits for the exporter for `deadline_s`."""
    until = time.monotonic() + deadline_s
    while True:
        asking = http.client.HTTPConnection("127.0.0.1", EXPORTER_PORT, timeout=10)
        try:
            asking.request("GET", f"/snmp?auth=bench&module=links&target=127.0.0.1:{port}")
            text = asking.getresponse().read().decode()
        except OSError:
            if time.monotonic() > until:
                raise MachineError("snmp_exporter does not answer") from None
            time.sleep(0.1)
            continue
        finally:
            asking.close()
        found = text.count("\nifHCInOctets{")
        if found != INTERFACES:
            raise MachineError(f"snmp_exporter read {found} interfaces: {text[:300]}")
        return


def _exporter_config() -> str:
    lines = [
        f"auths: {{bench: {{version: 2, community: {V2C.community}}}}}",
        "modules:",
        "  links:",
        f"    get: [{SYS_UP_TIME}]",
        f"    walk: [{', '.join(metric.oid for metric in INTERFACE_METRICS)}]",
        "    metrics:",
        f"      - {{name: sysUpTime, oid: {SYS_UP_TIME.removesuffix('.0')}, type: gauge}}",
    ]
    for metric in INTERFACE_METRICS:
        kind = {Kind.COUNTER64: "counter", Kind.COUNTER32: "counter", Kind.TEXT: "DisplayString"}
        lines.append(
            f"      - {{name: {metric.object}, oid: {metric.oid}, "
            f"type: {kind.get(metric.kind, 'gauge')}, "
            "indexes: [{labelname: ifIndex, type: gauge}]}"
        )
    return "\n".join(lines) + "\n"


def _telegraf_config(port: int, count: int, interval_s: float, told: Path, output: str) -> str:
    agents = ", ".join(f'"udp://127.0.0.1:{port + number}"' for number in range(count))
    lines = [
        "[agent]",
        f'  interval = "{interval_s:g}s"',
        f'  flush_interval = "{interval_s:g}s"',
        "  metric_buffer_limit = 100000",
        "  omit_hostname = true",
        "  quiet = true",
        f'  logfile = "{told}"',
        output,
        "[[inputs.snmp]]",
        f"  agents = [{agents}]",
        "  version = 2",
        f'  community = "{V2C.community}"',
        "  [[inputs.snmp.field]]",
        f'    name = "sysUpTime"\n    oid = ".{SYS_UP_TIME}"',
        '  [[inputs.snmp.table]]\n    name = "interface"',
    ]
    for metric in INTERFACE_METRICS:
        lines += [
            "    [[inputs.snmp.table.field]]",
            f'      name = "{metric.object}"\n      oid = ".{metric.oid}"',
            f"      is_tag = {'true' if metric.kind is Kind.TEXT else 'false'}",
        ]
    return "\n".join(lines) + "\n"


@contextmanager
def _running(words: list[str | Path]) -> Iterator["subprocess.Popen[bytes]"]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
