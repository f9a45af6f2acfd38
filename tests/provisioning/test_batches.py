"""The order of an apply: canary first, and no batch whose death costs more than its members'."""

from itertools import combinations
from pathlib import Path

import pytest

from inventory.load import load_network
from inventory.model import DeviceRole, Network
from nornir_tasks.batches import batches, by_importance
from nornir_tasks.snapshot import scope_of


@pytest.fixture(scope="module")
def network(checkout: Path) -> Network:
    return load_network(checkout / "inventory")


def reached(network: Network, dead: set[str]) -> set[str]:
    """Devices that still reach a living core: a plain flood, written apart from the product's."""
    found = {n for n, d in network.devices.items() if d.role is DeviceRole.CORE} - dead
    while True:
        more = {
            end.device
            for link in network.links.values()
            for end, other in ((link.a, link.b), (link.b, link.a))
            if other.device in found and end.device not in found | dead
        }
        if not more:
            return found
        found |= more


def test_a_change_is_judged_by_neighbours_and_the_border_not_by_every_speaker(
    network: Network,
) -> None:
    border = {"tbi-edge1", "kut-edge1", "kut-core2"}
    assert set(scope_of(network, ["zes-sch-rtr1"])) == {"zes-sch-rtr1", "zes-rtr1", *border}
    assert set(scope_of(network, ["tbi-edge1"])) == border


def test_every_device_is_in_exactly_one_batch(network: Network) -> None:
    made = batches(network, network.devices, 8)
    flat = [name for batch in made for name in batch]
    assert sorted(flat) == sorted(network.devices)
    assert max(len(batch) for batch in made) <= 8


def test_the_canary_is_one_school_device_and_the_cores_come_last_and_apart(
    network: Network,
) -> None:
    made = batches(network, [n for n, d in network.devices.items() if d.routes], 8)
    assert len(made[0]) == 1
    assert network.devices[made[0][0]].role is DeviceRole.SCHOOL
    assert made[-2:] == (("kut-core1",), ("kut-core2",))


def test_the_least_important_of_a_selection_is_its_canary(network: Network) -> None:
    assert batches(network, ["kut-core1", "zes-rtr1", "kut-edge1"], 8)[0] == ("zes-rtr1",)
    assert by_importance(network, ["kut-core1", "zes-sch-rtr1"])[0] == "zes-sch-rtr1"


def test_a_dead_batch_cuts_off_nobody_whom_its_members_would_not_have_cut_off(
    network: Network,
) -> None:
    everyone = set(network.devices)
    for batch in batches(network, network.devices, 8):
        together = everyone - reached(network, set(batch)) - set(batch)
        alone = set().union(*(everyone - reached(network, {name}) - {name} for name in batch))
        assert together <= alone, batch


@pytest.mark.parametrize("pair", list(combinations(["kut-core1", "kut-core2"], 2)))
def test_both_cores_are_never_in_one_batch(network: Network, pair: tuple[str, str]) -> None:
    for largest in (1, 2, 8, 100):
        for batch in batches(network, network.devices, largest):
            assert not set(pair) <= set(batch)


def test_a_district_and_the_way_round_it_are_not_changed_together(network: Network) -> None:
    # kha hangs from zes, and from chi as a backup: with both away it is cut off.
    made = batches(network, ["zes-rtr1", "chi-rtr1", "tki-rtr1"], 8)
    assert not any({"zes-rtr1", "chi-rtr1"} <= set(batch) for batch in made)


def test_nothing_to_change_makes_no_batch(network: Network) -> None:
    assert batches(network, [], 8) == ()
