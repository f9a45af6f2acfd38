"""Pings of real addresses on loopback, what they say of links, and whom they are sent to."""

import asyncio
import socket
import time
from collections.abc import Callable

import pytest

from inventory.settings import ProbeSettings
from monitor.clock import SystemClock
from monitor.metrics import PROBE_SERIES, SERIES_METRICS
from monitor.probes import LinkPings, Prober, judged
from monitor.probes_icmp import Pinger, Stats, open_here, ping_socket
from monitor.probes_plan import LinkProbe, probe_plan
from monitor.said import told
from monitor.store.base import Latest
from monitor.values import LinkState, SubjectKind
from tests.monitor.networks import default_network
from tests.monitor.test_watch import running

NOBODY = "192.0.2.1"
"""TEST-NET-1: nobody answers there."""


def on_loopback_alone(family: int, kind: int, protocol: int) -> socket.socket:
    """From 127.0.0.1 no other network can be reached, whatever this machine's router answers."""
    opened = open_here(family, kind, protocol)
    opened.bind(("127.0.0.1", 0))
    return opened


async def until(what: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_loss_round_trip_and_jitter_of_real_pings() -> None:
    opened = ping_socket(on_loopback_alone)
    assert opened is not None, "this machine lets nobody ping"
    pinger = Pinger(["127.0.0.1", "127.0.0.5", NOBODY], 0.2, opened, SystemClock())
    stop = asyncio.Event()
    pinging = asyncio.create_task(pinger.run(stop))
    assert pinger.stats("127.0.0.1") is None, "nothing is known before the first answers"
    await until(lambda: all(pinger.stats(a) for a in ("127.0.0.1", "127.0.0.5", NOBODY)))
    stop.set()
    await pinging
    for address in ("127.0.0.1", "127.0.0.5"):
        stats = pinger.stats(address)
        assert stats is not None
        assert stats.loss == 0
        assert stats.rtt_ms is not None
        assert 0 < stats.rtt_ms < 1000
        assert stats.jitter_ms is not None
        assert stats.jitter_ms <= stats.rtt_ms * 60
    lost = pinger.stats(NOBODY)
    assert lost is not None
    assert (lost.loss, lost.rtt_ms, lost.jitter_ms) == (1, None, None)
    pinger.forget(NOBODY)
    assert pinger.stats(NOBODY) is None
    assert 0 < pinger.answered < pinger.sent


async def test_an_answer_that_is_not_ours_counts_for_nothing() -> None:
    opened = ping_socket(open_here)
    assert opened is not None
    pinger = Pinger(["127.0.0.1"], 0.2, opened, SystemClock())
    for packet in (b"", b"\0" * 8, b"\0" * 24, b"\x03" + b"\0" * 60):
        pinger._count(packet, "127.0.0.1", 1.0)
    assert pinger.answered == 0
    opened.close()


def test_who_may_not_ping_is_told_so_and_nothing_is_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(family: int, kind: int, protocol: int) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    assert ping_socket(refuse) is None
    assert "ping_group_range" in capsys.readouterr().out


def test_both_ends_of_every_link_and_every_site_are_pinged_the_far_end_behind_the_near() -> None:
    network = default_network()
    plan = probe_plan(network)
    by_link = {each.link: each for each in plan.links}
    assert set(by_link) == set(network.links)
    zes = network.links["kut-zes"]
    assert zes.a.ipv4
    assert zes.b.ipv4
    ends = {zes.a.device: str(zes.a.ipv4.ip), zes.b.device: str(zes.b.ipv4.ip)}
    assert by_link["kut-zes"] == LinkProbe(
        "kut-zes", ends["kut-core2"], ends["zes-rtr1"], "zes-rtr1"
    )
    access = next(link for link in network.links.values() if not link.routed)
    switch = next(
        network.devices[end.device]
        for end in (access.a, access.b)
        if not network.devices[end.device].routes
    )
    assert by_link[access.id].far == str(switch.management)
    assert {site for site, _ in plan.sites} == set(network.sites)


async def test_a_prober_tells_of_links_and_sites_and_is_silent_when_it_is_cut_off() -> None:
    taken: list[dict[str, LinkPings]] = []
    rows: list[Latest] = []

    def make() -> Prober:
        return Prober(
            default_network(), ProbeSettings(interval_s=0.5), on_loopback_alone,
            clock=SystemClock(), broken=lambda: frozenset({"kut-zes"}),
            take=lambda pings: taken.append(dict(pings)), tell=rows.append,
        )  # fmt: skip

    stop = asyncio.Event()
    probing = asyncio.create_task(make().run(stop))
    await until(lambda: bool(rows) and rows[-1].document["probes_sent"] > 1500, 60)
    stop.set()
    await probing
    # none of the model's addresses exists here: that is no evidence against a hundred links
    assert taken[-1] == {}
    assert all(each.kind == "prober" for each in rows)
    assert rows[-1].document["probes_sent"] > 100


def test_what_is_lost_before_the_near_end_is_not_laid_to_the_link() -> None:
    one = LinkProbe("l", "near", "far", "r")

    def own(near: float, far: float) -> float | None:
        known = {"near": Stats(near, 1.0, 0.1, 60), "far": Stats(far, 2.0, 0.2, 60)}
        found = judged(one, known)
        assert found[:3] == (far, 2.0, 0.2)
        return found.own_loss

    assert own(0.0, 0.5) == 0.5
    assert own(1 / 30, 0.5) == pytest.approx(0.4667, abs=1e-4)
    assert own(0.3, 0.5) is None  # of two lossy ways either may look the worse
    assert own(1 / 30, 0.0) == 0
    assert judged(one, {"near": None, "far": Stats(0.2, 1.0, 0.0, 40)}).own_loss == 0.2
    assert judged(one, {"near": None, "far": Stats(0.2, 1.0, 0.0, 39)}).own_loss is None
    assert judged(one, {"near": None, "far": None}) == LinkPings(None, None, None, None)


def test_loss_degrades_a_link_only_where_it_is_its_own_and_is_stored_beside_the_rates() -> None:
    world = running()
    link = "kut-zes"
    world.watch.take_pings({link: LinkPings(0.4, 3.0, 0.5, 0.0)})
    world.samples.clear()
    world.round()
    assert world.link(link)[0] is LinkState.UP, "lost before the near end already"
    sample = next(each for each in world.samples if each.link == link)
    assert [sample.value(name) for name in PROBE_SERIES] == [0.4, 3.0, 0.5]
    assert sample.value("in_bps") == 800_000
    other = next(each for each in world.samples if each.link != link)
    assert [other.value(name) for name in PROBE_SERIES] == [None, None, None]

    world.watch.take_pings({link: LinkPings(0.4, 3.0, 0.5, 0.4)})
    world.tick()
    assert world.link(link)[0] is LinkState.DEGRADED
    reason = world.state(SubjectKind.LINK, link).reason
    assert reason == "loss - expected at most 5%, found 40%"
    assert told(reason, "ka") == "დანაკარგი – 40%, ზღვარი 5%"
    world.watch.take_pings({})
    world.tick()
    assert world.link(link)[0] is LinkState.UP
    assert world.watch.broken() == frozenset()
    world.cut = {link}
    for _ in range(2):
        world.round()
    assert world.watch.broken() == {link}
    assert LinkPings._fields[: len(PROBE_SERIES)] == PROBE_SERIES
    assert SERIES_METRICS[-len(PROBE_SERIES) :] == PROBE_SERIES
