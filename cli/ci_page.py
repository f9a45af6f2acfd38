"""A judgement as one page for a merge request: no script, no file beside it."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.ci_judgement import BrokenPromise, Judgement, Verdict, counted
from cli.ci_text import grouped

TEMPLATE = "ci_page.html.j2"
SHOWN_EVIDENCE = 12
"""Of a group of differences; the JSON beside it holds all."""
_TONE = {
    Verdict.KEPT: "good",
    Verdict.BROKEN: "bad",
    Verdict.INCONCLUSIVE: "unsure",
    Verdict.NO_LAB: "unsure",
}


def page(found: Judgement) -> str:
    """The HTML of the report."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(
        found=found,
        tone=_TONE[found.verdict],
        promises=_grouped(found.broken),
        groups=grouped(found.differences),
        most=SHOWN_EVIDENCE,
        count=counted,
    )


def _grouped(broken: tuple[BrokenPromise, ...]) -> list[list[BrokenPromise]]:
    groups: dict[tuple[object, ...], list[BrokenPromise]] = {}
    for one in broken:
        told = one.broken
        key = (told.promise, told.expected, told.found, told.causes, one.facts)
        groups.setdefault(key, []).append(one)
    return list(groups.values())
