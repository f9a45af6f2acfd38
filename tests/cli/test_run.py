"""`imereti run`: whatever a playbook does in how many steps, a program gets one document."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import run
from cli.context import Context
from cli.main import build_app
from inventory.errors import ImeretiError
from inventory.model import Network
from nornir_tasks.errors import BusyError
from nornir_tasks.work import Work
from tests.provisioning.ios_region import served_region

CIRCUIT = ("circuit", "link=hq-alp", "provider=Telco Two", "circuit_id=T-900")
"""Two values, so two applies."""
BUSY = BusyError("alp-r1", "is being changed by somebody else")


@pytest.fixture
def config(config: Path) -> Path:
    """The same, where nobody waits long."""
    with config.open("a") as file:
        file.write("provision: {confirm_s: 60, settle_s: 2, hold_s: 0}\n")
    return config


def ran(config: Path, *words: str) -> Result:
    given = ["-c", str(config), "--json", "run", "--yes", *words]
    return CliRunner().invoke(build_app(["run"]), given)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No device is asked, and nothing was ever applied."""
    work = SimpleNamespace(backups=SimpleNamespace(applied_lines=lambda _name: None))

    @contextmanager
    def nothing(_context: Context, _network: Network | None = None) -> Iterator[SimpleNamespace]:
        yield work

    monkeypatch.setattr(run, "workplace", nothing)


def ending(outcomes: tuple[int | ImeretiError, ...]) -> Callable[..., int]:
    """An apply that ends one way after the other."""
    left = iter(outcomes)

    def plan_and_apply(*_: Any, answer: Callable[[Any], None], **__: Any) -> int:
        outcome = next(left)
        if isinstance(outcome, ImeretiError):
            raise outcome
        answer({"change": f"ended {outcome}"})
        return outcome

    return plan_and_apply


@dataclass(frozen=True)
class Ending:
    """How the applies of a playbook end, and what a program learns of it."""

    outcomes: tuple[int | ImeretiError, ...]
    code: int
    applies: tuple[str, ...]
    error: str | None = None


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    "end",
    [
        Ending((0, 0), 0, ("ended 0", "ended 0")),
        Ending((0, 3), 3, ("ended 0", "ended 3")),
        Ending((1,), 1, ("ended 1",)),
        Ending((0, BUSY), 1, ("ended 0",), str(BUSY)),
        Ending((BUSY,), 1, (), str(BUSY)),
    ],
)
def test_a_playbook_answers_with_one_document_however_it_ends(
    config: Path, monkeypatch: pytest.MonkeyPatch, end: Ending
) -> None:
    monkeypatch.setattr(run, "plan_and_apply", ending(end.outcomes))
    done = ran(config, *CIRCUIT)
    document = json.loads(done.stdout)
    assert done.exit_code == end.code
    assert (document["playbook"], document["ok"]) == ("circuit", end.code == 0)
    assert tuple(one["change"] for one in document["applies"]) == end.applies
    assert document["verifications"] == []
    assert document.get("error") == end.error


@pytest.mark.slow
def test_the_applies_of_two_steps_are_one_document(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the stand-ins, through the real plan and apply."""
    with served_region(tmp_path / "region") as region:

        @contextmanager
        def standins(context: Context, network: Network | None = None) -> Iterator[Work]:
            with region.work(network=network, say=context.say) as work:
                yield work

        monkeypatch.setattr(run, "workplace", standins)
        done = ran(config, "circuit", "link=hq-alp", "provider=Telco Two", "bandwidth=500M")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["ok"]
    provider, *bandwidth = document["applies"]
    assert (provider["changed"], provider["unchanged"]) == (0, 2)  # no line names a provider
    results = [{row["device"]: row["result"] for row in one["devices"]} for one in bandwidth]
    assert {name for one in results for name in one} == {"alp-r1", "hq-core1"}
    assert all(list(one.values()) == ["confirmed"] for one in results), "one router at a time"
