"""No value of a secret is written or said by any command, on real FRR routers.

Everything that the commands wrote is read: state/ (audit log, backup and all its git objects,
locks, caches), build/, the inventory, JUnit's file, stdout and stderr. Only what the lab keeps for
its own routers is left out: its file `secrets` and the routers' disks.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml

from inventory.secrets import MASK, placeholder
from tests.provisioning.conftest import Ground
from tests.provisioning.spilling import objects, spilt, written

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
COMMAND_TIMEOUT_S = 300
ROLLED = {
    "ROLLED_AUTH": "canaryrolledauthentication",
    "ROLLED_PRIV": "canaryrolledprivacy",
    "OTHER_KEY": "canaryotherkey",  # of 16 characters at most, as OSPF takes no longer one
}


@dataclass
class Desk:
    """An engineer's folder: config.yaml, inventory, templates, build; and all that was said."""

    folder: Path
    state: Path
    said: list[str] = field(default_factory=list)

    @property
    def inventory(self) -> Path:
        return self.folder / "inventory"

    def imereti(self, *words: str, expect: int = 0) -> str:
        """What a command printed on both streams; its exit status has to be the expected one."""
        program = [sys.executable, "-c", "from cli.main import main; main()"]
        done = subprocess.run(
            [*program, "-c", str(self.folder / "config.yaml"), "-v", *words],
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
            env=os.environ | {"XDG_CACHE_HOME": str(self.folder / "cache")},
        )
        self.said += [done.stdout, done.stderr]
        assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def answer(self, *words: str, expect: int = 0) -> Any:
        """The JSON document of a command."""
        self.imereti("--json", *words, expect=expect)
        return json.loads(self.said[-2])

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {path}"
        path.write_text(text.replace(old, new))


@pytest.fixture
def values(ground: Ground) -> Iterator[dict[str, str]]:
    """The lab's own secrets, and those that an operator has prepared for a roll-over."""
    file = ground.state.secrets_file
    before = file.read_text()
    file.write_text(before + "".join(f"{name}={value}\n" for name, value in ROLLED.items()))
    yield dict(ground.secrets.values)
    file.write_text(before)


@pytest.fixture
def desk(ground: Ground, tmp_path: Path, checkout: Path) -> Desk:
    folder = tmp_path / "desk"
    copytree(checkout / "tests" / "regions" / "small", folder / "inventory")
    copytree(checkout / "templates", folder / "templates")
    state = ground.state.folder.parent.parent
    settings = {
        "paths": {
            "inventory": "inventory",
            "templates": "templates",
            "build": "build",
            "state": str(state),
        },
        "target": "lab",
        "lab": {"name": ground.state.name, "management": str(ground.state.management)},
        "ssh": {"timeout_s": 60},
        "provision": {"confirm_s": 120, "settle_s": 8, "hold_s": 0.5},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    return Desk(folder, state)


def test_no_command_writes_or_says_a_secret(
    ground: Ground, values: dict[str, str], desk: Desk
) -> None:
    desk.imereti("render")
    desk.imereti("plan")
    spoil_a_key(desk)
    spoil_a_line(desk)
    roll_a_user(desk)
    desk.imereti("backup")
    assert MASK in desk.imereti("drift", expect=2)  # the other routers do not know the new user
    desk.imereti("verify", "--all", "--junit", str(desk.folder / "junit.xml"))
    desk.answer("verify")
    go_back(desk)
    desk.imereti("history")
    desk.imereti("history", "--verify")

    # A search that finds nothing proves nothing, unless secrets pass where it searches.
    record = desk.state / "provision" / f"lab-{ground.state.name}"
    kept = objects(record / "backup" / ".git")
    for name in ("LAKE_OSPF_KEY", "LAKE_SNMP_AUTH", "LAKE_CARRIER", "ROLLED_AUTH", "OTHER_KEY"):
        assert placeholder(name).encode() in kept, name
    assert MASK in (record / "audit.jsonl").read_text()
    assert any(b"<<LAKE_OSPF_KEY>>" in content for _, content in written(desk.folder / "build"))

    folders = [path for path in desk.state.iterdir() if path.is_dir() and path.name != "lab"]
    assert desk.state / "provision" in folders
    unfolded = ["".join(text.split()) for text in desk.said]  # a table breaks long words
    assert spilt(values, [desk.folder, *folders], [*desk.said, *unfolded]) == []
    for file in ("lab.json", "plan.json"):
        text = (ground.state.folder / file).read_text()
        assert [name for name, value in values.items() if value in text] == [], file


def spoil_a_key(desk: Desk) -> None:
    """alp-r1 gets another key than its neighbours: shown masked, loaded, and taken back."""
    desk.edit("inventory/region.yaml", "key_secret: LAKE_OSPF_KEY", "key_secret: OTHER_KEY")
    shown = desk.imereti("plan", "--host", "alp-r1", expect=2)
    assert f"message-digest-key 7 md5 {MASK}" in shown
    assert "OSPF" in desk.imereti("apply", "--yes", "--host", "alp-r1", expect=3)
    desk.edit("inventory/region.yaml", "key_secret: OTHER_KEY", "key_secret: LAKE_OSPF_KEY")
    desk.imereti("plan")


def spoil_a_line(desk: Desk) -> None:
    """A line with a secret in it that the router refuses, and quotes."""
    file, key = "templates/frr/_interfaces.j2", "md5 {{ i.ospf.keys[0].key }}"
    desk.edit(file, f"{key}\n", f"{key} nonsense\n")
    desk.imereti("plan", "--host", "alp-r1", expect=1)
    (row,) = desk.answer("apply", "--yes", "--host", "alp-r1", expect=1)["devices"]
    assert f"{MASK} nonsense" in row["error"]
    desk.edit(file, f"{key} nonsense\n", f"{key}\n")


def roll_a_user(desk: Desk) -> None:
    """The two runs of a playbook that changes both of a user's passwords, on one router."""
    run = ("run", "--yes", "--host", "alp-r1", "roll-snmp-user")
    given = ("user=watcher-3", "auth_secret=ROLLED_AUTH", "priv_secret=ROLLED_PRIV")
    desk.imereti(*run, *given)
    assert desk.answer(*run, "finish=yes")["ok"]


def go_back(desk: Desk) -> None:
    """To the apply before the last: the old user is there again, beside the new one."""
    past = desk.answer("history")
    assert [one["result"] for one in past] == ["confirmed", "confirmed", "reverted"]
    desk.imereti("rollback", past[1]["change"], "--yes", "--host", "alp-r1")
    desk.imereti("history", past[1]["change"])
