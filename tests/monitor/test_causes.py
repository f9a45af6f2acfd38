"""One cause for many symptoms, on the network that the project ships."""

from collections.abc import Iterable

import pytest

from monitor.causes import BLIND, Cause, device_subject, find_causes, link_subject
from monitor.dependencies import Dependencies, dependencies
from monitor.values import LinkState, SubjectKind
from tests.monitor.networks import default_network

MONITOR_AT = "kut-dc1"


@pytest.fixture(scope="module")
def known() -> Dependencies:
    return dependencies(default_network())


def in_band(
    known: Dependencies, *, dead: Iterable[str] = (), cut: Iterable[str] = ()
) -> tuple[Cause, ...]:
    """What the monitor at the data centre would see: nothing through what is broken."""
    dead, cut = set(dead), set(cut)
    reached, waiting = set(), [MONITOR_AT]
    while waiting:
        device = waiting.pop()
        if device in reached or device in dead:
            continue
        reached.add(device)
        for link in known.links_of[device]:
            if link not in cut:
                waiting.extend(known.links[link])
    silent = frozenset(known.site_of) - reached
    return find_causes(known, silent, seen(known, silent, dead, cut))


def seen(
    known: Dependencies, silent: frozenset[str], dead: set[str], cut: set[str]
) -> dict[str, LinkState]:
    states = {}
    for link, ends in known.links.items():
        if all(end in silent for end in ends):
            states[link] = LinkState.UNKNOWN
        elif link in cut or any(end in dead for end in ends):
            states[link] = LinkState.DOWN
        else:
            states[link] = LinkState.UP
    return states


def names(cause: Cause, kind: SubjectKind) -> set[str]:
    return {each.id for each in cause.affected if each.kind is kind}


def test_a_cut_circuit_with_a_backup_is_one_cause_that_hides_nobody(known: Dependencies) -> None:
    (cause,) = in_band(known, cut=["kut-zes"])
    assert cause.subject == link_subject("kut-zes")
    assert cause.affected == ()
    assert cause.involved == {"kut-core2", "zes-rtr1"}


def test_a_schools_cut_circuit_hides_the_school_behind_it(known: Dependencies) -> None:
    (cause,) = in_band(known, cut=["zes-sch"])
    assert cause.subject == link_subject("zes-sch")
    assert names(cause, SubjectKind.DEVICE) == {"zes-sch-rtr1", "zes-sch-sw1"}
    assert names(cause, SubjectKind.LINK) == {"zes-sch-acc"}


def test_a_dead_router_is_one_cause_and_not_its_links(known: Dependencies) -> None:
    (cause,) = in_band(known, dead=["zes-rtr1"])
    assert cause.subject == device_subject("zes-rtr1")
    assert names(cause, SubjectKind.DEVICE) == {"zes-sw1", "zes-sch-rtr1", "zes-sch-sw1"}
    assert set(known.links_of["zes-rtr1"]) <= names(cause, SubjectKind.LINK)


@pytest.mark.parametrize("device", ["kut-core1", "kut-dist2", "kut-edge1", "chi-rtr1", "tbi-edge1"])
def test_every_dead_router_with_more_than_one_link_is_one_cause(
    known: Dependencies, device: str
) -> None:
    (cause,) = in_band(known, dead=[device])
    assert cause.subject == device_subject(device)


@pytest.mark.parametrize("link", sorted(default_network().links))
def test_every_single_cut_is_one_cause_named_by_its_link(known: Dependencies, link: str) -> None:
    (cause,) = in_band(known, cut=[link])
    assert cause.subject == link_subject(link)


def test_a_silent_agent_of_a_router_that_carries_traffic_is_the_device(known: Dependencies) -> None:
    states = dict.fromkeys(known.links, LinkState.UP)
    (cause,) = find_causes(known, frozenset({"zes-rtr1"}), states)
    assert cause.subject == device_subject("zes-rtr1")
    assert cause.affected == ()


def test_a_cut_beside_a_silent_agent_stays_a_cause_of_its_own(known: Dependencies) -> None:
    states = {**dict.fromkeys(known.links, LinkState.UP), "kut-zes": LinkState.DOWN}
    causes = find_causes(known, frozenset({"zes-rtr1"}), states)
    assert {cause.subject for cause in causes} == {
        device_subject("zes-rtr1"),
        link_subject("kut-zes"),
    }


def test_two_cuts_that_together_hide_a_district_are_two_causes(known: Dependencies) -> None:
    around = [link for link in known.links_of["bag-rtr1"] if link in ("kut-bag", "van-bag")]
    causes = in_band(known, cut=["zes-sch", "kut-tsk"])
    assert {cause.subject.id for cause in causes} == {"zes-sch", "kut-tsk"}
    (one,) = in_band(known, cut=around)
    # Both circuits of one router at once: the router is the likelier cause.
    assert one.subject == device_subject("bag-rtr1")


def test_two_dead_routers_far_apart_are_two_causes(known: Dependencies) -> None:
    causes = in_band(known, dead=["zes-rtr1", "kho-rtr1"])
    assert {cause.subject.id for cause in causes} == {"zes-rtr1", "kho-rtr1"}


def test_when_nobody_answers_the_monitor_blames_itself(known: Dependencies) -> None:
    (cause,) = find_causes(known, frozenset(known.site_of), {})
    assert cause.subject == BLIND


def test_out_of_band_a_dead_router_takes_its_links_along(known: Dependencies) -> None:
    lab = Dependencies(known.links, known.links_of, known.site_of, frozenset(known.site_of))
    states = seen(known, frozenset({"zes-sch-rtr1"}), {"zes-sch-rtr1"}, set())
    (cause,) = find_causes(lab, frozenset({"zes-sch-rtr1"}), states)
    assert cause.subject == device_subject("zes-sch-rtr1")
    assert names(cause, SubjectKind.LINK) == {"zes-sch", "zes-sch-acc"}


def test_nothing_wrong_is_no_cause(known: Dependencies) -> None:
    assert find_causes(known, frozenset(), dict.fromkeys(known.links, LinkState.UP)) == ()
    assert find_causes(known, frozenset(), {}) == ()
