"""Sentences are kept as reasons, and told in either language."""

import ast
import copy
import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

import api
import monitor
from monitor.said import Said, joined, recalled, say, stored, told
from monitor.sentences import SENTENCES
from monitor.status import NEVER, link_status
from monitor.store.base import StateEntry, Subject
from monitor.values import Fault, LinkState, SubjectKind

PLACES = re.compile(r"\{(\w+)\}")
SILENT = say("end.silent", device="zes-rtr1")
NESTED = say("works.why", reason="new router", state=say("state.unknown"), why=SILENT)


def calls() -> list[tuple[str, str, frozenset[str]]]:
    """Where, code and names of values of every say("code", ...) in the rooms that say anything."""
    found = []
    for room in (monitor, api):
        for path in Path(room.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                if node.func.id == "say" and isinstance(node.args[0], ast.Constant):
                    names = frozenset(each.arg or "*" for each in node.keywords)
                    found.append((f"{path.name}:{node.lineno}", str(node.args[0].value), names))
    return found


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_has_the_same_places_in_both_languages(code: str) -> None:
    sentence = SENTENCES[code]
    assert sentence.en
    assert sentence.ka
    assert sorted(PLACES.findall(sentence.en)) == sorted(PLACES.findall(sentence.ka))
    bare = PLACES.sub("", sentence.en)
    if re.search(r"[a-z]", bare):
        assert re.search(r"[ა-ჰ]", PLACES.sub("", sentence.ka)), "not in Georgian"
    assert not re.search(r"[Ⴀ-ჅᲐ-Ჿ]", sentence.ka), "not the everyday Georgian letters"


def test_all_that_is_said_in_the_source_has_a_sentence_and_fills_its_places() -> None:
    assert len(calls()) > 20
    for where, code, names in calls():
        assert code in SENTENCES, where
        if "*" not in names:
            assert names == set(PLACES.findall(SENTENCES[code].en)), where


@pytest.mark.parametrize("state", LinkState)
def test_every_state_can_be_named_in_a_sentence(state: LinkState) -> None:
    assert say(f"state.{state}") == str(state)


def test_a_sentence_is_the_english_string_and_is_told_in_georgian() -> None:
    assert SILENT == "zes-rtr1 does not answer"
    assert told(SILENT, "en") == SILENT
    assert told(SILENT, "ka") == "zes-rtr1 არ პასუხობს"
    assert json.dumps(SILENT) == '"zes-rtr1 does not answer"'


def test_what_stands_inside_a_sentence_is_told_in_the_same_language() -> None:
    assert NESTED == "new router; seen unknown: zes-rtr1 does not answer"
    assert told(NESTED, "ka") == "new router; ფაქტობრივად: უცნობია (zes-rtr1 არ პასუხობს)"


def test_several_sentences_are_joined_and_plain_text_stays_among_them() -> None:
    both = joined((SILENT, "", "an old sentence"))
    assert both == "zes-rtr1 does not answer; an old sentence"
    assert told(both, "ka") == "zes-rtr1 არ პასუხობს; an old sentence"
    assert joined(("", "")) == ""


@pytest.mark.parametrize(
    "words", [SILENT, NESTED, joined((SILENT, NESTED)), say("text", text='{x} "\n'), NEVER]
)
def test_the_store_gives_back_what_it_was_given(words: Said) -> None:
    back = recalled(stored(words))
    assert back == words
    assert told(back, "ka") == told(words, "ka")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kut-zes (Carrier A IMR-P31) is down",
        "[[",
        '[["',
        '[["of a newer program",{}]]',
        '[["end.silent",{}]]',
        '[["end.silent",{"device":7}]]',
        '[["end.silent"]]',
        '[["end.silent",null]]',
        '[[["x"],{}]]',
    ],
)
def test_text_that_is_no_sentence_of_ours_stays_as_it_is(text: str) -> None:
    assert recalled(stored(text)) == text
    assert told(recalled(text), "ka") == text


def test_a_value_can_be_left_out_where_the_page_says_it_already() -> None:
    down = say("incident.circuit", cause="kut-zes", circuit="Carrier A IMR-P31")
    assert told(down, "ka", cause="") == "(Carrier A IMR-P31) გათიშულია"


def test_a_sentence_survives_copying_into_a_document() -> None:
    entry = StateEntry(Subject(SubjectKind.LINK, "x"), 0.0, LinkState.UNKNOWN, Fault.BLIND, NESTED)
    assert asdict(link_status("x", 1, entry, None))["reason"] == NESTED
    assert told(copy.deepcopy(NESTED), "ka") == told(NESTED, "ka")
