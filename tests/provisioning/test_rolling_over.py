"""Keys and users change on every router while adjacencies stand and polls are answered."""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from inventory.errors import ImeretiError, InputError
from lab.state import LabState
from nornir_tasks.apply import execute
from nornir_tasks.open_session import open_session
from nornir_tasks.plan import make_plan
from nornir_tasks.play import playbook
from tests.provisioning.conftest import QUICK, Ground
from tests.provisioning.spilling import spilt
from tests.provisioning.test_playbooks_on_the_lab import playing

LONGEST_ROUND_S = 120
SECRETS = {
    "ROLLED_OSPF": "canaryrolledkey",
    "ROLLED_AUTH": "canaryauth1",
    "ROLLED_PRIV": "canarypriv1",
}


@pytest.fixture
def more_secrets(ground: Ground) -> Iterator[None]:
    """Values that the operator has prepared beside the lab's own."""
    file = ground.state.secrets_file
    before = file.read_text()
    file.write_text(before + "".join(f"{name}={value}\n" for name, value in SECRETS.items()))
    yield
    file.write_text(before)


@pytest.fixture
def old_key_again(ground: Ground, more_secrets: None, tmp_path: Path) -> Iterator[None]:
    """However the test ends: a key comes back on all routers at one moment, or not at all."""
    assert more_secrets is None  # theirs are still known
    yield
    with ground.work(tmp_path / "back") as work:
        plan = make_plan(work, ground.routers)
        back = execute(work, plan, replace(QUICK, together=True), "back", "test@noc")
    assert back.exit_code == 0, back


@pytest.fixture
def inventory(tmp_path: Path, checkout: Path) -> Path:
    return copytree(checkout / "tests" / "regions" / "small", tmp_path / "inventory")


class AdjacencyWatch(threading.Thread):
    """Asks every router again and again whether all that was Full at first still is."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self._ground = ground
        self._over = threading.Event()
        self.watching = threading.Event()
        """The first round is over: it knows what was Full."""
        self.expected: dict[str, set[tuple[str, str]]] = {}
        self.lost: list[str] = []
        """Adjacencies; and why it could look no longer."""
        self.rounds = 0

    def run(self) -> None:
        try:
            with ExitStack() as opened:
                self._watch(opened)
        except ImeretiError as error:
            self.lost.append(str(error))
        finally:
            self.watching.set()

    def _watch(self, opened: ExitStack) -> None:
        ground, sessions = self._ground, {}
        for name in ground.routers:
            device = ground.network.devices[name]
            access = replace(ground.access(device), timeout_s=60)
            sessions[name] = opened.enter_context(closing(open_session(device, access, ())))
        self.expected = {name: _full(one.state()) for name, one in sessions.items()}
        self.watching.set()
        while not self._over.is_set():
            for name, session in sessions.items():
                missing = self.expected[name] - _full(session.state())
                self.lost += [f"{name} {family} {port}" for family, port in missing]
            self.rounds += 1
            self._over.wait(0.1)

    def end(self) -> None:
        self._over.set()
        self.join(LONGEST_ROUND_S)
        assert not self.is_alive(), f"a round takes more than {LONGEST_ROUND_S} s"


def _full(state: object) -> set[tuple[str, str]]:
    found = {("v2", port) for port, told in state.adjacencies4.items() if told == "Full"}  # type: ignore[attr-defined]
    return found | {("v3", port) for port, told in state.adjacencies6.items() if told == "Full"}  # type: ignore[attr-defined]


def modelled(ground: Ground) -> dict[str, set[tuple[str, str]]]:
    """Every adjacency of the model, by router."""
    found: dict[str, set[tuple[str, str]]] = {}
    for name in ground.routers:
        ports = [
            one
            for one in ground.network.devices[name].interfaces
            if one.ospf is not None and not one.ospf.passive
        ]
        found[name] = {("v2", one.name) for one in ports if one.ipv4 is not None}
        found[name] |= {("v3", one.name) for one in ports if one.ipv6 is not None}
    return found


@pytest.mark.lab
@pytest.mark.alone
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("old_key_again")
def test_an_ospf_key_is_rolled_over_without_losing_an_adjacency(
    ground: Ground, tmp_path: Path, inventory: Path
) -> None:
    ground.wait_adjacencies()
    watch = AdjacencyWatch(ground)
    watch.start()
    try:
        assert watch.watching.wait(LONGEST_ROUND_S)
        with playing(ground, tmp_path, inventory=inventory, secret="ROLLED_OSPF") as (play, said):
            playbook("roll-ospf-key").run(play)
    finally:
        watch.end()
    assert watch.lost == []
    assert watch.expected == modelled(ground)
    assert watch.rounds > 10
    assert said[-1] == "every adjacency uses key 8"
    text = (inventory / "region.yaml").read_text()
    assert "key_id: 8\n" in text
    assert "key_secret: ROLLED_OSPF\n" in text
    for name in ground.routers:
        session = ground.session(ground.network.devices[name])
        running = session.running()["frr.conf"]
        session.close()
        assert " key 7 " not in running + " "
        assert "message-digest-key 7" not in running
        assert "authentication key-id 8" in running
        assert "message-digest-key 8 md5 canaryrolledkey" in running
    assert spilt(SECRETS | dict(ground.secrets.values), [tmp_path], said) == []


class Poller(threading.Thread):
    """Polls one router as one user, one question after the other, each tried once and no more."""

    def __init__(self, state: LabState, address: str, words: list[str]) -> None:
        super().__init__()
        self._command = ["snmpget", "-v3", "-l", "authPriv", "-r0", "-t", "10", *words, "-On"]
        self._command += [address, "1.3.6.1.2.1.1.3.0"]
        self._state = state
        self._over = threading.Event()
        self.asked = 0
        self.failed: list[str] = []

    def ask(self) -> str:
        done = subprocess.run(
            self._command, capture_output=True, text=True, timeout=30, check=False
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def run(self) -> None:
        while not self._over.is_set():
            self.asked += 1
            try:
                said = self.ask()
            except (OSError, subprocess.TimeoutExpired) as error:
                said = str(error)
            self.failed += [said] if said else []
            self._over.wait(0.02)

    def end(self) -> None:
        self._over.set()
        self.join(60)
        assert not self.is_alive()


def poller(ground: Ground, user: str, auth: str, priv: str) -> Poller:
    address = str(ground.network.devices["alp-r1"].management)
    words = ["-u", user, "-a", "SHA-256", "-A", auth, "-x", "AES", "-X", priv]
    return Poller(ground.state, address, words)


@contextmanager
def running(one: Poller) -> Iterator[None]:
    one.start()
    try:
        yield
    finally:
        one.end()


@pytest.mark.lab
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("more_secrets")
def test_an_snmp_user_is_rolled_over_without_losing_a_poll(
    ground: Ground, tmp_path: Path, inventory: Path
) -> None:
    snmp = ground.network.region.services.snmp
    values = ground.secrets.values
    old = poller(ground, snmp.user, values[snmp.auth_secret], values[snmp.priv_secret])
    new = poller(ground, "watcher-2", SECRETS["ROLLED_AUTH"], SECRETS["ROLLED_PRIV"])
    with (
        running(old),
        playing(
            ground,
            tmp_path,
            inventory=inventory,
            user="watcher-2",
            auth_secret="ROLLED_AUTH",
            priv_secret="ROLLED_PRIV",
        ) as (play, said),
    ):
        playbook("roll-snmp-user").run(play)
        assert new.ask() == ""
    assert old.failed == []
    assert old.asked > 20
    assert "user: watcher-2\n" in (inventory / "region.yaml").read_text()
    assert spilt(SECRETS | dict(ground.secrets.values), [tmp_path], said) == []

    rolled = play.inventory.load(inventory)
    with (
        running(new),
        playing(ground, tmp_path, inventory=inventory, network=rolled, finish="yes") as (play, _),
    ):
        playbook("roll-snmp-user").run(play)
    assert new.failed == []
    assert new.asked > 5
    with (
        playing(
            ground,
            tmp_path,
            inventory=inventory,
            network=rolled,
            user=snmp.user,
            auth_secret="ROLLED_AUTH",
            priv_secret="ROLLED_PRIV",
        ) as (play, _),
        pytest.raises(InputError, match=rf"'{snmp.user}' was used before with other secrets"),
    ):
        playbook("roll-snmp-user").run(play)
    refused = old.ask()
    assert re.search(r"authorization|[Uu]nknown user", refused), refused
