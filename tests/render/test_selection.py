"""SELECTION: what the options of the command line choose, and what they say when they can't."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from inventory.errors import SelectionError
from inventory.load import load_with_draft
from inventory.model import Network
from inventory.nornir_plugin import nornir_inventory
from inventory.selection import Selection, parse_filter, select, split


@pytest.fixture(scope="session")
def hosts(checkout: Path) -> Mapping[str, Any]:
    """Nornir's hosts."""
    return nornir_inventory(*load_with_draft(checkout / "inventory")).hosts


def names(network: Network, **options: Any) -> list[str]:
    """Names of the devices that are chosen."""
    return [device.name for device in select(network, Selection(**options))]


def test_no_option_chooses_every_device(network: Network) -> None:
    assert Selection().everything
    assert names(network) == list(network.devices)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"site": ("zes",)}, ["zes-rtr1", "zes-sw1"]),
        ({"site": ("zes", "zes-sch")}, ["zes-rtr1", "zes-sch-rtr1", "zes-sch-sw1", "zes-sw1"]),
        ({"host": ("kut-core?",)}, ["kut-core1", "kut-core2"]),
        ({"role": ("core", "edge")}, ["kut-core1", "kut-core2", "kut-edge1"]),
        ({"link": ("kut-zes",)}, ["kut-core2", "zes-rtr1"]),
        ({"site": ("zes*",), "role": ("school",)}, ["zes-sch-rtr1"]),
        (
            {"link": ("kut-*",), "role": ("district",), "site": ("t*",)},
            ["ter-rtr1", "tki-rtr1", "tsk-rtr1"],
        ),
    ],
)
def test_options_choose(options: dict[str, Any], expected: list[str], network: Network) -> None:
    assert names(network, **options) == expected


def test_words_are_split_at_commas() -> None:
    assert split(["zes,kha", " ter ", ","]) == ("zes", "kha", "ter")
    assert split(None) == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"site": ("zez",)}, "--site: there is no site 'zez'. Did you mean 'zes'?"),
        ({"host": ("zes-rt1",)}, "there is no host 'zes-rt1'. Did you mean 'zes-rtr1'?"),
        ({"link": ("xx*",)}, "--link: no link matches 'xx*'."),
        ({"platform": ("junos",)}, "there is no platform 'junos'. Known: cisco_ios."),
        ({"site": ("zes",), "role": ("core",)}, "no device fits all of --site zes --role core."),
    ],
)
def test_a_name_that_fits_nothing_is_an_error(
    options: dict[str, Any], said: str, network: Network
) -> None:
    with pytest.raises(SelectionError) as caught:
        select(network, Selection(**options))
    assert said in str(caught.value)


def test_every_wrong_name_is_told_at_once(network: Network) -> None:
    with pytest.raises(SelectionError) as caught:
        select(network, Selection(site=("zez", "khq"), role=("cor",)))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('F(role="core")', ["kut-core1", "kut-core2"]),
        ('F(groups__contains="edge") | F(role="core")', ["kut-core1", "kut-core2", "kut-edge1"]),
        ('F(site="zes") & ~F(role="district-switch")', ["zes-rtr1"]),
        ("F(number__gt=40, number__lt=43)", ["zes-sch-rtr1"]),
        ('F(links__contains="kut-zes")', ["kut-core2", "zes-rtr1"]),
    ],
)
def test_a_nornir_filter_chooses(
    text: str, expected: list[str], network: Network, hosts: Mapping[str, Any]
) -> None:
    chosen = select(network, Selection(filter=text), lambda: hosts)
    assert [device.name for device in chosen] == expected


@pytest.mark.parametrize(
    "text",
    [
        "F(role=",
        "__import__('os').system('true')",
        "F(role=open('/etc/passwd'))",
        "F('core')",
        "F(**{'role': 'core'})",
        "role == 'core'",
        "~~F(role='core')",
        "(" * 500,
        "\x00",
    ],
)
def test_anything_but_a_filter_is_refused_and_not_run(text: str) -> None:
    with pytest.raises(SelectionError, match="expected Nornir filters such as"):
        parse_filter(text)
