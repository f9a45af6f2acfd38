"""Best paths and what happens to them when something is taken away."""

import pytest

from inventory.errors import InputError
from inventory.model import Network
from inventory.paths import Topology, shortest_path, without_devices, without_links
from inventory.redundancy import WeakPoint, weak_points
from inventory.tables import path_between

SQUARE = Topology.from_rows(
    ["a", "b", "c", "d", "alone"],
    [("ab", "a", "b", 10), ("bd", "b", "d", 10), ("ac", "a", "c", 10), ("cd", "c", "d", 10)],
)


def test_the_cheapest_path_wins_over_the_shortest() -> None:
    topology = Topology.from_rows(
        "abc", [("ac", "a", "c", 100), ("ab", "a", "b", 10), ("bc", "b", "c", 10)]
    )
    path = topology.path("a", "c")
    assert path is not None
    assert (path.devices, path.links, path.cost) == (("a", "b", "c"), ("ab", "bc"), 20)


def test_equally_good_paths_are_counted_and_the_first_by_name_is_shown() -> None:
    path = SQUARE.path("a", "d")
    assert path is not None
    assert path.equals == 2
    assert path.devices == ("a", "b", "d")


def test_there_is_no_path_to_an_island() -> None:
    assert SQUARE.path("a", "alone") is None
    assert SQUARE.reached_from("alone") == {"alone"}


def test_a_path_to_itself_is_empty() -> None:
    path = SQUARE.path("a", "a")
    assert path is not None
    assert (path.hops, path.cost, path.equals) == ((), 0, 1)


def test_two_links_between_the_same_devices_are_two() -> None:
    topology = Topology.from_rows("ab", [("one", "a", "b", 10), ("two", "a", "b", 10)])
    path = topology.path("a", "b")
    assert path is not None
    assert path.equals == 2
    assert topology.without_links({"one"}).path("a", "b") is not None


def test_weak_points_are_the_circuits_and_cores_that_nothing_replaces() -> None:
    topology = Topology.from_rows(
        ["far", "near", "core"], [("tail", "far", "near", 1), ("up", "near", "core", 1)]
    )
    assert weak_points(topology, "far", {"core"}) == (
        WeakPoint("circuit", "tail"),
        WeakPoint("circuit", "up"),
        WeakPoint("core", "core"),
    )
    assert weak_points(SQUARE, "a", {"b", "c"}) == ()
    assert weak_points(SQUARE, "a", {"d"}) == (WeakPoint("core", "d"),)
    assert weak_points(SQUARE, "alone", {"d"}) == ()


def test_traffic_takes_the_backup_when_its_primary_is_cut(network: Network) -> None:
    best = shortest_path(network, "tsk-rtr1", "kut-dc1")
    assert best is not None
    assert best.links == ("kut-tsk", "kut-core1-dc1")
    spare = without_links(network, {"kut-tsk"}).path("tsk-rtr1", "kut-dc1")
    assert spare is not None
    assert spare.links == ("tsk-kho", "kut-kho", "kut-core1-dc1")


def test_a_district_of_a_lost_core_goes_round(network: Network) -> None:
    path = without_devices(network, {"kut-core2"}).path("zes-rtr1", "tbi-edge1")
    assert path is not None
    assert "kut-core2" not in path.devices


@pytest.mark.parametrize(
    ("start", "end", "routers"),
    [
        ("zes-sch-rtr1", "zes", ("zes-sch-rtr1", "zes-rtr1")),
        ("zes-sch-public", "zes-rtr1", ("zes-sch-rtr1", "zes-rtr1")),
        ("kut-gov-sw1", "kut-core1", ("kut-dist1", "kut-core1")),
        ("gov", "kut-core1", ("kut-dist1", "kut-core1")),
    ],
)
def test_a_place_is_a_device_a_lan_or_a_site(
    network: Network, start: str, end: str, routers: tuple[str, ...]
) -> None:
    assert path_between(network, start, end).devices == routers


def test_an_unknown_place_is_named_with_the_nearest(network: Network) -> None:
    with pytest.raises(InputError) as caught:
        path_between(network, "zez", "tbj")
    assert str(caught.value).splitlines() == [
        "show path: there is no device, LAN or site 'zez'. Did you mean 'zes'?",
        "show path: there is no device, LAN or site 'tbj'. Did you mean 'tbi'?",
    ]
