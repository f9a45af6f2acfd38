"""`imereti events`: the stream read again, and told to a person."""

from typing import Any

import pytest

from api.follow import StreamEvent, Teller, follow, parse
from inventory.errors import MachineError


def link(name: str, state: str, reason: str = "") -> dict[str, Any]:
    return {"id": name, "state": state, "reason": reason}


def test_events_are_read_with_comments_and_lines_in_between() -> None:
    text = ": ping\n\nid: a-1\nevent: links\ndata: [1,\ndata: 2]\nretry: 5\n\n"
    text += "event: tick\ndata: {}\n\n"
    found = list(parse(iter(text.splitlines())))
    assert found == [StreamEvent("links", "a-1", [1, 2]), StreamEvent("tick", "", {})]


def test_a_person_is_told_only_what_changed_its_state() -> None:
    teller = Teller()
    whole = {"links": [link("a", "up"), link("b", "down", "cut")], "health": {"ok": True}}
    assert list(teller.lines(StreamEvent("snapshot", "1", whole))) == [
        "2 links: 1 up, 1 down",
        f"{'b':20} {'down':11}  cut",
    ]
    polled = [link("a", "up"), link("b", "down", "cut")]
    assert list(teller.lines(StreamEvent("links", "2", polled))) == []
    back = [link("b", "up")]
    assert list(teller.lines(StreamEvent("links", "3", back))) == [f"{'b':20} {'up':11}"]


def test_a_flood_of_changes_is_told_as_a_number() -> None:
    teller = Teller()
    several = [link(f"l{number}", "unknown") for number in range(91)]
    assert list(teller.lines(StreamEvent("links", "1", several))) == ["91 are unknown"]


@pytest.mark.parametrize("address", ["localhost", "ftp://x", "http://", "http:///x"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(MachineError, match="expected http"):
        next(follow(address, 0.1, print))
