"""A judgement as one page for a merge request: no script, no file beside it."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.ci_judgement import Judgement, Verdict, counted
from cli.ci_text import grouped, grouped_promises

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
        promises=grouped_promises(found.broken),
        groups=grouped(found.differences),
        most=SHOWN_EVIDENCE,
        count=counted,
    )
