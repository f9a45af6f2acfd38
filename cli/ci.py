"""`imereti ci`: a change of inventory or templates, judged before it is merged."""

import json
import signal
from pathlib import Path
from typing import Annotated

import typer

from cli.context import Context
from inventory.errors import ImeretiError

Base = Annotated[
    str, typer.Option("--base", metavar="REV", help="Git revision to judge against: origin/main.")
]
Fast = Annotated[
    bool, typer.Option("--fast", help="Boot only the part of the network that it can touch.")
]
Expect = Annotated[
    Path | None,
    typer.Option(
        "--expect", metavar="FILE", help="Declared differences of behaviour: no other may happen."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where the report goes, instead of paths.build/ci."),
]
Scenarios = Annotated[
    Path, typer.Option("--scenarios", metavar="DIR", help="Where the scenarios to try are.")
]
NoScenarios = Annotated[
    bool, typer.Option("--no-scenarios", help="Compare the behaviour only: much quicker.")
]
TEXT, JSON, JUNIT, PAGE = "report.txt", "report.json", "junit.xml", "index.html"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("ci")(ci)


def ci(
    ctx: typer.Context,
    *,
    base: Base,
    fast: Fast = False,
    expect: Expect = None,
    out: Out = None,
    scenarios: Scenarios = Path("tests/lab"),
    no_scenarios: NoScenarios = False,
) -> None:
    """Judge the inventory and the templates as they lie here against those of REV, in a lab.

    Exit status: 0 every promise is kept, 1 one is broken, 2 inconclusive, 3 no lab.
    """
    from cli.ci_document import document, junit
    from cli.ci_expect import read_expected
    from cli.ci_judge import Judge, Options
    from cli.ci_judgement import EXIT
    from cli.ci_page import page
    from cli.ci_place import place
    from cli.ci_scenarios import scenarios_in
    from cli.ci_text import text_of

    context: Context = ctx.obj
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cancelled job leaves no lab
    chosen = () if no_scenarios else scenarios_in(scenarios, context)
    expected = None if expect is None else read_expected(expect)
    folder = out or context.settings.paths.build / "ci"
    with place(context) as where:
        found = Judge(context, where, Options(base, fast, expected, chosen)).run()
    answer = document(found)
    files = {
        TEXT: text_of(found, whole=True),
        JSON: json.dumps(answer, ensure_ascii=False, indent=1, default=str) + "\n",
        JUNIT: junit(found),
        PAGE: page(found),
    }
    if not context.as_json:
        typer.echo(text_of(found), nl=False)
    _write(folder, files)
    if context.as_json:
        context.answer(answer)
    else:
        typer.echo(f"Report: {folder / PAGE} ({TEXT}, {JSON}, {JUNIT} beside it)")
    raise typer.Exit(EXIT[found.verdict])


def _write(folder: Path, files: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise ImeretiError(
            f"the report can't be written to {folder}: {reason}. Name another folder with --out"
        ) from None
