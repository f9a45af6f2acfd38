"""Routing that a device tells over SSH, as the monitor takes it: Cisco's words, from stand-ins.

Real FRRouting tells it in tests/e2e/test_the_lab_is_seen_truly.py.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from cli.device_asker import asking
from inventory.errors import ImeretiError
from monitor.routing import FULL, UNHEARD, expected_routing
from monitor.routing_spoken import completed
from tests.provisioning.ios_region import NOBODY, served_region


def test_cisco_devices_tell_their_neighbours_and_who_is_refused_says_no_secret(
    tmp_path: Path,
) -> None:
    with served_region(tmp_path / "region") as region:
        network, served = region.network, frozenset(region.names)
        routing = expected_routing(network)
        ask = asking(region.access, region.secrets)
        told = 0
        for name in sorted(served & routing.keys()):
            expected = routing[name]
            found = completed(expected, UNHEARD, ask(network.devices[name]))
            assert found.neighbours is not None
            assert found.neighbours == dict.fromkeys(expected.neighbours, FULL), name
            assert found.neighbours6 == dict.fromkeys(expected.keys6, FULL), name
            told += len(expected.neighbours) + len(expected.keys6)
        assert told >= 4

        one = network.devices[min(served)]
        password = region.secrets.get(network.region.services.admin_secret)
        for wrong in (replace(region.access(one), password=f"not {password}"),
                      replace(region.access(one), port=NOBODY)):  # fmt: skip
            with pytest.raises(ImeretiError) as refused:
                asking(lambda _, access=wrong: access, region.secrets)(one)  # type: ignore[misc]
            assert str(refused.value).startswith(f"{one.name}: ")
            assert password not in str(refused.value)
