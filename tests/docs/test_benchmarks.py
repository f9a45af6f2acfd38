"""docs/benchmarks.md: a section a benchmark, written by the run that measured it."""

from pathlib import Path

from tests.bench import BENCHES, Figure
from tests.bench.__main__ import BEGIN, END, write_section

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def _sections(text: str) -> list[str]:
    written = text.partition(BEGIN)[2].partition(END)[0]
    return [line[4:] for line in written.splitlines() if line.startswith("### ")]


def test_each_section_of_the_page_is_a_benchmark_that_there_is() -> None:
    found = _sections(PAGE.read_text(encoding="utf-8"))
    assert found == [name for name in BENCHES if name in found]


def test_a_run_replaces_its_own_section_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n", encoding="utf-8")
    write_section(page, "lab", [Figure("boot", 9.0, "s", goal=8)])
    write_section(page, "render", [Figure("render", 0.3, "s", peers=(("Nornir", 5.0),))])
    write_section(page, "lab", [Figure("boot", 7.5, "s", goal=8)])
    text = page.read_text(encoding="utf-8")
    assert _sections(text) == ["render", "lab"]
    assert "| boot | **7.5 s** | 8 s |  |" in text
    assert "| render | **0.3 s** |  | Nornir: 5 s |" in text
    assert "missed" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
