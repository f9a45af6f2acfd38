"""The lab's hosts as a prober: who probes, how often, and what comes of it."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from types import SimpleNamespace
from typing import Any

from cli.prober import ROUNDS, HostProber
from lab.reach import Probe as Ping
from nornir_tasks.probes import Probe

SERVER = ip_address("10.67.5.10")
REGION: Any = SimpleNamespace(management_zone="manage", noc4=(ip_network("10.68.5.0/24"),))
PLAN: Any = SimpleNamespace(
    hosts=[
        SimpleNamespace(lan="alp-staff", node="h1", zone="staff", ipv4=ip_address("10.65.21.10")),
        SimpleNamespace(lan="alp-manage", node="s1", zone="manage", ipv4=ip_address("10.68.21.2")),
        SimpleNamespace(lan="hq-manage", node="noc", zone="manage", ipv4=ip_address("10.68.5.2")),
    ]
)
ALLOWED = Probe("alp-staff", SERVER, "hq-servers", reach=True)
FORBIDDEN = Probe("alp-staff", ip_address("10.68.5.2"), "hq-manage", reach=False)


class Pinger:
    """Answers each round as it was told to: seconds, or None for no answer."""

    def __init__(self, *rounds: float | None) -> None:
        self._rounds = list(rounds)
        self.asked: list[list[Ping]] = []

    def ping(self, probes: Iterable[Ping], _wait_s: float) -> dict[Ping, float]:
        self.asked.append(list(probes))
        took = self._rounds.pop(0)
        return {} if took is None else dict.fromkeys(self.asked[-1], took)


def probed(pinger: Pinger, probe: Probe = ALLOWED) -> tuple[float, float | None]:
    (result,) = HostProber(PLAN, REGION, pinger).probe((probe,))  # type: ignore[arg-type]
    return round(result.loss, 2), result.rtt_ms


def test_users_and_the_noc_probe_and_switches_do_not() -> None:
    assert HostProber(PLAN, REGION, Pinger()).lans() == {"alp-staff", "hq-manage"}  # type: ignore[arg-type]


def test_a_quick_answer_is_asked_for_once() -> None:
    pinger = Pinger(0.002)
    assert probed(pinger) == (0, 2.0)
    assert len(pinger.asked) == 1


def test_the_best_of_slow_round_trips_counts() -> None:
    assert probed(Pinger(0.3, 0.12, 0.09)) == (0, 90.0)
    assert probed(Pinger(0.3, 0.004)) == (0, 4.0)


def test_what_is_lost_is_asked_for_again_and_counts_as_loss() -> None:
    assert probed(Pinger(None, 0.002)) == (0.5, 2.0)
    assert probed(Pinger(*[None] * ROUNDS)) == (1, None)


def test_what_must_not_answer_is_tried_once() -> None:
    pinger = Pinger(None)
    assert probed(pinger, FORBIDDEN) == (1, None)
    assert len(pinger.asked) == 1
