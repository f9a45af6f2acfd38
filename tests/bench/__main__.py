"""`python -m tests.bench [NAME...] [--write FILE]`: run benchmarks, print what they measured."""

import argparse
import os
import platform
import re
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from inventory.errors import MachineError
from tests.bench import BENCHES, Figure

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main(arguments: Sequence[str]) -> int:
    """0; 1 when a goal is missed, 2 when a benchmark could not run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHES)}")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables into FILE")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    left_out: list[str] = []
    for name in options.names or BENCHES:
        began = time.monotonic()
        measured: list[Figure] = []
        try:
            for figure in import_module(f"tests.bench.{name}").run():
                measured.append(figure)
                print(_line(figure), flush=True)  # noqa: T201
        except MachineError as error:
            left_out.append(f"{name}: {error}")
            print(f"left out - {left_out[-1]}", flush=True)  # noqa: T201
        print(f"  ({name}: {time.monotonic() - began:.0f} s)", file=sys.stderr)  # noqa: T201
        figures += measured
        if options.write and measured:
            write_section(options.write, name, measured)
    missed = [figure.name for figure in figures if figure.met is False]
    print(f"{len(figures)} figures, {len(missed)} goals missed, {len(left_out)} left out.")  # noqa: T201
    return 1 if missed else 2 if left_out else 0


def _line(figure: Figure) -> str:
    """One figure for a terminal, its peers indented below."""
    verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
    goal = "" if figure.goal is None else f"goal {_number(figure.goal)}, {verdict}"
    lines = [f"{figure.name}: {_number(figure.value)} {figure.unit}  {goal}".rstrip()]
    lines += [f"    {name}: {_number(value)} {figure.unit}" for name, value in figure.peers]
    if figure.note:
        lines.append(f"    ({figure.note})")
    return "\n".join(lines)


def _number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _machine() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    processor = model[1].strip() if model else platform.machine()
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {processor}, Linux {platform.release()}, Python " + (
        platform.python_version()
    )


def _section(name: str, figures: Sequence[Figure]) -> Iterator[str]:
    """One benchmark's figures, with their peers, as Markdown."""
    yield f"### {name}"
    yield ""
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d} with {_machine()}, in one run."
    yield ""
    yield "| what | measured | goal | beside it |"
    yield "|---|---|---|---|"
    for figure in figures:
        goal = "" if figure.goal is None else f"{_number(figure.goal)} {figure.unit}"
        if figure.met is False:
            goal += " (missed)"
        peers = "; ".join(f"{name}: {_number(value)} {figure.unit}" for name, value in figure.peers)
        note = f" ({figure.note})" if figure.note else ""
        measured = f"**{_number(figure.value)} {figure.unit}**"
        yield f"| {figure.name}{note} | {measured} | {goal} | {peers} |"


def write_section(file: Path, name: str, figures: Sequence[Figure]) -> None:
    """Put `name`'s section between `file`'s two marks, beside those of other benchmarks."""
    text = file.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    written, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{file}: expected the lines {BEGIN} and {END}.")
    parts = re.split(r"^### (\w+)\n", written, flags=re.MULTILINE)
    sections = {
        one: f"### {one}\n{body}".rstrip()
        for one, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    sections[name] = "\n".join(_section(name, figures))
    ordered = "\n\n".join(sections[one] for one in BENCHES if one in sections)
    file.write_text(f"{before}{BEGIN}\n\n{ordered}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
