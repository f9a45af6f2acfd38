"""A name that nothing bears is a wrong command line, exit status 64, whatever the command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXIT_USAGE = 64


def imereti(checkout: Path, config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from cli.main import main; main()", "-c", str(config)]
    return subprocess.run(
        [*command, *words], cwd=checkout, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plan --host alp-r9", "--host: there is no host 'alp-r9'. Did you mean 'alp-r1'?"),
        ("apply --site apl", "--site: there is no site 'apl'. Did you mean 'alp'?"),
        ("verify --link hq-alb", "--link: there is no link 'hq-alb'. Did you mean 'hq-alp'?"),
        ("backup --role cor", "--role: there is no role 'cor'. Did you mean 'core'?"),
        ("drift --platform frrr", "--platform: there is no platform 'frrr'. Did you mean 'frr'?"),
        ("poll --host nobody", "--host: there is no host 'nobody'."),
        ("render --site alp --role core", "no device fits all of --site alp --role core."),
        ("rollback yesterday", "REVISION: no apply and no backup is called 'yesterday'."),
        ("history yesterday", "APPLY: no apply is called 'yesterday'. Run: imereti history"),
        ("run drian", "PLAYBOOK: there is no playbook 'drian'. Did you mean 'drain'?"),
        ("run drain lnk=hq-alp", "lnk: unknown parameter. Did you mean 'link'?"),
        ("run drain link=hq-alb", "found hq-alb. Did you mean 'hq-alp'?"),
        ("run drain device=alp-r9", "found alp-r9. Did you mean 'alp-r1'?"),
        ("run circuit link=hq-alb", "link: there is no link 'hq-alb'. Did you mean 'hq-alp'?"),
        ("run circuit link=hq-alp", "expected one of provider, circuit_id, bandwidth."),
        ("run onboard-site site=apl", "site: there is no site 'apl'. Did you mean 'alp'?"),
        ("run replace-device", "expected device=VALUE, found none. See: imereti run --list"),
        ("run replace-device device=alp-r9", "Did you mean 'alp-r1'?"),
        ("show path apl hq", "there is no device, LAN or site 'apl'. Did you mean 'alp'?"),
        ("show pth alp hq", "Did you mean 'path'?"),
        ("lab test nothing", "there is no scenario nothing in"),
        ("lab up --host alp-r9", "Did you mean 'alp-r1'?"),
        ("paln", ""),
    ],
)
def test_a_name_that_nothing_bears_is_a_wrong_command_line(
    checkout: Path, config: Path, line: str, said: str
) -> None:
    done = imereti(checkout, config, *line.split())
    assert (done.returncode, done.stdout) == (EXIT_USAGE, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("line", ["plan --host alp-r9", "run drian", "run circuit link=hq-alb"])
def test_a_program_is_told_the_same(checkout: Path, config: Path, line: str) -> None:
    done = imereti(checkout, config, *line.split(), "--json")
    assert done.returncode == EXIT_USAGE
    document = json.loads(done.stdout)
    assert document["ok"] is False
    assert document["errors"][0]["file"] == "command line"
    assert document["errors"][0]["hint"].startswith("Did you mean")
