"""What builds InfluxDB, containerlab and the bench's peers says which compilers it needs."""

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SCRIPTS = CHECKOUT / "scripts"


def stand_in(folder: Path, name: str, answer: str) -> None:
    """A compiler that only tells its version."""
    file = folder / name
    file.write_text(f'#!/bin/sh\n[ "$2" = GOTOOLCHAIN ] && echo local && exit\n{answer}\n')
    file.chmod(0o755)


def run(folder: Path, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{folder}:/usr/bin:/bin",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return subprocess.run(
        [SCRIPTS / script, *words], env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("go1.19", False), ("go1.22.12", False), ("go1.23.0", True), ("go1.26.8", True),
        ("go1.26.8 X:nodwarf5", True), ("go2.0", True), ("", False),
    ],
)  # fmt: skip
def test_a_go_that_is_too_old_is_told_from_one_that_is_not(
    tmp_path: Path, version: str, fits: bool
) -> None:
    stand_in(tmp_path, "go", f"echo '{version}'")
    done = run(tmp_path, "need-go", "1.23", "InfluxDB")
    assert done.returncode == (0 if fits else 1)
    if not fits:
        found = version.removeprefix("go") or "none"
        assert f"building InfluxDB needs Go 1.23 or later, found {found}." in done.stderr
        assert "golang-go is 1.19: too old" in done.stderr
        assert "/usr/local/go" in done.stderr


@pytest.mark.parametrize(
    ("go", "cargo", "said"),
    [
        ("go1.19.8", "cargo 1.95.0", "building InfluxDB needs Go 1.23 or later, found 1.19.8."),
        ("go1.26.8", "cargo 0.66.0", "needs Rust 1.72 or later, found 0.66.0."),
        ("go1.26.8", "", "needs Rust 1.72 or later, found none."),
    ],
)
def test_influxdb_is_not_begun_with_compilers_that_are_too_old(
    tmp_path: Path, go: str, cargo: str, said: str
) -> None:
    stand_in(tmp_path, "go", f"echo {go}")
    stand_in(tmp_path, "cargo", f"echo '{cargo} (abc 2026-01-01)'" if cargo else "exit 1")
    stand_in(tmp_path, "gcc", "")
    done = run(tmp_path, "install-influxd")
    assert done.returncode == 1
    assert said in done.stderr
    assert "some 6 minutes" not in done.stderr
    if "Rust" in said:
        assert "apt-get install -y cargo-web" in done.stderr


def test_a_peer_of_the_bench_is_not_begun_with_a_go_that_is_too_old(tmp_path: Path) -> None:
    stand_in(tmp_path, "go", "echo go1.19.8")
    done = run(tmp_path, "bench-peer", "telegraf")
    assert done.returncode == 1
    assert "building telegraf needs Go 1.24 or later, found 1.19.8." in done.stderr
