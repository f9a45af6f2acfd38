"""NAPALM's own suite: signatures, shapes and values of every getter that the driver has."""

import pytest
from napalm.base.test.getters import BaseTestGetters


@pytest.mark.usefixtures("set_device_parameters")
class TestGetters(BaseTestGetters):  # type: ignore[misc]  # NAPALM has no types
    """Getters that the driver does not have are skipped by NAPALM's wrapper."""

    # No lldpd runs in the lab, so there is nothing to record.
    test_get_lldp_neighbors = None
