"""`imereti render` as people and scripts run it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def imereti(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *words],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_device_is_written_and_then_none(checkout: Path, tmp_path: Path) -> None:
    first = imereti(checkout, "render", "--out", str(tmp_path))
    assert first.returncode == 0, first.stderr
    assert first.stdout.endswith(f"{tmp_path}: 76 devices, 76 files, 76 written, 0 as they were\n")
    again = imereti(checkout, "render", "--out", str(tmp_path))
    assert again.stdout == f"{tmp_path}: 76 devices, 76 files, 0 written, 76 as they were\n"
    assert first.stderr == again.stderr == ""


def test_json_is_one_document(checkout: Path, tmp_path: Path) -> None:
    words = ["--json", "render", "--site", "zes", "--platform", "frr", "--out", str(tmp_path)]
    done = imereti(checkout, *words)
    document = json.loads(done.stdout)
    assert document["folder"] == str(tmp_path)
    (device,) = document["devices"]
    assert (device["device"], device["platform"]) == ("zes-rtr1", "frr")
    assert {"frr.conf", "daemons", "nftables.conf", "snmpd.conf"} <= set(device["files"])
    assert device["changed"] == device["files"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--site", "zez"], 64, "there is no site 'zez'. Did you mean 'zes'?"),
        (["--platform", "fr"], 64, "Did you mean 'frr'?"),
        (["--filter", "1"], 64, "expected Nornir filters such as"),
        (["--filter", 'F(role="nobody")'], 64, "no device fits all of --filter"),
        (["--out", "/dev/null/x"], 1, "can't be written: Not a directory."),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_64(
    words: list[str], status: int, said: str, checkout: Path, tmp_path: Path
) -> None:
    done = imereti(checkout, "render", "--out", str(tmp_path), *words)
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
