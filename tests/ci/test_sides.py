"""Revisions, typed changes, the part that --fast boots, declared differences: no lab needed."""

from pathlib import Path

import pytest

from cli.ci_expect import ExpectError, declared, read_expected
from cli.ci_facts import inventory_facts, places, related, template_facts
from cli.ci_revision import RevisionError, base_revision, working_tree
from cli.ci_scope import touched
from inventory.errors import UsageError
from inventory.load import examine, load_network
from lab.behaviour import Difference, Kind, Observation, Subject
from tests.ci.repository import CHECKOUT, Repository, make_repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make_repository(tmp_path / "checkout")


def test_the_base_is_what_git_keeps_and_the_new_side_is_what_lies_there(
    repository: Repository, tmp_path: Path
) -> None:
    inventory, templates = repository.folder / "inventory", repository.folder / "templates"
    committed = (inventory / "links.yaml").read_text(encoding="utf-8")
    repository.edit({"inventory/links.yaml": [["circuit_id: T-100", "circuit_id: T-900"]]})
    base = base_revision("main", tmp_path / "base", inventory, templates)
    new = working_tree(inventory, templates)
    assert (base.inventory / "links.yaml").read_text(encoding="utf-8") == committed
    assert (base.templates / "frr" / "frr.conf.j2").is_file()
    assert base.commit == repository.git("rev-parse", "HEAD")[:12]
    assert new.commit == f"{base.commit}+"
    assert load_network(base.inventory).links["hq-alp"].circuit_id == "T-100"


def test_a_revision_that_git_lacks_is_one_line_with_what_to_do(
    repository: Repository, tmp_path: Path
) -> None:
    folder = repository.folder
    with pytest.raises(UsageError, match="git fetch origin nowhere"):
        base_revision("origin/nowhere", tmp_path / "b", folder / "inventory", folder / "templates")
    repository.git("rm", "-r", "-q", "--cached", "templates")
    repository.git("commit", "-q", "-m", "without templates")
    with pytest.raises(RevisionError, match="has no folder templates"):
        base_revision("main", tmp_path / "c", folder / "inventory", folder / "templates")


def test_a_folder_without_git_is_said_to_be_one(repository: Repository, tmp_path: Path) -> None:
    inventory = tmp_path / "plain" / "inventory"
    inventory.mkdir(parents=True)
    with pytest.raises(RevisionError, match="not a git repository"):
        base_revision("main", tmp_path / "base", inventory, inventory)


def test_every_typed_change_has_its_line_and_the_names_it_is_about(
    repository: Repository, tmp_path: Path
) -> None:
    folder = repository.folder
    base = base_revision("main", tmp_path / "base", folder / "inventory", folder / "templates")
    repository.edit(
        {
            "inventory/links.yaml": [["circuit_id: T-100,", "circuit_id: T-100, cost: 300,"]],
            "inventory/region.yaml": [["dead_s: 4", "dead_s: 5"]],
            "inventory/sites/alp.yaml": [["staff: {ports: 1-6}", "staff: {ports: 1-5}"]],
            "templates/frr/_ospf.j2": [
                [
                    "timers throttle spf 50 100 1000\n timers throttle lsa",
                    "timers throttle spf 60 100 1000\n timers throttle lsa",
                ]
            ],
        }
    )
    old, new = (examine(f)[0] for f in (base.inventory, folder / "inventory"))
    facts = inventory_facts(old, new)
    assert [str(fact) for fact in facts] == [
        "inventory/links.yaml:4 hq-alp.cost: added: 300",
        "inventory/region.yaml:58 ospf.dead_s: was 4, is 5",
        "inventory/sites/alp.yaml:18 lans.staff.ports: was 1-6, is 1-5",
    ]
    assert facts[0].names == {"hq-alp", "hq-core1", "alp-r1"}
    assert facts[2].names == {"alp-staff"}
    (line,) = template_facts(base.templates, folder / "templates")
    assert (line.file, line.was) == ("templates/frr/_ospf.j2", "timers throttle spf 50 100 1000")
    assert [f.key for f in related(facts, {"alp-r1"})] == ["hq-alp.cost", "ospf.dead_s"]
    assert [f.key for f in related(facts[:1], {"bet-r1"})] == ["hq-alp.cost"]


def test_what_a_difference_hangs_on_is_found_in_the_inventory(repository: Repository) -> None:
    draft, _ = examine(repository.folder / "inventory")
    about = {"alp-r1", "hq-alp", "alp-staff", "carrier"}
    assert places(draft, about) == (
        "inventory/links.yaml:4 hq-alp",
        "inventory/sites/alp.yaml:18 alp-staff",
        "inventory/region.yaml:67 carrier",
    )
    assert places(draft, {"alp-r1"}) == ("inventory/sites/alp.yaml:9 alp-r1",)
    assert places(draft, {"nobody"}) == ()


def test_a_row_that_comes_or_goes_is_one_change(repository: Repository, tmp_path: Path) -> None:
    folder = repository.folder
    base = base_revision("main", tmp_path / "base", folder / "inventory", folder / "templates")
    links = folder / "inventory" / "links.yaml"
    text = links.read_text(encoding="utf-8")
    begin, end = text.index("alp-bet:"), text.index("alp-lyceum:")
    links.write_text(
        text[:begin] + text[begin:end].replace("alp-bet", "alp-bet-2") + text[end:],
        encoding="utf-8",
    )
    old, new = (examine(f)[0] for f in (base.inventory, folder / "inventory"))
    assert [str(fact) for fact in inventory_facts(old, new)] == [
        "inventory/links.yaml:10 alp-bet: removed: the whole of it",
        "inventory/links.yaml:10 alp-bet-2: added: the whole of it",
    ]


def test_fast_boots_what_the_change_can_touch_and_what_keeps_it_connected() -> None:
    network = load_network(CHECKOUT / "inventory")
    assert touched(network, ()) == frozenset()
    one = touched(network, ["zes-sch-rtr1"])
    assert {"zes-sch-rtr1", "zes-sch-sw1", "zes-rtr1", "zes-sw1"} <= one
    assert {"kut-core1", "kut-core2", "kut-edge1", "tbi-edge1", "kut-dc1"} <= one
    assert not {"van-rtr1", "kut-dist1", "kho-sch-rtr1"} & one
    assert len([name for name in one if network.devices[name].routes]) < 12


def test_a_device_behind_another_brings_the_way_to_the_core() -> None:
    network = load_network(CHECKOUT / "inventory")
    assert {"sac-rtr1", "chi-rtr1", "kut-core1"} <= touched(network, ["sac-sch-rtr1"])


def difference(kind: Kind, where: str, what: str, old: str, new: str) -> Difference:
    def seen(value: str) -> Observation | None:
        return Observation(value, "show", value) if value else None

    return Difference(Subject(kind, where, what), seen(old), seen(new))


def test_declared_differences_cover_those_that_happen_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "expected.yaml"
    file.write_text(
        "differences:\n"
        "  - {kind: path, where: 'alp-*', what: 'bet-staff IPv?', because: CHG-7}\n"
        "  - {kind: adjacency, where: alp-r1, change: lost}\n",
        encoding="utf-8",
    )
    rows = read_expected(file)
    path = difference(Kind.PATH, "alp-staff", "bet-staff IPv4", "a > b", "a > c")
    route = difference(Kind.ROUTE, "alp-r1", "0.0.0.0/0", "ospf via a", "ospf via b")
    gained = difference(Kind.ADJACENCY, "alp-r1", "ospf ge0-0-0 hq-core1", "", "Full")
    fits = declared(rows, [path, route, gained])
    assert fits.undeclared == (route, gained)
    assert [one.line for one in fits.unfulfilled] == [3]
    assert not fits.ok
    assert declared(rows[:1], [path]).ok


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("difference: []\n", ":1: difference: expected the one key 'differences'. Did you mean"),
        ("differences: 7\n", ":1: differences: expected a list."),
        ("differences:\n  - path\n", ":2: differences[0]: expected keys, such as `kind: path`."),
        ("differences:\n  - {what: x}\n", ":2: differences[0]: key 'kind' is missing."),
        (
            "differences:\n  - kind: paths\n",
            (
                ":2: differences[0].kind: expected adjacency or route or path or prefix or reach, "
                "found 'paths'. Did you mean 'path'?"
            ),
        ),
        (
            "differences:\n  - kind: path\n    were: alp\n",
            ":3: differences[0].were: unknown key 'were'. Did you mean 'where'?",
        ),
        (
            "differences:\n  - kind: path\n    what: 12\n",
            ":3: differences[0].what: expected text, found 12. Quote it.",
        ),
        ("differences: [\n", ": not valid YAML"),
    ],
)
def test_a_wrong_declaration_is_told_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "expected.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ExpectError) as caught:
        read_expected(file)
    assert said in str(caught.value)


def test_an_empty_declaration_allows_nothing(tmp_path: Path) -> None:
    file = tmp_path / "expected.yaml"
    file.write_text("", encoding="utf-8")
    route = difference(Kind.ROUTE, "alp-r1", "0.0.0.0/0", "ospf via a", "ospf via b")
    assert declared(read_expected(file), [route]).undeclared == (route,)
