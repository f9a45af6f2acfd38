"""The map from the model: everything has a place, and no label covers another."""

from itertools import combinations
from pathlib import Path

import pytest

from api.geometry import Box, Curve, Point
from api.layout import MapLayout, layout
from inventory.load import load_network
from inventory.model import BACKUP_ROLES, Network, SiteRole


@pytest.fixture(scope="module", params=["en", "ka"])
def drawn(request: pytest.FixtureRequest, network: Network) -> MapLayout:
    return layout(network, request.param)


def test_every_site_and_every_router_of_the_hub_has_one_disc(
    drawn: MapLayout, network: Network
) -> None:
    sites = [disc.id for disc in drawn.discs if disc.kind != "router"]
    routers = [disc.id for disc in drawn.discs if disc.kind == "router"]
    assert sorted(sites) == sorted(network.sites)
    hub = [name for name in network.devices if name in network.sites["kut"].devices]
    assert sorted(routers) == sorted(hub)


def test_every_link_is_a_wire_or_lies_inside_a_disc(drawn: MapLayout, network: Network) -> None:
    wires = {wire.link for wire in drawn.wires}
    inside = {link for disc in drawn.discs for link in disc.links}
    assert wires | inside == set(network.links)
    assert len(wires) == len(drawn.wires)


def test_no_label_covers_another_or_a_disc_or_leaves_the_frame(drawn: MapLayout) -> None:
    labels = [disc.label for disc in drawn.discs if disc.label]
    labels += [wire.note for wire in drawn.wires if wire.note]
    for one, other in combinations(labels, 2):
        assert not one.box.overlaps(other.box), (one.words, other.words)
    for label in labels:
        assert label.box.within(Box(0, 0, drawn.width, drawn.height)), label.words
        for disc in drawn.discs:
            assert not label.box.overlaps(Box.around(disc.at, disc.radius)), (label.words, disc.id)


def test_discs_do_not_touch(drawn: MapLayout) -> None:
    for one, other in combinations(drawn.discs, 2):
        assert one.at.distance(other.at) > one.radius + other.radius, (one.id, other.id)


def test_no_wire_runs_through_a_district_that_it_does_not_serve(
    drawn: MapLayout, network: Network
) -> None:
    big = [disc for disc in drawn.discs if disc.kind in {SiteRole.DISTRICT, SiteRole.HUB}]
    for wire in drawn.wires:
        link = network.links[wire.link]
        ends = {network.devices[end.device].site for end in (link.a, link.b)}
        for disc in big:
            if disc.id not in ends:
                distance = min(disc.at.distance(point) for point in wire.curve.points())
                assert distance > disc.radius, (wire.link, disc.id)


def test_every_place_of_the_wan_has_its_name(drawn: MapLayout) -> None:
    named = {SiteRole.HUB, SiteRole.DISTRICT, SiteRole.GATEWAY, SiteRole.OFFICE}
    assert [disc.id for disc in drawn.discs if disc.kind in named and not disc.label] == []


def test_the_map_lies_as_the_land_does(drawn: MapLayout, network: Network) -> None:
    at = {disc.id: disc.at for disc in drawn.discs}
    districts = [site for site in network.sites.values() if site.role is SiteRole.DISTRICT]
    for one, other in combinations(districts, 2):
        if one.longitude + 0.1 < other.longitude:
            assert at[one.code].x < at[other.code].x, (one.code, other.code)
        if one.latitude + 0.1 < other.latitude:
            assert at[one.code].y > at[other.code].y, (one.code, other.code)


def test_backups_are_marked_and_bandwidth_shows(drawn: MapLayout, network: Network) -> None:
    for wire in drawn.wires:
        assert wire.backup == (network.links[wire.link].role in BACKUP_ROLES)
    width = {wire.link: wire.width for wire in drawn.wires}
    by_bandwidth = sorted(width, key=lambda link: network.links[link].bandwidth_bps)
    assert width[by_bandwidth[0]] < width[by_bandwidth[-1]]


def test_the_same_model_gives_the_same_map(network: Network, drawn: MapLayout) -> None:
    assert layout(network, "en") == layout(network, "en")


def test_the_two_halves_of_a_curve_meet_in_its_middle() -> None:
    curve = Curve.between(Point(0, 0), Point(100, 0), 20)
    first, second = curve.halves()
    assert first.end == second.end == curve.at(0.5)
    assert abs(curve.at(0.5).y) == pytest.approx(20)
    assert curve.bulge() == pytest.approx(20)


@pytest.mark.parametrize("language", ["en", "ka"])
def test_another_region_has_a_map_too(language: str) -> None:
    small = load_network(Path(__file__).parents[1] / "regions" / "small")
    drawn = layout(small, language)
    assert {disc.site for disc in drawn.discs} == set(small.sites)
    shown = {wire.link for wire in drawn.wires}
    shown |= {link for disc in drawn.discs for link in disc.links}
    assert shown == set(small.links)
    labels = [disc.label for disc in drawn.discs if disc.label]
    assert not any(one.box.overlaps(other.box) for one, other in combinations(labels, 2))
