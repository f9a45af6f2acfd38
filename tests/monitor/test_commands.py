"""`imereti poll`, `monitor` and `store` as whole processes."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitor.networks import INVENTORY

IMERETI = [sys.executable, "-c", "from cli.main import main; main()"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose devices are silent: their loopbacks are this machine's."""
    path = tmp_path / "config.yaml"
    inventory = shutil.copytree(INVENTORY, tmp_path / "inventory")
    region = inventory / "region.yaml"
    text = region.read_text(encoding="utf-8")
    assert "10.255.0.0/16" in text
    region.write_text(text.replace("10.255.0.0/16", "127.255.0.0/16"), encoding="utf-8")
    path.write_text(
        f"paths: {{inventory: {inventory}, state: {tmp_path / 'state'}}}\n"
        "target: real\n"
        "poll: {interval_s: 2, timeout_s: 0.2, retries: 0, deadline_s: 1}\n"
        f"store: {{path: {tmp_path / 'state' / 'samples.sqlite'}}}\n"
    )
    return path


def imereti(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*IMERETI, "-c", str(config), *words],
        capture_output=True, text=True, check=False, timeout=60, env=environment(),
    )  # fmt: skip


def environment() -> dict[str, str]:
    secrets = {"IMERETI_SECRET_SNMP_AUTH": "a" * 12, "IMERETI_SECRET_SNMP_PRIV": "p" * 12}
    return {**os.environ, **secrets}


def test_a_poll_of_who_does_not_answer_names_them_and_exits_1(config: Path) -> None:
    done = imereti(config, "poll", "--host", "zes-rtr1", "--quick", "--json")
    assert done.returncode == 1
    links = json.loads(done.stdout)
    assert {link["state"] for link in links} == {"unknown"}
    kut_zes = next(link for link in links if link["id"] == "kut-zes")
    assert list(kut_zes) == [
        "id", "state", "since", "as_of", "in_bps", "out_bps", "in_utilisation", "out_utilisation",
        "in_errors_ps", "out_errors_ps", "loss", "rtt_ms", "jitter_ms", "reason", "quality",
    ]  # fmt: skip
    assert kut_zes["in_bps"] is None
    assert kut_zes["quality"] == "unreachable"
    assert "zes-rtr1: SNMP at 127.255.0.21 port 161: no answer within 0.2 s." in done.stderr
    assert "1 of 1 devices did not answer." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_poll_prints_a_table_for_people(config: Path) -> None:
    done = imereti(config, "poll", "--link", "zes-sch", "--quick")
    assert done.returncode == 1
    assert "zes-sch" in done.stdout
    assert "unknown" in done.stdout


def test_a_missing_secret_is_one_sentence(config: Path) -> None:
    done = subprocess.run(
        [*IMERETI, "-c", str(config), "poll", "--host", "zes-rtr1"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "secret SNMP_AUTH is not set" in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.fixture
def monitor(config: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*IMERETI, "-c", str(config), "monitor", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    ) as process:  # fmt: skip
        yield process
        if process.poll() is None:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_the_monitor_says_changes_as_lines_and_stops_within_5_s(
    monitor: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert monitor.stdout is not None
    first = json.loads(monitor.stdout.readline())
    assert set(first) == {"at", "kind", "id", "state", "fault", "reason"}
    assert first["state"] == "unknown"  # nobody answers here, and nothing is called down for it
    began = time.monotonic()
    monitor.send_signal(number)
    rest, errors = monitor.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert monitor.returncode == 0
    # what `readline` had read ahead is gone, so the first line may be the end of one
    assert all(json.loads(line)["state"] != "up" for line in rest.splitlines()[1:])
    assert "Traceback" not in errors


def test_sighup_has_the_inventory_read_again_and_the_monitor_goes_on(
    monitor: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert monitor.stdout is not None
    monitor.stdout.readline()

    def said(word: str) -> None:
        monitor.send_signal(signal.SIGHUP)
        assert monitor.stderr is not None
        assert any(word in line for line in monitor.stderr), word

    links = tmp_path / "inventory" / "links.yaml"
    before = links.read_text(encoding="utf-8")
    links.write_text(f"{before}\nnonsense: [\n", encoding="utf-8")
    said("inventory_refused")
    links.write_text(f"{before}\n# another word\n", encoding="utf-8")
    said("inventory_reloaded")
    monitor.terminate()
    monitor.communicate(timeout=20)
    assert monitor.returncode == 0


def test_a_second_monitor_is_refused_in_one_sentence(
    monitor: subprocess.Popen[str], config: Path
) -> None:
    assert monitor.stdout is not None
    monitor.stdout.readline()
    done = imereti(config, "monitor")
    assert done.returncode == 1
    assert f"another monitor (process {monitor.pid})" in done.stderr
    assert "Traceback" not in done.stderr
    monitor.terminate()
    monitor.communicate(timeout=20)


def test_a_store_is_made_checked_and_backed_up(config: Path, tmp_path: Path) -> None:
    missing = imereti(config, "store", "check")
    assert missing.returncode == 1
    assert "Run: imereti store init" in missing.stderr
    made = imereti(config, "store", "init", "--json")
    assert json.loads(made.stdout)["made"] is True
    again = imereti(config, "store", "init")
    assert again.returncode == 0
    assert "was there" in again.stdout
    checked = json.loads(imereti(config, "store", "check", "--json").stdout)
    assert checked["ok"] is True
    assert checked["samples"] == 0
    copy = tmp_path / "copy.sqlite"
    assert imereti(config, "store", "backup", str(copy)).returncode == 0
    assert sqlite3.connect(copy).execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("command", [["monitor"], ["store", "init"], ["store", "check"]])
def test_a_store_file_that_is_none_is_named_and_left_alone(
    config: Path, tmp_path: Path, command: list[str]
) -> None:
    path = tmp_path / "state" / "samples.sqlite"
    path.parent.mkdir()
    path.write_text("no database, but somebody's words\n" * 99)
    before = path.read_bytes()
    done = imereti(config, *command)
    assert done.returncode == 1
    assert str(path) in done.stderr
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before
