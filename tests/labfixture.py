"""A lab for tests: its own name, folder and management network, removed when the tests end.

`whole_lab` is the default network, booted once for all tests of a run that ask for it and removed
behind the last of them. A test that breaks it mends it: the fixture `mended_lab` sees to that.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from inventory.errors import LabError
from inventory.load import load_network
from inventory.model import Network
from inventory.view import virtual
from lab import control, netns
from lab.plan import LabPlan
from lab.plan_file import load_plan
from lab.preflight import check_management
from lab.reach import Probe, Prober
from lab.state import LabState, running_lab

CHECKOUT = Path(__file__).parents[1]
UNTIL_LAST_USED = pytest.StashKey[contextlib.ExitStack]()
"""What ends with the whole lab, while that is up."""
COMMAND_TIMEOUT_S = 280


@dataclass(frozen=True)
class LabUnderTest:
    """One lab, and the command line that drives it."""

    name: str
    folder: Path
    """Holds config.yaml and state/."""
    inventory: Path
    management: IPv4Network

    def run(self, *words: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        """`imereti WORDS` with this lab's configuration."""
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
            **options,
        )

    def command(self, *words: str) -> list[str]:
        """The command line itself."""
        program = [sys.executable, "-c", "from cli.main import main; main()"]
        return [*program, "-c", str(self.folder / "config.yaml"), *words]

    def answer(self, *words: str) -> Any:
        """The JSON document of a command that must succeed."""
        done = self.run("--json", *words)
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    @property
    def state_folder(self) -> Path:
        """`paths.state`."""
        return self.folder / "state"

    @property
    def state(self) -> LabState:
        """The running lab's journal."""
        found = running_lab(self.state_folder, self.name)
        assert found is not None, f"lab {self.name} does not run"
        return found

    @property
    def plan(self) -> LabPlan:
        """What it was booted from."""
        return load_plan(self.state)

    @property
    def network(self) -> Network:
        """The virtual view that it runs."""
        return virtual(load_network(self.inventory), self.management)

    def ping(self, probes: Sequence[Probe], wait_s: float = 2.0) -> set[Probe]:
        """Those of `probes` that were answered."""
        lab = self.state
        with Prober(lambda node: netns.network_namespace(lab, node)) as prober:
            return set(prober.ping(probes, wait_s))

    def ping_until(self, probes: Sequence[Probe], timeout_s: float) -> list[Probe]:
        """Ping again and again what is unanswered; what is so after `timeout_s`."""
        left = list(probes)
        for _ in range(round(timeout_s / 0.5)):
            answered = self.ping(left, 0.5)
            left = [probe for probe in left if probe not in answered]
            if not left:
                break
        return left

    def inside(self, node: str, *command: str) -> str:
        """What a command inside a node prints; it must succeed."""
        done = self.run("lab", "exec", node, "--", *command)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def wait_adjacencies(self, timeout_s: float = 60.0) -> None:
        """Wait until all modelled adjacencies are up."""
        missing = control.wait_missing(self.state, self.plan.adjacencies, timeout_s)
        assert not missing, f"not up within {timeout_s} s: {missing}"

    def mend(self) -> None:
        """Remove the faults in force, if there are any, and wait for all adjacencies."""
        if self.state.faults:
            self.run("lab", "heal")
        self.wait_adjacencies()


def make_lab(
    folder: Path,
    name: str,
    inventory: Path,
    templates: Path = CHECKOUT / "templates",
    driver: str = "netns",
) -> LabUnderTest:
    """The folder and configuration of a lab; boots nothing."""
    lab = LabUnderTest(name, folder, inventory, free_management(name))
    paths = {"inventory": inventory, "templates": templates, "state": "state", "build": "build"}
    settings = {
        "paths": {key: str(value) for key, value in paths.items()},
        "lab": {"name": name, "management": str(lab.management), "driver": driver},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return lab


def free_management(name: str) -> IPv4Network:
    """A management network that nothing on this machine uses, starting from one of our own."""
    start = os.getpid()
    for number in range(start, start + 256):
        candidate = IPv4Network(f"172.{24 + number // 256 % 8}.{number % 256}.0/24")
        with contextlib.suppress(LabError):
            check_management(candidate, name)
            return candidate
    raise AssertionError("every management network is in use")


@contextlib.contextmanager
def booted(lab: LabUnderTest, *words: str) -> Iterator[dict[str, Any]]:
    """The report of `lab up`, and the lab while it runs; its log is shown when it fails."""
    try:
        done = lab.run("--json", "lab", "up", *words)
        assert done.returncode == 0, done.stderr + done.stdout
        yield json.loads(done.stdout)
    finally:
        lab.run("lab", "down")


@dataclass(frozen=True)
class WholeLab(LabUnderTest):
    """The default network, up."""

    report: dict[str, Any]


@pytest.fixture(scope="session")
def whole_lab(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeLab]:
    """The whole default network, booted once; with a little traffic in it."""
    name = f"t{os.getpid() % 1_000_000}"
    lab = make_lab(tmp_path_factory.mktemp("whole-lab"), name, CHECKOUT / "inventory")
    with contextlib.ExitStack() as until_last_used:
        report = until_last_used.enter_context(booted(lab, "--traffic"))
        pytestconfig.stash[UNTIL_LAST_USED] = until_last_used
        yield WholeLab(lab.name, lab.folder, lab.inventory, lab.management, report)


class LastUse:
    """Removes the whole lab behind the last test of it: idle, it takes a third of two cores."""

    def __init__(self) -> None:
        self._last: pytest.Item | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if "whole_lab" in getattr(item, "fixturenames", ()):
                self._last = item

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        try:
            yield
        finally:
            if item is self._last and (lab := item.config.stash.get(UNTIL_LAST_USED, None)):
                lab.close()


@pytest.fixture
def mended_lab(whole_lab: WholeLab) -> Iterator[WholeLab]:
    """`whole_lab` for a test that breaks something: everything is up before, and again after."""
    whole_lab.wait_adjacencies()
    yield whole_lab
    whole_lab.mend()
