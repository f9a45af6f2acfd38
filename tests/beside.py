"""Two processes run the tests beside each other (`make test`): who runs what, and who runs alone.

Most tests of the lab wait for routers most of the time, so a second process halves the run on two
cores. A file's tests stay together, and so do all files that share the lab of the whole region.
Tests marked `alone`, which measure time, run while the other process rests between two tests.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

CHECKOUT = Path(__file__).parents[1]
WHOLE_LAB = "the lab of the whole region"


class Files(LoadScopeScheduling):  # type: ignore[misc]  # xdist publishes no types
    """Hands out files, and as one the files that name the fixture of the whole lab."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return WHOLE_LAB if _names_whole_lab(file) else file


@cache
def _names_whole_lab(file: str) -> bool:
    path = CHECKOUT / file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return "whole_lab" in text or "mended_lab" in text


class Beside:
    """The plugin, in the process that hands out the tests and in those that run them."""

    def __init__(self, config: pytest.Config) -> None:
        self._given: dict[str, Any] = getattr(config, "workerinput", {})
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._turn, self._kept = ExitStack(), False

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LoadScopeScheduling:
        """In the order of collection: xdist itself would begin with the file of most tests."""
        config.option.loadscopereorder = False
        return Files(config, log)

    def pytest_configure_node(self, node: Any) -> None:
        """Tell a process where turns are taken."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="imereti-turns-")
        node.workerinput["turns"] = self._folder.name

    def pytest_unconfigure(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """What takes longest first, or one process would be left with it at the end."""
        if self._given:
            items.sort(key=_weight)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[Any]:
        """Around everything, so that nobody's time-out counts the wait for a turn.

        Tests that want to be alone one after the other have one turn together: each test of the
        other process that came in between would have nobody beside it, either.
        """
        if not self._given:
            return (yield)
        alone = _alone(item)
        if not self._kept:
            self._turn.enter_context(turn(Path(self._given["turns"]), alone=alone))
        try:
            return (yield)
        finally:
            self._kept = alone and nextitem is not None and _alone(nextitem)
            if not self._kept:
                self._turn.close()


def _alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


def _weight(item: pytest.Item) -> int:
    """Containers come when the lab of the whole region, which is first, is gone: two labs of that
    size starve, and each measures how long the other keeps it waiting."""
    slow = 0 if item.get_closest_marker("slow") else 1
    if item.get_closest_marker("containerlab"):
        return 2
    return slow if item.get_closest_marker("lab") else 3 + slow


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """A turn to run a test. The kernel takes the locks back from a process that dies.

    Everybody passes the gate; who wants to be alone keeps it shut until the others are done.
    """
    with ExitStack() as stack:
        place = stack.enter_context(_locked(folder / "place"))
        with _locked(folder / "gate") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(place, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@contextmanager
def _locked(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # also for whoever inherited it
        os.close(descriptor)
