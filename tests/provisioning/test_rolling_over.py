"""Keys and users change on every router while adjacencies stand and polls are answered."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from inventory.errors import InputError
from inventory.load import load_network
from inventory.model import Device, Network
from inventory.secrets import Secrets
from lab.state import LabState
from nornir_tasks.apply import execute
from nornir_tasks.change_inventory import InventoryEdit
from nornir_tasks.plan import make_plan
from nornir_tasks.play import Play, playbook
from nornir_tasks.playbooks.roll_ospf_key import LINKS_AT_ONCE, groups
from nornir_tasks.session import Access
from tests.provisioning.conftest import QUICK, Ground
from tests.provisioning.ios_region import OPTIONS, served_region
from tests.provisioning.test_playbooks_on_the_lab import playing

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
def inventory(tmp_path: Path, checkout: Path) -> Path:
    return copytree(checkout / "tests" / "regions" / "small", tmp_path / "inventory")


class AdjacencyWatch(threading.Thread):
    """Asks every router again and again for how long its neighbours have been Full."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self._ground = ground
        self._over = threading.Event()
        self.lost: list[str] = []
        self.rounds = 0

    def run(self) -> None:
        ground = self._ground
        sessions = {n: ground.session(ground.network.devices[n]) for n in ground.routers}
        expected = {n: _full(one.state()) for n, one in sessions.items()}
        while not self._over.is_set():
            for name, session in sessions.items():
                missing = expected[name] - _full(session.state())
                self.lost += [f"{name} {family} {port}" for family, port in missing]
            self.rounds += 1
            self._over.wait(0.1)
        for session in sessions.values():
            session.close()

    def end(self) -> None:
        self._over.set()
        self.join(30)


def _full(state: object) -> set[tuple[str, str]]:
    found = {("v2", port) for port, told in state.adjacencies4.items() if told == "Full"}  # type: ignore[attr-defined]
    return found | {("v3", port) for port, told in state.adjacencies6.items() if told == "Full"}  # type: ignore[attr-defined]


@pytest.mark.lab
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("more_secrets")
def test_an_ospf_key_is_rolled_over_without_losing_an_adjacency(
    ground: Ground, tmp_path: Path, inventory: Path
) -> None:
    watch = AdjacencyWatch(ground)
    watch.start()
    try:
        with playing(ground, tmp_path, inventory=inventory, secret="ROLLED_OSPF") as (play, said):
            playbook("roll-ospf-key").run(play)
    finally:
        watch.end()
    assert watch.rounds > 10
    assert watch.lost == []
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
    assert not any("canaryrolledkey" in text for text in said)
    with ground.work(tmp_path / "back") as work:
        plan = make_plan(work, ground.routers)
        back = execute(work, plan, replace(QUICK, together=True), "back", "test@noc")
    assert back.exit_code == 0, back


class Poller(threading.Thread):
    """Polls one router as one user, one question after the other, each tried once and no more."""

    def __init__(self, state: LabState, address: str, words: list[str]) -> None:
        super().__init__()
        self._command = ["snmpget", "-v3", "-l", "authPriv", "-r0", "-t", "3", *words, "-On"]
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
            said = self.ask()
            self.failed += [said] if said else []
            self._over.wait(0.02)

    def end(self) -> None:
        self._over.set()
        self.join(30)


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
    assert (old.failed, old.asked > 20) == ([], True)
    assert "user: watcher-2\n" in (inventory / "region.yaml").read_text()
    assert not any("canary" in text for text in said)

    rolled = play.inventory.load(inventory)
    with (
        running(new),
        playing(ground, tmp_path, inventory=inventory, network=rolled, finish="yes") as (play, _),
    ):
        playbook("roll-snmp-user").run(play)
    assert (new.failed, new.asked > 5) == ([], True)
    assert "authorization" in old.ask()


def test_links_are_rolled_over_one_first_then_a_few_that_share_no_router(checkout: Path) -> None:
    network: Network = load_network(checkout / "inventory")
    links = [link for link in network.links.values() if link.routed]
    made = list(groups(links))
    assert len(made[0]) == 1
    assert sorted(link.id for group in made for link in group) == sorted(one.id for one in links)
    for group in made:
        ends = [end.device for link in group for end in (link.a, link.b)]
        assert len(set(ends)) == len(ends)
        assert len(group) <= LINKS_AT_ONCE


def test_where_platforms_meet_the_operator_is_asked(checkout: Path, tmp_path: Path) -> None:
    """FRR has one key at a time and IOS overlaps: OSPFv3 between them can't be kept."""
    network = load_network(checkout / "tests" / "regions" / "small")
    play = bare_play(network, tmp_path, lambda *_: pytest.fail("nothing is applied"), secret="NEW")
    with pytest.raises(InputError, match="alp-lyceum: OSPFv3 will be away there"):
        playbook("roll-ospf-key").run(play)


def bare_play(
    network: Network,
    inventory: Path,
    apply_network: Callable[[Network, tuple[str, ...], bool], int],
    **arguments: str,
) -> Play:
    return Play(
        network=network,
        devices=(),
        arguments=arguments,
        say=print,
        apply_network=apply_network,
        verify_devices=lambda _: 0,
        day_zero=lambda _: {},
        forget_host_key=lambda _: None,
        answers=lambda _: True,
        inventory=InventoryEdit(inventory, load_network),
        sleep=lambda _: None,
        clock=lambda: 0.0,
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ios_learns_the_new_key_changes_over_and_forgets_the_old(
    tmp_path: Path, inventory: Path
) -> None:
    """Each step is an apply with its checks: one that lost an adjacency would be taken back."""
    diffs: list[str] = []
    with served_region(tmp_path / "region", minute_s=60) as region:
        values = {**region.secrets.values, "NEW": "canary-new-key"}
        rolling = replace(region, secrets=Secrets(values, ""))

        def patient(device: Device) -> Access:
            return replace(region.access(device), timeout_s=60)

        def apply_network(network: Network, names: tuple[str, ...], _together: bool) -> int:
            served = tuple(name for name in names if name in region.ports)
            if "alp-lyc-r1" in names:  # FRR, for which nobody stands in
                region.hosts.call(region.hosts.device("alp-r1").neighbours_follow)
            with rolling.work(network=network, access=patient) as work:
                plan = make_plan(work, served)
                diffs.append("\n".join(f"{one.device}: {one.diff}" for one in plan.devices))
                report = execute(work, plan, OPTIONS, f"c{len(diffs)}", "test@noc")
                assert report.exit_code == 0, [(one.error, one.checks) for one in report.devices]
                return 0

        given = {"secret": "NEW", "mixed": "yes"}
        playbook("roll-ospf-key").run(bare_play(region.network, inventory, apply_network, **given))
        ends = {name: region.running(name) for name in ("alp-r1", "hq-core1")}
    learns, changes, *_, forgets = [text for text in diffs if "+" in text or "-" in text]
    assert "+ ip ospf message-digest-key 8 md5 ********" in learns
    assert "- ip ospf message-digest-key 7" not in learns
    assert "+  send-lifetime 00:00:00 Jan 1 1993 00:00:01 Jan 1 1993" in changes
    assert "message-digest-key" not in changes
    assert "- ip ospf message-digest-key 7" in forgets
    for text in ends.values():
        assert "message-digest-key 8" in text
        assert "message-digest-key 7" not in text
