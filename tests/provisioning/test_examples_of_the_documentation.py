"""The playbook and the check that docs/provisioning.md shows do what it says, as they stand."""

import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from inventory.load import load_network
from nornir_tasks import checks, playbooks
from nornir_tasks.play import parsed_arguments, playbook
from tests.provisioning.conftest import Ground
from tests.provisioning.test_playbooks_on_the_lab import cost, playing

MOST_LINES = 30
NAME = "quiet_night"


def example(checkout: Path, heading: str) -> str:
    """The Python block under a heading."""
    page = (checkout / "docs" / "provisioning.md").read_text(encoding="utf-8")
    found = re.search(rf"## {heading}\n.*?```python\n(.*?)```", page, re.DOTALL)
    assert found, heading
    return found[1]


@pytest.fixture
def one_more_playbook(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The documentation's file beside the others; its name on the command line."""
    text = example(checkout, "A playbook of one's own")
    assert len(text.splitlines()) <= MOST_LINES
    (tmp_path / f"{NAME}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(playbooks, "__path__", [*playbooks.__path__, str(tmp_path)])
    return NAME.replace("_", "-")


@pytest.mark.lab
def test_the_playbook_drains_the_circuits_of_a_provider(
    ground: Ground, tmp_path: Path, one_more_playbook: str
) -> None:
    module = playbook(one_more_playbook)
    assert parsed_arguments(module, ["provider=Owl"]) == {"provider": "Owl"}
    circuit = replace(ground.network.links["hq-alp"], provider="Owl")
    links = MappingProxyType({**ground.network.links, "hq-alp": circuit})
    network = replace(ground.network, links=links)
    with playing(ground, tmp_path, network=network, provider="Owl") as (play, _):
        module.run(play)
    assert cost(ground, "alp-r1", "ge0-0-0") == "65535"
    assert cost(ground, "hq-core1", "ge0-0-0") == "65535"
    assert cost(ground, "hq-core1", "ge0-0-1") == "100", "another provider's"


def test_the_check_finds_a_loopback_that_is_down(checkout: Path) -> None:
    names: dict[str, Any] = dict(vars(checks))
    exec(example(checkout, "A check of one's own"), names)  # noqa: S102  (it is our own text)
    check = names["CHECKS"][-1]
    network = load_network(checkout / "tests" / "regions" / "small")
    device = network.devices["alp-r1"]
    for up, said in ((True, []), (False, ["alp-r1 lo: loopback - expected up, found down"])):
        state = SimpleNamespace(interfaces={"lo": up})
        assert [str(one) for one in check.run(network, device, state) if not one.ok] == said
