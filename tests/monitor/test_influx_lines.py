"""Samples as lines of InfluxDB, without a server."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.metrics import PROBE_SERIES, SERIES_METRICS
from monitor.store.base import LinkSample, link_sample
from monitor.store.influx_lines import Lines, sample_of
from monitor.values import Quality

T0 = 1_790_000_100.0
values = st.one_of(st.none(), st.just(0.0), st.floats(width=64), st.integers(0, 10**9).map(float))
samples = st.builds(
    LinkSample,
    st.sampled_from(["kut-zes", "100 % sure, 5=5", "%s"]),
    st.integers(0, 2000).map(lambda at: T0 + at),
    st.sampled_from(Quality),
    st.integers(0, 60_000).map(lambda ms: ms / 1000),
    st.tuples(*(values for _ in SERIES_METRICS)),
)


def read(line: str) -> dict[str, str]:
    """Fields of a line, without the quotes of texts."""
    found, name = dict[str, str](), ""
    for part in line.rpartition(" ")[0].rpartition(" covers=")[2].split(","):
        if "=" in part:
            name, _, found[name] = part.partition("=")
        elif found:
            found[name] += f",{part}"  # of `null`
        else:
            found["covers"] = part
    return {name: text.strip('"').removesuffix("i") for name, text in found.items()}


@given(st.lists(samples, max_size=12))
def test_a_line_can_be_read_without_its_neighbours(batch: list[LinkSample]) -> None:
    found = Lines().lines(batch)
    assert len(found) == len(batch)
    for line, sample in zip(found, batch, strict=True):
        finite = tuple(
            value if value is not None and abs(value) < float("inf") else None
            for value in sample.values
        )
        assert sample_of(sample.link, sample.at, read(line)) == sample._replace(values=finite)


def test_lines_made_together_are_those_made_one_by_one() -> None:
    batch = [
        link_sample("a", T0 + at, in_bps=float(at % 3), out_bps=1.5 * at, in_errors_ps=0.0)
        for at in range(20)
    ]
    one = Lines()
    assert Lines().lines(batch) == [line for each in batch for line in one.lines([each])]


def test_a_value_that_becomes_0_is_written_once() -> None:
    idle = (*[0.0] * (len(SERIES_METRICS) - len(PROBE_SERIES)), *[None] * len(PROBE_SERIES))
    batch = [LinkSample("a", T0 + at, Quality.GOOD, 10.0, idle) for at in range(4)]
    batch[1] = batch[1]._replace(values=(7.0, *idle[1:]))
    lines = Lines().lines(batch)
    assert [line.split(" ")[1] for line in lines[1:]] == [
        "covers=10000i,in_bps=7.0",
        "covers=10000i,in_bps=0.0",
        "covers=10000i",
    ]
