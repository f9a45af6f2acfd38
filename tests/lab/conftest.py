"""One small region on real routers for all tests of this room that break something in it."""

import os
from collections.abc import Iterator

import pytest

from tests.labfixture import CHECKOUT, LabUnderTest, booted, make_lab

SMALL = CHECKOUT / "tests" / "regions" / "small"


@pytest.fixture(scope="session")
def small_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabUnderTest]:
    """The second region, booted once."""
    lab = make_lab(tmp_path_factory.mktemp("small-lab"), f"f{os.getpid() % 1_000_000}", SMALL)
    with booted(lab):
        yield lab


@pytest.fixture
def breakable(small_up: LabUnderTest) -> Iterator[LabUnderTest]:
    """`small_up` for a test that breaks something: everything is up before, and again after."""
    small_up.wait_adjacencies()
    yield small_up
    small_up.mend()
