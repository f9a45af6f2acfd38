"""The verdict, and the report in its four forms."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cli.ci_document import document, junit
from cli.ci_expect import Declared, Expected
from cli.ci_facts import Fact
from cli.ci_judgement import EXIT, BrokenPromise, Explained, Judgement, Tried, Verdict
from cli.ci_lab import Applied
from cli.ci_page import page
from cli.ci_revision import Revision
from cli.ci_text import text_of
from cli.ci_texts import TextDifference
from inventory.errors import Problem
from lab.behaviour import Difference, Evidence, Kind, Observation, Subject
from lab.behaviour_promises import Broken

NOWHERE = Path()
COST = Fact("inventory/links.yaml", 4, "hq-alp.cost", "100", "9000", frozenset({"hq-alp"}))
MOVED = Explained(
    Difference(
        Subject(Kind.PATH, "bet-staff", "alp-staff IPv4"),
        Observation("bet-r1 > hq-core1 > alp-r1", "walk", "old table"),
        Observation("bet-r1 > alp-r1", "walk", "new <table> & more"),
    ),
    ("hq-core1 ge0-0-0: OSPF cost was 100, is 9000",),
    (COST,),
    (Evidence("bet-staff (new)", "walk", "new <table> & more", ("10.65.11.10",)),),
)
SILENT = BrokenPromise(
    Broken(
        "reachability",
        "alp-staff -> hq-servers IPv4",
        "an answer",
        "no answer",
        frozenset({"alp-staff"}),
        (Evidence("alp-staff", "ping -c 4 10.67.5.10", "4 sent, 0 answered", ("10.67.5.10",)),),
        ("hq-dc1 drops it in chain to_hq_servers, rule 9",),
    ),
    (COST,),
)


def judgement() -> Judgement:
    base, new = (
        Revision(name, commit, NOWHERE, NOWHERE)
        for name, commit in (("main", "aaaaaaaaaaaa"), ("working tree", "bbbbbbbbbbbb+"))
    )
    made = Judgement(base, new, fast=False)
    made.facts, made.devices = (COST,), 6
    made.how = "applied to 2 devices of the running lab by imereti apply"
    made.texts = (
        TextDifference("alp-r1", "alp-r1.cfg", "changed", "--- a\n+++ b\n@@ @@\n-old <x>\n+new"),
    )
    made.phases = {"boot": 9.5, "apply": 12.0}
    return made


def test_a_difference_alone_breaks_nothing_and_an_undeclared_one_does() -> None:
    made = judgement()
    made.differences = (MOVED,)
    assert (made.verdict, EXIT[made.verdict]) == (Verdict.KEPT, 0)
    made.declared = Declared((MOVED.difference,), ())
    assert (made.verdict, EXIT[made.verdict]) == (Verdict.BROKEN, 1)
    made.declared = Declared((), (Expected("e.yaml", 2, "path"),))
    assert made.broken_by == ("1 declared difference did not happen",)
    assert "does not behave as the change declares" in made.sentence
    made.declared = Declared((), ())
    assert made.verdict is Verdict.KEPT


@pytest.mark.parametrize(
    ("change", "verdict", "status"),
    [
        ({"problems": (Problem("inventory/links.yaml", 4, "x", "wrong."),)}, Verdict.BROKEN, 1),
        ({"broken": (SILENT,)}, Verdict.BROKEN, 1),
        ({"applied": Applied(ok=False, document={}, problems=("worse",))}, Verdict.BROKEN, 1),
        ({"refused": ("alp-r1 frr.conf:9: 'x' - unknown",), "no_lab": ""}, Verdict.BROKEN, 1),
        ({"scenarios": (Tried("cuts", False, True, 3.0, ("late",)),)}, Verdict.BROKEN, 1),
        ({"scenarios": (Tried("cuts", False, False, 3.0, ("?",)),)}, Verdict.INCONCLUSIVE, 2),
        ({"unsure": ["it did not settle"], "broken": (SILENT,)}, Verdict.INCONCLUSIVE, 2),
        ({"no_lab": "the lab needs root"}, Verdict.NO_LAB, 3),
        ({}, Verdict.KEPT, 0),
    ],
)
def test_each_end_has_its_verdict_and_exit_status(
    change: dict[str, Any], verdict: Verdict, status: int
) -> None:
    made = replace(judgement(), **change)
    assert (made.verdict, EXIT[made.verdict]) == (verdict, status)


def test_the_text_names_promise_cause_line_and_evidence() -> None:
    made = judgement()
    made.broken, made.differences = (SILENT,), (MOVED,)
    text = text_of(made)
    for line in (
        "inventory/links.yaml:4 hq-alp.cost: was 100, is 9000",
        "alp-r1 alp-r1.cfg: changed, +1 -1 lines",
        "reachability: expected an answer, found no answer",
        "alp-staff -> hq-servers IPv4",
        "because hq-dc1 drops it in chain to_hq_servers, rule 9",
        "bet-staff -> alp-staff IPv4: was bet-r1 > hq-core1 > alp-r1, is bet-r1 > alp-r1",
        "because hq-core1 ge0-0-0: OSPF cost was 100, is 9000",
        "Verdict: broken.",
    ):
        assert line in text


def test_one_cause_of_many_differences_is_told_once() -> None:
    made = judgement()
    other = replace(
        MOVED,
        difference=replace(
            MOVED.difference, subject=Subject(Kind.PATH, "bet-manage", "alp-staff IPv4")
        ),
    )
    made.differences = (MOVED, other)
    text = text_of(made)
    assert text.count("because hq-core1 ge0-0-0") == 1
    assert "path changed (2)" in text


def test_the_document_is_json_and_holds_the_evidence() -> None:
    made = judgement()
    made.broken, made.differences = (SILENT,), (MOVED,)
    found = json.loads(json.dumps(document(made)))
    assert (found["verdict"], found["ok"]) == ("broken", False)
    assert found["differences"][0]["was"] == "bet-r1 > hq-core1 > alp-r1"
    assert found["differences"][0]["lines"][0]["line"] == 4
    assert found["promises"][0]["evidence"][0]["addresses"] == ["10.67.5.10"]
    assert found["configurations"][0]["diff"].endswith("+new")


def test_junit_has_a_case_a_promise_and_a_scenario() -> None:
    made = judgement()
    made.broken = (SILENT,)
    made.scenarios = (
        Tried("cuts", True, True, 3.0, ()),
        Tried("hijack", False, False, 1.0, ("odd \x00 text",)),
    )
    suite = ET.fromstring(junit(made))  # noqa: S314  (our own text)
    assert (suite.get("failures"), suite.get("errors")) == ("1", "1")
    failed = suite.find("testcase/failure")
    assert failed is not None
    assert "hq-dc1 drops it" in (failed.text or "")
    assert "ping -c 4 10.67.5.10" in (failed.text or "")
    names = [case.get("name") for case in suite.findall("testcase")]
    assert "scenario cuts" in names
    assert suite.get("tests") == str(len(names))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [
            v or "" for k, v in attrs if k in {"src", "href"} and not (v or "#").startswith("#")
        ]
        self.loads += [tag] if tag in {"script", "link", "img"} else []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_stands_alone_and_shows_what_devices_said_as_text() -> None:
    made = judgement()
    made.broken, made.differences = (SILENT,), (MOVED,)
    read = _Page()
    read.feed(page(made))
    text = " ".join(" ".join(read.words).split())
    assert read.loads == []
    assert "This change breaks what the network promises." in text
    assert "new <table> & more" in text
    assert "-old <x>" in text
    assert "hq-dc1 drops it in chain to_hq_servers, rule 9" in text


def test_a_page_of_every_end_can_be_written() -> None:
    changes: list[dict[str, Any]] = [
        {"no_lab": "the lab needs root"},
        {"unsure": ["no"]},
        {"scope": ()},
        {},
    ]
    for change in changes:
        assert "<h1>" in page(replace(judgement(), **change))
