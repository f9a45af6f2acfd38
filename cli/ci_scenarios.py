"""The declared scenarios, run on the lab of a judgement."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.ci_judgement import Tried
from cli.ci_lab import JudgedLab
from cli.ci_side import Side
from cli.context import Context
from inventory.errors import InputError

if TYPE_CHECKING:
    from lab.plan import LabPlan
    from lab.scenario_files import Loaded
    from lab.scenario_report import ScenarioResult


def scenarios_in(folder: Path, context: Context) -> "tuple[Loaded, ...]":
    """All of a folder, taken from config.yaml's own where the current one has no such folder.

    None when there is no folder; ScenarioError with every mistake in their files.
    """
    from lab.scenario_files import load

    beside = context.settings.paths.templates.parent / folder
    return load(sorted((folder if folder.is_dir() else beside).glob("*.yaml")))


def fitting(
    loaded: "tuple[Loaded, ...]", side: Side, plan: "LabPlan"
) -> "tuple[tuple[Loaded, ...], tuple[str, ...]]":
    """Those about this region whose names all stand in the lab; the names of those left out.

    A lab of a part of the network (--fast) lacks some names.
    """
    from lab.scenario_check import check_names

    kept, left = [], []
    code = side.network.region.code
    for one in loaded:
        if one.scenario.given.region not in {None, code}:
            continue
        try:
            check_names([one], side.view, plan)
        except InputError:
            left.append(one.name)
        else:
            kept.append(one)
    return tuple(kept), tuple(left)


def tried(lab: JudgedLab, side: Side, loaded: "tuple[Loaded, ...]") -> tuple[Tried, ...]:
    """Run them on the lab as it is, which stays up; LabError when it has gone."""
    from cli.lab_house import House
    from lab.scenario_run import run

    context = lab.context(side)

    def tell(done: "ScenarioResult") -> None:
        context.say(done.line())

    with House(context) as house:
        done = run(loaded, lab.ground(side), house, context.say, tell)
    return tuple(_tried(one) for one in done.results)


def _tried(one: "ScenarioResult") -> Tried:
    from lab.scenario_report import Verdict

    return Tried(
        name=one.name,
        ok=one.verdict is Verdict.PASSED,
        conclusive=one.verdict is not Verdict.INCONCLUSIVE,
        seconds=round(one.seconds, 1),
        said=tuple(
            f"{check.name}: expected {check.expected}, found {check.found}"
            for check in one.failures
        ),
    )
