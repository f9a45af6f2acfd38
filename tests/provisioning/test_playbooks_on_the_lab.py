"""What engineers do again and again, on real routers, with users watching."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from inventory.errors import ImeretiError, InputError
from inventory.load import load_network
from inventory.model import Device, Network
from inventory.view import virtual
from lab import netns, reach
from lab.plan_file import load_plan
from nornir_tasks.apply import execute
from nornir_tasks.change_inventory import InventoryEdit
from nornir_tasks.plan import make_plan
from nornir_tasks.play import Play, PlayStopped, all_playbooks, parsed_arguments, playbook
from nornir_tasks.session import Files
from nornir_tasks.verify import verify
from tests.provisioning.conftest import QUICK, Ground
from tests.provisioning.working import replaced, unedited

pytestmark = pytest.mark.lab
LOSS_PAUSE_S = 0.002


@contextmanager
def playing(
    ground: Ground,
    folder: Path,
    told: list[str] | None = None,
    *,
    inventory: Path | None = None,
    network: Network | None = None,
    **arguments: str,
) -> Iterator[tuple[Play, list[str]]]:
    """A play on the lab that answers every question with yes, and what it said."""
    said: list[str] = [] if told is None else told
    forgotten: list[str] = []

    def apply_network(network: Network, names: tuple[str, ...], together: bool) -> int:
        with ground.work(folder, network=network, say=said.append) as work:
            change = f"step-{len(list(work.audit.entries()))}"
            options = replace(QUICK, together=together)
            return execute(work, make_plan(work, names), options, change, "test@noc").exit_code

    with ground.work(folder, say=said.append) as work:

        def verify_devices(names: tuple[str, ...]) -> int:
            broken = verify(work, names).broken
            said.extend(map(str, broken))
            return len(broken)

        def answers(name: str) -> bool:
            outcome = work.fleet.run_afresh(lambda session: session.device.name, [name])[name]
            return not isinstance(outcome, ImeretiError)

        def day_zero(device: Device) -> Files:
            files = ground.renderer.render(device)
            return {name: ground.secrets.fill(text) for name, text in files.items()}

        def load(source: Path) -> Network:
            return virtual(load_network(source), ground.state.management)

        yield (
            Play(
                network=network or ground.network,
                devices=ground.routers,
                arguments=arguments,
                say=said.append,
                apply_network=apply_network,
                verify_devices=verify_devices,
                day_zero=day_zero,
                forget_host_key=forgotten.append,
                answers=answers,
                applied_lines=work.backups.applied_lines,
                inventory=InventoryEdit(inventory or folder, load),
                sleep=time.sleep,
                clock=time.monotonic,
            ),
            said,
        )


class Watcher(threading.Thread):
    """A user's host that pings a server over IPv4 and IPv6 without a pause; knows what is lost.

    A context manager: that is how long it pings.
    """

    def __init__(self, ground: Ground, lan: str, said: list[str]) -> None:
        super().__init__()
        server = next(lan for lan in ground.network.lans.values() if lan.zone == "servers")
        plan = load_plan(ground.state)
        node = next(host.node for host in plan.hosts if host.lan == lan)
        self._probes = [reach.Probe(node, target) for target in (server.host4, server.host6)]
        self._ground, self._said = ground, said
        self._over = threading.Event()
        self.sent = 0
        self.lost: list[str] = []

    def run(self) -> None:
        state = self._ground.state
        with reach.Prober(lambda node: netns.network_namespace(state, node)) as prober:
            while not self._over.is_set():
                self.sent += len(self._probes)
                answered = prober.ping(self._probes, 2.0)
                said = self._said[-1:]
                self.lost += [f"{one} after {said}" for one in self._probes if one not in answered]
                self._over.wait(LOSS_PAUSE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join(10)


def cost(ground: Ground, device: str, interface: str) -> str:
    session = ground.session(ground.network.devices[device])
    text = session.running()["frr.conf"]
    session.close()
    block = text.split(f"interface {interface}\n")[1].split("exit\n")[0]
    return next(line.split()[-1] for line in block.splitlines() if " ip ospf cost" in line)


def test_a_circuit_is_drained_and_brought_back_without_one_lost_packet(
    ground: Ground, tmp_path: Path
) -> None:
    """hq-core1 goes in steps: at once, bet-r1 would send back what it sends there for alp-r1."""
    told: list[str] = []
    with Watcher(ground, "alp-staff", told) as watcher:
        with playing(ground, tmp_path, told, link="hq-alp") as (play, _):
            playbook("drain").run(play)
            assert cost(ground, "alp-r1", "ge0-0-0") == "65535"
            assert cost(ground, "hq-core1", "ge0-0-0") == "65535"
        with playing(ground, tmp_path, told, link="hq-alp", back="yes") as (play, _):
            playbook("drain").run(play)
    assert watcher.sent > 2000
    assert watcher.lost == []
    ground.is_as_rendered(tmp_path / "after")


def test_a_router_is_drained_and_brought_back_without_one_lost_packet(
    ground: Ground, tmp_path: Path
) -> None:
    """alp-r1 by all its circuits: what is behind it still goes through it, by no other way."""
    told: list[str] = []
    with Watcher(ground, "alp-staff", told) as watcher:
        for back, expected in (("no", "65535"), ("yes", "100")):
            with playing(ground, tmp_path, told, device="alp-r1", back=back) as (play, _):
                playbook("drain").run(play)
            assert cost(ground, "alp-r1", "ge0-0-0") == expected
    assert watcher.sent > 1000
    assert watcher.lost == []
    ground.is_as_rendered(tmp_path / "after")


def test_a_rule_set_is_exchanged_without_one_lost_packet(ground: Ground, tmp_path: Path) -> None:
    """The chains stay hooked: one that goes while its twin comes drops what passes between."""
    rates = replaced("alp-r1", "nftables.conf", "100/second", "99/second")
    with Watcher(ground, "alp-staff", []) as watcher:
        for number, edit in enumerate((rates, unedited, rates)):
            with ground.work(tmp_path, edit) as work:
                plan = make_plan(work, ["alp-r1"])
                report = execute(work, plan, QUICK, f"rules-{number}", "test@noc")
                assert report.exit_code == 0, report
    assert watcher.sent > 1000
    assert watcher.lost == []


def test_a_circuits_bandwidth_changes_in_the_inventory_and_on_both_routers(
    ground: Ground, tmp_path: Path, checkout: Path
) -> None:
    inventory = tmp_path / "inventory"
    shutil.copytree(checkout / "tests" / "regions" / "small", inventory)
    told: list[str] = []
    with (
        Watcher(ground, "alp-staff", told) as watcher,
        playing(
            ground,
            tmp_path,
            told,
            inventory=inventory,
            link="hq-alp",
            bandwidth="500M",
            provider="Telco Two",
        ) as (play, _),
    ):
        playbook("circuit").run(play)
    assert watcher.sent > 1000
    assert watcher.lost == []
    assert not [text for text in told if text.startswith("batch ") and "," in text]
    made = load_network(inventory).links["hq-alp"]
    assert (made.bandwidth_bps, made.provider) == (500_000_000, "Telco Two")
    assert {cost(ground, "alp-r1", "ge0-0-0"), cost(ground, "hq-core1", "ge0-0-0")} == {
        str(made.cost)
    }


def test_a_change_that_no_router_takes_leaves_the_inventory_as_it_was(
    ground: Ground, tmp_path: Path, checkout: Path
) -> None:
    inventory = tmp_path / "inventory"
    shutil.copytree(checkout / "tests" / "regions" / "small", inventory)
    before = (inventory / "links.yaml").read_text()
    edit = InventoryEdit(inventory, load_network)
    with pytest.raises(PlayStopped), edit.link("hq-alp", "bandwidth", "500M"):
        raise PlayStopped(3)
    assert (inventory / "links.yaml").read_text() == before
    with pytest.raises(ImeretiError), edit.link("hq-alp", "bandwidth", "much"):
        pytest.fail("a bandwidth that is none")
    assert (inventory / "links.yaml").read_text() == before


def test_management_lists_that_lock_this_machine_out_take_themselves_back(
    ground: Ground, tmp_path: Path
) -> None:
    with (
        playing(ground, tmp_path, only="10.68.5.0/24") as (play, said),
        pytest.raises(PlayStopped) as stopped,
    ):
        playbook("lock-management").run(play)
    assert stopped.value.exit_code == 3
    assert any("management - expected a session" in text for text in said), said
    ground.is_as_rendered(tmp_path / "after")


def test_management_lists_are_locked_down_everywhere(ground: Ground, tmp_path: Path) -> None:
    only = f"{ground.state.management}"
    with playing(ground, tmp_path, only=only) as (play, _):
        playbook("lock-management").run(play)
    session = ground.session(ground.network.devices["alp-r1"])
    rules = session.running()["nftables.conf"]
    session.close()
    assert only in rules
    assert "10.68.5.0/24" not in rules.split("set noc4")[1].split("}")[0]


def test_a_new_site_is_onboarded_and_verified(ground: Ground, tmp_path: Path) -> None:
    """The other end does not know the site yet; its own router was loaded with the day-0 files."""
    device = ground.network.devices["bet-r1"]
    session = ground.session(device)
    with ground.work(tmp_path / "before") as work:
        files = dict(work.filled("bet-r1"))
    block = files["frr.conf"].split("interface ge0-0-2\n")[1].split("exit\n")[0]
    files["frr.conf"] = files["frr.conf"].replace(f"interface ge0-0-2\n{block}exit\n!\n", "")
    session.stage(files)
    session.commit(60, "test")
    session.confirm()
    session.close()
    with playing(ground, tmp_path, site="bet-lyc", out=str(tmp_path / "out")) as (play, said):
        playbook("onboard-site").run(play)
    written = tmp_path / "out" / "bet-lyc-r1" / "frr.conf"
    assert written.stat().st_mode & 0o077 == 0
    assert "<<" not in written.read_text()
    assert said[-1] == "bet-lyc: every promise of the model is kept"


def test_a_replaced_router_is_made_to_run_what_the_broken_one_ran(
    ground: Ground, tmp_path: Path
) -> None:
    device = ground.network.devices["alp-lyc-r1"]
    session = ground.session(device)
    with ground.work(tmp_path / "before") as work:
        files = dict(work.filled(device.name))
    files["frr.conf"] = files["frr.conf"].replace(" description ", " description factory ", 1)
    session.stage(files)
    session.commit(60, "test")
    session.confirm()
    session.close()
    out = str(tmp_path / "out")
    with playing(ground, tmp_path, device=device.name, out=out, wait="30") as (play, said):
        playbook("replace-device").run(play)
    assert said[-1] == "alp-lyc-r1: runs what alp-lyc-r1 should run"
    ground.is_as_rendered(tmp_path / "after")


def test_every_playbook_says_what_it_does_and_takes() -> None:
    for name, module in all_playbooks().items():
        assert module.__doc__, name
        assert module.__doc__.splitlines()[0].endswith(".")
        assert all(module.PARAMETERS.values()), name


def test_an_unknown_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"lnk: unknown parameter\. Did you mean 'link'"):
        parsed_arguments(playbook("drain"), ["lnk=x"])
