"""What `history APPLY` and `verify --junit` show a person."""

from pathlib import Path

import pytest

from cli.state import _told, _write
from inventory.errors import InputError


def test_a_steps_detail_is_told_in_lines_and_a_difference_as_it_was_shown() -> None:
    detail = {
        "diff": " interface ge0-0-0\n- description a\n+ description b",
        "timer_s": 120,
        "devices": ["alp-r1", "bet-r1"],
        "results": {"alp-r1": "confirmed"},
    }
    assert _told(detail).splitlines() == [
        "diff:",
        " interface ge0-0-0",
        "- description a",
        "+ description b",
        "timer_s: 120",
        "devices: alp-r1, bet-r1",
        "results: alp-r1 confirmed",
    ]


def test_a_file_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "junit.xml"
    with pytest.raises(InputError, match=r"junit\.xml: can't be written: No such file"):
        _write(file, "<testsuites/>")
