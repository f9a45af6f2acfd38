"""What a run of scenarios prints and writes, and its exit status. No lab."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from lab.scenario_report import (
    Check,
    OutageRow,
    RunResult,
    ScenarioResult,
    Verdict,
    failure_lines,
    junit,
    outage_page,
)

GOOD = Check("reach", True, "2 of 2", "2")
BAD = Check("reach", False, "2 of 2", "1", ("a -> b: no answer",))
UNSURE = Check("outage", False, "at most 10 ms", "90 ms", inconclusive=True)
ROW = OutageRow("cut", "kut-zes", "wan-primary", ("zes-sch",), 4, 310, 1060, 27, 400, 0, 2.51)


def scenario(name: str, *checks: Check) -> ScenarioResult:
    result = ScenarioResult(name, f"Title of {name}", f"{name}.yaml:1", seconds=1.5)
    for check in checks:
        result.add(check)
    return result


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([GOOD, GOOD], 0),
        ([GOOD, BAD], 1),
        ([GOOD, UNSURE], 2),
        ([UNSURE, BAD], 1),
        ([BAD, UNSURE], 1),
    ],
)
def test_the_worst_check_gives_the_exit_status(checks: list[Check], code: int) -> None:
    assert RunResult([scenario("one", *checks)]).exit_code == code
    assert RunResult([scenario(f"s{n}", check) for n, check in enumerate(checks)]).exit_code == code


def test_a_broken_promise_is_a_failure_and_an_inconclusive_one_an_error() -> None:
    run = RunResult([scenario("good", GOOD), scenario("bad", BAD), scenario("unsure", UNSURE)])
    suite = ET.fromstring(junit(run))  # noqa: S314  (our own text)
    assert [suite.get(key) for key in ("tests", "failures", "errors")] == ["3", "1", "1"]
    kinds = {case.get("name"): [child.tag for child in case] for case in suite}
    assert kinds == {
        "good": ["system-out"],
        "bad": ["failure", "system-out"],
        "unsure": ["error", "system-out"],
    }
    text = suite.findtext("testcase/failure")
    assert text is not None
    assert "a -> b: no answer" in text


def test_the_document_is_what_the_contract_says() -> None:
    document = RunResult([scenario("good", GOOD), scenario("bad", BAD)]).document()
    assert (document["passed"], document["failed"]) == (1, 1)
    first = document["scenarios"][0]
    assert {"name", "ok", "seconds", "outage_s", "checks"} <= set(first)
    assert {"name", "ok", "expected", "found"} <= set(first["checks"][0])


def test_a_failure_is_told_with_some_of_its_evidence() -> None:
    many = Check("policy", False, "0", "20", tuple(f"probe {number}" for number in range(20)))
    lines = failure_lines([many])
    assert lines[0] == "policy: expected 0, found 20"
    assert lines[-1] == "    and 12 more"
    assert len(lines) == 1 + 8 + 1


def test_the_table_of_outages_has_a_line_for_each_failure() -> None:
    page = outage_page([ROW], "abc123", datetime(2026, 11, 27, tzinfo=UTC))
    assert "The longest outage: 310 ms, to the Internet 1060 ms." in page
    row = "| cut | kut-zes | wan-primary | 4 | 310 ms | 1060 ms | 27 of 400 | 0 ms | 2.5 s |"
    assert f"{row} zes-sch |" in page.splitlines()


def test_a_scenario_is_one_line() -> None:
    result = scenario("cut", GOOD)
    result.measured.append("outage 310 ms, 27 pings lost")
    assert result.verdict is Verdict.PASSED
    assert result.line().split() == (
        ["passed", "cut", "1.5", "s", "1", "checks,", "outage", "310", "ms,", "27", "pings", "lost"]
    )
