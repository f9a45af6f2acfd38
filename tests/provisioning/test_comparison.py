"""What an apply holds against each other: checks from before a change and from after it."""

from dataclasses import replace
from ipaddress import ip_address

from nornir_tasks.checks import CheckResult, got_worse, lasting, unreached
from nornir_tasks.probes import Probe, ProbeResult, check_latency, check_probes

ADJACENCY = CheckResult("OSPF adjacency", "alp-r1", "ge0-0-0", True, "Full", "Full")
NEIGHBOUR = CheckResult("LLDP neighbour", "alp-r1", "ge0-0-0", True, "hq-core1", "hq-core1")
PREFIXES = CheckResult(
    "BGP prefixes accepted", "hq-core1", "carrier 192.0.2.130", True, "at most 5 prefixes", "2", -2
)
PROBE = Probe("alp-staff", ip_address("10.67.5.10"), "hq-servers", reach=True)


def broken(one: CheckResult, found: str) -> CheckResult:
    return replace(one, ok=False, found=found)


def test_what_was_broken_before_does_not_block() -> None:
    before = (broken(ADJACENCY, "Init"), NEIGHBOUR)
    assert got_worse(before, (broken(ADJACENCY, "no neighbour"), NEIGHBOUR)) == ()


def test_what_broke_is_named() -> None:
    (worse,) = got_worse((ADJACENCY, NEIGHBOUR), (broken(ADJACENCY, "Init"), NEIGHBOUR))
    assert str(worse) == "alp-r1 ge0-0-0: OSPF adjacency - expected Full, found Init"


def test_a_check_that_is_no_longer_told_of_is_worse() -> None:
    """A device that forgets to run LLDP must not pass for one whose neighbours are all there."""
    (worse,) = got_worse((ADJACENCY, NEIGHBOUR), (ADJACENCY,))
    assert (
        str(worse) == "alp-r1 ge0-0-0: LLDP neighbour - expected hq-core1, found nothing told of it"
    )


def test_a_device_that_does_not_answer_is_named_once() -> None:
    reached = replace(unreached("alp-r1", "a session"), ok=True)
    (worse,) = got_worse(
        (reached, ADJACENCY, NEIGHBOUR), (unreached("alp-r1", "no answer in 10 s"),)
    )
    assert str(worse) == "alp-r1: management - expected a session, found no answer in 10 s"


def test_fewer_prefixes_than_before_are_worse_and_more_are_not() -> None:
    (worse,) = got_worse((PREFIXES,), (replace(PREFIXES, found="1", value=-1),))
    assert worse.found == "1; before: 2"
    assert got_worse((PREFIXES,), (replace(PREFIXES, found="3", value=-3),)) == ()


def test_loss_and_latency_that_grew_beyond_their_slack_are_worse() -> None:
    before = (ProbeResult(PROBE, loss=0, rtt_ms=2.0),)
    for loss, rtt_ms, names in (
        (0, 40.0, []),
        (0, 61.0, ["latency"]),
        (0.34, 2.0, ["reachability"]),
        (1, None, ["reachability"]),
    ):
        after = (ProbeResult(PROBE, loss=loss, rtt_ms=rtt_ms),)
        worse = got_worse(
            (*check_probes(before), *check_latency(before)),
            (*check_probes(after), *check_latency(after)),
        )
        assert [one.check for one in worse] == names, (loss, rtt_ms)


def test_only_a_latency_that_is_worse_three_times_in_a_row_lasts() -> None:
    """Noise makes another probe late each time; whatever else is worse counts at once."""
    one, other = (
        check_latency((ProbeResult(replace(PROBE, label=label), loss=0, rtt_ms=80.0),))
        for label in ("hq-servers", "hq-staff")
    )
    lost = (broken(ADJACENCY, "Init"),)
    assert lasting([one]) == lasting([one, one]) == lasting([one, other, one]) == ()
    assert lasting([one, (*one, *other), one]) == one
    assert lasting([one, one, ()]) == lasting([one, one, ()], 2) == ()
    assert lasting([one, one], 2) == lasting([(), one, one], 2) == one
    assert lasting([(), (*one, *lost)]) == lost


def test_what_answers_and_should_not_is_worse() -> None:
    forbidden = replace(PROBE, reach=False)
    before = check_probes((ProbeResult(forbidden, loss=1, rtt_ms=None),))
    (worse,) = got_worse(before, check_probes((ProbeResult(forbidden, loss=0, rtt_ms=1.5),)))
    assert str(worse) == (
        "alp-staff -> hq-servers 10.67.5.10: isolation - expected no answer, found 1.5 ms"
    )
