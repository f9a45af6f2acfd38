"""What every test room shares: which tests this machine can run, and that CI skips none of them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import pytest
import structlog

from inventory.errors import MachineError
from lab.containerlab import Containerlab
from lab.preflight import check_machine
from tests.beside import Beside
from tests.influxfixture import influx, influx_lacks, own_influx
from tests.labfixture import CHECKOUT, LastUse, mended_lab, whole_lab

__all__ = ["influx", "mended_lab", "own_influx", "whole_lab"]  # for every room's tests

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MARKERS = ("lab", "containerlab", "browser", "influx")
"""Tests that need more of a machine than Python; CI has to have it."""


def _lab_lacks() -> str:
    """Why tests marked `lab` can't run here; empty when they can."""
    try:
        check_machine(Path(gettempdir()))
    except MachineError as error:
        return str(error)
    return ""


def _containerlab_lacks() -> str:
    """Why tests marked `containerlab` can't run here; empty when they can. CI installs it."""
    if os.environ.get("CI") == "true":
        subprocess.run([CHECKOUT / "scripts" / "install-containerlab"], check=False)
    try:
        Containerlab().check(Path(gettempdir()))
    except MachineError as error:
        return str(error)
    return ""


def _browser_lacks() -> str:
    """Why tests marked `browser` can't run here; empty when they can."""
    if any(map(shutil.which, BROWSERS)):
        return ""
    return "not installed: chromium; run as root: make setup"


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """A command that runs in this process logs to its test's stderr, which ends with the test."""
    yield
    structlog.reset_defaults()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Beside(config))
    config.pluginmanager.register(LastUse())
    config.pluginmanager.register(SkippedInCi(), "skipped-in-ci")
    config.pluginmanager.register(ScenarioTime(), "scenario-time")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for marker, lacks in (
        ("lab", _lab_lacks),
        ("containerlab", _containerlab_lacks),
        ("browser", _browser_lacks),
        ("influx", lambda: influx_lacks(config)),
    ):
        if config.option.collectonly:
            break  # finding out may build what is missing
        marked = [item for item in items if item.get_closest_marker(marker)]
        reason = lacks() if marked else ""
        for item in marked if reason else ():
            item.add_marker(pytest.mark.skip(reason=reason))


class SkippedInCi:
    """Where tests run beside each other, the process that hands them out sees all reports."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if (
            os.environ.get("CI") == "true"
            and report.skipped
            and not hasattr(report, "wasxfail")
            and any(marker in report.keywords for marker in MARKERS)
        ):
            self._names.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._names:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name in self._names:
            terminalreporter.write_line(f"FAILED: CI must not skip {name}", red=True)


class ScenarioTime:
    """How much of CI's time the declared scenarios take on the namespace driver."""

    FILE = "tests/lab/test_declared_scenarios.py"
    MOST_S = 900

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid.startswith(self.FILE):
            before = self._seconds.get(report.nodeid, 0.0)
            self._seconds[report.nodeid] = before + report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._seconds:
            spent = sum(self._seconds.values())
            said = f"scenarios: {len(self._seconds)} tests took {spent:.0f} s of {self.MOST_S} s"
            terminalreporter.write_line(said, red=spent > self.MOST_S)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds this checkout."""
    return Path(__file__).parent.parent
