"""Mistakes that read well and behave badly: one lab, brought from one mistake to the next.

What `imereti ci` does of it is the same code; only its provisioning is left out, which would take
most of these back (tests/provisioning shows that) before anybody had looked at them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.ci_document import document
from cli.ci_explain import broken_promises_of, explained
from cli.ci_facts import Fact, inventory_facts, template_facts
from cli.ci_judgement import Judgement
from cli.ci_lab import JudgedLab
from cli.ci_page import page
from cli.ci_place import place
from cli.ci_revision import base_revision, working_tree
from cli.ci_side import Side, examined, side_of
from cli.ci_text import text_of
from cli.ci_texts import CARRIED, devices_of, differences
from cli.context import Context
from lab.behaviour import Behaviour
from tests.ci.repository import Repository, make_repository
from tests.mistakes.cases import Mistake, mistakes

HOPEFUL_S = 6.0
"""Longer than OSPF takes to lose a neighbour and to find one again."""

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@dataclass
class Shared:
    """The small region's lab, how it behaves as it should, and what it runs now."""

    repository: Repository
    lab: JudgedLab
    good: Side
    behaviour: Behaviour
    running: Side
    folder: Path

    def side(self) -> Side:
        """What lies in the checkout now."""
        folder = self.repository.folder
        found = examined(working_tree(folder / "inventory", folder / "templates"))
        assert found.good, found.draft.problems
        management = self.lab.state.management
        return side_of(found, management, self.folder / "cache", self.lab.state.addresses)

    def facts(self, new: Side) -> tuple[Fact, ...]:
        """What was typed otherwise than in the good side."""
        old = self.good
        return (
            *inventory_facts(old.draft, new.draft),
            *template_facts(old.revision.templates, new.revision.templates),
        )

    def run(self, side: Side) -> None:
        """Make the routers run `side`: committed and confirmed, whatever it does to them."""
        texts = differences(self.running.files, side.files)
        self.running = side
        assert self.lab.force(side, devices_of(texts, CARRIED)) == ()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    folder = tmp_path_factory.mktemp("mistakes")
    repository = make_repository(folder / "checkout")
    context = Context(repository.config, as_json=False, quiet=True, verbose=False)
    places = (repository.folder / "inventory", repository.folder / "templates")
    with place(context) as where:
        base = base_revision("main", where.folder / "base", *places)
        good = side_of(examined(base), where.management, folder / "cache")
        lab = JudgedLab(context, where, None)
        report = lab.boot(good)
        assert report.ok, report
        yield Shared(repository, lab, good, lab.look(good), good, folder)


@pytest.mark.parametrize("mistake", mistakes("lab"), ids=lambda one: one.name)
def test_the_lab_names_the_cause(mistake: Mistake, shared: Shared) -> None:
    shared.repository.git("checkout", "-q", "--", ".")
    shared.repository.edit(mistake.edits)
    side = shared.side()
    shared.run(side)
    seen = shared.lab.look(side, HOPEFUL_S)
    before, after, facts = (shared.good, shared.behaviour), (side, seen), shared.facts(side)
    found = Judgement(shared.good.revision, side.revision, fast=False, facts=facts)
    found.broken = broken_promises_of(shared.lab, before, after, facts)
    found.differences = explained(before, after, facts)
    text = text_of(found, whole=True)
    everything = text + json.dumps(document(found)) + page(found)
    secrets = shared.lab.state.secrets().values
    assert [name for name, value in secrets.items() if value in everything] == []
    assert [line for line in mistake.says if line not in text] == [], text


def test_without_a_mistake_nothing_differs(shared: Shared) -> None:
    shared.repository.git("checkout", "-q", "--", ".")
    side = shared.side()
    shared.run(side)
    seen = shared.lab.look(side)
    assert [str(d.difference) for d in explained((side, shared.behaviour), (side, seen), ())] == []
    assert broken_promises_of(shared.lab, (side, shared.behaviour), (side, seen), ()) == ()


def test_a_line_that_a_router_does_not_know_is_refused_before_it_changes_anything(
    shared: Shared,
) -> None:
    shared.repository.git("checkout", "-q", "--", ".")
    shared.run(shared.side())
    edit = [" ip ospf cost {{ i.ospf.cost }}", " ip ospf coast {{ i.ospf.cost }}"]
    shared.repository.edit({"templates/frr/_interfaces.j2": [edit]})
    side = shared.side()
    devices = devices_of(differences(shared.running.files, side.files), CARRIED)
    done = shared.lab.apply(side, devices)
    assert not done.ok
    assert len(done.problems) == len(devices) == 6
    assert all("ip ospf coast" in problem for problem in done.problems), done.problems
    assert len(shared.lab.force(side, devices)) == len(devices)
    assert (
        broken_promises_of(
            shared.lab,
            (shared.good, shared.behaviour),
            (shared.good, shared.lab.look(shared.good)),
            (),
        )
        == ()
    )
