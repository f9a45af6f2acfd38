"""Fixtures as NAPALM's suite wants them."""

from collections.abc import Iterator

import pytest
from napalm.base.test import conftest as napalm

from nornir_tasks.drivers.frr import FrrDriver
from tests.provisioning.napalm_getters.recorded import RecordedDriver


@pytest.fixture(scope="class")
def set_device_parameters(request: pytest.FixtureRequest) -> Iterator[None]:
    """NAPALM's fixture, on our driver."""
    request.cls.driver = FrrDriver
    request.cls.patched_driver = RecordedDriver
    request.cls.vendor = "frr"
    napalm.set_device_parameters(request)
    yield
    request.cls.device.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """NAPALM's test cases are folders of mocked_data/."""
    napalm.pytest_generate_tests(metafunc, __file__)
