"""LLDP of an FRR router: its own program's answer, or none where nobody has installed it."""

import json
from typing import Any

import pytest

from nornir_tasks.drivers import frr_state
from nornir_tasks.drivers.lldp import neighbours

BRIEF = '{"ge0-0-0": {"status": "up"}}\n'


def seen(**chassis: list[dict[str, str]]) -> dict[str, Any]:
    """As lldpcli(8) describes json0."""
    port = {"id": [{"type": "ifname", "value": "ge0-0-1"}], "descr": [{"value": "to alp-r1"}]}
    entry = {"name": "ge0-0-0", "via": "LLDP", "chassis": [chassis], "port": [port]}
    return {"lldp": [{"interface": [entry]}]}


def test_a_neighbour_is_told_by_its_name_else_by_its_chassis() -> None:
    mac = [{"type": "mac", "value": "02:57:9b:34:9f:66"}]
    named = neighbours(seen(id=mac, name=[{"value": "hq-core1"}]))
    assert named == {"ge0-0-0": [{"hostname": "hq-core1", "port": "ge0-0-1"}]}
    assert neighbours(seen(id=mac))["ge0-0-0"][0]["hostname"] == "02:57:9b:34:9f:66"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", None),  # no lldpcli, or no lldpd that answers it
        (json.dumps({"lldp": [{}]}), {}),  # it runs and sees nobody
        (json.dumps(seen(name=[{"value": "hq-core1"}])), {"ge0-0-0": ("hq-core1", "ge0-0-1")}),
    ],
)
def test_seeing_nobody_is_told_from_not_looking(said: str, found: object) -> None:
    state = frr_state.read("alp-r1", f"{BRIEF}@@@@\n{said}\n@@@@\n", ())
    assert state.neighbours == found
