"""`imereti apply` shows what it is going to do, in which order, and asks; --dry-run is `plan`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import provision
from cli.context import Context
from cli.main import build_app
from inventory.errors import ImeretiError
from inventory.model import Network
from nornir_tasks.work import Work
from tests.provisioning.ios_region import ServedRegion, served_region
from tests.provisioning.working import replaced

CHOSEN = ("--host", "alp-r1,bet-r1")


@pytest.fixture
def region(tmp_path: Path) -> Iterator[ServedRegion]:
    with served_region(tmp_path / "region") as served:
        yield served


@pytest.fixture
def config(
    tmp_path: Path, checkout: Path, region: ServedRegion, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Its network's devices are the stand-ins; alp-r1 is to have another description."""
    edit = replaced("alp-r1", "alp-r1.cfg", "description hq-", "description changed hq-")

    @contextmanager
    def standins(context: Context, network: Network | None = None) -> Iterator[Work]:
        with region.work(edit, network=network, say=context.say) as work:
            yield work

    monkeypatch.setattr(provision, "workplace", standins)
    small = checkout / "tests" / "regions" / "small"
    file = tmp_path / "config.yaml"
    file.write_text(
        f"paths: {{inventory: {small}, templates: {checkout / 'templates'}, state: state}}\n"
        "target: real\n"
    )
    return file


def ran(config: Path, *words: str) -> Result:
    return CliRunner().invoke(build_app(list(words)), ["-c", str(config), *words, *CHOSEN])


def test_nothing_is_applied_when_nobody_can_answer(config: Path, region: ServedRegion) -> None:
    before = region.running("alp-r1")
    done = ran(config, "apply")
    assert isinstance(done.exception, ImeretiError)
    assert "Apply to 1 device?" in str(done.exception)
    assert "--yes" in str(done.exception)
    assert "+ description changed hq-alp to hq-core1" in done.stderr
    assert done.stderr.splitlines()[-1] == "batch 1: alp-r1"
    assert region.running("alp-r1") == before
    assert not (region.folder / "audit.jsonl").exists()


@pytest.mark.parametrize("as_json", [False, True])
def test_a_dry_run_is_a_plan(config: Path, region: ServedRegion, as_json: bool) -> None:
    before = region.running("alp-r1")
    more = ["--json"] if as_json else []
    planned = CliRunner().invoke(build_app(["plan"]), ["-c", str(config), *more, "plan", *CHOSEN])
    dry = CliRunner().invoke(
        build_app(["apply"]), ["-c", str(config), *more, "apply", "--dry-run", *CHOSEN]
    )
    assert (planned.exit_code, dry.exit_code) == (2, 2)
    assert dry.stdout == planned.stdout
    if as_json:
        assert json.loads(dry.stdout)["changed"] == 1
    assert region.running("alp-r1") == before
