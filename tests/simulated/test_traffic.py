"""The made-up traffic keeps to what a circuit can carry, and its counters never run backwards."""

from hypothesis import given
from hypothesis import strategies as st

from lab.traffic import DAY_S, MAX_UTILISATION, basis, make_flow

EPOCH = 1_700_000_000.0
keys = st.text("abcdefghij-", min_size=1, max_size=12)
moments = st.floats(0, 60 * DAY_S)


@given(keys, st.integers(1_000_000, 10_000_000_000), moments, st.floats(1, DAY_S))
def test_a_flow_never_exceeds_its_circuit_and_never_runs_backwards(
    key: str, bandwidth_bps: int, start: float, seconds: float
) -> None:
    flow = make_flow(key, bandwidth_bps)
    begin, end = EPOCH + start, EPOCH + start + seconds
    octets = flow.octets(basis(end, EPOCH)) - flow.octets(basis(begin, EPOCH))
    assert 0 < octets <= bandwidth_bps / 8 * MAX_UTILISATION * seconds + 2


@given(keys)
def test_the_same_key_gives_the_same_curve(key: str) -> None:
    assert make_flow(key, 10_000_000) == make_flow(key, 10_000_000)


@given(keys)
def test_the_afternoon_is_busier_than_the_night(key: str) -> None:
    flow = make_flow(key, 100_000_000)

    def carried(hour: int) -> float:
        midnight = EPOCH - EPOCH % DAY_S
        begin = midnight + hour * 3600
        return flow.octets(basis(begin + 3600, EPOCH)) - flow.octets(basis(begin, EPOCH))

    assert carried(10) > carried(22)


@given(keys, moments, st.floats(1, DAY_S))
def test_a_flow_carries_nothing_while_its_circuit_is_down(
    key: str, start: float, seconds: float
) -> None:
    flow = make_flow(key, 100_000_000)
    down, up = basis(EPOCH + start, EPOCH), basis(EPOCH + start + seconds, EPOCH)
    before = flow.octets(down)
    flow.freeze(down)
    assert flow.octets(up) == before
    flow.thaw(up)
    assert abs(flow.octets(up) - before) < 2
    assert flow.octets(basis(EPOCH + start + seconds + 10, EPOCH)) > before


def test_damaged_frames_are_counted_while_they_last() -> None:
    flow = make_flow("a", 100_000_000)
    flow.damage(basis(EPOCH + 100, EPOCH), 5.0)
    assert flow.errors(basis(EPOCH + 110, EPOCH)) == 50
    flow.damage(basis(EPOCH + 110, EPOCH), 0.0)
    assert flow.errors(basis(EPOCH + 999, EPOCH)) == 50
