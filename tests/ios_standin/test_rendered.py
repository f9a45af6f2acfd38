"""Our own rendering, judged by the stand-in: every line is known, and comes back as it was."""

import random
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from inventory.load import load_network
from inventory.model import Network
from lab.ios_standin import ManualClock
from lab.ios_standin.configuration import Configuration
from lab.ios_standin.from_network import cisco_names, standins
from lab.ios_standin.hosting import hosted
from lab.ios_standin.rendering import render
from lab.ios_standin.replace import Result, Steps, configuration_of, replace
from lab.ios_standin.text_tree import differences
from nornir_tasks.render import Renderer, environment

TOP = Path(__file__).parents[2]
STORED_SECRET = "9 $9$abcdefghijklmn$0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
STORED_KEY = "7 0822455D0A16"


def as_stored(text: str) -> str:
    """A rendered file with its secrets in the form in which a device keeps them.

    SNMPv3 users are left out, as a device never shows them.
    """
    text = re.sub(r"^snmp-server user .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"(secret) (?:0 )?<<\w+>>", rf"\1 {STORED_SECRET}", text)
    return re.sub(r"(md5|password|key-string) (?:0 )?<<\w+>>", rf"\1 {STORED_KEY}", text)


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network(TOP / "inventory")


@pytest.fixture(scope="module")
def rendered(network: Network) -> Mapping[str, str]:
    """The configuration of every cisco_ios device, as its device would store it."""
    renderer = Renderer(network, environment(TOP / "templates"))
    return {
        name: as_stored(renderer.render(network.devices[name])[f"{name}.cfg"])
        for name in cisco_names(network)
    }


Loaded = Mapping[str, tuple[Configuration, Result]]


@pytest.fixture(scope="module")
def loaded(network: Network, rendered: Mapping[str, str]) -> Loaded:
    """What each device makes of its own file."""
    found: dict[str, tuple[Configuration, Result]] = {}
    for device in standins(network, rendered, clock=ManualClock()):
        blank = Configuration(device.hardware.kind, device.hardware.ports, random.Random(1))
        found[device.name] = blank, configuration_of(blank, rendered[device.name])
    return found


def test_no_line_that_we_render_is_unknown_to_the_device(loaded: Loaded) -> None:
    refused = {name: result.failed for name, (_, result) in loaded.items() if result.failed}
    assert len(loaded) > 40
    assert refused == {}


def test_what_we_render_is_what_the_device_stores(
    loaded: Loaded, rendered: Mapping[str, str]
) -> None:
    found = {
        line.strip()
        for name, (configuration, _) in loaded.items()
        for line in differences(render(configuration), rendered[name])
    }
    assert {line for line in found if line[0] in "+-"} == set()


def test_every_device_is_reached_and_has_every_modelled_adjacency(
    network: Network, rendered: Mapping[str, str]
) -> None:
    with hosted(standins(network, rendered, clock=ManualClock())) as served:
        for name in rendered:
            device = served.device(name)
            assert served.call(device.view.why_unreachable) == "", name
            wanted = {
                interface.name
                for interface in network.devices[name].interfaces
                if interface.ospf is not None and not interface.ospf.passive
            }
            assert set(served.call(device.view.adjacent_ports)) == wanted, name
            neighbours6 = served.call(lambda device=device: list(device.view.neighbours6()))  # type: ignore[misc]
            assert {port for port, _, _ in neighbours6} == wanted, name


def test_a_rendered_file_with_plain_secrets_is_applied_and_differs_in_these_alone(
    network: Network, rendered: Mapping[str, str]
) -> None:
    name = "zes-rtr1"
    plain = rendered[name].replace(STORED_SECRET, "a plain one").replace(STORED_KEY, "a-key")
    clock = ManualClock()
    with hosted(standins(network, {name: rendered[name]}, clock=clock)) as served:
        device = served.device(name)
        steps = replace(device.configuration, plain)
        result = served.call(lambda: _finish(steps))
        assert result.done
        assert result.failed == []
        left = differences(served.call(device.running), plain)
        added = {line.strip().split()[0] for line in left if line.strip()[0] == "+"}
        expected = {"+enable", "+username", "+ip", "+key-string", "+neighbor"}
        assert added == expected
        assert served.call(device.view.why_unreachable) == "no OSPF adjacency is left"


def _finish(steps: Steps) -> Result:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: Result = stop.value
            return result
