"""Routers in containers, for real: containerlab, a Docker engine of the lab's own, FRRouting."""

import os
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab import containerlab, netns
from lab.containerlab import Containerlab
from lab.state import LabState
from tests.labfixture import CHECKOUT, make_lab

pytestmark = [pytest.mark.containerlab, pytest.mark.slow, pytest.mark.timeout(600)]

SMALL = CHECKOUT / "tests" / "regions" / "small"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LabState]:
    """A machine with Docker and containerlab: an engine in namespaces of its own."""
    folder = tmp_path / "engine"
    folder.mkdir()
    keeper, started = netns.start_keeper(folder)
    machine = LabState("engine", folder, keeper, started, IPv4Network("172.31.0.0/24"))
    try:
        Containerlab().start(machine)
        program = folder / "containerlab"
        anywhere = containerlab.SCRIPTS / "containerlab-anywhere"
        program.write_text(f'#!/bin/sh\nexec {anywhere} {containerlab.program()} "$@"\n')
        program.chmod(0o755)
        yield machine
    finally:
        netns.end_marked(folder)
        Containerlab().discard(folder)


def on_machine(machine: LabState, folder: Path, *command: str) -> str:
    """What a person types on that machine, in `folder`; it must succeed."""
    path = f"{machine.folder}:{os.environ['PATH']}:/usr/sbin"
    enter = ["nsenter", f"--target={machine.keeper}", "--mount", "--pid", "--net", "--uts", "--ipc"]
    done = subprocess.run(
        [*enter, "--", *command],
        cwd=folder,
        env={"PATH": path, "HOME": "/root", "IMERETI_LAB": str(machine.folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
    return done.stdout


def test_an_exported_lab_deploys_unchanged(engine: LabState, tmp_path: Path) -> None:
    lab = make_lab(tmp_path, "exported", SMALL)
    folder = tmp_path / "folder"
    written = lab.answer("lab", "export", "--format", "containerlab", "--out", str(folder))
    assert written["nodes"] == 17
    assert f"all {written['pings']} pings answered" in on_machine(engine, folder, "./up")
    said = on_machine(engine, folder, "./in", "hq-core1", "vtysh", "-c", "show ip ospf neighbor")
    assert "Full/" in said
    on_machine(engine, folder, "./down")
    assert on_machine(engine, folder, "docker", "ps", "--all", "--quiet") == ""
