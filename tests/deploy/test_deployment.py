"""What a site starts is what the program takes: units, compose file, image, Grafana's queries."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from cli.influxd import CACHE_OCTETS, GOGC
from cli.main import build_app
from inventory.load import load_network
from inventory.settings import SECRET_PREFIX, Settings
from monitor.store.base import link_sample
from monitor.store.influx import InfluxStore
from tests.docs.test_documentation import parse
from tests.influxfixture import InfluxUnderTest

UNITS = ("imereti-monitor", "imereti-serve")
T0 = 1_790_000_100.0


@pytest.fixture(scope="module")
def deploy(checkout: Path) -> Path:
    return checkout / "deploy"


@pytest.fixture(scope="module")
def services(deploy: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))
    return dict(found["services"])


def unit_here(deploy: Path, folder: Path, name: str) -> Path:
    """The unit with this environment's program in the place of the site's."""
    text = (deploy / "systemd" / f"{name}.service").read_text(encoding="utf-8")
    here = folder / f"{name}.service"
    program = str(Path(sys.executable).parent / "imereti")
    text = text.replace("/opt/imereti/.venv/bin/imereti", program)
    here.write_text(text.replace("/opt/imereti", str(deploy.parent)), encoding="utf-8")
    return here


def test_influxdb_runs_with_the_options_of_our_benches(services: dict[str, Any]) -> None:
    given = services["influxdb"]["environment"]
    assert given["GOGC"] == GOGC
    assert given["INFLUXD_STORAGE_CACHE_SNAPSHOT_MEMORY_SIZE"] == str(CACHE_OCTETS)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_to_say_about_the_units_and_little_exposure(
    deploy: Path, tmp_path: Path, name: str
) -> None:
    here = unit_here(deploy, tmp_path, name)
    verified = subprocess.run(
        ["systemd-analyze", "verify", here], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", here],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout[-500:]


def settings_keys() -> set[str]:
    """IMERETI_ variables that set something."""
    found = set()
    for one in fields(Settings):
        value = getattr(Settings(), one.name)
        if is_dataclass(value):
            found |= {f"IMERETI_{one.name}__{key.name}".upper() for key in fields(value)}
        else:
            found.add(f"IMERETI_{one.name}".upper())
    return found


def is_known(variable: str) -> bool:
    known = variable in settings_keys() or variable == "IMERETI_CONFIG"
    return known or variable.startswith(SECRET_PREFIX)


def test_every_variable_is_a_setting(deploy: Path, services: dict[str, Any]) -> None:
    named = {
        name
        for service in services.values()
        for name in service.get("environment", {})
        if name.startswith("IMERETI_")
    }
    for file in (*deploy.glob("systemd/*.service"), deploy / "Containerfile"):
        named |= set(re.findall(r"\b(IMERETI_\w+)=", file.read_text(encoding="utf-8")))
    assert len(named) > 8
    assert {name for name in named if not is_known(name)} == set()


def test_every_command_is_one_that_the_program_takes(
    deploy: Path, services: dict[str, Any]
) -> None:
    app = get_command(build_app([]))
    commands = [each["command"] for each in services.values() if "command" in each]
    for file in deploy.glob("systemd/*.service"):
        text = file.read_text(encoding="utf-8")
        commands += [
            line.split() for line in re.findall(r"^ExecStart=\S+imereti (.+)$", text, re.MULTILINE)
        ]
    assert len(commands) == 5
    for words in commands:
        parse(app, words)


def test_everything_that_is_mounted_or_copied_is_there(
    deploy: Path, services: dict[str, Any]
) -> None:
    mounted = [
        volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]
    assert [place for place in mounted if not (deploy / place).resolve().exists()] == []
    for service in services.values():
        if "build" in service:
            context = (deploy / service["build"]["context"]).resolve()
            assert (context / service["build"]["dockerfile"]).is_file()
    text = (deploy / "Containerfile").read_text(encoding="utf-8")
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert len(copied) > 4
    assert [word for word in copied if not (deploy.parent / word).exists()] == []


def test_ports_are_those_that_the_program_listens_on(
    checkout: Path, services: dict[str, Any]
) -> None:
    snmp = load_network(checkout / "inventory").region.services.snmp
    settings = Settings()
    wanted = {snmp.trap_port, settings.syslog.port}
    assert services["monitor"]["ports"] == [f"{port}:{port}/udp" for port in sorted(wanted)[::-1]]
    assert services["serve"]["ports"] == [f"127.0.0.1:8080:{settings.http.port}"]


def test_images_are_named_with_their_version(services: dict[str, Any]) -> None:
    for name, service in services.items():
        image = service["image"]
        assert image.startswith("imereti:") or re.search(r":\d+\.\d+\.\d+$", image), name


@pytest.fixture
def store(influx: InfluxUnderTest, tmp_path: Path) -> Iterator[InfluxStore]:
    with closing(influx.store(tmp_path)) as opened:
        yield opened
        influx.remove(opened)


@pytest.mark.influx
def test_each_query_of_the_dashboard_gives_what_was_written(
    deploy: Path, store: InfluxStore
) -> None:
    store.write_samples(
        [
            link_sample("kut-zes", T0 + 10 * at, in_bps=8.0, out_bps=4.0, loss=0.0, rtt_ms=2.0)
            for at in range(60)
        ]
    )
    store.compact(T0 + 600)
    board = json.loads((deploy / "grafana/dashboards/links.json").read_text(encoding="utf-8"))
    queries = [(panel["title"], panel["targets"][0]["query"]) for panel in board["panels"]]
    queries.append(("links", board["templating"]["list"][0]["query"].replace("-30d", "0")))
    assert len(queries) == 7
    for title, query in queries:
        filled = query.replace("${link}", "kut-zes").replace("links", store.buckets.raw)
        filled = filled.replace("v.timeRangeStart", f"time(v: {round(T0)}000000000)")
        filled = filled.replace("v.timeRangeStop", f"time(v: {round(T0) + 600}000000000)")
        rows = list(store.server.rows(filled))
        assert rows, title
        if title == "Traffic, five-minute means":
            assert {(row["in_bps"], row["out_bps"]) for row in rows} == {("8", "4")}
        if title == "links":
            assert [row["_value"] for row in rows] == ["kut-zes"]
