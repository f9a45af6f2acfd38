"""Scenario files: every mistake is one line with its place, and all are told at once. No lab."""

from pathlib import Path

import pytest

from inventory.load import load_network
from inventory.view import virtual
from lab.plan import LabPlan
from lab.planner import make_plan
from lab.scenario_check import check_names
from lab.scenario_files import Loaded, ScenarioError, find, load
from tests.lab.conftest import SMALL
from tests.lab.test_plan import MANAGEMENT
from tests.labfixture import CHECKOUT

SMALL_SCENARIOS = CHECKOUT / "tests" / "lab" / "small"


def written(folder: Path, text: str, name: str = "one") -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(file: Path, *others: Path) -> list[str]:
    with pytest.raises(ScenarioError) as found:
        load([file, *others])
    return [str(problem).replace(str(file.parent) + "/", "") for problem in found.value.problems]


@pytest.fixture(scope="module")
def plan() -> LabPlan:
    return make_plan(virtual(load_network(SMALL), MANAGEMENT), "files", MANAGEMENT)


def named_wrongly(plan: LabPlan, file: Path) -> list[str]:
    with pytest.raises(ScenarioError) as found:
        check_names(load([file]), virtual(load_network(SMALL), MANAGEMENT), plan)
    return [str(problem).replace(str(file.parent) + "/", "") for problem in found.value.problems]


def test_a_scenario_is_read_with_its_lines(tmp_path: Path) -> None:
    text = "title: One\nsteps:\n  - fault: {kind: cut, target: hq-alp}\n    within_s: 3\n"
    loaded = load([written(tmp_path, text)])[0]
    step = loaded.scenario.steps[0]
    assert step.fault is not None
    assert (step.fault.kind, step.fault.target, step.within_s) == ("cut", "hq-alp", 3)
    assert loaded.where("steps", 0, "within_s").endswith("one.yaml:4")


def test_every_mistake_of_every_file_is_told_with_its_line(tmp_path: Path) -> None:
    one = written(
        tmp_path,
        """title: One
stepps: []
given: {zone: gov}
""",
    )
    two = written(
        tmp_path,
        """title: Two
steps:
  - fault: {kind: cut, target: hq-alp}
    heal: all
  - expect:
      - reach: {from: alp-staff, to: bet-staff, port: 99999}
      - reech: {from: alp-staff, to: bet-staff}
      - outage: {from: alp-staff, to: bet-staff, at_most_ms: soon}
  - {}
""",
        "two",
    )
    assert mistakes(one, two) == [
        "one.yaml:2: stepps: unknown key 'stepps'. Did you mean 'steps'?",
        "one.yaml:3: given.zone: unknown key 'zone'. Known keys: region, site, host, role, faults.",
        "two.yaml:3: steps[0]: expected one action a step, found fault, heal.",
        "two.yaml:6: steps[1].expect[0].reach.port: expected at most 65535, found 99999.",
        "two.yaml:7: steps[1].expect[1].reech: unknown key 'reech'. Did you mean 'reach'?",
        "two.yaml:8: steps[1].expect[2].outage.at_most_ms: expected a whole number, found 'soon'.",
        (
            "two.yaml:9: steps[2]: expected an action (fault, heal, change, traffic, watch, clock, "
            "sweep) or something to expect, found neither."
        ),
    ]


def test_a_file_that_is_no_yaml_and_one_that_is_empty(tmp_path: Path) -> None:
    broken = written(tmp_path, "title: [\n", "broken")
    empty = written(tmp_path, "", "empty")
    said = mistakes(broken, empty)
    assert said[0].startswith("broken.yaml:2: not valid YAML")
    assert said[1] == "empty.yaml:1: expected a mapping with title and steps, found nothing."


def test_unknown_names_are_told_with_the_nearest(tmp_path: Path, plan: LabPlan) -> None:
    file = written(
        tmp_path,
        """title: Names
steps:
  - fault: {kind: cutt, target: hq-alp}
  - fault: {kind: loss, target: hq-alf, percent: 300}
  - heal: hq-bett
  - expect:
      - reach: {from: alp-staf, to: [bet-staff, "zone:staf"]}
      - adjacency: {link: hq-alf}
      - path: {from: alp-staff, to: internet, through: [hq-alf]}
      - session: {device: hq-core, neighbour: carier}
  - sweep: {what: cut, roles: [wan]}
""",
    )
    assert named_wrongly(plan, file) == [
        "one.yaml:3: steps[0].fault.kind: there is no fault cutt. Did you mean 'cut'?",
        "one.yaml:4: steps[1].fault.target: lab files has no link hq-alf. Did you mean 'hq-alp'?",
        (
            "one.yaml:4: steps[1].fault.target: loss percent: expected a number from 0.01 to 100, "
            "found 300."
        ),
        "one.yaml:5: steps[2].heal: there is no target hq-bett. Did you mean 'hq-bet'?",
        (
            "one.yaml:7: steps[3].expect[0].reach.from: there is no host alp-staf. "
            "Did you mean 'alp-staff'?"
        ),
        (
            "one.yaml:7: steps[3].expect[0].reach.to: there is no host zone:staf. "
            "Did you mean 'zone:staff'?"
        ),
        (
            "one.yaml:8: steps[3].expect[1].adjacency.link: there is no link hq-alf. "
            "Did you mean 'hq-alp'?"
        ),
        (
            "one.yaml:9: steps[3].expect[2].path.through[0]: there is no link or device hq-alf. "
            "Did you mean 'hq-alp'?"
        ),
        (
            "one.yaml:10: steps[3].expect[3].session.device: there is no device hq-core. "
            "Did you mean 'hq-core1'?"
        ),
        (
            "one.yaml:10: steps[3].expect[3].session.neighbour: there is no neighbour carier. "
            "Did you mean 'carrier'?"
        ),
        "one.yaml:11: steps[4].sweep.roles[0]: there is no role wan. Did you mean 'man'?",
    ]


def test_scenarios_are_found_by_name_wildcard_and_path(tmp_path: Path) -> None:
    for name in ("sweep-cut", "sweep-down", "leak"):
        written(tmp_path, "title: x\nsteps: [{heal: all}]\n", name)
    assert [path.stem for path in find(tmp_path, [])] == ["leak", "sweep-cut", "sweep-down"]
    assert [path.stem for path in find(tmp_path, ["sweep-*"])] == ["sweep-cut", "sweep-down"]
    assert find(tmp_path, [str(tmp_path / "leak.yaml")]) == (tmp_path / "leak.yaml",)
    with pytest.raises(ScenarioError, match="there is no scenario leek"):
        find(tmp_path, ["leek"])
    with pytest.raises(ScenarioError, match=r"found no \.yaml file"):
        find(tmp_path / "none", [])


def test_the_declared_scenarios_fit_their_regions(plan: LabPlan) -> None:
    small = load(find(SMALL_SCENARIOS, []))
    check_names(small, virtual(load_network(SMALL), MANAGEMENT), plan)
    whole = load(find(CHECKOUT / "tests" / "lab", []))
    network = virtual(load_network(CHECKOUT / "inventory"), MANAGEMENT)
    check_names(whole, network, make_plan(network, "whole", MANAGEMENT))
    assert {one.scenario.given.region for one in whole} == {"imereti"}
    assert len(whole) >= 15
    assert {"sweep-cut", "sweep-silent", "sweep-down", "leak", "spoofed"} <= names(whole)


def names(loaded: tuple[Loaded, ...]) -> set[str]:
    return {one.name for one in loaded}
